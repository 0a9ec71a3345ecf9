/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.baseline;

import io.tidegate.sim.baseline.Hpa.Direction;
import io.tidegate.sim.baseline.Hpa.Policy;
import io.tidegate.sim.baseline.Hpa.Select;
import io.tidegate.sim.baseline.Hpa.Unit;
import io.tidegate.sim.baseline.Observation.Gauge;
import java.util.List;

/**
 * llm-d's autoscaling by the queue of its endpoint picker and the requests that run, with either of the two remedies its guide has
 * against asking again for what is already starting.
 *
 * <p>The guard: with demand = max(queued / 1, running / 16), the count is the demand if there are that many replicas, else {@code
 * max(demand - pending, replicas)}. The windows: no guard, but the demand must have lasted 300 s, also upwards.
 */
final class LlmdQueue {

    private LlmdQueue() {}

    /** What keeps it from asking twice. */
    enum Overshoot {
        GUARD,
        WINDOWS
    }

    /**
     * Of the {@code ScaledObject}.
     *
     * @param queuedPerReplica 1 by default
     * @param runningPerReplica 16 by default
     */
    record Settings(
            double queuedPerReplica,
            double runningPerReplica,
            Overshoot overshoot,
            Keda.Settings keda,
            Hpa.Settings hpa) {

        /** The guard: up at once, doubling in 15 s. */
        static final Settings GUARD = of(Overshoot.GUARD, 0);

        /** The windows of 300 s, what the guide starts with. */
        static final Settings WINDOWS = of(Overshoot.WINDOWS, 300);

        private static Settings of(Overshoot overshoot, double upWindow) {
            List<Policy> doubling = List.of(new Policy(Unit.PERCENT, 100, 15));
            return new Settings(
                    1,
                    16,
                    overshoot,
                    new Keda.Settings(15, 300, 0),
                    new Hpa.Settings(
                            15,
                            15,
                            new Direction(upWindow, Select.MAX, doubling, 0.1),
                            new Direction(300, Select.MAX, doubling, 0.1)));
        }
    }

    static Autoscaler of(Settings settings) {
        boolean guard = settings.overshoot() == Overshoot.GUARD;
        List<Hpa.Metric> metrics = guard
                ? List.of(Hpa.average(seen -> guarded(seen, settings), seen -> 1))
                : List.of(
                        Hpa.average(LlmdQueue::queued, seen -> settings.queuedPerReplica()),
                        Hpa.average(LlmdQueue::running, seen -> settings.runningPerReplica()));
        Hpa hpa = new Hpa(guard ? "llm-d-queue" : "llm-d-queue-windows", metrics, settings.hpa());
        return new Keda(hpa, seen -> seen.latest(Gauge.IN_FLIGHT), settings.keda());
    }

    private static double queued(Observation seen) {
        return seen.latest(Gauge.QUEUED);
    }

    private static double running(Observation seen) {
        return seen.latest(Gauge.DISPATCHED);
    }

    private static double guarded(Observation seen, Settings settings) {
        double demand =
                Math.max(queued(seen) / settings.queuedPerReplica(), running(seen) / settings.runningPerReplica());
        return guarded(demand, seen.created(), Math.max(0, seen.created() - seen.ready()));
    }

    /** The formula; NaN if the demand is. */
    static double guarded(double demand, int replicas, int pending) {
        return demand <= replicas ? demand : Math.max(demand - pending, replicas);
    }
}
