/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TraceFilesTest {
    private static final String AZURE = "TIMESTAMP,ContextTokens,GeneratedTokens\n";
    private static final String KNOWN =
            "known are: azure: Azure LLM inference CSV (TIMESTAMP,ContextTokens,GeneratedTokens); "
                    + "mooncake: Mooncake JSONL (timestamp in ms, input_length, output_length); "
                    + "ragpulse: RAGPulse JSONL (timestamp as a string of seconds, input_length, output_length, session_id); "
                    + "burstgpt: BurstGPT CSV (Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type); "
                    + "csv: CSV (seconds,prompt_tokens,output_tokens[,tier][,tenant]); "
                    + "servegen-clients: ServeGen client CSV (client_id,window_start_s,rate_rps,iat_cv); "
                    + "servegen-rate: ServeGen rate CSV (window_start_s,rate_rps[,renewal_dispersion]); "
                    + "rates: rate CSV (seconds,requests_per_second or timestamp,value or minute,requests); "
                    + "ledger: ledger of decisions (JSONL)";

    @TempDir
    private Path folder;

    private Path file(String name, String content) throws IOException {
        return Files.writeString(folder.resolve(name), content);
    }

    private Path gzip(String name, String content) throws IOException {
        Path file = folder.resolve(name);
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
            out.write(content.getBytes(StandardCharsets.UTF_8));
        }
        return file;
    }

    private static List<TraceEvent> events(Trace trace) {
        List<TraceEvent> events = new ArrayList<>();
        trace.forEach(events::add);
        return events;
    }

    /** Reads and returns the message after the folder, which differs from run to run. */
    private String failure(Path file) {
        return failure(file, TraceSettings.defaults());
    }

    private String failure(Path file, TraceSettings settings) {
        try {
            TraceFiles.read(file, settings);
        } catch (TraceFormatException e) {
            assertThat(e.getMessage()).doesNotContain("\n").startsWith(folder + "/");
            return e.getMessage().substring(folder.toString().length() + 1);
        }
        throw new AssertionError(file + " was read");
    }

    @Nested
    class Azure {
        @Test
        void read_sevenFractionDigits_givesExactOffsets() throws IOException {
            Trace trace = TraceFiles.read(file(
                    "a.csv",
                    AZURE + "2023-11-16 18:15:46.6805900,374,44\n2023-11-16 18:15:50.9951690,396,109\n"
                            + "2023-11-17 00:00:00,1,0\n"));

            assertThat(trace.name()).isEqualTo("a.csv");
            assertThat(trace.format()).isEqualTo("azure");
            assertThat(events(trace))
                    .containsExactly(
                            new TraceEvent(0, 374, 44, "", ""),
                            new TraceEvent(4_314_579_000L, 396, 109, "", ""),
                            new TraceEvent(20_653_319_410_000L, 1, 0, "", ""));
            assertThat(trace.duration()).isEqualTo(Duration.ofNanos(20_653_319_410_000L));
            assertThat(trace.outOfOrderRows()).isZero();
            assertThat(trace.notes()).isEmpty();
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "2024-05-10 00:00:01.5+00:00",
                    "2024-05-10T00:00:01.500000Z",
                    "2024-05-10 02:00:01.5+02:00",
                    "2024-05-09 19:00:01.500000000-05",
                    "2024-05-10 00:00:01.5"
                })
        void read_timeZone_isTakenIntoAccount(String time) throws IOException {
            Trace trace =
                    TraceFiles.read(file("a.csv", AZURE + "2024-05-10 00:00:00.000000+00:00,1,2\n" + time + ",3,4\n"));

            assertThat(events(trace).get(1)).isEqualTo(new TraceEvent(1_500_000_000L, 3, 4, "", ""));
        }

        @Test
        void read_byteOrderMarkCarriageReturnsBlankLinesAndOtherColumns_areTolerated() throws IOException {
            Trace trace = TraceFiles.read(file(
                    "a.csv",
                    "\uFEFFid,GeneratedTokens,ContextTokens,TIMESTAMP\r\n\r\n7,44,374,2023-11-16 18:15:46\r\n\r\n"));

            assertThat(events(trace)).containsExactly(new TraceEvent(0, 374, 44, "", ""));
        }

        @Test
        void read_rowsOutOfOrder_areSortedAndCounted() throws IOException {
            Trace trace = TraceFiles.read(file(
                    "a.csv",
                    AZURE + "2023-11-16 18:00:02,2,0\n2023-11-16 18:00:03,3,0\n2023-11-16 18:00:01,1,0\n"
                            + "2023-11-16 18:00:03,4,0\n2023-11-16 18:00:02,5,0\n"));

            assertThat(events(trace)).extracting(TraceEvent::promptTokens).containsExactly(1, 2, 5, 3, 4);
            assertThat(events(trace).get(0).offsetNanos()).isZero();
            assertThat(trace.outOfOrderRows()).isEqualTo(2);
            assertThat(trace.notes()).containsExactly("2 rows were out of order and were sorted");
            assertThat(trace.duration()).isEqualTo(Duration.ofSeconds(2));
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                quoteCharacter = '`',
                value = {
                    "2023-11-16 18:15:46,-5,1 | ContextTokens must be in 0..10000000 but was -5",
                    "2023-11-16 18:15:46,5,99999999999 | GeneratedTokens must be in 0..10000000 but was 99999999999",
                    "2023-11-16 18:15:46,5,x1 | GeneratedTokens must be a whole number but was \"x1\"",
                    "2023-11-16 18:15:46,5,1.5 | GeneratedTokens must be a whole number but was \"1.5\"",
                    "2023-11-16 18:15:46,5,1,2 | there are 4 columns but the header has 3",
                    "2023-11-16 18:15:46,5 | there are 2 columns but the header has 3",
                    "2023-11-16 25:15:46,5,1 | TIMESTAMP must be like 2023-11-16 18:15:46.6805900 but was \"2023-11-16 25:15:46\"",
                    "2023-02-30 18:15:46,5,1 | TIMESTAMP must be like 2023-11-16 18:15:46.6805900 but was \"2023-02-30 18:15:46\"",
                    "2023-11-16 18:15:46.,5,1 | TIMESTAMP must be like 2023-11-16 18:15:46.6805900 but was \"2023-11-16 18:15:46.\"",
                    "2023-11-16 18:15:46+99:00,5,1 | TIMESTAMP must be like 2023-11-16 18:15:46.6805900 but was \"2023-11-16 18:15:46+99:00\"",
                    "1700000000,5,1 | TIMESTAMP must be like 2023-11-16 18:15:46.6805900 but was \"1700000000\"",
                    "1023-11-16 18:15:46,5,1 | the time is more than ten years away from the first row's"
                })
        void read_badRow_namesFileLineAndReason(String row, String reason) throws IOException {
            Path file = file("a.csv", AZURE + "2023-11-16 18:15:46.6805900,374,44\n" + row + "\n");

            assertThat(failure(file)).isEqualTo("a.csv, line 3: " + reason);
            assertThatThrownBy(() -> TraceFiles.read(file))
                    .asInstanceOf(type(TraceFormatException.class))
                    .satisfies(e -> {
                        assertThat(e.file()).isEqualTo(file.toString());
                        assertThat(e.line()).isEqualTo(3);
                        assertThat(e.reason()).isEqualTo(reason);
                    });
        }

        @Test
        void read_valueWithLineBreak_messageStaysOneLine() throws IOException {
            Path file = file("a.csv", AZURE + "2023-11-16 18:15:46,\"1\n2\",3\n");

            assertThat(failure(file)).isEqualTo("a.csv, line 2: ContextTokens must be a whole number but was \"1 2\"");
        }

        @Test
        void read_unclosedQuote_isAnErrorAndNoMemoryLeak() throws IOException {
            Path file = file("a.csv", AZURE + "2023-11-16 18:15:46,\"1,3\n" + "x,".repeat(1_500_000));

            assertThat(failure(file)).startsWith("a.csv, line 2: the row is not CSV: ");
        }

        @Test
        void read_headerOnly_saysSo() throws IOException {
            assertThat(failure(file("a.csv", AZURE))).isEqualTo("a.csv: the file has a header but no rows");
        }

        @Test
        void read_moreEventsThanAllowed_isRefused() throws IOException {
            Path file = file("a.csv", AZURE + "2023-11-16 18:15:46,1,1\n".repeat(3));

            assertThat(failure(file, TraceSettings.builder().maxEvents(2).build()))
                    .isEqualTo("a.csv, line 4: there are more than 2 events: cut the file or raise the limit");
        }

        @Test
        void read_gzip_isRecognisedByContent() throws IOException {
            Trace trace = TraceFiles.read(gzip("anything", AZURE + "2023-11-16 18:15:46,374,44\n"));

            assertThat(events(trace)).containsExactly(new TraceEvent(0, 374, 44, "", ""));
        }

        @Test
        void read_truncatedGzip_isUnreadable() throws IOException {
            Path whole = gzip("whole.gz", AZURE + "2023-11-16 18:15:46,374,44\n".repeat(20_000));
            Path cut = folder.resolve("cut.csv.gz");
            byte[] bytes = Files.readAllBytes(whole);
            Files.write(cut, Arrays.copyOf(bytes, bytes.length - 20));

            assertThat(failure(cut))
                    .matches("cut\\.csv\\.gz, line \\d+: cannot be read: Unexpected end of ZLIB input stream");
        }

        @Test
        void read_tokenQuantilesGiven_areNotedAsUnused() throws IOException {
            Path file = file("a.csv", AZURE + "2023-11-16 18:15:46,374,44\n");

            Trace trace = TraceFiles.read(
                    file,
                    TraceSettings.builder().tokenQuantiles(Path.of("any.csv")).build());

            assertThat(trace.notes())
                    .containsExactly("the token quantiles were not used: this format has the lengths of each request");
        }
    }

    @Nested
    class Mooncake {
        @Test
        void read_milliseconds_givesOffsets() throws IOException {
            Trace trace = TraceFiles.read(file("m.jsonl", """
                    {"timestamp": 1000, "input_length": 6755, "output_length": 500, "hash_ids": [0, {"a": [1]}]}
                    {"hash_ids": [], "output_length": 1, "timestamp": 1000.25, "input_length": 2}

                    """));

            assertThat(trace.format()).isEqualTo("mooncake");
            assertThat(events(trace))
                    .containsExactly(new TraceEvent(0, 6755, 500, "", ""), new TraceEvent(250_000, 2, 1, "", ""));
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                quoteCharacter = '`',
                value = {
                    "{\"timestamp\": \"5\", \"input_length\": 1, \"output_length\": 1} | timestamp must be a number of milliseconds >= 0 but was \"5\"",
                    "{\"timestamp\": -5, \"input_length\": 1, \"output_length\": 1} | timestamp must be a number of milliseconds >= 0 but was -5",
                    "{\"timestamp\": 1e999999999, \"input_length\": 1, \"output_length\": 1} | timestamp must be a number of milliseconds >= 0 but was 1e999999999",
                    "{\"timestamp\": null, \"input_length\": 1, \"output_length\": 1} | timestamp must be a number of milliseconds >= 0 but was null",
                    "{\"timestamp\": [1], \"input_length\": 1, \"output_length\": 1} | timestamp is missing",
                    "{\"input_length\": 1, \"output_length\": 1} | timestamp is missing",
                    "{\"timestamp\": 5, \"output_length\": 1} | input_length is missing",
                    "{\"timestamp\": 5, \"input_length\": 1} | output_length is missing",
                    "{\"timestamp\": 5, \"input_length\": -1, \"output_length\": 1} | input_length must be in 0..10000000 but was -1",
                    "{\"timestamp\": 5, \"input_length\": 1, \"output_length\": 1.5} | output_length must be a whole number but was 1.5",
                    "{\"timestamp\": 5, \"input_length\": [], \"output_length\": 1} | input_length must be a whole number but was [",
                    "{\"timestamp\": 5, \"input_length\": 1, \"output_length\": 1} {} | there is more than one JSON object on the line",
                    "[1] | the line is not a JSON object"
                })
        void read_badRow_namesFileLineAndReason(String row, String reason) throws IOException {
            Path file =
                    file("m.jsonl", "{\"timestamp\": 0, \"input_length\": 1, \"output_length\": 1}\n\n" + row + "\n");

            assertThat(failure(file)).isEqualTo("m.jsonl, line 3: " + reason);
        }

        @Test
        void read_notJson_namesFileLineAndReason() throws IOException {
            Path file = file(
                    "m.jsonl", "{\"timestamp\": 0, \"input_length\": 1, \"output_length\": 1}\n{\"timestamp\": \n");

            assertThat(failure(file))
                    .startsWith("m.jsonl, line 2: the line is not a JSON object: Unexpected end-of-input");
        }

        @Test
        void read_endlessLine_isRefused() throws IOException {
            Path file = file(
                    "m.jsonl",
                    "{\"timestamp\": 0, \"input_length\": 1, \"output_length\": 1}\n"
                            + "[".repeat(LineReader.MAX_LENGTH + 1));

            assertThat(failure(file)).isEqualTo("m.jsonl, line 2: the line is longer than 1048576 characters");
        }
    }

    @Nested
    class RagPulse {
        private static final String FIRST =
                "{\"timestamp\": \"0\", \"input_length\": 2926, \"output_length\": 154, \"hash_ids\": {}, \"session_id\": \"a\"}\n";

        @Test
        void read_secondsAsText_givesOffsets() throws IOException {
            Trace trace = TraceFiles.read(
                    file(
                            "r.jsonl",
                            FIRST
                                    + "{\"timestamp\": \"27.5\", \"input_length\": 1, \"output_length\": 2, \"session_id\": \"b\"}"));

            assertThat(trace.format()).isEqualTo("ragpulse");
            assertThat(events(trace))
                    .containsExactly(
                            new TraceEvent(0, 2926, 154, "", ""), new TraceEvent(27_500_000_000L, 1, 2, "", ""));
        }

        @Test
        void read_rowWithoutSession_isBad() throws IOException {
            Path file = file("r.jsonl", FIRST + "{\"timestamp\": \"27\", \"input_length\": 1, \"output_length\": 2}\n");

            assertThat(failure(file))
                    .isEqualTo(
                            "r.jsonl, line 2: timestamp must be a string of seconds >= 0, with a session_id beside it, "
                                    + "but was \"27\"");
        }

        @Test
        void read_secondsAsTextWithoutSession_isNoKnownFormat() throws IOException {
            String line = "{\"timestamp\": \"27\", \"input_length\": 1, \"output_length\": 2}";

            assertThat(failure(file("r.jsonl", line)))
                    .isEqualTo("r.jsonl, line 1: unknown trace format, the first line is \"" + line + "\"; " + KNOWN);
        }
    }

    @Nested
    class ServeGenRate {
        private static final String HEADER =
                "window_start_s,rate_rps,active_clients,top_client_rps,renewal_dispersion\n";

        @Test
        void read_windows_meetsTheRateOfEachWindow() throws IOException {
            Trace trace = TraceFiles.read(file("s.csv", HEADER + "0,50,1,1,1\n600,10,1,1,4\n1200,100,1,1,0.25\n"));

            assertThat(trace.format()).isEqualTo("servegen-rate");
            assertThat(trace.duration()).isEqualTo(Duration.ofMinutes(30));
            long[] counts = new long[3];
            trace.forEach(event -> counts[(int) (event.offsetNanos() / 600_000_000_000L)]++);
            // Expected 30,000, 6,000 and 60,000; the counts scatter by the square root of dispersion times mean.
            assertThat(counts[0]).isBetween(30_000L - 870, 30_000L + 870);
            assertThat(counts[1]).isBetween(6_000L - 780, 6_000L + 780);
            assertThat(counts[2]).isBetween(60_000L - 620, 60_000L + 620);
        }

        @Test
        void read_dispersion_makesCountsDisperse() throws IOException {
            Trace bursty = TraceFiles.read(file("s.csv", HEADER + "0,100,1,1,9\n"));
            Trace even = TraceFiles.read(file("e.csv", "window_start_s,rate_rps\n0,100\n"));

            assertThat(dispersionOfSeconds(bursty)).isBetween(5.5, 11.0);
            assertThat(dispersionOfSeconds(even)).isBetween(0.8, 1.25);
        }

        private static double dispersionOfSeconds(Trace trace) {
            double[] counts = new double[600];
            trace.forEach(event -> counts[(int) (event.offsetNanos() / 1_000_000_000L)]++);
            double mean = Arrays.stream(counts).average().orElseThrow();
            double square = Arrays.stream(counts)
                    .map(count -> (count - mean) * (count - mean))
                    .average()
                    .orElseThrow();
            return square / mean;
        }

        @Test
        void read_windowsWithoutData_areFilledFromNeighbours() throws IOException {
            Trace trace = TraceFiles.read(
                    file("s.csv", "window_start_s,rate_rps\n0,0\n100,20\n200,0\n300,0\n400,50\n600,50\n700,0\n"));

            assertThat(trace.notes()).containsExactly("5 windows without data were filled from their neighbours");
            long[] counts = new long[8];
            trace.forEach(event -> counts[(int) (event.offsetNanos() / 100_000_000_000L)]++);
            double[] rates = {20, 20, 30, 40, 50, 50, 50, 50};
            for (int i = 0; i < rates.length; i++) {
                double expected = rates[i] * 100;
                assertThat((double) counts[i])
                        .isBetween(expected - 5 * Math.sqrt(expected), expected + 5 * Math.sqrt(expected));
            }
        }

        @Test
        void iterator_calledTwice_givesTheSameEvents() throws IOException {
            Path file = file("s.csv", HEADER + "0,5,1,1,3\n600,2,1,1,1\n");
            Trace trace = TraceFiles.read(file);

            assertThat(events(trace)).isEqualTo(events(trace)).isEqualTo(events(TraceFiles.read(file)));
            assertThat(events(trace))
                    .isNotEqualTo(events(TraceFiles.read(
                            file, TraceSettings.builder().seed(2).build())));
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                quoteCharacter = '`',
                value = {
                    "0,5 | the window 0.0 is on line 2 already",
                    "-1,5 | window_start_s must be >= 0 and finite but was -1",
                    "1200,NaN | rate_rps must be >= 0 and finite but was NaN",
                    "1200,-2 | rate_rps must be >= 0 and finite but was -2",
                    "1200,fast | rate_rps must be a number but was \"fast\"",
                    "1250,5 | window_start_s 1250.0 is not on the grid of 600.0 s windows from 0.0"
                })
        void read_badRow_namesFileLineAndReason(String row, String reason) throws IOException {
            Path file = file("s.csv", "window_start_s,rate_rps\n0,5\n600,5\n" + row + "\n");

            assertThat(failure(file)).isEqualTo("s.csv, line 4: " + reason);
        }

        @Test
        void read_noRateAtAll_saysSo() throws IOException {
            assertThat(failure(file("s.csv", "window_start_s,rate_rps\n0,0\n600,0\n")))
                    .isEqualTo("s.csv: no window has a rate above 0");
        }

        @Test
        void read_absurdSpan_isRefused() throws IOException {
            assertThat(failure(file("s.csv", "window_start_s,rate_rps\n0,1\n1,1\n1e15,1\n")))
                    .isEqualTo("s.csv: the window starts span more than 1000000 windows of 1.0 s");
        }

        @Test
        void read_rowsOutOfOrder_areCounted() throws IOException {
            Trace trace = TraceFiles.read(file("s.csv", "window_start_s,rate_rps\n600,1\n0,5\n"));

            assertThat(trace.outOfOrderRows()).isEqualTo(1);
            assertThat(trace.notes()).containsExactly("1 rows were out of order and were sorted");
        }
    }

    @Nested
    class ServeGenClients {
        private static final String HEADER = "client_id,window_start_s,rate_rps,iat_cv,fit\n";

        @Test
        void read_clients_becomeTenantsWithTheirRates() throws IOException {
            Trace trace = TraceFiles.read(file(
                    "c.csv",
                    HEADER + "61,0,40,0.5,Gamma\n61,600,0.0,0.0,\n61,1200,40,0.5,Gamma\n"
                            + "7,0,5,2,Gamma\n7,600,5,2,Weibull\n7,1200,5,,\n"));

            assertThat(trace.format()).isEqualTo("servegen-clients");
            assertThat(trace.duration()).isEqualTo(Duration.ofMinutes(30));
            List<TraceEvent> events = events(trace);
            assertThat(events).isSortedAccordingTo(Comparator.comparingLong(TraceEvent::offsetNanos));
            assertThat(events).extracting(TraceEvent::tenant).containsOnly("client-61", "client-7");
            long first = events.stream()
                    .filter(event -> event.tenant().equals("client-61"))
                    .count();
            assertThat(first).isBetween(48_000L - 550, 48_000L + 550);
            assertThat(events.stream()
                            .filter(event -> event.tenant().equals("client-7"))
                            .count())
                    .isBetween(9_000L - 900, 9_000L + 900);
            assertThat(events)
                    .filteredOn(event -> event.tenant().equals("client-61"))
                    .noneMatch(event ->
                            event.offsetNanos() >= 600_000_000_000L && event.offsetNanos() < 1_200_000_000_000L);
        }

        @Test
        void read_variation_shapesTheGaps() throws IOException {
            Trace trace = TraceFiles.read(file("c.csv", HEADER + "a,0,50,0.3,Gamma\n"));

            List<TraceEvent> events = events(trace);
            double[] gaps = new double[events.size() - 1];
            for (int i = 0; i < gaps.length; i++) {
                gaps[i] = (events.get(i + 1).offsetNanos() - events.get(i).offsetNanos()) / 1e9;
            }
            assertThat(Statistics.mean(gaps)).isBetween(0.0195, 0.0205);
            assertThat(Statistics.variation(gaps)).isBetween(0.29, 0.31);
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                quoteCharacter = '`',
                value = {
                    "a,0,5,1, | client a, window 0.0 is on line 2 already",
                    "a b,0,5,1, | client_id must be 1 to 50 letters, digits, '.', '_' or '-' but was \"a b\"",
                    "b,0,5,-1,Gamma | iat_cv must be >= 0 and finite but was -1"
                })
        void read_badRow_namesFileLineAndReason(String row, String reason) throws IOException {
            Path file = file("c.csv", HEADER + "a,0,5,1,\n" + row + "\n");

            assertThat(failure(file)).isEqualTo("c.csv, line 3: " + reason);
        }
    }

    @Nested
    class Tokens {
        private static final String HEADER = "client_id,window_start_s,field,q01,q50,q99,mean\n";
        private static final String RATES = "client_id,window_start_s,rate_rps,iat_cv,fit\n";

        private Trace read(String rates, String quantiles) throws IOException {
            return TraceFiles.read(
                    file("rates.csv", rates),
                    TraceSettings.builder()
                            .tokenQuantiles(gzip("tokens.csv.gz", quantiles))
                            .build());
        }

        @Test
        void read_quantiles_areTakenByClientAndWindow() throws IOException {
            Trace trace = read(
                    RATES + "1,0,5,1,\n1,600,5,1,\n2,0,5,1,\n2,600,5,1,\n",
                    HEADER + "1,0,input_tokens,10,10,10,10\n1,0,output_tokens,11,11,11,11\n"
                            + "1,600,input_tokens,20,20,20,20\n1,600,output_tokens,21,21,21,21\n"
                            + "1,0,reason_ratio,0.1,0.2,0.3,0.2\n"
                            + "2,600,input_tokens,30,30,30,30\n2,600,output_tokens,31,31,31,31\n");

            assertThat(events(trace)).allSatisfy(event -> {
                boolean early = event.offsetNanos() < 600_000_000_000L;
                // Client 2 has no quantiles for the first window, so its first ones serve.
                int prompt = event.tenant().equals("client-2") ? 30 : early ? 10 : 20;
                assertThat(event.promptTokens()).isEqualTo(prompt);
                assertThat(event.outputTokens()).isEqualTo(prompt + 1);
            });
        }

        @Test
        void read_clientWithoutQuantiles_takesOneOfTheOthersForPromptAndAnswer() throws IOException {
            Trace trace = read(
                    "window_start_s,rate_rps\n0,10\n",
                    HEADER + "1,0,input_tokens,10,10,10,10\n1,0,output_tokens,11,11,11,11\n"
                            + "2,0,input_tokens,30,30,30,30\n2,0,output_tokens,31,31,31,31\n"
                            + "3,0,input_tokens,50,50,50,50\n");

            List<TraceEvent> events = events(trace);
            assertThat(events).allMatch(event -> event.outputTokens() == event.promptTokens() + 1);
            assertThat(events.stream()
                            .filter(event -> event.promptTokens() == 10)
                            .count())
                    .isBetween(2_700L, 3_300L);
            assertThat(events).extracting(TraceEvent::promptTokens).containsOnly(10, 30);
        }

        @Test
        void read_noQuantiles_takesTheBuiltInOnes() throws IOException {
            Trace trace = TraceFiles.read(file("rates.csv", "window_start_s,rate_rps\n0,50\n"));

            assertThat(trace.stats().meanOutputTokens()).isBetween(205.0, 217.0);
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                quoteCharacter = '`',
                value = {
                    "1,0,input_tokens,10,9,11,10 | , line 2: quantiles must not fall, but 9.0 follows 10.0",
                    "1,0,input_tokens,10,x,11,10 | , line 2: q50 must be a number but was \"x\"",
                    "1,0,input_tokens,10,10,11,10 | : no client has both input_tokens and output_tokens"
                })
        void read_badQuantiles_namesThatFile(String row, String rest) throws IOException {
            Path rates = file("rates.csv", "window_start_s,rate_rps\n0,50\n");
            Path tokens = file("tokens.csv", HEADER + row + "\n");

            assertThat(failure(
                            rates,
                            TraceSettings.builder().tokenQuantiles(tokens).build()))
                    .isEqualTo("tokens.csv" + rest);
        }

        @Test
        void read_otherFileAsQuantiles_saysWhatIsNeeded() throws IOException {
            Path rates = file("rates.csv", "window_start_s,rate_rps\n0,50\n");

            assertThat(failure(
                            rates, TraceSettings.builder().tokenQuantiles(rates).build()))
                    .isEqualTo(
                            "rates.csv, line 1: not a table of token quantiles: the columns client_id, window_start_s, "
                                    + "field are needed");
        }
    }

    @Test
    void read_noFile_saysSo() {
        assertThat(failure(folder.resolve("none.csv"))).isEqualTo("none.csv: there is no such file");
    }

    @Test
    void read_folder_saysSo() throws IOException {
        Files.createDirectory(folder.resolve("sub"));

        assertThat(failure(folder.resolve("sub"))).isEqualTo("sub: it is a folder, not a file");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n\n  \n", "\uFEFF"})
    void read_nothingInIt_saysSo(String content) throws IOException {
        assertThat(failure(file("e.csv", content))).isEqualTo("e.csv: the file is empty");
    }

    @Test
    void read_emptyGzip_saysSo() throws IOException {
        assertThat(failure(gzip("e.gz", ""))).isEqualTo("e.gz: the file is empty");
    }

    @Test
    void read_unknownHeader_listsTheKnownFormats() throws IOException {
        assertThat(failure(file("u.csv", "time,tokens\n1,2\n")))
                .isEqualTo("u.csv, line 1: unknown trace format, the first line is \"time,tokens\"; " + KNOWN);
    }

    @Test
    void read_binaryFile_isNoKnownFormat() throws IOException {
        byte[] bytes = new byte[3_000];
        new Random(1).nextBytes(bytes);
        bytes[0] = 'x';
        Path file = folder.resolve("b.bin");
        Files.write(file, bytes);

        assertThat(failure(file)).startsWith("b.bin, line 1: unknown trace format, the first line is \"x");
    }
}
