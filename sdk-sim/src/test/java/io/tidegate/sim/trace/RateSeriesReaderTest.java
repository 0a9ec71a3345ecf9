/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import static io.tidegate.sim.trace.TraceFile.count;
import static io.tidegate.sim.trace.TraceFile.events;
import static io.tidegate.sim.trace.TraceFile.failure;
import static io.tidegate.sim.trace.TraceFile.write;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RateSeriesReaderTest {
    private static final String RATES = "seconds,requests_per_second\n";
    private static final String NAB = "timestamp,value\n";

    @TempDir
    private Path folder;

    @Test
    void read_rates_holdUntilTheNextRowAndTheLastAsLongAsTheOneBefore() {
        Trace trace = TraceFiles.read(write(folder, RATES + "100,10\n1100,0\n1200,40\n"));

        assertThat(trace.duration()).isEqualTo(Duration.ofMinutes(20));
        // 10,000 and 4,000 to expect; three standard deviations are 300 and 190.
        assertThat(count(trace.slice(Duration.ZERO, Duration.ofSeconds(1_000)))).isBetween(9_700L, 10_300L);
        assertThat(count(trace.slice(Duration.ofSeconds(1_000), Duration.ofSeconds(100))))
                .isZero();
        assertThat(count(trace.slice(Duration.ofSeconds(1_100), Duration.ofSeconds(100))))
                .isBetween(3_810L, 4_190L);
    }

    @Test
    void read_counts_areTakenPerStep() {
        Trace trace = TraceFiles.read(write(folder, NAB + "2014-04-10 00:04:00,9000.0\n2014-04-10 00:09:00,3000\n"));

        assertThat(trace.format()).isEqualTo("rates");
        assertThat(trace.duration()).isEqualTo(Duration.ofMinutes(10));
        assertThat(count(trace.slice(Duration.ZERO, Duration.ofMinutes(5)))).isBetween(8_715L, 9_285L);
        assertThat(count(trace.slice(Duration.ofMinutes(5), Duration.ofMinutes(5))))
                .isBetween(2_835L, 3_165L);
    }

    @Test
    void read_minutes_needNoSeconds() {
        Trace trace = TraceFiles.read(write(folder, "minute,requests\n1998-06-01 00:00,2410\n1998-06-01 00:01,2074\n"));

        assertThat(trace.duration()).isEqualTo(Duration.ofMinutes(2));
        assertThat(count(trace)).isBetween(4_283L, 4_685L);
    }

    @Test
    void read_stepWithoutARow_isFilledFromItsNeighbours() {
        Trace trace = TraceFiles.read(write(
                folder,
                NAB + "2014-04-10 00:00:00,6000\n2014-04-10 00:05:00,6000\n2014-04-10 00:15:00,12000\n"
                        + "2014-04-10 00:20:00,12000\n"));

        assertThat(trace.notes()).containsExactly("1 steps without a row were filled from their neighbours");
        assertThat(count(trace.slice(Duration.ofMinutes(10), Duration.ofMinutes(5))))
                .isBetween(8_715L, 9_285L);
    }

    @Test
    void read_rowsOutOfOrder_areSortedAndCounted() {
        Trace trace = TraceFiles.read(write(folder, RATES + "10,0\n0,5\n20,0\n"));

        assertThat(trace.outOfOrderRows()).isEqualTo(1);
        assertThat(events(trace))
                .allMatch(event -> event.offsetNanos() < 10_000_000_000L)
                .isNotEmpty();
    }

    @Test
    void read_lengthsAndFactorGiven_areUsed() {
        Trace trace = TraceFiles.read(
                write(folder, RATES + "0,1\n1000,1\n"),
                TraceSettings.builder()
                        .lengths(Lengths.fixed(3, 4))
                        .rateFactor(5)
                        .build());

        assertThat(events(trace)).allMatch(event -> event.promptTokens() == 3 && event.outputTokens() == 4);
        assertThat(count(trace)).isBetween(9_700L, 10_300L);
    }

    @Test
    void read_sameSeed_givesTheSameEventsAndAnotherOneOthers() {
        Path file = write(folder, RATES + "0,1\n100,1\n");
        TraceSettings two = TraceSettings.builder().seed(2).build();

        assertThat(events(TraceFiles.read(file, two)))
                .isEqualTo(events(TraceFiles.read(file, two)))
                .isNotEqualTo(events(TraceFiles.read(file)));
    }

    @Test
    void read_badRowAllowed_becomesAStepWithoutARow() {
        Path file = write(
                folder,
                NAB + "2014-04-10 00:00:00,60\n2014-04-10 00:05:00,60\n2014-04-10 00:10:00,?\n"
                        + "2014-04-10 00:15:00,60\n");

        Trace trace =
                TraceFiles.read(file, TraceSettings.builder().skipBadRows(1).build());

        assertThat(trace.badRows()).containsExactly(new BadRow(4, "value must be a number but was \"?\""));
        assertThat(trace.duration()).isEqualTo(Duration.ofMinutes(20));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "2014-04-10 00:10:00,-1 | , line 4: value must be >= 0 and finite but was -1",
                "2014-04-10,1 | , line 4: timestamp must be like 2014-04-10 00:04[:00] but was \"2014-04-10\"",
                "2014-04-10 00:05:00,1 | , line 4: its time is on line 3 already",
                "2014-04-10 00:07:00,1 | , line 3: its time is not a multiple of the step of 120.0 s after the first row's"
            })
    void read_badRow_namesLineAndReason(String row, String message) {
        Path file = write(folder, NAB + "2014-04-10 00:00:00,1\n2014-04-10 00:05:00,1\n" + row + "\n");

        assertThat(failure(file)).isEqualTo("t.csv" + message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | the file has a header but no rows",
                "'0,1' | one row does not say how long it holds: two are needed",
                "'0,0;1,0' | no rate is above 0"
            })
    void read_tooLittle_saysSo(String rows, String reason) {
        assertThat(failure(write(folder, RATES + rows.replace(';', '\n') + "\n")))
                .isEqualTo("t.csv: " + reason);
    }
}
