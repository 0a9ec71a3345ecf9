/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.demo;

import io.tidegate.config.TidegateConfig.PoolConfig;
import io.tidegate.examples.demo.page.ReportPage;
import io.tidegate.examples.load.LoadSnapshot;
import io.tidegate.examples.load.TierLoad;
import io.tidegate.examples.load.Validity;
import io.tidegate.examples.vllm.ReplicaProfile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What a run of the demo found; its JSON form is described in {@code docs/demo.md}. Immutable. */
public final class DemoReport {

    private static final JsonMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    /** Where the price in the built-in configuration is from. */
    private static final String PRICE_SOURCE =
            "Google Cloud a3-highgpu-4g (4 x H100 80GB), us-central1, on-demand list price of 2026-08-03";

    private final ObjectNode root;

    private DemoReport(ObjectNode root) {
        this.root = root;
    }

    /** When a run took place. */
    record Times(Instant startedAt, double wallSeconds, boolean interrupted) {}

    static DemoReport of(
            DemoOptions options,
            Workload workload,
            LoadSnapshot load,
            Validity validity,
            JsonNode history,
            PoolConfig pool,
            Times times) {
        ObjectNode root = JSON.createObjectNode();
        root.put("schema", "tidegate.demo.report/1");
        root.put("version", Version.current());
        root.put("startedAt", times.startedAt().toString());
        run(root.putObject("run"), options, workload, load, validity, times);
        driver(root.putObject("driver"), load);
        ArrayNode tiers = root.putArray("tiers");
        load.tiers().forEach(tier -> tier(tiers.addObject(), tier));
        scaling(root.putObject("scaling"), history.path("events"));
        root.set("reaction", history.path("reaction"));
        cost(root.putObject("cost"), history.path("totals"), options, pool);
        root.set("samples", history.path("samples"));
        root.set("decisions", history.path("decisions"));
        root.set("events", history.path("events"));
        return new DemoReport(root);
    }

    private static void run(
            ObjectNode run, DemoOptions options, Workload workload, LoadSnapshot load, Validity validity, Times times) {
        run.put("trace", workload.trace().name());
        run.put("traceFormat", workload.trace().format());
        run.put("timeScale", options.timeScale());
        run.put("sampling", workload.sampling());
        run.put("seed", options.seed());
        run.put("wallSeconds", rounded(times.wallSeconds()));
        run.put("traceSeconds", rounded(load.elapsed().toNanos() / 1e9));
        run.put("valid", validity.valid());
        run.put("validity", validity.valid() ? validity.sentence() : validity.sentence() + "; " + validity.reason());
        run.put("interrupted", times.interrupted());
        run.put("model", ReplicaProfile.LLAMA_70B);
        run.put("replica", ReplicaProfile.llama70bOnFourH100().hardware());
    }

    private static void driver(ObjectNode driver, LoadSnapshot load) {
        driver.put("requests", load.sent());
        driver.put("latenessP50Millis", rounded(load.lateness().p50Seconds() * 1e3));
        driver.put("latenessP99Millis", rounded(load.lateness().p99Seconds() * 1e3));
        driver.put("latenessMaxMillis", rounded(load.lateness().maxSeconds() * 1e3));
    }

    private static void tier(ObjectNode node, TierLoad tier) {
        node.put("name", tier.tier());
        if (tier.sloTtft() == null) {
            node.putNull("sloTtftSeconds");
        } else {
            node.put("sloTtftSeconds", tier.sloTtft().toNanos() / 1e9);
        }
        node.put("requests", tier.requests());
        node.put("completed", tier.completed());
        node.put("shed", tier.shed());
        node.put("expired", tier.expired());
        node.put("failed", tier.failed());
        node.put("cancelled", tier.cancelled());
        if (tier.sloAttainment().isPresent()) {
            node.put("sloAttainment", rounded(tier.sloAttainment().getAsDouble()));
        } else {
            node.putNull("sloAttainment");
        }
        boolean measured = tier.ttft().count() > 0;
        putOrNull(node, "ttftP50Seconds", measured ? tier.ttft().p50Seconds() : Double.NaN);
        putOrNull(node, "ttftP90Seconds", measured ? tier.ttft().p90Seconds() : Double.NaN);
        putOrNull(node, "ttftP99Seconds", measured ? tier.ttft().p99Seconds() : Double.NaN);
        node.put("outputTokens", tier.outputTokens());
        ObjectNode reasons = node.putObject("reasons");
        tier.reasons().forEach(reasons::put);
    }

    private static void scaling(ObjectNode scaling, JsonNode events) {
        List<JsonNode> all = StreamSupport.stream(events.spliterator(), false).toList();
        scaling.put("events", all.size());
        scaling.put(
                "up", all.stream().filter(event -> is(event, "direction", "up")).count());
        scaling.put(
                "down",
                all.stream().filter(event -> is(event, "direction", "down")).count());
        double[] readyTimes = all.stream()
                .filter(event -> is(event, "direction", "up") && is(event, "outcome", "ready"))
                .mapToDouble(event -> event.path("timeToReadySeconds").asDouble())
                .sorted()
                .toArray();
        putOrNull(
                scaling,
                "timeToReadyP50Seconds",
                readyTimes.length == 0 ? Double.NaN : readyTimes[readyTimes.length / 2]);
        putOrNull(
                scaling,
                "timeToReadyMaxSeconds",
                DoubleStream.of(readyTimes).max().orElse(Double.NaN));
    }

    private static void cost(ObjectNode cost, JsonNode totals, DemoOptions options, PoolConfig pool) {
        cost.put("replicaHours", totals.path("replicaHours").asDouble());
        cost.put("usd", totals.path("costUsd").asDouble());
        putOrNull(cost, "usdPerReplicaHour", pool.replica().pricePerHour().orElse(Double.NaN));
        cost.put("priceSource", options.config().isPresent() ? "the configuration given" : PRICE_SOURCE);
    }

    private static boolean is(JsonNode node, String property, String value) {
        return node.path(property).asString("").equals(value);
    }

    private static void putOrNull(ObjectNode node, String name, double value) {
        if (Double.isNaN(value)) {
            node.putNull(name);
        } else {
            node.put(name, rounded(value));
        }
    }

    private static double rounded(double value) {
        return Math.rint(value * 10_000) / 10_000;
    }

    /** The report as JSON. */
    public String json() {
        return JSON.writeValueAsString(root);
    }

    /** Whether the driver was on time, so that the figures mean something. */
    public boolean valid() {
        return root.path("run").path("valid").asBoolean();
    }

    void write(DemoOptions options) throws IOException {
        String json = json();
        Files.writeString(options.report().resolve("report.json"), json, StandardCharsets.UTF_8);
        Files.writeString(options.report().resolve("report.html"), ReportPage.render(json), StandardCharsets.UTF_8);
        if (options.json().isPresent()) {
            Path file = options.json().get();
            Files.writeString(file, json, StandardCharsets.UTF_8);
        }
    }

    /** The report as a table for a terminal. */
    public String summary() {
        StringBuilder text = new StringBuilder();
        JsonNode run = root.path("run");
        line(text, "");
        line(
                text,
                "%-9s %8s %9s %6s %7s %6s  %8s  %8s %8s %8s",
                "tier",
                "requests",
                "completed",
                "shed",
                "expired",
                "failed",
                "SLO kept",
                "TTFT p50",
                "p90",
                "p99");
        for (JsonNode tier : root.path("tiers")) {
            line(
                    text,
                    "%-9s %8d %9d %6d %7d %6d  %8s  %8s %8s %8s",
                    tier.path("name").asString(""),
                    tier.path("requests").asLong(),
                    tier.path("completed").asLong(),
                    tier.path("shed").asLong(),
                    tier.path("expired").asLong(),
                    tier.path("failed").asLong(),
                    Figures.percent(numberOrNan(tier.path("sloAttainment"))),
                    Figures.seconds(numberOrNan(tier.path("ttftP50Seconds"))),
                    Figures.seconds(numberOrNan(tier.path("ttftP90Seconds"))),
                    Figures.seconds(numberOrNan(tier.path("ttftP99Seconds"))));
        }
        line(text, "SLO: time to first token %s; shed, expired and failed count as broken", slos());
        line(text, "");
        JsonNode scaling = root.path("scaling");
        line(
                text,
                "Scale events  %d (%d up, %d down), time to ready p50 %s, max %s",
                scaling.path("events").asInt(),
                scaling.path("up").asInt(),
                scaling.path("down").asInt(),
                Figures.seconds(numberOrNan(scaling.path("timeToReadyP50Seconds"))),
                Figures.seconds(numberOrNan(scaling.path("timeToReadyMaxSeconds"))));
        for (JsonNode decision : root.path("decisions")) {
            line(
                    text,
                    "%6.0f s  %s",
                    decision.path("t").asDouble(),
                    decision.path("explain").asString(""));
        }
        reaction(text, root.path("reaction"));
        JsonNode cost = root.path("cost");
        line(
                text,
                "Cost          $%.2f for %.2f replica-hours (%s)",
                cost.path("usd").asDouble(),
                cost.path("replicaHours").asDouble(),
                cost.path("priceSource").asString(""));
        line(
                text,
                "Run           %.0f s real, %.0f s of trace time at %s x, sampling %s, seed %d%s",
                run.path("wallSeconds").asDouble(),
                run.path("traceSeconds").asDouble(),
                Figures.plain(run.path("timeScale").asDouble()),
                Figures.percent(run.path("sampling").asDouble()),
                run.path("seed").asLong(),
                run.path("interrupted").asBoolean() ? ", interrupted" : "");
        line(
                text,
                "%s %s",
                valid() ? "Valid        " : "INVALID      ",
                run.path("validity").asString(""));
        return text.toString();
    }

    private static void reaction(StringBuilder text, JsonNode reaction) {
        line(
                text,
                "Reaction      p50 %s, p99 %s from a request that has to wait to the call of the backend"
                        + " (%d probes, real time)",
                Figures.millis(numberOrNan(reaction.path("p50Millis"))),
                Figures.millis(numberOrNan(reaction.path("p99Millis"))),
                reaction.path("count").asLong());
        line(
                text,
                "              p50 %s, p99 %s through a poll each %d s (%d of the same probes)",
                Figures.seconds(numberOrNan(reaction.path("pollP50Millis")) / 1e3),
                Figures.seconds(numberOrNan(reaction.path("pollP99Millis")) / 1e3),
                reaction.path("pollSeconds").asInt(),
                reaction.path("polled").asLong());
    }

    private String slos() {
        StringBuilder text = new StringBuilder();
        for (JsonNode tier : root.path("tiers")) {
            if (!text.isEmpty()) {
                text.append(", ");
            }
            text.append(tier.path("name").asString(""))
                    .append(' ')
                    .append(Figures.plain(numberOrNan(tier.path("sloTtftSeconds"))))
                    .append(" s");
        }
        return text.toString();
    }

    private static double numberOrNan(JsonNode node) {
        return node.isNumber() ? node.asDouble() : Double.NaN;
    }

    private static void line(StringBuilder text, String format, Object... arguments) {
        text.append(String.format(Locale.ROOT, format, arguments)).append(System.lineSeparator());
    }
}
