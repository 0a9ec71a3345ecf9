/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.baseline;

import java.util.EnumMap;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;

/** What a test says that there is to see. Replicas are ready as they are asked for unless said otherwise. */
final class FakeObservation implements Observation {

    /** One replica does 10 requests/s of 100 + 10 tokens, 20 at once, objectives 3 s and 0.1 s. */
    static final Profile PROFILE = new Profile(10, 1000, 20, 100, 10, 3, 0.1, 0.2, 60);

    final Map<Gauge, Double> gauges = new EnumMap<>(Gauge.class);
    final Map<Latency, Double> latencies = new EnumMap<>(Latency.class);
    DoubleUnaryOperator rateAgo = ago -> 0;
    Profile profile = PROFILE;
    double stable = Double.NaN;
    double seconds;
    int specified = 1;
    int created = 1;
    int ready = 1;
    int min = 1;
    int max = 1000;

    FakeObservation replicas(int count) {
        return replicas(count, count);
    }

    FakeObservation replicas(int count, int serving) {
        specified = count;
        created = count;
        ready = serving;
        return this;
    }

    FakeObservation with(Gauge gauge, double value) {
        gauges.put(gauge, value);
        return this;
    }

    FakeObservation with(Latency latency, double value) {
        latencies.put(latency, value);
        return this;
    }

    FakeObservation at(double now) {
        seconds = now;
        return this;
    }

    /** Looks once and does what it says, with replicas that serve at once. */
    int obey(Autoscaler autoscaler) {
        int count = autoscaler.look(this);
        replicas(count);
        return count;
    }

    @Override
    public double seconds() {
        return seconds;
    }

    @Override
    public int specified() {
        return specified;
    }

    @Override
    public int created() {
        return created;
    }

    @Override
    public int ready() {
        return ready;
    }

    @Override
    public int min() {
        return min;
    }

    @Override
    public int max() {
        return max;
    }

    @Override
    public double latest(Gauge gauge) {
        return gauges.getOrDefault(gauge, 0.0);
    }

    /** The stable mean for windows of more than ten seconds if there is one, else the value. */
    @Override
    public double mean(Gauge gauge, double window, double ago) {
        return window > 10 && !Double.isNaN(stable) ? stable : latest(gauge);
    }

    @Override
    public double rate(Counter counter, double window, double ago) {
        return rateAgo.applyAsDouble(ago);
    }

    @Override
    public double quantile(Latency latency, double quantile, double window) {
        return latencies.getOrDefault(latency, Double.NaN);
    }

    @Override
    public Profile profile() {
        return profile;
    }
}
