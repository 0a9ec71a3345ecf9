/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import static io.tidegate.sim.trace.TraceFile.events;
import static io.tidegate.sim.trace.TraceFile.failure;
import static io.tidegate.sim.trace.TraceFile.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EventFormatsTest {
    @TempDir
    private Path folder;

    @Nested
    class BurstGpt {
        private static final String HEADER = "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n";

        @Test
        void read_rows_giveSecondsFromTheFirstAndNoTenant() {
            Trace trace = TraceFiles.read(write(
                    folder, HEADER + "5,ChatGPT,472,18,490,Conversation log\n45.5,GPT-4,1087,230,1317,API log\n"));

            assertThat(trace.format()).isEqualTo("burstgpt");
            assertThat(events(trace))
                    .containsExactly(
                            new TraceEvent(0, 472, 18, "", ""), new TraceEvent(40_500_000_000L, 1087, 230, "", ""));
        }

        @Test
        void read_columnsOfTheLaterEdition_areFound() {
            Trace trace = TraceFiles.read(write(folder, """
                    Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type
                    5,1,3.2,ChatGPT,472,18,490,Conversation log
                    """));

            assertThat(events(trace)).containsExactly(new TraceEvent(0, 472, 18, "", ""));
        }

        @Test
        void read_failedRequests_areLeftOutAndCounted() {
            Trace trace = TraceFiles.read(write(
                    folder,
                    HEADER + "1,ChatGPT,9,0,9,API log\n5,ChatGPT,472,18,490,API log\n9,ChatGPT,8,0,8,API log\n"));

            assertThat(events(trace)).containsExactly(new TraceEvent(0, 472, 18, "", ""));
            assertThat(trace.notes())
                    .containsExactly("2 rows with 0 response tokens, failed requests in this data set, were left out");
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                quoteCharacter = '`',
                value = {
                    "-1,ChatGPT,1,1,2,API log | Timestamp must be a number of seconds >= 0 but was \"-1\"",
                    "1e5,ChatGPT,1,1,2,API log | Timestamp must be a number of seconds >= 0 but was \"1e5\"",
                    "1,ChatGPT,,1,2,API log | Request tokens must be a whole number but was \"\"",
                    "1,ChatGPT,1,10000001,2,API log | Response tokens must be in 0..10000000 but was 10000001",
                    "1,ChatGPT,1,1 | there are 4 columns but the header has 6"
                })
        void read_badRow_namesLineAndReason(String row, String reason) {
            Path file = write(folder, HEADER + "0,ChatGPT,1,1,2,API log\n\n" + row + "\n");

            assertThat(failure(file)).isEqualTo("t.csv, line 4: " + reason);
        }
    }

    @Nested
    class PlainCsv {
        @Test
        void read_withoutNames_leavesThemEmpty() {
            Trace trace =
                    TraceFiles.read(write(folder, "seconds,prompt_tokens,output_tokens\n10,1,2\n10.0000000019,3,4\n"));

            assertThat(trace.format()).isEqualTo("csv");
            assertThat(events(trace)).containsExactly(new TraceEvent(0, 1, 2, "", ""), new TraceEvent(1, 3, 4, "", ""));
        }

        @Test
        void read_tierAndTenant_areTaken() {
            Trace trace = TraceFiles.read(write(folder, """
                    seconds,prompt_tokens,output_tokens,tier,tenant
                    0,1,2,premium,acme
                    1,3,4,,acme
                    2,5,6,batch,
                    """));

            assertThat(events(trace))
                    .extracting(TraceEvent::tier, TraceEvent::tenant)
                    .containsExactly(
                            org.assertj.core.groups.Tuple.tuple("premium", "acme"),
                            org.assertj.core.groups.Tuple.tuple("", "acme"),
                            org.assertj.core.groups.Tuple.tuple("batch", ""));
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                quoteCharacter = '`',
                value = {
                    "x,1,1,a | seconds must be a number of seconds >= 0 but was \"x\"",
                    "-0.1,1,1,a | seconds must be a number of seconds >= 0 but was \"-0.1\"",
                    "1,1.5,1,a | prompt_tokens must be a whole number but was \"1.5\"",
                    "1,1,-1,a | output_tokens must be in 0..10000000 but was -1",
                    "1,1,1,a b | tier must be visible ASCII without blanks, at most 64 characters, but was \"a b\"",
                    "999999999999999,1,1,a | the time is more than ten years away from the first row's"
                })
        void read_badRow_namesLineAndReason(String row, String reason) {
            Path file = write(folder, "seconds,prompt_tokens,output_tokens,tier\n0,1,1,a\n" + row + "\n");

            assertThat(failure(file)).isEqualTo("t.csv, line 3: " + reason);
        }
    }

    @Test
    void read_formatAskedFor_isNotGuessed() {
        Path file = write(folder, "window_start_s,rate_rps\n0,1\n");

        assertThatThrownBy(() -> TraceFiles.read(file, "csv", TraceSettings.defaults()))
                .isInstanceOf(TraceFormatException.class)
                .hasMessageEndingWith("t.csv, line 1: the column seconds is missing");
    }

    @Test
    void read_formatAskedFor_isRead() {
        Path file = write(folder, "seconds,prompt_tokens,output_tokens,requests_per_second\n0,1,1,9\n1,1,1,9\n");

        assertThat(TraceFiles.read(file, "rates", TraceSettings.defaults()).format())
                .isEqualTo("rates");
    }

    @Test
    void read_unknownFormatAskedFor_listsTheNames() {
        Path file = write(folder, "seconds,prompt_tokens,output_tokens\n0,1,1\n");

        assertThatThrownBy(() -> TraceFiles.read(file, "parquet", TraceSettings.defaults()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "no trace format is called \"parquet\": there are azure, mooncake, ragpulse, burstgpt, csv, "
                                + "servegen-clients, servegen-rate, rates, ledger");
    }
}
