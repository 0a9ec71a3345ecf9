/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.baseline;

import java.util.function.ToDoubleFunction;

/**
 * What KEDA adds to the HPA it generates: between none and one replica it decides by itself, at each poll.
 *
 * <p>Active is a value above the activation threshold. At zero an active trigger asks for one replica, or the least; with a least of
 * zero, a trigger that has been inactive for the cooldown takes all replicas away. With a least of one or more the polls do nothing.
 */
final class Keda implements Autoscaler {

    private final Hpa hpa;
    private final ToDoubleFunction<Observation> activity;
    private final Settings settings;
    private double polled = Double.NEGATIVE_INFINITY;
    private double active;

    Keda(Hpa hpa, ToDoubleFunction<Observation> activity, Settings settings) {
        this.hpa = hpa;
        this.activity = activity;
        this.settings = settings;
    }

    /**
     * Of a {@code ScaledObject}.
     *
     * @param pollingSeconds {@code pollingInterval}, 30 by default
     * @param cooldownSeconds {@code cooldownPeriod}, 300 by default
     * @param activation {@code activationThreshold}, 0 by default; must be exceeded
     */
    record Settings(double pollingSeconds, double cooldownSeconds, double activation) {
        static final Settings DEFAULTS = new Settings(30, 300, 0);
    }

    @Override
    public String name() {
        return hpa.name();
    }

    @Override
    public double period() {
        return hpa.period();
    }

    @Override
    public double scrapePeriod() {
        return hpa.scrapePeriod();
    }

    @Override
    public int look(Observation seen) {
        double now = seen.seconds();
        if (seen.min() == 0 && now - polled >= settings.pollingSeconds()) {
            polled = now;
            // A value that is missing is not above anything.
            boolean isActive = activity.applyAsDouble(seen) > settings.activation();
            active = isActive ? now : active;
            if (isActive && seen.specified() == 0) {
                return Math.min(1, seen.max());
            }
            if (!isActive && now - active >= settings.cooldownSeconds()) {
                return 0;
            }
        }
        return hpa.look(seen);
    }
}
