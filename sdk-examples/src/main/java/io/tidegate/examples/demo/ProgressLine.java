/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.demo;

import io.tidegate.examples.load.LoadSnapshot;
import io.tidegate.examples.load.TierLoad;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.StringJoiner;
import tools.jackson.databind.JsonNode;

/**
 * Says how far a run is: one line that changes in place on a terminal, a line every five seconds elsewhere, and each decision
 * as it is made.
 */
final class ProgressLine implements AutoCloseable {

    private static final long PLAIN_PERIOD_NANOS = Duration.ofSeconds(5).toNanos();

    private final PrintStream out;
    private final boolean inPlace;
    private long lastNanos = System.nanoTime() - PLAIN_PERIOD_NANOS;
    private String lastEvent = "";

    ProgressLine(PrintStream out, boolean headless) {
        this.out = out;
        // Said by the launcher: from Java 22 on, System.console() is there without a terminal too.
        this.inPlace = !headless && Boolean.getBoolean("tidegate.terminal");
    }

    void show(LoadSnapshot load, JsonNode state, Duration length) {
        showEvent(state);
        if (inPlace) {
            out.print("\r\u001b[K" + line(load, state, length));
            out.flush();
        } else if (System.nanoTime() - lastNanos >= PLAIN_PERIOD_NANOS) {
            lastNanos = System.nanoTime();
            out.println(line(load, state, length));
        }
    }

    private void showEvent(JsonNode state) {
        JsonNode events = state.path("events");
        JsonNode newest = events.path(events.size() - 1);
        String id = newest.path("id").asString("");
        if (!id.equals(lastEvent)) {
            lastEvent = id;
            out.printf(
                    Locale.ROOT,
                    "%s%6.0f s  scale %s from %d to %d%n",
                    inPlace ? "\r\u001b[K" : "",
                    newest.path("t").asDouble(),
                    newest.path("direction").asString(""),
                    newest.path("from").asInt(),
                    newest.path("to").asInt());
        }
    }

    private static String line(LoadSnapshot load, JsonNode state, Duration length) {
        StringJoiner queued = new StringJoiner("/");
        StringJoiner ttft = new StringJoiner("/");
        StringJoiner attained = new StringJoiner("/");
        StringJoiner names = new StringJoiner("/");
        for (TierLoad tier : load.tiers()) {
            names.add(tier.tier());
            queued.add(String.valueOf(tier.open()));
            ttft.add(
                    tier.recent().ttft().count() == 0
                            ? "-"
                            : Figures.seconds(tier.recent().ttft().p99Seconds()));
            attained.add(Figures.percent(tier.sloAttainment().orElse(Double.NaN)));
        }
        JsonNode totals = state.path("totals");
        return String.format(
                Locale.ROOT,
                "%6.0f/%.0f s  %s: open %s, TTFT p99 %s, SLO kept %s  $%.2f",
                load.elapsed().toNanos() / 1e9,
                length.toNanos() / 1e9,
                names,
                queued,
                ttft,
                attained,
                totals.path("costUsd").asDouble());
    }

    @Override
    public void close() {
        if (inPlace) {
            out.println();
        }
    }
}
