/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.baseline;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * AIBrix' APA: the mean use per serving pod against a target, times the pods there are, every 10 s.
 *
 * <p>{@code ceil(current·use / target)} when use / target leaves 0.9..1.1, at most the double and at least the half of the pods. A
 * lower count is the highest of the last 300 s.
 *
 * <p>The pods that serve are measured, the pods asked for are multiplied: while some start it asks again at each look.
 */
final class AibrixApa implements Autoscaler {

    private final Settings settings;
    private final Deque<At> recommendations = new ArrayDeque<>();

    AibrixApa(Settings settings) {
        this.settings = settings;
    }

    /**
     * Of a {@code PodAutoscaler}.
     *
     * @param downSeconds {@code scale-down-cooldown-window}. AIBrix says that it works like the HPA's; its code takes the lowest
     *     count of the window, here it is the highest
     */
    record Settings(
            double resyncSeconds,
            double upTolerance,
            double downTolerance,
            double upRate,
            double downRate,
            double downSeconds) {

        /** Those of AIBrix. */
        static final Settings DEFAULTS = new Settings(10, 0.1, 0.1, 2, 2, 300);
    }

    private record At(double seconds, int value) {}

    @Override
    public String name() {
        return "aibrix-apa";
    }

    @Override
    public double period() {
        return settings.resyncSeconds();
    }

    @Override
    public double scrapePeriod() {
        return settings.resyncSeconds();
    }

    @Override
    public int look(Observation seen) {
        double use = Targets.inEngines(seen) / seen.ready();
        int current = seen.specified();
        if (!Double.isFinite(use)) {
            return current;
        }
        double now = seen.seconds();
        int proposal = Targets.clamp(propose(current, use, Targets.requestsInFlight(seen)), seen);
        recommendations.add(new At(now, proposal));
        while (now - recommendations.getFirst().seconds() >= settings.downSeconds()) {
            recommendations.removeFirst();
        }
        if (proposal >= current) {
            return proposal;
        }
        int highest = proposal;
        for (At at : recommendations) {
            highest = Math.max(highest, at.value());
        }
        return Math.min(highest, current);
    }

    /** The formula, before windows and bounds. */
    int propose(int current, double usePerPod, double target) {
        double ratio = usePerPod / target;
        double wanted = Math.ceil(current * ratio);
        if (ratio > 1 + settings.upTolerance()) {
            return (int) Math.min(wanted, Math.ceil(settings.upRate() * current));
        }
        return ratio < 1 - settings.downTolerance()
                ? (int) Math.max(wanted, Math.floor(current / settings.downRate()))
                : current;
    }
}
