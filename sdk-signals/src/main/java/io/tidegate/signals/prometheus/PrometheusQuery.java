/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.prometheus;

import java.util.Objects;

/**
 * One instant query and the signal it gives. Immutable; each {@code with} method makes another.
 *
 * <pre>{@code
 * PrometheusQuery.of("router.queue", "sum(llm_d_epp_flow_control_queue_size)", "requests")
 *         .age("time() - min(timestamp(llm_d_epp_flow_control_queue_size))")
 * }</pre>
 *
 * @since 0.1.0
 */
public final class PrometheusQuery {

    /** What becomes of an answer with several series. */
    public enum Series {
        /** One series is expected; several are {@link io.tidegate.pool.Signal.Invalid}. */
        ONLY,
        /** Their sum. */
        SUM,
        /** The largest. */
        MAX,
        /** Their mean, each counting the same. */
        MEAN
    }

    private final String name;
    private final String promql;
    private final String unit;
    private final Series series;
    private final String partsBy;
    private final String age;

    private PrometheusQuery(String name, String promql, String unit, Series series, String partsBy, String age) {
        this.name = notBlank("name", name);
        this.promql = notBlank("promql", promql);
        this.unit = notBlank("unit", unit);
        this.series = Objects.requireNonNull(series, "series");
        this.partsBy = Objects.requireNonNull(partsBy, "partsBy");
        this.age = Objects.requireNonNull(age, "age");
        if (!partsBy.isEmpty() && series == Series.ONLY) {
            throw new IllegalArgumentException(
                    "query " + name + " has parts, so series must be SUM, MAX or MEAN but was ONLY");
        }
    }

    private static String notBlank(String setting, String value) {
        if (value.isBlank()) {
            throw new IllegalArgumentException(setting + " must not be blank");
        }
        return value;
    }

    /**
     * A query that gives one series.
     *
     * @param name of the signal: {@code router.queue}; not blank
     * @param promql an instant query that gives a scalar or an instant vector; not blank
     * @param unit base unit of the value: {@code requests}, {@code tokens/s}, {@code seconds}, {@code ratio}; not blank. A
     *     {@code ratio} above 1 is taken as it is
     */
    public static PrometheusQuery of(String name, String promql, String unit) {
        return new PrometheusQuery(name, promql, unit, Series.ONLY, "", "");
    }

    /** The same query, with this made of several series; {@link Series#ONLY} by default. */
    public PrometheusQuery series(Series other) {
        return new PrometheusQuery(name, promql, unit, other, partsBy, age);
    }

    /**
     * The same query, with a part for each value of this label: {@code pod}. Series without it, and those of replicas that
     * {@link PrometheusSource.Builder#replicas} does not list, are left out; replicas that are listed and have no series lower coverage.
     * Needs {@link #series} other than {@code ONLY}, set before.
     */
    public PrometheusQuery partsBy(String label) {
        return new PrometheusQuery(name, promql, unit, series, notBlank("label", label), age);
    }

    /**
     * The same query, with another that says how old what it reads is, in seconds:
     * {@code time() - min(timestamp(vllm:num_requests_waiting))}. None by default. Without it the answer counts as of the time at
     * which it was computed, although Prometheus goes on for five minutes to answer with the last sample of a target that is gone.
     */
    public PrometheusQuery age(String promqlOfSeconds) {
        return new PrometheusQuery(name, promql, unit, series, partsBy, notBlank("age", promqlOfSeconds));
    }

    /** The signal's name. */
    public String name() {
        return name;
    }

    /** What is asked. */
    public String promql() {
        return promql;
    }

    /** The value's unit. */
    public String unit() {
        return unit;
    }

    /** What becomes of several series. */
    public Series series() {
        return series;
    }

    /** The label that tells replicas apart; empty if none does. */
    public String partsBy() {
        return partsBy;
    }

    /** What is asked for the age; empty if nothing is. */
    public String age() {
        return age;
    }

    @Override
    public String toString() {
        return name + " = " + promql;
    }
}
