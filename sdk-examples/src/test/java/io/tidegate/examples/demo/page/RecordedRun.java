/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.demo.page;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongToDoubleFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A recorded run, served as a gateway would serve it while it happens.
 *
 * <p>How far the run has come depends on how often it was asked for and not on a clock.
 */
final class RecordedRun implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern SINCE = Pattern.compile("since=(\\d+)");

    private final JsonNode report = JSON.readTree(json());
    private final AtomicLong polls = new AtomicLong();
    private final HttpServer server;

    /**
     * @param traceTime seconds of trace time at each poll, counted from 0; NaN for a gateway that answers 503
     * @param port 0 for any
     */
    RecordedRun(LongToDoubleFunction traceTime, int port) throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.createContext("/tidegate", exchange -> answer(exchange, 200, "text/html", LivePage.bytes()));
        server.createContext("/tidegate/state", exchange -> {
            double now = traceTime.applyAsDouble(polls.getAndIncrement());
            Matcher since = SINCE.matcher(
                    Objects.requireNonNullElse(exchange.getRequestURI().getQuery(), ""));
            byte[] state = JSON.writeValueAsBytes(state(now, since.find() ? Long.parseLong(since.group(1)) : 0));
            answer(exchange, Double.isNaN(now) ? 503 : 200, "application/json", state);
        });
        server.start();
    }

    /** The report of the recorded run. */
    static String json() {
        try (InputStream in = Objects.requireNonNull(RecordedRun.class.getResourceAsStream("report.json"))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String address() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/tidegate";
    }

    long polls() {
        return polls.get();
    }

    private JsonNode state(double asked, long since) {
        JsonNode run = report.get("run");
        double now = Math.min(asked, run.get("traceSeconds").asDouble());
        ObjectNode state = JSON.createObjectNode()
                .put("schema", "tidegate.demo.state/1")
                .put("pool", "chat")
                .put("elapsedSeconds", now);
        state.set("model", run.get("model"));
        state.set("traceName", run.get("trace"));
        state.set("timeScale", run.get("timeScale"));
        state.set("durationSeconds", run.get("traceSeconds"));
        ArrayNode tiers = state.putArray("tiers");
        int weight = 8;
        for (JsonNode tier : report.get("tiers")) {
            ObjectNode entry = tiers.addObject().put("weight", weight);
            entry.set("name", tier.get("name"));
            entry.set("sloTtftSeconds", tier.get("sloTtftSeconds"));
            weight = Math.max(1, weight / 3);
        }
        for (String part : new String[] {"samples", "decisions"}) {
            ArrayNode entries = state.putArray(part);
            for (JsonNode entry : report.get(part)) {
                if (entry.get("t").asDouble() <= now && entry.get("seq").asLong() > since) {
                    entries.add(entry);
                }
            }
        }
        state.set("events", events(now));
        state.set("totals", totals(now));
        return state;
    }

    private ArrayNode events(double now) {
        ArrayNode events = JSON.createArrayNode();
        for (JsonNode event : report.get("events")) {
            double begun = event.get("t").asDouble();
            if (begun > now) {
                continue;
            }
            ObjectNode entry = (ObjectNode) event.deepCopy();
            double ready = begun + event.path("timeToReadySeconds").asDouble(61.0);
            if (ready > now) {
                entry.put("outcome", "in_progress").putNull("timeToReadySeconds");
            }
            events.add(entry);
        }
        return events;
    }

    private ObjectNode totals(double now) {
        ObjectNode totals = JSON.createObjectNode();
        ObjectNode tiers = totals.putObject("tiers");
        for (JsonNode tier : report.get("tiers")) {
            String name = tier.get("name").asString();
            double requests = 0;
            double shed = 0;
            double met = 0;
            double measured = 0;
            for (JsonNode sample : report.get("samples")) {
                if (sample.get("t").asDouble() > now) {
                    break;
                }
                JsonNode values = sample.get("tiers").get(name);
                requests += values.get("arrivalsPerSecond").asDouble();
                shed += values.get("shedPerSecond").asDouble();
                if (!values.get("sloAttainment").isNull()) {
                    met += values.get("sloAttainment").asDouble()
                            * values.get("arrivalsPerSecond").asDouble();
                    measured += values.get("arrivalsPerSecond").asDouble();
                }
                totals.set("costUsd", sample.get("costUsd"));
            }
            ObjectNode entry =
                    tiers.putObject(name).put("requests", Math.round(requests)).put("shed", Math.round(shed));
            if (measured > 0) {
                entry.put("sloAttainment", met / measured);
            } else {
                entry.putNull("sloAttainment");
            }
        }
        return totals;
    }

    private static void answer(HttpExchange exchange, int status, String type, byte[] body) throws IOException {
        try (exchange) {
            exchange.getResponseHeaders().set("Content-Type", type + "; charset=utf-8");
            exchange.sendResponseHeaders(status, body.length);
            exchange.getResponseBody().write(body);
        }
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
