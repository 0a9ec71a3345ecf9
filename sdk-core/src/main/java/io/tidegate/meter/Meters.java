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
    RETRIED(
            "tidegate.requests.retried",
            Kind.COUNTER,
            "requests",
            "Requests that said they had been refused before, or were known to",
            "pool",
            "tier"),
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
    TIER_OPEN(
            "tidegate.tier.open",
            Kind.GAUGE,
            "ratio",
            "Share of the limit that the tier may fill now: its ceiling, less what is kept for guarantees of others",
            "pool",
            "tier"),
    RANKS_OPEN(
            "tidegate.ranks.open",
            Kind.GAUGE,
            "ratio",
            "Share of ranks, highest first, that may queue now; 1 unless more arrives than can be served",
            "pool"),
    THROUGHPUT_BREACHES(
            "tidegate.throughput.breaches",
            Kind.COUNTER,
            "breaches",
            "Windows of 10 s in which a promise of tokens per second to the tier, or a tenant in it, was not kept",
            "pool",
            "tier",
            "cause"),
    LIMIT_SLOTS("tidegate.limit.slots", Kind.GAUGE, "requests", "Requests that may be in flight now", "pool"),
    LIMIT_TOKENS(
            "tidegate.limit.tokens",
            Kind.GAUGE,
            "tokens",
            "Tokens that may be in flight now; NaN if they are not counted",
            "pool"),
    LIMIT_UTILIZATION(
            "tidegate.limit.utilization",
            Kind.GAUGE,
            "ratio",
            "The limit as a part of what all ready replicas are said to hold, mean over them",
            "pool"),
    LIMIT_REPLICAS(
            "tidegate.limit.replicas",
            Kind.GAUGE,
            "replicas",
            "Ready replicas that do not count in full: of which nothing was heard lately (stale), which have just become ready"
                    + " (starting), whose engines rejected requests (rejecting)",
            "pool",
            "state"),
    LIMIT_REJECTIONS(
            "tidegate.limit.rejections",
            Kind.COUNTER,
            "requests",
            "Requests that engines answered with 429 or 503",
            "pool"),
    QUOTA_TENANTS(
            "tidegate.quota.tenants",
            Kind.GAUGE,
            "tenants",
            "Tenants with an account that are not named in the settings; pool is * for quotas that pools share",
            "pool"),
    QUOTA_FORGOTTEN(
            "tidegate.quota.forgotten",
            Kind.COUNTER,
            "tenants",
            "Accounts forgotten because others needed the place and these lacked nothing",
            "pool"),
    QUOTA_OVERFLOWED(
            "tidegate.quota.overflowed",
            Kind.COUNTER,
            "requests",
            "Reservations asked for by tenants that had to share an account, because all were busy or their ids too long",
            "pool"),
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
            "Replicas desired, ready, due (asked for and not ready), running (in any state), and decided: what the last decision"
                    + " says, which in a dry run nobody carries out",
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
    SCALE_STAGE(
            "tidegate.scale.stage",
            Kind.TIMER,
            "seconds",
            "Where the time of a scale event went, by stage, as far as it is known; told a minute after its end",
            "pool",
            "stage"),
    SCALE_EVENT_COST(
            "tidegate.scale.event.cost",
            Kind.COUNTER,
            "currency",
            "Price of the replicas that scale events up added, from the decision until all were ready: paid for and not yet of use;"
                    + " only where a price is configured",
            "pool"),
    SCALE_EVENT_REQUEST_COST(
            "tidegate.scale.event.request.cost",
            Kind.GAUGE,
            "currency",
            "What a request cost while the last scale event lasted; only where a price is configured, NaN before",
            "pool"),
    SCALE_EVENT_VIOLATIONS(
            "tidegate.scale.event.violations",
            Kind.COUNTER,
            "requests",
            "Requests that broke their SLO while a scale event lasted, by the stage it was in; each is counted at one event",
            "pool",
            "stage"),
    SCALE_USE(
            "tidegate.scale.use",
            Kind.GAUGE,
            "ratio",
            "Share of slots in use in the minute before the last scale event and in the minute after; NaN if not known",
            "pool",
            "when"),
    SCALE_REACTION(
            "tidegate.scale.reaction",
            Kind.TIMER,
            "seconds",
            "Time from what set a decision off (queue, budget, replica_lost, ...) to the call of the backend",
            "pool",
            "trigger"),
    SCALE_OVERRIDDEN(
            "tidegate.scale.overridden",
            Kind.GAUGE,
            "ratio",
            "1 while a person has pinned or paused the pool, else 0",
            "pool"),
    EVIDENCE_GAPS(
            "tidegate.evidence.gaps",
            Kind.GAUGE,
            "signals",
            "Signals that are missing, stale or invalid, the backend's status among them; nothing scales down while there are any",
            "pool"),
    EVIDENCE_COVERAGE(
            "tidegate.evidence.coverage",
            Kind.GAUGE,
            "ratio",
            "Least share of replicas that a signal was heard from",
            "pool"),
    POLICIES_ABSTAINING(
            "tidegate.policies.abstaining",
            Kind.GAUGE,
            "policies",
            "Policies without an opinion in the last decision, for want of data; nothing scales down while there are any",
            "pool"),
    REPLICA_CAPACITY(
            "tidegate.replica.capacity",
            Kind.GAUGE,
            "tokens/s",
            "Tokens per second that one replica sustains, as learned; NaN before",
            "pool"),
    SHADOW_REPLICAS(
            "tidegate.shadow.replicas",
            Kind.GAUGE,
            "replicas",
            "Replicas that the policies in the shadow would have asked for; NaN if there are none",
            "pool"),
    SHADOW_DIFFERENCE(
            "tidegate.shadow.difference",
            Kind.GAUGE,
            "replicas",
            "The same less the replicas that are desired; NaN if there are none",
            "pool"),
    SHADOW_REPLICA_SECONDS(
            "tidegate.shadow.replica.seconds",
            Kind.COUNTER,
            "replica-seconds",
            "Sum of replicas over the time that policies ran in the shadow: theirs (shadow), and those that existed (live)",
            "pool",
            "set"),
    CONFIG_STALE(
            "tidegate.config.stale",
            Kind.GAUGE,
            "ratio",
            "1 while the configuration file was changed and could not be applied, so that what ran before goes on; else 0"),
    CONFIG_RELOADS(
            "tidegate.config.reloads",
            Kind.COUNTER,
            "changes",
            "Changes of the configuration file, by outcome: applied, refused",
            "outcome"),
    ALERTS(
            "tidegate.alerts",
            Kind.GAUGE,
            "ratio",
            "1 while the alert fires with the severity that state says (warning, critical), else 0",
            "pool",
            "alert",
            "state"),
    ALERTS_FIRED("tidegate.alerts.fired", Kind.COUNTER, "alerts", "Times that the alert began", "pool", "alert"),
    ALERTS_UNDELIVERED(
            "tidegate.alerts.undelivered",
            Kind.COUNTER,
            "alerts",
            "Alerts that a listener failed to take (failed), or that were dropped because more than 256 waited for it (dropped)",
            "listener",
            "reason"),
    ENGINE_FAILURES(
            "tidegate.engine.failures",
            Kind.COUNTER,
            "failures",
            "Times the backend, a plugin, the ledger or a listener failed",
            "pool"),
    LEDGER_WRITTEN("tidegate.ledger.written", Kind.COUNTER, "entries", "Entries written to the ledger"),
    LEDGER_LOST(
            "tidegate.ledger.lost",
            Kind.COUNTER,
            "entries",
            "Entries that could not be written to the ledger and never will be"),
    LEDGER_WAITING(
            "tidegate.ledger.waiting",
            Kind.GAUGE,
            "entries",
            "Entries that the ledger has taken and not yet written; many for long mean that its disk fails"),
    PLUGIN_CALLS(
            "tidegate.plugin.calls",
            Kind.COUNTER,
            "calls",
            "Calls of backends and sources, and of policies that are not of this library, by how they ended: ok, failed, late (the"
                    + " deadline passed), refused (not made: broken, busy or off)",
            "pool",
            "kind",
            "outcome"),
    PLUGIN_ABANDONED(
            "tidegate.plugin.abandoned",
            Kind.GAUGE,
            "calls",
            "Calls that were interrupted at their deadline and have not returned; each holds a thread",
            "pool",
            "kind"),
    PLUGIN_OFF(
            "tidegate.plugin.off",
            Kind.GAUGE,
            "plugins",
            "Plugins that are not called now, because they failed several times in a row or hold all threads they may",
            "pool",
            "kind"),
    SIGNAL_FAILURES(
            "tidegate.signal.failures",
            Kind.GAUGE,
            "reads",
            "Reads of a source that failed since it last answered",
            "pool",
            "source"),
    SIGNAL_AGE(
            "tidegate.signal.age",
            Kind.GAUGE,
            "seconds",
            "Time since a source last answered; NaN if it never has",
            "pool",
            "source"),
    SIGNAL_FROZEN(
            "tidegate.signal.frozen",
            Kind.GAUGE,
            "ratio",
            "1 while the values of a source are taken for frozen, else 0",
            "pool",
            "source"),
    LOG_DROPPED(
            "tidegate.log.dropped",
            Kind.COUNTER,
            "lines",
            "Log lines of this library that were dropped in this process, because those before them had not been written yet"),
    METERS_DROPPED(
            "tidegate.meters.dropped",
            Kind.COUNTER,
            "values",
            "Values of scale events that were dropped because the registry had not taken those before them"),
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
