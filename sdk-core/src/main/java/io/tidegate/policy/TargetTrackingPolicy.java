/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy;

import io.tidegate.policy.Proposal.Abstains;
import io.tidegate.policy.Proposal.Cause;
import io.tidegate.policy.Proposal.Wants;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.Signal;
import io.tidegate.pool.Signal.Known;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Holds one signal at a target, by the rules of the Kubernetes HPA (autoscaling/v2, v1.36).
 *
 * <p>With n replicas asked for and r of them ready, a value v and a target t:
 *
 * <table>
 * <caption>Laws</caption>
 * <tr><th>{@link Type}</th><th>v is</th><th>ratio</th><th>proposal outside the tolerance</th></tr>
 * <tr><td>{@link Type#AVERAGE_VALUE}</td><td>a total</td><td>v/(t·n)</td><td>⌈v/t⌉</td></tr>
 * <tr><td>{@link Type#VALUE}</td><td>anything</td><td>v/t</td><td>⌈ratio·r⌉</td></tr>
 * <tr><td>{@link Type#PER_REPLICA}</td><td>a mean, or parts</td><td>mean/t</td><td>⌈ratio·replicas counted⌉</td></tr>
 * </table>
 *
 * <p>While 1 − tolerance ≤ ratio ≤ 1 + tolerance, what there is stays. Three examples, each a test:
 *
 * <ul>
 *   <li>{@code queueDepth(10)} with 95 waiting and 4 replicas: ratio 95/(10·4) = 2.38, so ⌈9.5⌉ = 10.
 *   <li>{@code cpu(0.8)} with four replicas at 90 %, 100 %, 90 % and 80 %: mean 90 %, ratio 1.125, so ⌈4.5⌉ = 5.
 *   <li>{@code requestsPerSecond(1)} with 11/s and 10 replicas: ratio 1.1 is just within the tolerance of 10 %, so 10 stay;
 *       with a tolerance of 0 it is 11. From ten replicas on, the default swallows every step of one.
 * </ul>
 *
 * <p>{@link Type#VALUE} <b>compounds</b>: it multiplies the replicas there are, so while the value does not fall each round
 * multiplies again. It is for values that adding replicas moves at once, never for a queue or a latency. Where a replica
 * serves 10/s, 100/s are offered, a new one serves 60 s after it was asked for but counts as ready before, and every 15 s a
 * queue is held against a target of 250, it asks for 6, 65, 1053 and 22745 replicas. The same queue as {@link
 * Type#AVERAGE_VALUE} asks for 6, 11, 17, 22 and at most 27, arrivals for 10 throughout, and {@link BacklogPolicy}, which
 * also works the queue off, for at most 19. For latencies there is {@link LatencyPolicy}.
 *
 * <p>What is missing of {@link Type#PER_REPLICA} counts against acting. Ready replicas without a usable value count as full
 * on the way down (100 % of a ratio, or the target if it is higher; else the target) and as 0 on the way up; replicas that
 * are not ready, or due, as 0 on the way up. The ratio is then computed again over all that were counted; if it has crossed
 * 1 or come within the tolerance, or the count would go against it, what there is stays. Where a signal has no parts, its
 * value is taken for the mean of the ready replicas.
 *
 * <p>From 0 replicas, totals propose ⌈v/t⌉ like the HPA; {@link Type#PER_REPLICA} abstains, for nobody is there to measure.
 * An unknown signal abstains; one of which only a part was heard never scales down. Departures from the HPA, both to be
 * safe: {@link Type#VALUE} too never moves against its ratio (the HPA asks for 0 while none of its pods is ready), and a
 * negative or vanishingly small value abstains.
 *
 * <p>Immutable, safe for any thread.
 *
 * @since 0.1.0
 */
public final class TargetTrackingPolicy implements Policy {

    /** Mean CPU use of replicas, {@code ratio}; what {@link #cpu} reads. */
    public static final String CPU_UTILIZATION = "pods.cpu.utilization";

    /** Mean memory use of replicas, {@code ratio}; what {@link #memory} reads. */
    public static final String MEMORY_UTILIZATION = "pods.memory.utilization";

    /** Mean use of the engines' key-value cache, {@code ratio}; what {@link #kvCache} reads. */
    public static final String KV_CACHE_USAGE = "engine.kv.cache.usage";

    /** Mean use of GPUs, {@code ratio}; what {@link #gpuUtilization} reads. */
    public static final String GPU_UTILIZATION = "gpu.utilization";

    /** How a value is held against the target. */
    public enum Type {
        /** A total, divided by the target: External and Object metrics with {@code averageValue}. Does not compound. */
        AVERAGE_VALUE,
        /** A value that is multiplied onto the ready replicas: External and Object metrics with {@code value}. Compounds. */
        VALUE,
        /** A mean over replicas: Pods and Resource metrics. */
        PER_REPLICA
    }

    private static final double ROUNDING = 1e-9;

    private final String name;
    private final String signal;
    private final Type type;
    private final double target;
    private final @Nullable String unit;
    private final double toleranceUp;
    private final double toleranceDown;

    private TargetTrackingPolicy(Builder builder) {
        this.name = builder.name != null ? builder.name : "target " + builder.signal;
        this.signal = builder.signal;
        this.type = builder.type;
        this.target = builder.target;
        this.unit = builder.unit;
        this.toleranceUp = builder.toleranceUp;
        this.toleranceDown = builder.toleranceDown;
    }

    /**
     * Starts a policy.
     *
     * @param signal name of the signal
     * @param type how its value is held against the target
     * @param target the value to hold, in the unit of the signal, above 0; a share (0 to 1) where that is {@code ratio}
     */
    public static Builder of(String signal, Type type, double target) {
        return new Builder(signal, type, target);
    }

    /** CPU use of each replica; above 0, at most 1. Poor for GPU serving, where the CPU idles while the GPU is full. */
    public static Builder cpu(double target) {
        return of(CPU_UTILIZATION, Type.PER_REPLICA, target).unit(Figures.RATIO);
    }

    /** Memory use of each replica; above 0, at most 1. Engines that reserve their memory at the start never move it. */
    public static Builder memory(double target) {
        return of(MEMORY_UTILIZATION, Type.PER_REPLICA, target).unit(Figures.RATIO);
    }

    /** Use of the GPUs of each replica; above 0, at most 1. Reads near 1 from light load on, so it says little of room left. */
    public static Builder gpuUtilization(double target) {
        return of(GPU_UTILIZATION, Type.PER_REPLICA, target).unit(Figures.RATIO);
    }

    /** Use of each engine's key-value cache; above 0, at most 1. */
    public static Builder kvCache(double target) {
        return of(KV_CACHE_USAGE, Type.PER_REPLICA, target).unit(Figures.RATIO);
    }

    /** Slots in use of ready replicas, as the gate counts them; above 0, below 1, since the gate never fills more than all. */
    public static Builder slotUtilization(double target) {
        return of("gate.utilization", Type.PER_REPLICA, target).unit(Figures.RATIO);
    }

    /** Arrivals per second and replica, refused ones included. */
    public static Builder requestsPerSecond(double perReplica) {
        return of("gate.arrivals", Type.AVERAGE_VALUE, perReplica);
    }

    /** Requests that wait, per replica. Reads 0 until replicas are full: add one that moves before. */
    public static Builder queueDepth(double perReplica) {
        return of("gate.queue.depth", Type.AVERAGE_VALUE, perReplica);
    }

    /**
     * Requests in flight, per replica. The gate holds back what would exceed the slots of ready replicas, so a target at or
     * above the slots of one is never reached; {@link #concurrency} has no such ceiling.
     */
    public static Builder inFlight(double perReplica) {
        return of("gate.requests.in.flight", Type.AVERAGE_VALUE, perReplica);
    }

    /** Requests in flight and waiting, per replica. */
    public static Builder concurrency(double perReplica) {
        return of("gate.concurrency", Type.AVERAGE_VALUE, perReplica);
    }

    /** Prompt and output tokens per second and replica. Counted as served, so it never exceeds what ready replicas can do. */
    public static Builder tokensPerSecond(double perReplica) {
        return of("gate.tokens", Type.AVERAGE_VALUE, perReplica);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Optional<Recipe> recipe() {
        Map<String, String> settings = new HashMap<>();
        settings.put("signal", signal);
        settings.put("as", PolicySettings.shown(type));
        settings.put("target", Double.toString(target));
        settings.put("toleranceUp", Double.toString(toleranceUp));
        settings.put("toleranceDown", Double.toString(toleranceDown));
        if (unit != null) {
            settings.put("unit", unit);
        }
        return Optional.of(new Recipe("target", settings));
    }

    @Override
    public Proposal propose(PoolView view) {
        Signal found = view.signal(signal);
        String unusable = Figures.unusable(signal, found);
        if (!unusable.isEmpty() || !(found instanceof Known known)) {
            return new Abstains(name, unusable);
        }
        String mismatch = mismatch(known);
        if (!mismatch.isEmpty()) {
            return new Abstains(name, mismatch);
        }
        return switch (type) {
            case AVERAGE_VALUE -> average(view, known);
            case VALUE -> value(view, known);
            case PER_REPLICA -> perReplica(view, known);
        };
    }

    /** A share held against a count, or the reverse, would be wrong by orders of magnitude. */
    private String mismatch(Known known) {
        boolean share = Figures.RATIO.equals(known.unit());
        if (unit != null && share != Figures.RATIO.equals(unit)) {
            return signal + " is measured in " + known.unit() + " but its target is in " + unit;
        }
        return share && target > 1
                ? signal + " is a ratio and can never reach the target of " + Figures.number(target)
                : "";
    }

    private Proposal average(PoolView view, Known known) {
        int current = view.replicas().desired();
        double demand = known.value() / target;
        // Not v/(t·n): that product can overflow, and the ratio would read as idle.
        double ratio = demand / current;
        String fact = signal + " is " + measured(known) + " in all, for " + goal(known) + " per replica";
        if (current > 0 && within(ratio)) {
            return stays(current, fact, ratio);
        }
        return wants(view, known, demand, fact);
    }

    private Proposal value(PoolView view, Known known) {
        int current = view.replicas().desired();
        int ready = view.replicas().ready();
        double ratio = known.value() / target;
        String fact = signal + " is " + measured(known) + " for a target of " + goal(known);
        if (current == 0) {
            return wants(view, known, ratio, fact);
        }
        double demand = ready == 0 ? 0 : ratio * ready;
        if (within(ratio) || against(ratio, ReplicaMath.ceil(demand), current)) {
            return stays(current, fact, ratio);
        }
        return wants(view, known, demand, fact + " with " + ready + " ready");
    }

    private Proposal perReplica(PoolView view, Known known) {
        int current = view.replicas().desired();
        if (current == 0) {
            return new Abstains(name, "there is no replica that could be measured");
        }
        Counted counted = known.parts().isEmpty() ? Counted.mean(known, view) : Counted.parts(known, view);
        if (counted.measured == 0) {
            return new Abstains(name, signal + " comes from no ready replica");
        }
        double ratio = counted.sum / counted.measured / target;
        boolean up = ratio > 1;
        // The HPA adds what is missing on the way down or up, and what is not ready on the way up alone.
        double fallback = Figures.RATIO.equals(known.unit()) ? Math.max(1, target) : target;
        double sum = counted.sum + (ratio < 1 ? counted.missing * fallback : 0);
        int count = counted.measured + (ratio == 1 ? 0 : counted.missing) + (up ? counted.unready : 0);
        double again = sum / count / target;
        String fact = signal + " is " + Figures.measured(counted.sum / counted.measured, known.unit())
                + " on average over " + counted.measured + " ready for a target of " + goal(known)
                + (ratio == 1 ? "" : counted.assumed(up));
        boolean crossed = (ratio < 1 && again > 1) || (up && again < 1);
        double demand = again * count;
        if (within(again) || crossed || against(again, ReplicaMath.ceil(demand), current)) {
            return stays(current, fact, again);
        }
        return wants(view, known, demand, fact);
    }

    /** Replicas as the HPA sorts them: measured, ready but without a value, and not ready. */
    private record Counted(double sum, int measured, int missing, int unready) {

        static Counted mean(Known known, PoolView view) {
            int ready = view.replicas().ready();
            return new Counted(known.value() * ready, ready, 0, view.replicas().due());
        }

        static Counted parts(Known known, PoolView view) {
            double sum = 0;
            int measured = 0;
            int missing = 0;
            int unready = 0;
            for (Signal.Part part : known.parts()) {
                if (!part.ready()) {
                    unready++;
                } else if (part.signal() instanceof Known one && one.coverage() >= 1 && Figures.possible(one.value())) {
                    sum += one.value();
                    measured++;
                } else {
                    missing++;
                }
            }
            // Replicas that only start are not scraped yet, but the HPA sees their pods.
            return new Counted(
                    sum, measured, missing, Math.max(unready, view.replicas().due()));
        }

        String assumed(boolean up) {
            String gone = missing == 0 ? "" : "; " + missing + " without a value count as " + (up ? "idle" : "full");
            return up && unready > 0 ? gone + "; " + unready + " not ready count as idle" : gone;
        }
    }

    private boolean within(double ratio) {
        return ratio >= 1 - toleranceDown - ROUNDING && ratio <= 1 + toleranceUp + ROUNDING;
    }

    private static boolean against(double ratio, int replicas, int current) {
        return (ratio > 1 && replicas < current) || (ratio < 1 && replicas > current);
    }

    private Wants stays(int current, String fact, double ratio) {
        String reason = within(ratio)
                ? "is within the tolerance"
                : "gives no number in its own direction while not all are ready and measured";
        return new Wants(
                name,
                current,
                Cause.SIGNAL,
                fact + "; " + Figures.number(ratio) + " times the target " + reason + ", so " + current + " stay.");
    }

    private Wants wants(PoolView view, Known known, double demand, String fact) {
        int current = view.replicas().desired();
        int replicas = ReplicaMath.ceil(demand);
        if (known.coverage() < 1 && replicas < current) {
            return new Wants(
                    name,
                    current,
                    Cause.SIGNAL,
                    fact + ": " + Figures.number(demand) + " replicas, but only " + known.gap() + ", so " + current
                            + " stay.");
        }
        String oneLess = replicas > 1
                ? ". With " + (replicas - 1) + " each would have "
                        + Figures.measured(demand / (replicas - 1) * target, known.unit())
                : "";
        return new Wants(
                name,
                replicas,
                demand,
                Cause.SIGNAL,
                fact + ": " + Figures.number(demand) + " replicas, so " + replicas + oneLess + ".");
    }

    private String measured(Known known) {
        return Figures.measured(known.value(), known.unit());
    }

    private String goal(Known known) {
        return Figures.measured(target, known.unit());
    }

    /** Collects the settings of a {@link TargetTrackingPolicy}. Not safe for use by several threads. */
    public static final class Builder {

        private String signal;
        private final Type type;
        private final double target;
        private @Nullable String name;
        private @Nullable String unit;
        private double toleranceUp = 0.1;
        private double toleranceDown = 0.1;

        private Builder(String signal, Type type, double target) {
            Figures.checkTarget("target of " + signal, target);
            this.signal = signal;
            this.type = type;
            this.target = target;
        }

        /** Name of the policy, unique in a pool; {@code target} and the signal's name by default. */
        public Builder name(String name) {
            this.name = name;
            return this;
        }

        /** Another signal in place of the ready-made one: {@code kvCache(0.8).signal("vllm.kv.usage")}. */
        public Builder signal(String signal) {
            this.signal = signal;
            return this;
        }

        /**
         * Unit of the target. {@code ratio} makes {@link #build} refuse a target above 1, and the policy abstain when the
         * signal is anything but a ratio; any other unit makes it abstain on a ratio. Unset by default: then the signal's
         * own unit holds.
         */
        public Builder unit(String unit) {
            this.unit = unit;
            return this;
        }

        /** Both tolerances. */
        public Builder tolerance(double both) {
            return toleranceUp(both).toleranceDown(both);
        }

        /**
         * How far above 1 the ratio may be before replicas are added; 0 or more, 0.1 by default. With 0 the first whole
         * replica counts, which suits targets that say how many replicas there should be.
         */
        public Builder toleranceUp(double toleranceUp) {
            if (!(toleranceUp >= 0) || Double.isInfinite(toleranceUp)) {
                throw new IllegalArgumentException("toleranceUp must be >= 0 and finite but was " + toleranceUp);
            }
            this.toleranceUp = toleranceUp;
            return this;
        }

        /** How far below 1 the ratio may be before replicas are removed; 0 to 1, 0.1 by default. 1 never removes any. */
        public Builder toleranceDown(double toleranceDown) {
            if (!(toleranceDown >= 0 && toleranceDown <= 1)) {
                throw new IllegalArgumentException("toleranceDown must be 0 to 1 but was " + toleranceDown);
            }
            this.toleranceDown = toleranceDown;
            return this;
        }

        /**
         * The policy.
         *
         * @throws IllegalArgumentException if the unit is {@code ratio} and the target above 1, which nothing can reach
         */
        public TargetTrackingPolicy build() {
            if (Figures.RATIO.equals(unit) && target > 1) {
                throw new IllegalArgumentException("target of " + signal
                        + " is a ratio and must be above 0 and at most 1 but was " + target
                        + ": write 0.8 for 80 %");
            }
            return new TargetTrackingPolicy(this);
        }
    }
}
