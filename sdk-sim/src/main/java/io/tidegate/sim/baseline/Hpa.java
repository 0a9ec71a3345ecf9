/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.baseline;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.ToDoubleFunction;

/**
 * The control loop of a Kubernetes HorizontalPodAutoscaler, {@code autoscaling/v2}, over the metrics it is given.
 *
 * <p>Every sync: each metric proposes a count, the highest wins; the proposal is held against the proposals of the two stabilization
 * windows, then limited by the rate policies, then clamped. A metric without a value holds the count if the others would lower it.
 * Outside the bounds the count is put on the bound at once, without metrics or limits. At zero replicas it does nothing.
 *
 * <p>After {@code pkg/controller/podautoscaler} of Kubernetes 1.36.
 */
final class Hpa implements Autoscaler {

    private final String name;
    private final List<Metric> metrics;
    private final Settings settings;
    private final List<At> recommendations = new ArrayList<>();
    private final List<At> added = new ArrayList<>();
    private final List<At> removed = new ArrayList<>();

    Hpa(String name, List<Metric> metrics, Settings settings) {
        if (metrics.isEmpty()) {
            throw new IllegalArgumentException("metrics must not be empty");
        }
        this.name = name;
        this.metrics = List.copyOf(metrics);
        this.settings = settings;
    }

    /** Something that proposes a count. */
    interface Metric {
        /**
         * The count this metric alone would have.
         *
         * @return the proposal; negative if the metric has no value
         */
        int propose(Observation seen, Settings settings);
    }

    /** Which of the policies of a direction counts. */
    enum Select {
        /** The one that changes most. */
        MAX,
        /** The one that changes least. */
        MIN,
        /** None: no change in this direction. */
        DISABLED
    }

    /** What a policy counts in. */
    enum Unit {
        PODS,
        PERCENT
    }

    /**
     * How far the count may move within a period.
     *
     * @param value pods, or percent of the count at the start of the period; positive
     * @param periodSeconds positive
     */
    record Policy(Unit unit, double value, double periodSeconds) {
        Policy {
            Objects.requireNonNull(unit, "unit");
            if (!(value > 0) || !(periodSeconds > 0)) {
                throw new IllegalArgumentException(
                        "value and periodSeconds must be > 0 but were " + value + " and " + periodSeconds);
            }
        }
    }

    /**
     * One direction of {@code spec.behavior}.
     *
     * @param windowSeconds {@code stabilizationWindowSeconds}, at least 0
     * @param select {@code selectPolicy}
     * @param policies not empty
     * @param tolerance share by which a metric may miss its target before it proposes a change; 0.1 by default
     */
    record Direction(double windowSeconds, Select select, List<Policy> policies, double tolerance) {
        Direction {
            Objects.requireNonNull(select, "select");
            policies = List.copyOf(policies);
            if (policies.isEmpty()) {
                throw new IllegalArgumentException("policies must not be empty");
            }
            if (!(windowSeconds >= 0) || !(tolerance >= 0)) {
                throw new IllegalArgumentException(
                        "windowSeconds and tolerance must be >= 0 but were " + windowSeconds + " and " + tolerance);
            }
        }
    }

    /**
     * What the controller and {@code spec.behavior} are set to.
     *
     * @param syncSeconds {@code --horizontal-pod-autoscaler-sync-period}
     */
    record Settings(double syncSeconds, double scrapeSeconds, Direction up, Direction down) {

        /**
         * Those of Kubernetes: a sync each 15 s; up at once by the larger of 4 pods and 100 % in 15 s; down to the highest proposal
         * of 300 s, then by 100 % in 15 s; tolerance 0.1. Scrapes each 15 s.
         */
        static final Settings DEFAULTS = new Settings(
                15,
                15,
                new Direction(
                        0, Select.MAX, List.of(new Policy(Unit.PODS, 4, 15), new Policy(Unit.PERCENT, 100, 15)), 0.1),
                new Direction(300, Select.MAX, List.of(new Policy(Unit.PERCENT, 100, 15)), 0.1));

        Settings {
            Objects.requireNonNull(up, "up");
            Objects.requireNonNull(down, "down");
            if (!(syncSeconds > 0) || !(scrapeSeconds > 0)) {
                throw new IllegalArgumentException(
                        "syncSeconds and scrapeSeconds must be > 0 but were " + syncSeconds + " and " + scrapeSeconds);
            }
        }

        boolean tolerates(double ratio) {
            return 1 - down.tolerance() <= ratio && ratio <= 1 + up.tolerance();
        }
    }

    private record At(double seconds, int value) {}

    /**
     * {@code type: Pods}: the mean over the pods that serve against a target. Pods that start have no value: on the way up they count
     * as idle, on the way down as on target, and if that turns the direction round nothing changes.
     *
     * @param total the sum over the serving pods
     * @param target per pod
     */
    static Metric pods(ToDoubleFunction<Observation> total, ToDoubleFunction<Observation> target) {
        return (seen, settings) -> {
            double usage = total.applyAsDouble(seen);
            int ready = seen.ready();
            if (Double.isNaN(usage) || ready == 0) {
                return -1;
            }
            int current = seen.specified();
            double wanted = target.applyAsDouble(seen);
            double ratio = usage / ready / wanted;
            int missing = Math.max(0, seen.created() - ready);
            if (missing == 0) {
                return settings.tolerates(ratio) ? current : ceil(ratio * ready);
            }
            double filled = ratio < 1 ? usage + missing * wanted : usage;
            int pods = ready + missing;
            double again = filled / pods / wanted;
            if (settings.tolerates(again) || (ratio < 1) != (again < 1)) {
                return current;
            }
            int proposal = ceil(again * pods);
            boolean contrary = again < 1 ? proposal > current : proposal < current;
            return contrary ? current : proposal;
        };
    }

    /**
     * {@code type: External} with {@code Value}: one number against one target, times the serving pods. As long as the number does
     * not fall, it multiplies again at each sync.
     */
    static Metric value(ToDoubleFunction<Observation> value, ToDoubleFunction<Observation> target) {
        return (seen, settings) -> {
            double usage = value.applyAsDouble(seen);
            if (Double.isNaN(usage)) {
                return -1;
            }
            double ratio = usage / target.applyAsDouble(seen);
            return settings.tolerates(ratio) ? seen.specified() : ceil(ratio * seen.ready());
        };
    }

    /**
     * {@code type: External} with {@code AverageValue}: one number for the pool, so much of it per pod. The tolerance is measured
     * against the pods that exist, ready or not.
     */
    static Metric average(ToDoubleFunction<Observation> total, ToDoubleFunction<Observation> target) {
        return (seen, settings) -> {
            double usage = total.applyAsDouble(seen);
            if (Double.isNaN(usage)) {
                return -1;
            }
            double wanted = target.applyAsDouble(seen);
            return settings.tolerates(usage / (wanted * seen.created())) ? seen.created() : ceil(usage / wanted);
        };
    }

    static int ceil(double count) {
        return (int) Math.min(1_000_000_000, Math.ceil(count));
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public double period() {
        return settings.syncSeconds();
    }

    @Override
    public double scrapePeriod() {
        return settings.scrapeSeconds();
    }

    @Override
    public int look(Observation seen) {
        int current = seen.specified();
        int least = Math.max(1, seen.min());
        if (current == 0) {
            return 0;
        }
        double now = seen.seconds();
        if (recommendations.isEmpty()) {
            recommendations.add(new At(now, current));
        }
        int desired;
        if (current > seen.max()) {
            desired = seen.max();
        } else if (current < least) {
            desired = least;
        } else {
            int proposal = highest(seen);
            if (proposal < 0) {
                return current;
            }
            int stable = stabilize(now, current, proposal);
            desired = Math.min(Math.max(limit(now, current, stable), least), seen.max());
        }
        if (desired > current) {
            added.add(new At(now, desired - current));
        } else if (desired < current) {
            removed.add(new At(now, current - desired));
        }
        forget(now);
        return desired;
    }

    private int highest(Observation seen) {
        int highest = -1;
        boolean missing = false;
        for (Metric metric : metrics) {
            int proposal = metric.propose(seen, settings);
            missing |= proposal < 0;
            highest = Math.max(highest, proposal);
        }
        return missing && highest < seen.specified() ? -1 : highest;
    }

    private int stabilize(double now, int current, int proposal) {
        int lowest = proposal;
        int highest = proposal;
        for (At at : recommendations) {
            double age = now - at.seconds();
            lowest = age < settings.up().windowSeconds() ? Math.min(lowest, at.value()) : lowest;
            highest = age < settings.down().windowSeconds() ? Math.max(highest, at.value()) : highest;
        }
        recommendations.add(new At(now, proposal));
        return Math.min(Math.max(current, lowest), highest);
    }

    private int limit(double now, int current, int desired) {
        if (desired > current) {
            return Math.min(desired, Math.max(current, bound(now, current, settings.up(), 1)));
        }
        return desired < current
                ? Math.max(desired, Math.min(current, bound(now, current, settings.down(), -1)))
                : desired;
    }

    private int bound(double now, int current, Direction direction, int sign) {
        if (direction.select() == Select.DISABLED) {
            return current;
        }
        boolean furthest = direction.select() == Select.MAX;
        int chosen = 0;
        for (int i = 0; i < direction.policies().size(); i++) {
            Policy policy = direction.policies().get(i);
            int start =
                    current - within(added, now, policy.periodSeconds()) + within(removed, now, policy.periodSeconds());
            double reached = policy.unit() == Unit.PODS
                    ? start + sign * policy.value()
                    : start * (1 + sign * policy.value() / 100);
            // Upwards a part of a pod is a pod, downwards it stays.
            int bound = sign > 0 ? ceil(reached) : (int) reached;
            boolean further = sign > 0 ? bound > chosen : bound < chosen;
            chosen = i == 0 || further == furthest ? bound : chosen;
        }
        return chosen;
    }

    private static int within(List<At> changes, double now, double seconds) {
        int sum = 0;
        for (At at : changes) {
            sum += now - at.seconds() < seconds ? at.value() : 0;
        }
        return sum;
    }

    private void forget(double now) {
        double window = Math.max(settings.up().windowSeconds(), settings.down().windowSeconds());
        // The list must not become empty, or the next look would take the count for the first proposal.
        while (recommendations.size() > 1 && now - recommendations.get(0).seconds() >= window) {
            recommendations.remove(0);
        }
        double period = 0;
        for (Direction direction : List.of(settings.up(), settings.down())) {
            for (Policy policy : direction.policies()) {
                period = Math.max(period, policy.periodSeconds());
            }
        }
        double longest = period;
        added.removeIf(at -> now - at.seconds() >= longest);
        removed.removeIf(at -> now - at.seconds() >= longest);
    }
}
