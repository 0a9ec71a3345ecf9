/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import com.netflix.concurrency.limits.Limit;
import com.netflix.concurrency.limits.limit.AIMDLimit;
import com.netflix.concurrency.limits.limit.Gradient2Limit;
import com.netflix.concurrency.limits.limit.VegasLimit;
import com.netflix.concurrency.limits.limit.WindowedLimit;
import io.tidegate.admission.Admission;
import io.tidegate.admission.Gate;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.limit.EngineReading;
import io.tidegate.limit.LimitController;
import io.tidegate.limit.LimitMode;
import io.tidegate.pool.Replicas;
import io.tidegate.pool.Signal;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.supply.Supply;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * How many requests does a limit refuse in a pool that is never overloaded, when answers become longer? One replica of 256 slots,
 * Poisson arrivals, a request lasts 250 ms and 25 ms × (0.9 to 1.1, by load) for each token of its answer, answers are lognormal
 * with σ 1. Three phases of 20 minutes with means of 150, 900 and 150 tokens; arrivals keep 62 % of the slots taken. Expected:
 * limits led by end-to-end latency take length for congestion, ours do not look at it.
 *
 * <p>Command: {@code java -cp benchmarks/target/benchmarks.jar io.tidegate.benchmarks.FalseSheds}. In virtual time, some seconds. It
 * prints the part refused in each phase, in percent, and the mean limit, over 3 seeds.
 */
public final class FalseSheds {

    private static final int SLOTS = 256;
    private static final double OCCUPIED = 0.62;
    private static final int[] MEAN_OUTPUT = {150, 900, 150};
    private static final Duration PHASE = Duration.ofMinutes(20);
    private static final int SEEDS = 3;

    private FalseSheds() {}

    /** Prints the table. */
    public static void main(String[] arguments) {
        Map<String, Function<ManualTime, Limiter>> limiters = new LinkedHashMap<>();
        limiters.put("Tidegate, FIXED", time -> new Ours(time, LimitMode.FIXED));
        limiters.put("Tidegate, ENGINE", time -> new Ours(time, LimitMode.ENGINE));
        limiters.put("WindowedLimit(Gradient2)", time -> new Peer(time, windowed(gradient2())));
        limiters.put("Gradient2", time -> new Peer(time, gradient2()));
        limiters.put("WindowedLimit(Vegas)", time -> new Peer(time, windowed(vegas())));
        limiters.put("Vegas", time -> new Peer(time, vegas()));
        limiters.put("AIMD, timeout 5 s", time -> new Peer(time, aimd(5)));
        limiters.put("AIMD, timeout 60 s", time -> new Peer(time, aimd(60)));
        System.out.printf("%-26s %14s %14s %14s%n", "limit", "chat", "long", "chat again");
        limiters.forEach((name, limiter) -> System.out.println(row(name, limiter)));
    }

    private static String row(String name, Function<ManualTime, Limiter> limiter) {
        double[] shed = new double[MEAN_OUTPUT.length];
        double[] limit = new double[MEAN_OUTPUT.length];
        for (int seed = 1; seed <= SEEDS; seed++) {
            ManualTime time = new ManualTime();
            new Replay(time, seed, limiter.apply(time)).into(shed, limit);
        }
        StringBuilder row = new StringBuilder(String.format("%-26s", name));
        for (int phase = 0; phase < shed.length; phase++) {
            row.append(String.format(Locale.ROOT, " %7.2f (%4.0f)", shed[phase] / SEEDS * 100, limit[phase] / SEEDS));
        }
        return row.toString();
    }

    private static Limit gradient2() {
        return Gradient2Limit.newBuilder().maxConcurrency(SLOTS).build();
    }

    private static Limit vegas() {
        return VegasLimit.newBuilder().maxConcurrency(SLOTS).build();
    }

    private static Limit aimd(int timeoutSeconds) {
        return AIMDLimit.newBuilder()
                .maxLimit(SLOTS)
                .timeout(timeoutSeconds, TimeUnit.SECONDS)
                .build();
    }

    private static Limit windowed(Limit limit) {
        return WindowedLimit.newBuilder().build(limit);
    }

    /** Whoever lets in or refuses. */
    private interface Limiter {

        /** What to run when the request has ended; null if it is refused. */
        @Nullable
        Runnable tryAcquire();

        int inFlight();

        int limit();
    }

    /** The gate with its limit; the supply is told four times a second, the engine read once. */
    private static final class Ours implements Limiter {

        private final ManualTime time;
        private final Tier tier =
                Tier.builder("all").maxQueueTime(Duration.ZERO).build();
        private final Gate gate;
        private final LimitController controller;

        Ours(ManualTime time, LimitMode mode) {
            this.time = time;
            this.gate = Gate.builder("chat")
                    .time(time)
                    .tier(tier)
                    .leakDetection(false)
                    .build();
            this.controller = LimitController.builder(time, gate::supply, gate::inFlight)
                    .mode(mode)
                    .build();
            every(
                    time,
                    Duration.ofMillis(250),
                    () -> controller.accept(new Supply(Replicas.ready(1), Work.slots(SLOTS), false)));
            every(time, Duration.ofSeconds(1), this::read);
        }

        private void read() {
            int load = inFlight();
            controller.readings(List.of(
                    EngineReading.of("replica", known(Math.min(load, SLOTS)), known(Math.max(0, load - SLOTS)))));
        }

        private Signal known(double value) {
            return new Signal.Known(value, "requests", time.nanos(), "replica");
        }

        @Override
        public @Nullable Runnable tryAcquire() {
            Admission admission = gate.tryAcquire(Request.of(tier));
            return admission instanceof Permit permit ? permit::close : null;
        }

        @Override
        public int inFlight() {
            return gate.inFlight().slots();
        }

        @Override
        public int limit() {
            return controller.limit().slots();
        }
    }

    /** A limit algorithm of concurrency-limits, asked and told as its own SimpleLimiter does, on the virtual clock. */
    private static final class Peer implements Limiter {

        private final ManualTime time;
        private final Limit limit;
        private int inFlight;

        Peer(ManualTime time, Limit limit) {
            this.time = time;
            this.limit = limit;
        }

        @Override
        public @Nullable Runnable tryAcquire() {
            if (inFlight >= limit.getLimit()) {
                return null;
            }
            int then = ++inFlight;
            long start = time.nanos();
            return () -> {
                inFlight--;
                limit.onSample(start, time.nanos() - start, then, false);
            };
        }

        @Override
        public int inFlight() {
            return inFlight;
        }

        @Override
        public int limit() {
            return limit.getLimit();
        }
    }

    private static void every(ManualTime time, Duration period, Runnable task) {
        task.run();
        time.schedule(period.toNanos(), () -> every(time, period, task));
    }

    /** One hour of one limiter. */
    private static final class Replay {

        private final ManualTime time;
        private final SplittableRandom random;
        private final Limiter limiter;
        private int meanOutput;
        private long arrived;
        private long shed;
        private double limits;

        Replay(ManualTime time, long seed, Limiter limiter) {
            this.time = time;
            this.random = new SplittableRandom(seed);
            this.limiter = limiter;
        }

        void into(double[] shares, double[] meanLimits) {
            for (int phase = 0; phase < shares.length; phase++) {
                meanOutput = MEAN_OUTPUT[phase];
                arrived = 0;
                shed = 0;
                limits = 0;
                if (phase == 0) {
                    every(time, Duration.ofSeconds(1), () -> limits += limiter.limit());
                    arriveLater();
                }
                time.advance(PHASE);
                shares[phase] += (double) shed / arrived;
                meanLimits[phase] += limits / PHASE.toSeconds();
            }
        }

        private static double seconds(double output, double occupied) {
            return 0.25 + output * 0.025 * (0.9 + 0.2 * occupied);
        }

        private void arriveLater() {
            double perSecond = OCCUPIED * SLOTS / seconds(meanOutput, OCCUPIED);
            time.schedule((long) (-Math.log1p(-random.nextDouble()) / perSecond * 1e9), () -> {
                arrive();
                arriveLater();
            });
        }

        private void arrive() {
            arrived++;
            double output = meanOutput * Math.exp(gaussian() - 0.5);
            Runnable end = limiter.tryAcquire();
            if (end == null) {
                shed++;
                return;
            }
            double occupied = limiter.inFlight() / (double) SLOTS;
            time.schedule((long) (seconds(output, occupied) * 1e9), end);
        }

        private double gaussian() {
            return Math.sqrt(-2 * Math.log(1 - random.nextDouble())) * Math.cos(2 * Math.PI * random.nextDouble());
        }
    }
}
