/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.physics;

import java.util.SplittableRandom;

/**
 * How replicas come and go: the stages from being asked for until they serve, and what may happen to them then.
 *
 * <p>A stage lasts a log-normal time around its median. What it is drawn from is the replica's own seeded stream, so the n-th replica of an
 * episode takes as long whoever asks for it.
 *
 * @param schedule until it has a place, seconds
 * @param node until there is a machine, seconds, for the share of replicas that need a new one
 * @param nodeShare share of replicas that need a new machine, 0..1
 * @param pull until its image is there, seconds
 * @param load until the weights are in memory, seconds
 * @param warm until it serves: compiling, graphs, probes, seconds
 * @param failuresPerDay of a serving replica: it is lost with what it holds, and replaced
 * @param slowShare share of replicas that are slow, 0..1
 * @param slowness how much longer these take for everything, at least 1
 * @since 0.1.0
 */
public record ReplicaLife(
        Stage schedule,
        Stage node,
        double nodeShare,
        Stage pull,
        Stage load,
        Stage warm,
        double failuresPerDay,
        double slowShare,
        double slowness) {

    /**
     * How long something takes.
     *
     * @param median seconds
     * @param spread standard deviation of the logarithm; 0 for always the same
     */
    public record Stage(double median, double spread) {

        /** Takes no time. */
        public static final Stage NONE = new Stage(0, 0);

        double draw(SplittableRandom random) {
            double normal = gaussian(random);
            return median * StrictMath.exp(spread * normal);
        }

        /** Mean, seconds. */
        public double mean() {
            return median * StrictMath.exp(spread * spread / 2);
        }
    }

    /**
     * One replica's.
     *
     * @param scheduled seconds after it was asked for
     * @param pulled seconds after it was asked for
     * @param ready seconds after it was asked for
     * @param slowness of its machine
     * @param fails seconds after it is ready; infinity for never
     */
    public record Course(double scheduled, double pulled, double ready, double slowness, double fails) {}

    private static final double SECONDS_OF_A_DAY = 86_400;

    /** Always the same time from asked for to serving, and never a failure. */
    public static ReplicaLife fixed(double seconds) {
        return new ReplicaLife(Stage.NONE, Stage.NONE, 0, Stage.NONE, Stage.NONE, new Stage(seconds, 0), 0, 0, 1);
    }

    /**
     * As llm-d describes theirs: 100 s, of which 11 s for weights and the rest for CUDA, compiling with a warm cache, graphs and the probe.
     */
    public static ReplicaLife llmD() {
        return new ReplicaLife(Stage.NONE, Stage.NONE, 0, Stage.NONE, new Stage(11, 0), new Stage(89, 0), 0, 0, 1);
    }

    /**
     * A common one: the image is on the node; 16 GB of weights from a network disk; a node in ten must be made. Loading times are of the order
     * that Run:ai's model streamer and ServerlessLLM published, start-up of the engine as llm-d describes it.
     */
    public static ReplicaLife usual() {
        return new ReplicaLife(
                new Stage(2, 0.3),
                new Stage(90, 0.3),
                0.1,
                new Stage(4, 0.5),
                new Stage(20, 0.3),
                new Stage(60, 0.15),
                0,
                0,
                1);
    }

    /** The same, with replicas that are lost and machines that are slow. */
    public ReplicaLife with(double lossesPerDay, double shareOfSlow, double howSlow) {
        return new ReplicaLife(schedule, node, nodeShare, pull, load, warm, lossesPerDay, shareOfSlow, howSlow);
    }

    /** Mean seconds from asked for to serving. */
    public double meanSeconds() {
        return schedule.mean() + nodeShare * node.mean() + pull.mean() + load.mean() + warm.mean();
    }

    /** The course of the replica of a number. */
    public Course course(long seed, long number) {
        SplittableRandom random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + number);
        double scheduled = schedule.draw(random);
        boolean newNode = random.nextDouble() < nodeShare;
        double machine = node.draw(random);
        scheduled += newNode ? machine : 0;
        double pulled = scheduled + pull.draw(random);
        double ready = pulled + load.draw(random) + warm.draw(random);
        double slow = random.nextDouble() < slowShare ? slowness : 1;
        double uniform = random.nextDouble();
        double fails = failuresPerDay > 0
                ? -StrictMath.log(1 - uniform) * SECONDS_OF_A_DAY / failuresPerDay
                : Double.POSITIVE_INFINITY;
        return new Course(scheduled, pulled, ready, slow, fails);
    }

    /** Box and Muller's, since the library's own is not promised to be the same everywhere. */
    private static double gaussian(SplittableRandom random) {
        double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - random.nextDouble()));
        return radius * StrictMath.cos(2 * StrictMath.PI * random.nextDouble());
    }
}
