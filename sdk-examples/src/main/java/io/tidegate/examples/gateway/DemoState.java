/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.gateway;

import com.sun.net.httpserver.HttpExchange;
import io.tidegate.admission.Admission;
import io.tidegate.admission.Gate;
import io.tidegate.admission.Objective;
import io.tidegate.admission.spi.GateListener;
import io.tidegate.config.TidegateConfig.ReplicaConfig;
import io.tidegate.engine.Engine;
import io.tidegate.engine.PoolState;
import io.tidegate.engine.spi.EngineListener;
import io.tidegate.guardrail.Decision;
import io.tidegate.ledger.ScaleEvent;
import io.tidegate.ledger.ScaleEvent.Phase;
import io.tidegate.pool.PoolLoad.TierLoad;
import io.tidegate.pool.Replicas;
import io.tidegate.pool.Tier;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/**
 * What the live page shows, sampled each second of trace time, and answered as JSON at {@code /tidegate/state}.
 *
 * <p>Latencies and attainment in a sample are those of the last {@value #WINDOW} seconds. One lock guards samples and decisions;
 * sampling and answering take it, requests do not.
 */
final class DemoState implements GateListener, EngineListener, AutoCloseable {

    private static final JsonFactory JSON = new JsonFactory();
    private static final int WINDOW = 20;
    private static final int KEPT = 3600;
    private static final int KEPT_EVENTS = 200;
    private static final long SECOND = 1_000_000_000L;

    private final GatewayOptions options;
    private final String model;
    private final Gate gate;
    private final Engine engine;
    private final ReplicaConfig replica;
    private final ScaledTime time;
    private final ReactionProbe probe;
    private final Map<String, Tail> tails = new HashMap<>();

    private final Object lock = new Object();
    private final ArrayDeque<Sample> samples = new ArrayDeque<>();
    private final ArrayDeque<Numbered> decisions = new ArrayDeque<>();
    /** Numbers samples and decisions alike, so that one number says what a reader has seen. */
    private long sequence;

    private volatile boolean closed;

    /** When the first replica was ready; what is shown begins there. */
    private volatile long startNanos;

    private volatile boolean begun;

    /** What is measured of one tier between two samples, and over the window. */
    private static final class Tail {
        final Recorder ttft = new Recorder(3);
        final LongAdder evaluated = new LongAdder();
        final LongAdder kept = new LongAdder();
        final LongAdder shed = new LongAdder();
        final ArrayDeque<Histogram> histograms = new ArrayDeque<>();
        final ArrayDeque<long[]> attained = new ArrayDeque<>();
        long lastArrivals;
        long lastShed;
    }

    private record TierSample(
            String tier,
            long queued,
            double oldestAge,
            long inFlight,
            double arrivals,
            double shed,
            double ttft50,
            double ttft99,
            double attainment) {}

    private record Sample(
            long seq, double at, Replicas replicas, int limit, int inFlight, List<TierSample> tiers, double cost) {}

    private record Numbered(long seq, Decision decision) {}

    DemoState(
            GatewayOptions options,
            String model,
            Gate gate,
            Engine engine,
            ReplicaConfig replica,
            ScaledTime time,
            ReactionProbe probe) {
        this.probe = probe;
        this.options = options;
        this.model = model;
        this.gate = gate;
        this.engine = engine;
        this.replica = replica;
        this.time = time;
        this.startNanos = time.nanos();
        gate.tiers().forEach(tier -> tails.put(tier.name(), new Tail()));
        gate.addListener(this);
        engine.addListener(this);
        time.schedule(SECOND, this::sampleAndRepeat);
    }

    @Override
    public void close() {
        closed = true;
        gate.removeListener(this);
        engine.removeListener(this);
    }

    private Tail tail(Tier tier) {
        return Objects.requireNonNull(tails.get(tier.name()));
    }

    @Override
    public void firstToken(Tier tier, long sinceArrivalNanos) {
        tail(tier).ttft.recordValue(sinceArrivalNanos);
    }

    @Override
    public void refused(Tier tier, Admission refusal, long queueNanos) {
        if (!(refusal instanceof Admission.Cancelled)) {
            tail(tier).shed.increment();
        }
    }

    @Override
    public void evaluated(Tier tier, Set<Objective> broken, boolean scaling) {
        Tail tail = tail(tier);
        tail.evaluated.increment();
        if (broken.isEmpty()) {
            tail.kept.increment();
        }
    }

    @Override
    public void decided(Decision decision) {
        synchronized (lock) {
            decisions.addLast(new Numbered(++sequence, decision));
            if (decisions.size() > KEPT) {
                decisions.removeFirst();
            }
        }
    }

    // ---- sampling --------------------------------------------------------------------------------------------------

    private void sampleAndRepeat() {
        if (!closed) {
            time.schedule(SECOND, this::sampleAndRepeat);
            if (!begun && gate.supply().replicas().ready() > 0) {
                startNanos = time.nanos();
                begun = true;
            }
            if (begun) {
                sample();
            }
        }
    }

    private double elapsed() {
        return begun ? seconds(time.nanos() - startNanos) : 0;
    }

    private void sample() {
        synchronized (lock) {
            double now = elapsed();
            Sample last = samples.peekLast();
            double elapsed = last == null ? 1 : Math.max(0.001, now - last.at());
            List<TierSample> tiers = new ArrayList<>();
            for (TierLoad load : gate.load().tiers()) {
                tiers.add(sample(load, elapsed));
            }
            samples.addLast(new Sample(
                    ++sequence,
                    now,
                    replicas(),
                    gate.supply().limit().slots(),
                    gate.inFlight().slots(),
                    tiers,
                    cost()));
            if (samples.size() > KEPT) {
                samples.removeFirst();
            }
        }
    }

    private TierSample sample(TierLoad load, double elapsed) {
        Tail tail = tail(load.tier());
        tail.histograms.addLast(tail.ttft.getIntervalHistogram());
        tail.attained.addLast(new long[] {tail.evaluated.sumThenReset(), tail.kept.sumThenReset()});
        if (tail.histograms.size() > WINDOW) {
            tail.histograms.removeFirst();
            tail.attained.removeFirst();
        }
        Histogram window = new Histogram(3);
        tail.histograms.forEach(window::add);
        long evaluated = tail.attained.stream().mapToLong(each -> each[0]).sum();
        long kept = tail.attained.stream().mapToLong(each -> each[1]).sum();
        boolean measured = window.getTotalCount() > 0;
        long shed = tail.shed.sum();
        TierSample sample = new TierSample(
                load.tier().name(),
                load.queued(),
                seconds(load.oldestAgeNanos()),
                load.inFlight(),
                (load.arrivals() - tail.lastArrivals) / elapsed,
                (shed - tail.lastShed) / elapsed,
                measured ? seconds(window.getValueAtPercentile(50)) : Double.NaN,
                measured ? seconds(window.getValueAtPercentile(99)) : Double.NaN,
                evaluated > 0 ? (double) kept / evaluated : Double.NaN);
        tail.lastArrivals = load.arrivals();
        tail.lastShed = shed;
        return sample;
    }

    private Replicas replicas() {
        return engine.state(gate.pool()).view().map(view -> view.replicas()).orElse(Replicas.ready(0));
    }

    private double replicaHours() {
        return engine.state(gate.pool()).replicaSeconds() / Duration.ofHours(1).toSeconds();
    }

    private double cost() {
        return replicaHours() * replica.pricePerHour().orElse(0);
    }

    private static double seconds(long nanos) {
        return nanos / 1e9;
    }

    // ---- answering -------------------------------------------------------------------------------------------------

    void handle(HttpExchange exchange) throws IOException {
        long since = since(exchange.getRequestURI().getQuery());
        ByteArrayOutputStream body = new ByteArrayOutputStream(1 << 16);
        try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), body)) {
            synchronized (lock) {
                write(json, since);
            }
        }
        Http.answer(exchange, 200, "application/json", body.toByteArray());
        exchange.close();
    }

    private static long since(String query) {
        if (query == null || !query.matches("since=\\d{1,15}")) {
            return -1;
        }
        return Long.parseLong(query.substring("since=".length()));
    }

    private void write(JsonGenerator json, long since) {
        PoolState pool = engine.state(gate.pool());
        json.writeStartObject();
        json.writeStringProperty("schema", "tidegate.demo.state/1");
        json.writeStringProperty("model", model);
        json.writeStringProperty("pool", gate.pool());
        json.writeStringProperty("traceName", options.traceName());
        json.writeNumberProperty("timeScale", options.timeScale());
        json.writeNumberProperty("elapsedSeconds", rounded(elapsed()));
        if (options.traceSeconds() > 0) {
            json.writeNumberProperty("durationSeconds", options.traceSeconds());
        } else {
            json.writeNullProperty("durationSeconds");
        }
        writeTiers(json);
        json.writeArrayPropertyStart("samples");
        samples.stream().filter(sample -> sample.seq() > since).forEach(sample -> write(json, sample));
        json.writeEndArray();
        json.writeArrayPropertyStart("decisions");
        decisions.stream().filter(decision -> decision.seq() > since).forEach(decision -> write(json, decision));
        json.writeEndArray();
        json.writeArrayPropertyStart("events");
        List<ScaleEvent> events = pool.events();
        events.subList(Math.max(0, events.size() - KEPT_EVENTS), events.size()).forEach(event -> write(json, event));
        json.writeEndArray();
        writeTotals(json);
        writeReaction(json);
        json.writeEndObject();
    }

    private void writeTiers(JsonGenerator json) {
        json.writeArrayPropertyStart("tiers");
        for (Tier tier : gate.tiers()) {
            json.writeStartObject();
            json.writeStringProperty("name", tier.name());
            tier.slo()
                    .timeToFirstToken()
                    .ifPresent(bound -> json.writeNumberProperty("sloTtftSeconds", seconds(bound.toNanos())));
            json.writeNumberProperty("weight", tier.weight());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void write(JsonGenerator json, Sample sample) {
        json.writeStartObject();
        json.writeNumberProperty("seq", sample.seq());
        json.writeNumberProperty("t", rounded(sample.at()));
        json.writeObjectPropertyStart("replicas");
        json.writeNumberProperty("desired", sample.replicas().desired());
        json.writeNumberProperty("due", sample.replicas().due());
        json.writeNumberProperty("ready", sample.replicas().ready());
        json.writeEndObject();
        json.writeObjectPropertyStart("slots");
        json.writeNumberProperty("limit", sample.limit());
        json.writeNumberProperty("inFlight", sample.inFlight());
        json.writeEndObject();
        json.writeObjectPropertyStart("tiers");
        for (TierSample tier : sample.tiers()) {
            json.writeObjectPropertyStart(tier.tier());
            json.writeNumberProperty("queued", tier.queued());
            json.writeNumberProperty("oldestAgeSeconds", rounded(tier.oldestAge()));
            json.writeNumberProperty("inFlight", tier.inFlight());
            json.writeNumberProperty("arrivalsPerSecond", rounded(tier.arrivals()));
            json.writeNumberProperty("shedPerSecond", rounded(tier.shed()));
            numberOrNull(json, "ttftP50Seconds", tier.ttft50());
            numberOrNull(json, "ttftP99Seconds", tier.ttft99());
            numberOrNull(json, "sloAttainment", tier.attainment());
            json.writeEndObject();
        }
        json.writeEndObject();
        json.writeNumberProperty("costUsd", rounded(sample.cost()));
        json.writeEndObject();
    }

    private void write(JsonGenerator json, Numbered numbered) {
        Decision decision = numbered.decision();
        json.writeStartObject();
        json.writeNumberProperty("seq", numbered.seq());
        json.writeNumberProperty("t", rounded(seconds(decision.atNanos() - startNanos)));
        json.writeNumberProperty("from", decision.from());
        json.writeNumberProperty("to", decision.to());
        json.writeStringProperty("direction", lower(decision.direction()));
        json.writeStringProperty("reason", lower(decision.cause()));
        json.writeStringProperty("explain", decision.explain());
        json.writeEndObject();
    }

    private void write(JsonGenerator json, ScaleEvent event) {
        json.writeStartObject();
        json.writeStringProperty("id", event.id());
        json.writeNumberProperty("t", rounded(seconds(event.steps().get(0).atNanos() - startNanos)));
        json.writeStringProperty("direction", lower(event.direction()));
        json.writeNumberProperty("from", event.from());
        json.writeNumberProperty("to", event.to());
        json.writeStringProperty("outcome", event.open() ? "in_progress" : lower(event.phase()));
        numberOrNull(
                json,
                "timeToReadySeconds",
                event.timeTo(Phase.READY).map(ready -> seconds(ready.toNanos())).orElse(Double.NaN));
        json.writeEndObject();
    }

    private void writeTotals(JsonGenerator json) {
        json.writeObjectPropertyStart("totals");
        json.writeNumberProperty("costUsd", rounded(cost()));
        json.writeNumberProperty("replicaHours", rounded(replicaHours()));
        json.writeObjectPropertyStart("tiers");
        for (TierLoad load : gate.load().tiers()) {
            json.writeObjectPropertyStart(load.tier().name());
            json.writeNumberProperty("requests", load.arrivals());
            json.writeNumberProperty("shed", load.shed() + load.expired());
            numberOrNull(json, "sloAttainment", gate.sloAttainment(load.tier()).orElse(Double.NaN));
            json.writeEndObject();
        }
        json.writeEndObject();
        json.writeEndObject();
    }

    private void writeReaction(JsonGenerator json) {
        ReactionProbe.Reaction reaction = probe.reaction();
        json.writeObjectPropertyStart("reaction");
        json.writeNumberProperty("count", reaction.count());
        numberOrNull(json, "p50Millis", reaction.p50());
        numberOrNull(json, "p99Millis", reaction.p99());
        json.writeNumberProperty("pollSeconds", ReactionProbe.POLL_SECONDS);
        json.writeNumberProperty("polled", reaction.polled());
        numberOrNull(json, "pollP50Millis", reaction.pollP50());
        numberOrNull(json, "pollP99Millis", reaction.pollP99());
        json.writeEndObject();
    }

    private static void numberOrNull(JsonGenerator json, String name, double value) {
        if (Double.isNaN(value)) {
            json.writeNullProperty(name);
        } else {
            json.writeNumberProperty(name, rounded(value));
        }
    }

    private static double rounded(double value) {
        return Math.rint(value * 10_000) / 10_000;
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
