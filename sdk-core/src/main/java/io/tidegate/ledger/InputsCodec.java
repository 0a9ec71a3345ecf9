/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.ledger;

import io.tidegate.guardrail.History;
import io.tidegate.guardrail.Marks;
import io.tidegate.policy.Learned;
import io.tidegate.pool.Capacity;
import io.tidegate.pool.Evidence;
import io.tidegate.pool.LatencySnapshot;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.PoolView.ServedView;
import io.tidegate.pool.PoolView.TierView;
import io.tidegate.pool.Recent;
import io.tidegate.pool.Recent.Second;
import io.tidegate.pool.Replicas;
import io.tidegate.pool.Signal;
import io.tidegate.pool.Slo;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import tools.jackson.core.JsonGenerator;

/**
 * What a decision rested on as JSON and back, exactly. Long rows of alike things are flat lists of numbers. For one thread.
 *
 * <p>Reading needs the compositions that stand in the lines before. Tiers of the same pool with the same settings become the same
 * object, as they were, so that who keeps something by tier finds it again at the next decision.
 */
final class InputsCodec {

    /** Seconds are almost always that long, so the difference is what is written. */
    private static final long SECOND = 1_000_000_000;

    private static final int MOST_COMPOSITIONS = 256;
    private static final int MOST_TIERS = 4096;

    private final Map<String, Composition> compositions = new HashMap<>();
    private final Map<TierKey, Tier> tiers = new HashMap<>();

    /** All that a tier is. */
    private record TierKey(
            String pool,
            String name,
            double weight,
            double ceiling,
            Duration maxQueueTime,
            int maxQueued,
            long maxQueuedTokens,
            double floor,
            double guarantee,
            double lends,
            double tokensPerSecond,
            Slo slo) {

        Tier tier() {
            return Tier.builder(name)
                    .weight(weight)
                    .ceiling(ceiling)
                    .maxQueueTime(maxQueueTime)
                    .maxQueued(maxQueued)
                    .maxQueuedTokens(maxQueuedTokens)
                    .floor(floor)
                    .guarantee(guarantee)
                    .lends(lends)
                    .tokensPerSecond(tokensPerSecond)
                    .slo(slo)
                    .build();
        }
    }

    /** Decisions that follow may name this composition. */
    void know(String id, Composition composition) {
        if (compositions.size() >= MOST_COMPOSITIONS) {
            compositions.clear();
        }
        compositions.put(id, composition);
    }

    // ---- writing ---------------------------------------------------------------------------------------------------

    static void write(JsonGenerator json, Inputs inputs, String composition) {
        json.writeStringProperty("composition", composition);
        json.writeBooleanProperty("trusted", inputs.trusted());
        if (inputs.override().isPresent()) {
            json.writeObjectPropertyStart("override");
            LedgerCodec.said(json, inputs.override().get());
            json.writeEndObject();
        }
        json.writeObjectPropertyStart("learned");
        new TreeMap<>(inputs.learned()).forEach((policy, learned) -> {
            json.writeObjectPropertyStart(Json.key(policy));
            new TreeMap<>(learned.numbers()).forEach((name, value) -> LedgerCodec.number(json, name, value));
            json.writeEndObject();
        });
        json.writeEndObject();
        history(json, inputs.history());
        view(json, inputs.view());
    }

    private static void history(JsonGenerator json, History history) {
        Marks marks = history.marks();
        json.writeObjectPropertyStart("history");
        json.writeNumberProperty("startNanos", history.startNanos());
        json.writeObjectPropertyStart("marks");
        json.writeNumberProperty("readyNanos", marks.readyNanos());
        json.writeNumberProperty("trafficNanos", marks.trafficNanos());
        json.writeNumberProperty("incompleteNanos", marks.incompleteNanos());
        json.writeNumberProperty("heardNanos", marks.heardNanos());
        json.writeNumberProperty("goodPolls", marks.goodPolls());
        json.writeNumberProperty("jumpNanos", marks.jumpNanos());
        json.writeEndObject();
        json.writeArrayPropertyStart("changes");
        for (History.Change change : history.changes()) {
            json.writeNumber(change.atNanos());
            json.writeNumber(change.from());
            json.writeNumber(change.to());
        }
        json.writeEndArray();
        json.writeArrayPropertyStart("proposals");
        for (History.Proposed proposed : history.proposals()) {
            json.writeNumber(proposed.atNanos());
            json.writeNumber(proposed.replicas());
            LedgerCodec.number(json, proposed.demand());
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    private static void view(JsonGenerator json, PoolView view) {
        json.writeObjectPropertyStart("view");
        json.writeStringProperty("pool", view.pool());
        json.writeNumberProperty("nowNanos", view.nowNanos());
        json.writeObjectPropertyStart("evidence");
        json.writeArrayPropertyStart("gaps");
        view.evidence().gaps().forEach(json::writeString);
        json.writeEndArray();
        LedgerCodec.number(json, "coverage", view.evidence().coverage());
        json.writeBooleanProperty("blind", view.evidence().blind());
        json.writeEndObject();
        json.writeObjectPropertyStart("replicas");
        json.writeNumberProperty("desired", view.replicas().desired());
        json.writeNumberProperty("ready", view.replicas().ready());
        json.writeArrayPropertyStart("dueNanos");
        view.replicas().dueNanos().forEach(json::writeNumber);
        json.writeEndArray();
        json.writeEndObject();
        json.writeObjectPropertyStart("replicaWork");
        json.writeNumberProperty("slots", view.replicaWork().slots());
        json.writeNumberProperty("tokens", view.replicaWork().tokens());
        json.writeEndObject();
        LedgerCodec.duration(json, "timeToReady", view.timeToReady());
        json.writeObjectPropertyStart("capacity");
        LedgerCodec.number(json, "tokensPerSecond", view.capacity().tokensPerSecond());
        LedgerCodec.number(json, "requestsPerSecond", view.capacity().requestsPerSecond());
        json.writeNumberProperty("samples", view.capacity().samples());
        json.writeEndObject();
        json.writeArrayPropertyStart("tiers");
        for (TierView tier : view.tiers()) {
            json.writeStartObject();
            tier(json, tier);
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeObjectPropertyStart("signals");
        new TreeMap<>(view.signals()).forEach((name, signal) -> {
            json.writeObjectPropertyStart(Json.key(name));
            signal(json, signal);
            json.writeEndObject();
        });
        json.writeEndObject();
        recent(json, view.recent());
        json.writeEndObject();
    }

    private static void tier(JsonGenerator json, TierView view) {
        Tier tier = view.tier();
        json.writeObjectPropertyStart("tier");
        json.writeStringProperty("name", tier.name());
        LedgerCodec.number(json, "weight", tier.weight());
        LedgerCodec.number(json, "ceiling", tier.ceiling());
        LedgerCodec.duration(json, "maxQueueTime", tier.maxQueueTime());
        json.writeNumberProperty("maxQueued", tier.maxQueued());
        json.writeNumberProperty("maxQueuedTokens", tier.maxQueuedTokens());
        LedgerCodec.number(json, "floor", tier.floor());
        LedgerCodec.number(json, "guarantee", tier.guarantee());
        LedgerCodec.number(json, "lends", tier.lends());
        LedgerCodec.number(json, "tokensPerSecond", tier.tokensPerSecond());
        json.writeObjectPropertyStart("slo");
        tier.slo().timeToFirstToken().ifPresent(bound -> LedgerCodec.duration(json, "timeToFirstToken", bound));
        tier.slo().timePerOutputToken().ifPresent(bound -> LedgerCodec.duration(json, "timePerOutputToken", bound));
        LedgerCodec.number(json, "target", tier.slo().target());
        json.writeEndObject();
        json.writeEndObject();
        json.writeNumberProperty("inFlight", view.inFlight());
        json.writeNumberProperty("queued", view.queued());
        LedgerCodec.duration(json, "oldestAge", view.oldestAge());
        LedgerCodec.number(json, "arrivalsPerSecond", view.arrivalsPerSecond());
        LedgerCodec.number(json, "steadyArrivalsPerSecond", view.steadyArrivalsPerSecond());
        LedgerCodec.number(json, "refusedPerSecond", view.refusedPerSecond());
        LedgerCodec.number(json, "inFlightSeconds", view.inFlightSeconds());
        LedgerCodec.number(json, "tokensPerRequest", view.tokensPerRequest());
        if (!view.served().equals(ServedView.NOTHING)) {
            json.writeObjectPropertyStart("served");
            served(json, view.served());
            json.writeEndObject();
        }
    }

    private static void served(JsonGenerator json, ServedView served) {
        LedgerCodec.number(json, "completedPerSecond", served.completedPerSecond());
        LedgerCodec.number(json, "promptTokensPerSecond", served.promptTokensPerSecond());
        LedgerCodec.number(json, "outputTokensPerSecond", served.outputTokensPerSecond());
        json.writeNumberProperty("completed", served.completed());
        json.writeNumberProperty("failed", served.failed());
        json.writeNumberProperty("sloEvaluated", served.sloEvaluated());
        json.writeNumberProperty("sloBroken", served.sloBroken());
        latencies(json, "timeToFirstToken", served.timeToFirstToken());
        latencies(json, "queueTime", served.queueTime());
        latencies(json, "duration", served.duration());
    }

    /** Buckets that are not empty, each with its count. */
    private static void latencies(JsonGenerator json, String name, LatencySnapshot latencies) {
        json.writeArrayPropertyStart(name);
        for (int bucket = 0; bucket < LatencySnapshot.BUCKETS; bucket++) {
            if (latencies.count(bucket) != 0) {
                json.writeNumber(bucket);
                json.writeNumber(latencies.count(bucket));
            }
        }
        json.writeEndArray();
    }

    private static void signal(JsonGenerator json, Signal signal) {
        json.writeStringProperty("source", signal.source());
        if (signal instanceof Signal.Known known) {
            json.writeStringProperty("state", "known");
            LedgerCodec.number(json, "value", known.value());
            json.writeStringProperty("unit", known.unit());
            json.writeNumberProperty("atNanos", known.atNanos());
            LedgerCodec.number(json, "coverage", known.coverage());
            if (!known.parts().isEmpty()) {
                json.writeArrayPropertyStart("parts");
                for (Signal.Part part : known.parts()) {
                    json.writeStartObject();
                    json.writeStringProperty("replica", part.replica());
                    json.writeBooleanProperty("ready", part.ready());
                    json.writeObjectPropertyStart("signal");
                    signal(json, part.signal());
                    json.writeEndObject();
                    json.writeEndObject();
                }
                json.writeEndArray();
            }
        } else if (signal instanceof Signal.Missing missing) {
            json.writeStringProperty("state", "missing");
            json.writeStringProperty("reason", missing.reason());
        } else if (signal instanceof Signal.Stale stale) {
            json.writeStringProperty("state", "stale");
            LedgerCodec.duration(json, "age", stale.age());
            json.writeStringProperty("reason", stale.reason());
        } else if (signal instanceof Signal.Invalid invalid) {
            json.writeStringProperty("state", "invalid");
            json.writeStringProperty("reason", invalid.reason());
        }
    }

    /** Seven numbers a second: where it begins after the end of the one before, its length beyond a second, and the five counts. */
    private static void recent(JsonGenerator json, Recent recent) {
        json.writeArrayPropertyStart("recent");
        long end = 0;
        for (Second second : recent.seconds()) {
            json.writeNumber(second.endNanos() - second.lengthNanos() - end);
            json.writeNumber(second.lengthNanos() - SECOND);
            LedgerCodec.number(json, second.concurrency());
            LedgerCodec.number(json, second.arrivals());
            LedgerCodec.number(json, second.completed());
            LedgerCodec.number(json, second.tokens());
            json.writeNumber(second.readyReplicas());
            end = second.endNanos();
        }
        json.writeEndArray();
    }

    // ---- reading ---------------------------------------------------------------------------------------------------

    Inputs read(Json json) {
        String id = json.text("composition");
        Composition composition = compositions.get(id);
        if (composition == null) {
            throw new IllegalArgumentException("the composition " + id + " stands in no line before");
        }
        Json learnedByPolicy = json.object("learned");
        Map<String, Learned> learned = new HashMap<>();
        learnedByPolicy.names().forEach(policy -> {
            Json numbers = learnedByPolicy.object(policy);
            Map<String, Double> values = new HashMap<>();
            numbers.names().forEach(name -> values.put(name, numbers.number(name)));
            learned.put(policy, new Learned(values));
        });
        Optional<Inputs.Said> override = json.optional("override").map(LedgerCodec::said);
        return new Inputs(
                view(json.object("view")),
                history(json.object("history")),
                learned,
                json.flag("trusted"),
                override,
                composition);
    }

    private static History history(Json json) {
        List<History.Proposed> proposals = new ArrayList<>();
        for (Json.Numbers each = json.numbers("proposals", 3); each.more(); ) {
            proposals.add(new History.Proposed(each.whole(), each.integer(), each.number()));
        }
        List<History.Change> changes = new ArrayList<>();
        for (Json.Numbers each = json.numbers("changes", 3); each.more(); ) {
            changes.add(new History.Change(each.whole(), each.integer(), each.integer()));
        }
        Json marks = json.object("marks");
        return new History(
                json.whole("startNanos"),
                proposals,
                changes,
                new Marks(
                        marks.whole("readyNanos"),
                        marks.whole("trafficNanos"),
                        marks.whole("incompleteNanos"),
                        marks.whole("heardNanos"),
                        marks.integer("goodPolls"),
                        marks.whole("jumpNanos")));
    }

    private PoolView view(Json json) {
        String pool = json.text("pool");
        Json evidence = json.object("evidence");
        Json replicas = json.object("replicas");
        Json work = json.object("replicaWork");
        Json capacity = json.object("capacity");
        List<Long> due = new ArrayList<>();
        for (Json.Numbers each = replicas.numbers("dueNanos", 1); each.more(); ) {
            due.add(each.whole());
        }
        List<TierView> views = new ArrayList<>();
        json.objects("tiers").forEach(each -> views.add(tierView(pool, each)));
        Json byName = json.object("signals");
        Map<String, Signal> signals = new HashMap<>();
        byName.names().forEach(name -> signals.put(name, signal(byName.object(name))));
        return new PoolView(
                pool,
                json.whole("nowNanos"),
                new Evidence(evidence.texts("gaps"), evidence.number("coverage"), evidence.flag("blind")),
                new Replicas(replicas.integer("desired"), replicas.integer("ready"), due),
                new Work(work.integer("slots"), work.whole("tokens")),
                json.duration("timeToReady"),
                views,
                signals,
                new Capacity(
                        capacity.number("tokensPerSecond"),
                        capacity.number("requestsPerSecond"),
                        capacity.whole("samples")),
                recent(json));
    }

    private TierView tierView(String pool, Json json) {
        return new TierView(
                tier(pool, json.object("tier")),
                json.whole("inFlight"),
                json.whole("queued"),
                json.duration("oldestAge"),
                json.number("arrivalsPerSecond"),
                json.number("refusedPerSecond"),
                json.number("inFlightSeconds"),
                json.number("tokensPerRequest"),
                json.optional("served").map(InputsCodec::servedView).orElse(ServedView.NOTHING),
                // Ledgers of before it was known have but the one rate.
                json.number(json.has("steadyArrivalsPerSecond") ? "steadyArrivalsPerSecond" : "arrivalsPerSecond"));
    }

    private Tier tier(String pool, Json json) {
        Json promised = json.object("slo");
        Slo slo = Slo.none().withTarget(promised.number("target"));
        if (promised.has("timeToFirstToken")) {
            slo = slo.withTimeToFirstToken(promised.duration("timeToFirstToken"));
        }
        if (promised.has("timePerOutputToken")) {
            slo = slo.withTimePerOutputToken(promised.duration("timePerOutputToken"));
        }
        TierKey key = new TierKey(
                pool,
                json.text("name"),
                json.number("weight"),
                json.number("ceiling"),
                json.duration("maxQueueTime"),
                json.integer("maxQueued"),
                json.whole("maxQueuedTokens"),
                json.number("floor"),
                json.number("guarantee"),
                json.number("lends"),
                json.number("tokensPerSecond"),
                slo);
        if (tiers.size() >= MOST_TIERS) {
            tiers.clear();
        }
        return tiers.computeIfAbsent(key, TierKey::tier);
    }

    private static ServedView servedView(Json json) {
        return new ServedView(
                json.number("completedPerSecond"),
                json.number("promptTokensPerSecond"),
                json.number("outputTokensPerSecond"),
                json.whole("completed"),
                json.whole("failed"),
                json.whole("sloEvaluated"),
                json.whole("sloBroken"),
                latencies(json, "timeToFirstToken"),
                latencies(json, "queueTime"),
                latencies(json, "duration"));
    }

    private static LatencySnapshot latencies(Json json, String name) {
        Json.Numbers each = json.numbers(name, 2);
        if (!each.more()) {
            return LatencySnapshot.EMPTY;
        }
        long[] counts = new long[LatencySnapshot.BUCKETS];
        while (each.more()) {
            int bucket = each.integer();
            if (bucket < 0 || bucket >= counts.length) {
                throw new IllegalArgumentException(name + " has no bucket " + bucket);
            }
            counts[bucket] = each.whole();
        }
        return LatencySnapshot.of(counts);
    }

    private static Signal signal(Json json) {
        String source = json.text("source");
        return switch (json.text("state")) {
            case "known" ->
                new Signal.Known(
                        json.number("value"),
                        json.text("unit"),
                        json.whole("atNanos"),
                        source,
                        json.number("coverage"),
                        json.has("parts") ? LedgerCodec.each(json, "parts", InputsCodec::part) : List.of());
            case "missing" -> new Signal.Missing(source, json.text("reason"));
            case "stale" -> new Signal.Stale(source, json.duration("age"), json.text("reason"));
            case "invalid" -> new Signal.Invalid(source, json.text("reason"));
            default -> throw new IllegalArgumentException("no signal is " + json.text("state"));
        };
    }

    private static Signal.Part part(Json json) {
        return new Signal.Part(json.text("replica"), json.flag("ready"), signal(json.object("signal")));
    }

    private static Recent recent(Json json) {
        Json.Numbers each = json.numbers("recent", 7);
        if (!each.more()) {
            return Recent.NOTHING;
        }
        List<Second> seconds = new ArrayList<>();
        long end = 0;
        while (each.more()) {
            long begin = end + each.whole();
            long length = each.whole() + SECOND;
            end = begin + length;
            seconds.add(new Second(
                    end, length, each.number(), each.number(), each.number(), each.number(), each.integer()));
        }
        return new Recent(seconds);
    }
}
