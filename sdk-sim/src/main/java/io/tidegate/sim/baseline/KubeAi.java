/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.baseline;

import io.tidegate.sim.baseline.Observation.Gauge;

/**
 * KubeAI's autoscaler: every 10 s the mean of the requests in flight over the last 10 min, which begin with zeros, over a target.
 *
 * <p>A lower count must come up four times in a row: three are counted, by the default delay of 30 s, before one is carried out.
 */
final class KubeAi implements Autoscaler {

    private final Settings settings;
    private final double[] samples;
    private int next;
    private int lower;

    KubeAi(Settings settings) {
        this.settings = settings;
        this.samples = new double[(int) Math.ceil(settings.windowSeconds() / settings.intervalSeconds())];
    }

    /**
     * Of {@code modelAutoscaling} and the model.
     *
     * @param targetRequests in flight per replica; NaN for what the profile says, 100 in KubeAI
     * @param downDelaySeconds {@code scaleDownDelaySeconds}
     */
    record Settings(double intervalSeconds, double windowSeconds, double targetRequests, double downDelaySeconds) {

        /** Those of KubeAI, with its 100 requests. */
        static final Settings KUBEAI = new Settings(10, 600, 100, 30);

        /** Those of KubeAI but for the requests. */
        static final Settings DEFAULTS = new Settings(10, 600, Double.NaN, 30);
    }

    @Override
    public String name() {
        return "kubeai";
    }

    @Override
    public double period() {
        return settings.intervalSeconds();
    }

    /** It reads its own proxies as it looks. */
    @Override
    public double scrapePeriod() {
        return settings.intervalSeconds();
    }

    @Override
    public int look(Observation seen) {
        double active = seen.latest(Gauge.IN_FLIGHT);
        int current = seen.specified();
        if (Double.isNaN(active)) {
            return current;
        }
        samples[next] = active;
        next = (next + 1) % samples.length;
        double target =
                Double.isNaN(settings.targetRequests()) ? Targets.requestsInFlight(seen) : settings.targetRequests();
        int desired = Targets.clamp((int) Math.ceil(mean() / target), seen);
        // The proxy asks for the first replica as the request comes.
        desired = current == 0 && active > 0 ? Math.max(desired, Targets.clamp(1, seen)) : desired;
        if (desired >= current) {
            lower = 0;
            return desired;
        }
        if (lower < Math.ceil(settings.downDelaySeconds() / settings.intervalSeconds())) {
            lower++;
            return current;
        }
        return desired;
    }

    private double mean() {
        double sum = 0;
        for (double sample : samples) {
            sum += sample;
        }
        return sum / samples.length;
    }
}
