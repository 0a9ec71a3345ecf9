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
import io.tidegate.sim.baseline.Observation.Counter;
import java.util.List;

/**
 * The predictive scaling of Grafana Mimir's queriers: what comes now, or what came in the half hour that followed this moment a week
 * ago, whichever asks for more.
 *
 * <p>Two {@code AverageValue} triggers with the same threshold, on the rate of the requests: of the last minute, and the highest of
 * the minutes between 7 d and 6 d 23 h 30 min ago. Mimir's own take requests in flight, which grow with a lack of replicas; of a week
 * in which other replicas served they would say nothing. Before a week has passed there is only the first.
 */
final class MimirOffset {

    private static final double MINUTE = 60;

    private MimirOffset() {}

    /**
     * Of the {@code ScaledObject}.
     *
     * @param periodSeconds {@code predictiveScalingPeriod}: how long ago the window ended
     * @param lookbackSeconds {@code predictiveScalingLookback}: length of the window
     */
    record Settings(double periodSeconds, double lookbackSeconds, Keda.Settings keda, Hpa.Settings hpa) {

        /** Those of Mimir's Helm chart. */
        static final Settings DEFAULTS = new Settings(
                6 * 86_400 + 23.5 * 3600,
                1800,
                new Keda.Settings(10, 300, 0),
                new Hpa.Settings(
                        15,
                        15,
                        new Direction(
                                60,
                                Select.MAX,
                                List.of(new Policy(Unit.PERCENT, 50, 120), new Policy(Unit.PODS, 15, 120)),
                                0.1),
                        new Direction(600, Select.MAX, List.of(new Policy(Unit.PERCENT, 10, 120)), 0.1)));
    }

    static Autoscaler of(Settings settings) {
        Hpa hpa = new Hpa(
                "mimir-offset",
                List.of(
                        Hpa.average(MimirOffset::now, Targets::requestsPerSecond),
                        Hpa.average(seen -> weekAgo(seen, settings), Targets::requestsPerSecond)),
                settings.hpa());
        return new Keda(hpa, seen -> Math.max(now(seen), weekAgo(seen, settings)), settings.keda());
    }

    private static double now(Observation seen) {
        return seen.rate(Counter.ARRIVED, MINUTE);
    }

    /** 0 without a past, as an empty answer of Prometheus is by default. */
    private static double weekAgo(Observation seen, Settings settings) {
        double highest = 0;
        for (double before = 0; before + MINUTE <= settings.lookbackSeconds(); before += MINUTE) {
            double ago = settings.periodSeconds() + before;
            if (ago + MINUTE > seen.seconds()) {
                break;
            }
            double rate = seen.rate(Counter.ARRIVED, MINUTE, ago);
            highest = rate > highest ? rate : highest;
        }
        return highest;
    }
}
