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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

    /** Requests of each piece of time of a file. */
    private static double[] counts(String file, int seconds, int pieces) {
        double[] counts = new double[pieces];
        for (TraceEvent event : TraceFiles.read(trace(file))) {
            int piece = (int) (event.offsetNanos() / (seconds * 1_000_000_000L));
            if (piece < pieces) {
                counts[piece]++;
            }
        }
        return counts;
    }

    @ParameterizedTest
    @CsvSource({
        "azure-conv-minutes, azure_llm_2023_conv.csv, 60, 58",
        "mooncake-rates, mooncake_arxiv_first1000.jsonl, 10, 17",
        "ragpulse-hours, ragpulse_days1-4.jsonl, 3600, 96"
    })
    void figures_ofRequests_areThoseOfTheFile(String figures, String file, int seconds, int pieces) {
        assertThat(Figures.of(figures).column("requests")).containsExactly(counts(file, seconds, pieces));
    }

    /** Mean rates of so many windows at a time. */
    private static double[] rates(String file, int windows, int pieces) throws IOException {
        double[] rates = new double[pieces];
        List<String> lines = Files.readAllLines(trace(file));
        for (int i = 0; i < windows * pieces; i++) {
            rates[i / windows] +=
                    Double.parseDouble(List.of(lines.get(i + 1).split(",", -1)).get(1)) / windows;
        }
        return rates;
    }

    @ParameterizedTest
    @CsvSource({
        "m-large-week, servegen_m-large_rate_10min.csv, 6, 168",
        "deepseek-r1-day, servegen_deepseek-r1_rate_10min.csv, 1, 144"
    })
    void figures_ofRates_areThoseOfTheFile(String figures, String file, int windows, int pieces) throws IOException {
        assertThat(Figures.of(figures).column("requests_per_second"))
                .containsExactly(rates(file, windows, pieces), within(0.00051));
    }

    /** The quantile of a sorted sample, by linear interpolation. */
    private static double quantile(double[] sorted, double probability) {
        double position = (sorted.length - 1) * probability;
        int below = (int) position;
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
    }

    @ParameterizedTest
    @CsvSource({"mooncake, mooncake_arxiv_first1000.jsonl", "ragpulse, ragpulse_days1-4.jsonl"})
    void figures_ofLengths_areTheQuantilesOfTheFile(String name, String file) {
        Figures figures = Figures.of(name + "-lengths");
        double[] probabilities = figures.column("probability");
        List<TraceEvent> events = TraceFile.events(TraceFiles.read(trace(file)));
        double[] prompts =
                events.stream().mapToDouble(TraceEvent::promptTokens).sorted().toArray();
        double[] outputs =
                events.stream().mapToDouble(TraceEvent::outputTokens).sorted().toArray();

        for (int i = 0; i < probabilities.length; i++) {
            assertThat(figures.column("prompt_tokens")[i])
                    .isCloseTo(quantile(prompts, probabilities[i]), within(0.051));
            assertThat(figures.column("output_tokens")[i])
                    .isCloseTo(quantile(outputs, probabilities[i]), within(0.051));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "azure_llm_2023_conv.csv, 0.073",
        "mooncake_arxiv_first1000.jsonl, 0.201",
        "ragpulse_days1-4.jsonl, 0.408"
    })
    void lengths_rankCorrelation_isThatOfTheFile(String file, double correlation) {
        List<TraceEvent> events = TraceFile.events(TraceFiles.read(trace(file)));

        assertThat(Statistics.rankCorrelation(events)).isCloseTo(correlation, within(0.0005));
    }

    /** Lengths of a model at 200 probabilities in each client's windows, with the weight of each, by length. */
    private static Map<Double, Double> mixture(String model, String field) throws IOException {
        Map<String, Double> shares = new HashMap<>();
        for (String line : Files.readAllLines(trace("servegen_" + model + "_top20_client_tokens.csv"))) {
            List<String> cells = List.of(line.split(",", -1));
            if (!cells.get(0).equals("client_id")) {
                shares.put(cells.get(0), Double.parseDouble(cells.get(2)));
            }
        }
        Map<String, List<QuantileTable>> tables = new HashMap<>();
        try (CsvTable rows = CsvTable.open(new TraceInput(trace("servegen_" + model + "_token_quantiles.csv.gz")))) {
            double[] probabilities = {0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99};
            while (rows.next()) {
                if (rows.text(2).equals(field)) {
                    double[] lengths = new double[probabilities.length];
                    for (int i = 0; i < lengths.length; i++) {
                        lengths[i] = rows.number(3 + i);
                    }
                    tables.computeIfAbsent(rows.text(0), ignored -> new ArrayList<>())
                            .add(new QuantileTable(probabilities, lengths));
                }
            }
        }
        Map<Double, Double> weights = new TreeMap<>();
        tables.forEach((client, windows) -> windows.forEach(window -> {
            for (int i = 0; i < 200; i++) {
                weights.merge((double) window.at((i + 0.5) / 200), shares.get(client) / windows.size(), Double::sum);
            }
        }));
        return weights;
    }

    @ParameterizedTest
    @CsvSource({
        "m-large, input_tokens, prompt_tokens",
        "m-large, output_tokens, output_tokens",
        "deepseek-r1, input_tokens, prompt_tokens",
        "deepseek-r1, output_tokens, output_tokens"
    })
    void figures_ofServeGenLengths_areTheQuantilesOfTheMixture(String model, String field, String column)
            throws IOException {
        Figures figures = Figures.of(model + "-lengths");
        Map<Double, Double> weights = mixture(model, field);
        double total =
                weights.values().stream().mapToDouble(Double::doubleValue).sum();

        for (int i = 0; i < figures.column("probability").length; i++) {
            double wanted = figures.column("probability")[i] * total;
            double sum = 0;
            double found = 0;
            for (Map.Entry<Double, Double> each : weights.entrySet()) {
                sum += each.getValue();
                if (sum >= wanted - 1e-9) {
                    found = each.getKey();
                    break;
                }
            }
            // The library rounds lengths to whole tokens, the figures do not.
            assertThat(figures.column(column)[i]).isCloseTo(found, within(0.5 + found / 1_000));
        }
    }

    private static Trace series(String name) {
        return TraceFiles.read(
                Path.of(System.getenv("TIDEGATE_DATA"), "series", name),
                TraceSettings.builder().rateFactor(0.1).build());
    }

    @ParameterizedTest
    @CsvSource({
        "nab_elb_request_count.csv, 1212000",
        "nab_nyc_taxi.csv, 18576000",
        "nab_twitter_volume_AMZN.csv, 4749300"
    })
    void read_nabSeries_lastsAsLongAsItsRows(String name, long seconds) {
        assertThat(series(name).duration()).isEqualTo(Duration.ofSeconds(seconds));
    }

    @Test
    void read_worldCup_hasItsRequestsOfTheFirstHour() throws IOException {
        Path file = trace("worldcup98_per_min_0601_0628.csv");
        double requests = Files.readAllLines(file).stream()
                .skip(1)
                .limit(60)
                .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(',') + 1)))
                .sum();

        Trace trace = TraceFiles.read(file);

        assertThat(trace.duration()).isEqualTo(Duration.ofDays(28));
        assertThat((double) TraceFile.count(trace.slice(Duration.ZERO, Duration.ofHours(1))))
                .isCloseTo(requests, within(3 * Math.sqrt(requests)));
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
