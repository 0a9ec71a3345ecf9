/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.baseline;

import io.tidegate.sim.baseline.Observation.Gauge;
import io.tidegate.sim.baseline.Observation.Profile;

/**
 * Knative's pod autoscaler: the concurrency over a stable and a panic window against a target per pod, every 2 s.
 *
 * <p>Each window proposes {@code ceil(mean / target)}, held within {@code [floor(ready / 2), ceil(1000·ready)]}. When the panic window
 * alone asks for twice the ready pods, it panics: for 60 s after the last such moment the count only rises. It panics from the
 * start if it finds more than one pod, as it knows nothing of the past. The last pod goes after 30 s without traffic.
 *
 * <p>After {@code pkg/autoscaler/scaling} of Knative Serving.
 */
final class KnativeKpa implements Autoscaler {

    private final Settings settings;
    private boolean begun;
    private double panicked = Double.NaN;
    private int most;
    private double idleSince = Double.NaN;

    KnativeKpa(Settings settings) {
        this.settings = settings;
    }

    /**
     * Of {@code config-autoscaler}.
     *
     * @param concurrency requests a pod takes at once, {@code container-concurrency-target-default}; NaN for what the profile says
     * @param utilization share of it that is aimed at
     * @param panicThreshold times the ready pods
     * @param graceSeconds {@code scale-to-zero-grace-period}
     */
    record Settings(
            double tickSeconds,
            double stableSeconds,
            double panicSeconds,
            double panicThreshold,
            double concurrency,
            double utilization,
            double upRate,
            double downRate,
            double graceSeconds) {

        /** Those of Knative, with its concurrency of 100. */
        static final Settings KNATIVE = new Settings(2, 60, 6, 2.0, 100, 0.70, 1000, 2, 30);

        /** Those of Knative but for the concurrency: a hundred requests are too many for most engines. */
        static final Settings DEFAULTS = new Settings(2, 60, 6, 2.0, Double.NaN, 0.70, 1000, 2, 30);

        double target(Profile profile) {
            return utilization * (Double.isNaN(concurrency) ? Math.max(1, profile.concurrency()) : concurrency);
        }
    }

    @Override
    public String name() {
        return "knative-kpa";
    }

    @Override
    public double period() {
        return settings.tickSeconds();
    }

    /** Activators report each second. */
    @Override
    public double scrapePeriod() {
        return 1;
    }

    @Override
    public int look(Observation seen) {
        double now = seen.seconds();
        if (!begun) {
            begun = true;
            panicked = seen.ready() > 1 ? now : Double.NaN;
            most = seen.ready();
        }
        double stable = seen.mean(Gauge.IN_FLIGHT, settings.stableSeconds());
        double panic = seen.mean(Gauge.IN_FLIGHT, settings.panicSeconds());
        if (Double.isNaN(stable) || Double.isNaN(panic)) {
            return seen.specified();
        }
        int desired = desired(now, stable, panic, seen.ready(), settings.target(seen.profile()));
        return Targets.clamp(keepLast(now, desired, seen), seen);
    }

    private int desired(double now, double stable, double panic, int found, double target) {
        double ready = Math.max(1, found);
        double up = Math.ceil(settings.upRate() * ready);
        double down = Math.floor(ready / settings.downRate());
        double panicProposal = Math.ceil(panic / target);
        int byStable = (int) Math.min(Math.max(Math.ceil(stable / target), down), up);
        int byPanic = (int) Math.min(Math.max(panicProposal, down), up);
        if (panicProposal / ready >= settings.panicThreshold()) {
            panicked = now;
        } else if (panicked + settings.stableSeconds() < now) {
            panicked = Double.NaN;
            most = 0;
        }
        if (Double.isNaN(panicked)) {
            return byStable;
        }
        most = Math.max(most, Math.max(byStable, byPanic));
        return most;
    }

    private int keepLast(double now, int desired, Observation seen) {
        if (desired > 0 || seen.specified() == 0) {
            idleSince = Double.NaN;
            return desired;
        }
        idleSince = Double.isNaN(idleSince) ? now : idleSince;
        return now - idleSince >= settings.graceSeconds() ? 0 : 1;
    }
}
