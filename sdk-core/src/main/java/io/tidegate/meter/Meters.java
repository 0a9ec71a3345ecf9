/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.meter;

import java.util.List;

/**
 * The meters Tidegate registers: names, kinds, tags. Names, units and tags are part of the API; {@code docs/metrics.md} lists
 * them and a test compares both with what is registered.
 *
 * @since 0.1.0
 */
public enum Meters {
    IN_FLIGHT("tidegate.requests.in.flight", Kind.GAUGE, "requests", "Requests that hold a permit", "pool", "tier"),
    QUEUE_DEPTH("tidegate.queue.depth", Kind.GAUGE, "requests", "Requests that wait", "pool", "tier"),
    QUEUE_OLDEST_AGE(
            "tidegate.queue.oldest.age", Kind.GAUGE, "seconds", "How long the longest waiter waits", "pool", "tier"),
    QUEUE_TIME(
            "tidegate.queue.time",
            Kind.TIMER,
            "seconds",
            "Time in queue, by what became of the request: admitted, shed, expired, cancelled",
            "pool",
            "tier",
            "outcome"),
    ADMISSIONS(
            "tidegate.admissions",
            Kind.COUNTER,
            "requests",
            "Answers of the gate; reason is none except for those shed",
            "pool",
            "tier",
            "outcome",
            "reason"),
    REQUEST_DURATION(
            "tidegate.request.duration",
            Kind.TIMER,
            "seconds",
            "Time a permit was held, by how the request ended: completed, failed, cancelled, unreported",
            "pool",
            "tier",
            "outcome"),
    TTFT("tidegate.ttft", Kind.TIMER, "seconds", "Time from arrival at the gate to the first token", "pool", "tier"),
    TOKENS(
            "tidegate.tokens",
            Kind.COUNTER,
            "tokens",
            "Model tokens, as reported at the end",
            "pool",
            "tier",
            "direction"),
    SLO_EVALUATED(
            "tidegate.slo.evaluated",
            Kind.COUNTER,
            "requests",
            "Requests held against their SLO; scaling says whether a scale event was under way",
            "pool",
            "tier",
            "scaling"),
    SLO_VIOLATIONS(
            "tidegate.slo.violations",
            Kind.COUNTER,
            "requests",
            "Objectives broken: admission, time_to_first_token, time_per_output_token, completion; a request can break several",
            "pool",
            "tier",
            "objective",
            "scaling"),
    SLO_ATTAINMENT(
            "tidegate.slo.attainment",
            Kind.GAUGE,
            "ratio",
            "Share of requests of the last five minutes that kept their SLO; NaN if there were none",
            "pool",
            "tier"),
    LIMIT_SLOTS("tidegate.limit.slots", Kind.GAUGE, "requests", "Requests that may be in flight now", "pool"),
    LISTENER_FAILURES(
            "tidegate.gate.listener.failures",
            Kind.COUNTER,
            "failures",
            "Times a listener, a callback, an executor or the time source threw",
            "pool"),
    PERMITS_LEAKED(
            "tidegate.permits.leaked",
            Kind.COUNTER,
            "permits",
            "Permits dropped without being closed, found by garbage collection; their room was given back",
            "pool"),
    REPLICAS(
            "tidegate.replicas",
            Kind.GAUGE,
            "replicas",
            "Replicas desired, ready, due (asked for and not ready) and running (in any state)",
            "pool",
            "state"),
    SCALE_EVENTS(
            "tidegate.scale.events",
            Kind.COUNTER,
            "events",
            "Scale events that ended; reason is what drove the decision, outcome is ready, failed or superseded",
            "pool",
            "direction",
            "reason",
            "outcome"),
    SCALE_PHASE(
            "tidegate.scale.phase",
            Kind.TIMER,
            "seconds",
            "Time from a decision to a phase of its scale event: accepted, first_ready, ready, failed",
            "pool",
            "phase"),
    SCALE_TIME_TO_READY(
            "tidegate.scale.time.to.ready",
            Kind.TIMER,
            "seconds",
            "Time from the decision to scale up to all its replicas being ready",
            "pool"),
    ENGINE_FAILURES(
            "tidegate.engine.failures",
            Kind.COUNTER,
            "failures",
            "Times the backend, a plugin, the ledger or a listener failed",
            "pool"),
    COST_RATE(
            "tidegate.cost.rate",
            Kind.GAUGE,
            "currency per hour",
            "Price of the replicas that run; only where a price is configured",
            "pool");

    /** What kind of meter it is. */
    public enum Kind {
        GAUGE,
        COUNTER,
        TIMER
    }

    private final String meterName;
    private final Kind kind;
    private final String unit;
    private final String description;

    @SuppressWarnings("ImmutableEnumChecker") // made by List.of
    private final List<String> tags;

    Meters(String meterName, Kind kind, String unit, String description, String... tags) {
        this.meterName = meterName;
        this.kind = kind;
        this.unit = unit;
        this.description = description;
        this.tags = List.of(tags);
    }

    /** Name in Micrometer's form; Prometheus shows {@code tidegate_queue_time_seconds}. */
    public String meterName() {
        return meterName;
    }

    /** What kind of meter it is. */
    public Kind kind() {
        return kind;
    }

    /** Base unit of its values. */
    public String unit() {
        return unit;
    }

    /** What it measures. */
    public String description() {
        return description;
    }

    /** Keys of its tags; their values come from closed sets. */
    public List<String> tags() {
        return tags;
    }
}
