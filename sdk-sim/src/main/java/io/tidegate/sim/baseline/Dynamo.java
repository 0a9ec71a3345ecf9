/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.baseline;

import io.tidegate.sim.baseline.Observation.Counter;
import io.tidegate.sim.baseline.Observation.Gauge;
import io.tidegate.sim.baseline.Observation.Profile;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * NVIDIA Dynamo's planner with both of its modes, for engines that prefill and decode.
 *
 * <p>Throughput, every 180 s: the requests of the next period, foretold from the last 50, over the rate that one engine sustained in
 * its profile; that is the least count until the next time, at most 8 replicas from the present one. Load, every 5 s: one replica
 * more if the estimated time to the first token or per output token misses its objective; one fewer if both would still be within 80
 * % of theirs with the load of n replicas on n - 1. While replicas start or stop it only observes.
 */
final class Dynamo implements Autoscaler {

    private final Settings settings;
    private final Forecast forecast;
    private double adjusted;
    private int floor;

    Dynamo(Settings settings) {
        this.settings = settings;
        this.forecast = new Forecast(settings.points());
    }

    /**
     * Of the planner.
     *
     * @param throughputSeconds between two forecasts
     * @param loadSeconds between two looks at the load
     * @param points of a forecast
     * @param sensitivity {@code load_scaling_down_sensitivity}, as a share
     * @param most replicas that a forecast adds or takes, {@code max_throughput_scaling_replicas}
     */
    record Settings(double throughputSeconds, double loadSeconds, int points, double sensitivity, int most) {

        /** Those of Dynamo, with the load mode switched on. */
        static final Settings DEFAULTS = new Settings(180, 5, 50, 0.8, 8);
    }

    @Override
    public String name() {
        return "dynamo";
    }

    @Override
    public double period() {
        return settings.loadSeconds();
    }

    @Override
    public double scrapePeriod() {
        return settings.loadSeconds();
    }

    @Override
    public int look(Observation seen) {
        double now = seen.seconds();
        if (now - adjusted >= settings.throughputSeconds()) {
            adjusted = now;
            double rate = seen.rate(Counter.ARRIVED, settings.throughputSeconds());
            forecast.add(Double.isNaN(rate) ? 0 : rate * settings.throughputSeconds());
            floor = floor(forecast.next() / settings.throughputSeconds(), seen);
        }
        if (seen.ready() != seen.specified()) {
            return seen.specified();
        }
        return Targets.clamp(Math.max(byLoad(seen), floor), seen);
    }

    private int floor(double requestsPerSecond, Observation seen) {
        int current = seen.specified();
        int wanted = replicas(requestsPerSecond, seen.profile().requestsPerSecond());
        return Math.max(current - settings.most(), Math.min(current + settings.most(), wanted));
    }

    /** Replicas for a rate; at least 1. */
    static int replicas(double requestsPerSecond, double engineRequestsPerSecond) {
        return Math.max(1, (int) Math.ceil(requestsPerSecond / engineRequestsPerSecond));
    }

    private int byLoad(Observation seen) {
        int current = seen.ready();
        Profile profile = seen.profile();
        // Dynamo has no queue before the engines: what waits at the gateway would wait in them.
        double prompts = seen.latest(Gauge.PREFILL_TOKENS) + seen.latest(Gauge.QUEUED) * profile.promptTokens();
        double requests = seen.latest(Gauge.IN_FLIGHT);
        if (current == 0 || Double.isNaN(prompts) || Double.isNaN(requests)) {
            return current;
        }
        double own = profile.promptTokens() / profile.prefillTokensPerSecond();
        double queue = prompts / current / profile.prefillTokensPerSecond();
        double perToken = profile.timePerOutputToken() * requests / current / profile.concurrency();
        return current + step(current, own, queue, perToken, profile);
    }

    /**
     * What the load mode does.
     *
     * @param own seconds of a prompt alone
     * @param queue seconds of the prompts before it
     * @param perToken seconds, estimated
     */
    int step(int current, double own, double queue, double perToken, Profile profile) {
        if (own + queue > profile.timeToFirstToken() || perToken > profile.timePerOutputToken()) {
            return 1;
        }
        if (current <= 1) {
            return 0;
        }
        double fuller = (double) current / (current - 1);
        double room = (profile.timeToFirstToken() - own) * settings.sensitivity();
        boolean both =
                queue * fuller < room && perToken * fuller < profile.timePerOutputToken() * settings.sensitivity();
        return both ? -1 : 0;
    }

    /**
     * The next of a row of numbers, in the place of Dynamo's ARIMA: {@code a + b·last}, with a and b by least squares over each number
     * and the one after it (an autoregression of order one with drift); the last number while there are fewer than five, or if all
     * are the same. Never negative. Zeros before the first other number do not count.
     *
     * <p>After 10, 20, 30, 40, 50 it is 60: a = 10, b = 1.
     */
    static final class Forecast {

        private static final int LEAST = 5;

        private final int points;
        private final Deque<Double> values = new ArrayDeque<>();

        Forecast(int points) {
            this.points = points;
        }

        void add(double value) {
            if (values.isEmpty() && value == 0) {
                return;
            }
            values.add(value);
            if (values.size() > points) {
                values.removeFirst();
            }
        }

        double next() {
            if (values.isEmpty()) {
                return 0;
            }
            double last = values.getLast();
            if (values.size() < LEAST) {
                return last;
            }
            double[] row = values.stream().mapToDouble(Double::doubleValue).toArray();
            int pairs = row.length - 1;
            double before = 0;
            double after = 0;
            for (int i = 0; i < pairs; i++) {
                before += row[i] / pairs;
                after += row[i + 1] / pairs;
            }
            double together = 0;
            double square = 0;
            for (int i = 0; i < pairs; i++) {
                together += (row[i] - before) * (row[i + 1] - after);
                square += (row[i] - before) * (row[i] - before);
            }
            return square == 0 ? last : Math.max(0, after + together / square * (last - before));
        }
    }
}
