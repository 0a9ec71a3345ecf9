/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/** The published traces themselves; TIDEGATE_DATA names the folder that has them in {@code traces/}. */
@EnabledIfEnvironmentVariable(named = "TIDEGATE_DATA", matches = ".+")
class PublishedTracesTest {
    private static final Percentage TWO_PERCENT = Percentage.withPercentage(2);

    private static Path trace(String name) {
        return Path.of(System.getenv("TIDEGATE_DATA"), "traces", name);
    }

    @Test
    void read_azure2023Conversation_hasThePublishedFigures() {
        Trace trace = TraceFiles.read(trace("azure_llm_2023_conv.csv"));

        TraceStats stats = trace.stats();
        assertThat(trace.format()).isEqualTo("azure");
        assertThat(stats.events()).isEqualTo(19_366);
        assertThat(stats.meanPromptTokens()).isCloseTo(1_154.7, within(0.05));
        assertThat(stats.meanOutputTokens()).isCloseTo(211.1, within(0.05));
        assertThat(stats.duration().toMillis() / 1e3).isCloseTo(3_501.7, within(0.05));
        assertThat(stats.peakPerSecond()).isBetween(14.0, 18.0);
    }

    @Test
    void read_mooncake_hasThePublishedFigures() {
        Trace trace = TraceFiles.read(trace("mooncake_arxiv_first1000.jsonl"));

        TraceStats stats = trace.stats();
        assertThat(trace.format()).isEqualTo("mooncake");
        assertThat(stats.events()).isEqualTo(1_000);
        assertThat(stats.meanPromptTokens()).isCloseTo(9_792.0, within(0.05));
        assertThat(stats.meanOutputTokens()).isCloseTo(199.1, within(0.05));
        assertThat(stats.duration()).isEqualTo(Duration.ofMillis(177_098));
    }

    @Test
    void read_ragPulse_hasThePublishedFigures() {
        Trace trace = TraceFiles.read(trace("ragpulse_days1-4.jsonl"));

        TraceStats stats = trace.stats();
        assertThat(trace.format()).isEqualTo("ragpulse");
        assertThat(stats.events()).isEqualTo(4_354);
        assertThat(stats.meanPromptTokens()).isCloseTo(2_923.3, within(0.05));
        assertThat(stats.duration()).isEqualTo(Duration.ofSeconds(345_577));
    }

    @Test
    void read_serveGenDeepSeekRate_meetsTheMeanRate() {
        Trace trace = TraceFiles.read(
                trace("servegen_deepseek-r1_rate_10min.csv"),
                TraceSettings.builder()
                        .tokenQuantiles(trace("servegen_deepseek-r1_token_quantiles.csv.gz"))
                        .build());

        TraceStats stats = trace.stats();
        assertThat(trace.duration()).isEqualTo(Duration.ofDays(1));
        assertThat(stats.meanPerSecond()).isCloseTo(16.0147, TWO_PERCENT);
        assertThat(stats.meanOutputTokens()).isBetween(300.0, 5_000.0);
    }

    @Test
    void read_serveGenLargeRate_meetsTheMeanRateOfItsFirstSixHours() throws IOException {
        Path file = trace("servegen_m-large_rate_10min.csv");
        double published = Files.readAllLines(file).stream()
                .skip(1)
                .limit(36)
                .mapToDouble(line -> Double.parseDouble(line.split(",", -1)[1]))
                .average()
                .orElseThrow();

        Trace trace = TraceFiles.read(file);

        assertThat(trace.duration()).isEqualTo(Duration.ofDays(14));
        assertThat(trace.slice(Duration.ZERO, Duration.ofHours(6)).stats().meanPerSecond())
                .isCloseTo(published, TWO_PERCENT);
    }

    @Test
    void read_serveGenClients_meetsTheRateOfAllAndOfTheBusiest() {
        Trace trace = TraceFiles.read(
                trace("servegen_deepseek-r1_top20_clients.csv.gz"),
                TraceSettings.builder()
                        .tokenQuantiles(trace("servegen_deepseek-r1_token_quantiles.csv.gz"))
                        .build());

        Map<String, Long> counts = new HashMap<>();
        Map<String, Double> output = new HashMap<>();
        for (TraceEvent event : trace) {
            counts.merge(event.tenant(), 1L, Long::sum);
            output.merge(event.tenant(), (double) event.outputTokens(), Double::sum);
        }

        Map<String, double[]> published = topClients();
        double total = published.values().stream().mapToDouble(row -> row[0]).sum();
        assertThat(counts).hasSize(20);
        assertThat(counts.values().stream().mapToLong(Long::longValue).sum() / 86_400.0)
                .isCloseTo(total, TWO_PERCENT);
        assertThat(counts.get("client-35") / 86_400.0).isCloseTo(published.get("35")[0], TWO_PERCENT);
        // The published mean weighs windows evenly and not by requests, so this is a check of the order only.
        assertThat(output.get("client-35") / counts.get("client-35")).isBetween(1_200.0, 3_500.0);
    }

    @Test
    void read_serveGenLargeClients_meetsTheRateOfTheBusiestInTheFirstSixHours() {
        Trace trace = TraceFiles.read(trace("servegen_m-large_top20_clients.csv.gz"));

        long busiest = 0;
        for (TraceEvent event : trace.slice(Duration.ZERO, Duration.ofHours(6))) {
            busiest += event.tenant().equals("client-61") ? 1 : 0;
        }

        assertThat(trace.duration()).isEqualTo(Duration.ofDays(7));
        assertThat(busiest / 21_600.0).isCloseTo(busiestOfFirstSixHours(), TWO_PERCENT);
    }

    @Test
    void hourlyMultipliers_areThoseOfServeGenSmall() throws IOException {
        double[] sums = new double[24];
        int[] counts = new int[24];
        for (String line : Files.readAllLines(trace("servegen_m-small_rate_10min_week1.csv")).stream()
                .skip(1)
                .toList()) {
            List<String> cells = List.of(line.split(",", -1));
            int hour = (int) (Double.parseDouble(cells.get(0)) / 3_600) % 24;
            sums[hour] += Double.parseDouble(cells.get(1));
            counts[hour]++;
        }
        double[] means = new double[24];
        for (int hour = 0; hour < 24; hour++) {
            assertThat(counts[hour]).isEqualTo(42);
            means[hour] = sums[hour] / counts[hour];
        }
        double mean = Statistics.mean(means);

        for (int hour = 0; hour < 24; hour++) {
            assertThat(BuiltInDay.hourlyMultipliers().get(hour)).isCloseTo(means[hour] / mean, within(0.00005));
        }
    }

    private static Map<String, double[]> topClients() {
        Map<String, double[]> clients = new HashMap<>();
        try {
            Files.readAllLines(trace("servegen_deepseek-r1_top20_client_tokens.csv")).stream()
                    .skip(1)
                    .map(line -> line.split(",", -1))
                    .forEach(cells -> clients.put(cells[0], new double[] {Double.parseDouble(cells[1])}));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return clients;
    }

    private static double busiestOfFirstSixHours() {
        try (var lines = new BufferedReader(new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(trace("servegen_m-large_top20_clients.csv.gz"))),
                StandardCharsets.UTF_8))) {
            return lines.lines()
                    .filter(line -> line.startsWith("61,"))
                    .limit(36)
                    .mapToDouble(line -> Double.parseDouble(line.split(",", -1)[2]))
                    .average()
                    .orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
