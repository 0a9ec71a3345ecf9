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

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventFileTest {
    private static final String HEADER = "seconds,prompt_tokens,output_tokens\n";
    private static final int LONG = EventFile.KEPT_EVENTS + 1_000;

    @TempDir
    private Path folder;

    private static TraceSettings skip(int rows) {
        return TraceSettings.builder().skipBadRows(rows).build();
    }

    /** Row i is sent at i milliseconds with i % 1000 prompt tokens. */
    private Path rows(int count) throws IOException {
        Path file = folder.resolve("long.csv");
        try (BufferedWriter writer = Files.newBufferedWriter(file)) {
            writer.write(HEADER);
            for (int i = 0; i < count; i++) {
                writer.write(i / 1_000 + "." + (1_000 + i % 1_000 + "").substring(1) + "," + i % 1_000 + ",7\n");
            }
        }
        return file;
    }

    @Test
    void iterate_twoMillionRows_areAllThereAndOneIsHeldAtATime() throws Exception {
        int rows = 2_000_000;
        Trace trace = TraceFiles.read(rows(rows));
        long count = 0;
        long prompt = 0;
        int held = 0;

        try (EventFile.Events events = (EventFile.Events) trace.iterator()) {
            while (events.hasNext()) {
                count++;
                prompt += events.next().promptTokens();
                held = Math.max(held, events.mostHeld());
            }
        }

        assertThat(List.of(count, prompt, (long) held)).containsExactly(2_000_000L, 999_000_000L, 1L);
        assertThat(trace.duration()).isEqualTo(Duration.ofMillis(rows - 1));
    }

    @Test
    void iterate_longFileOutOfOrder_holdsTheSortWindowAndOneMore() throws IOException {
        Path file = rows(LONG);
        // 5 ms before the last row.
        Files.writeString(file, Files.readString(file) + (LONG - 6) / 1_000.0 + ",1,1\n");
        Trace trace =
                TraceFiles.read(file, TraceSettings.builder().sortWindow(100).build());

        EventFile.Events events = (EventFile.Events) trace.iterator();
        long last = 0;
        while (events.hasNext()) {
            long next = events.next().offsetNanos();
            assertThat(next).isGreaterThanOrEqualTo(last);
            last = next;
        }

        assertThat(events.mostHeld()).isEqualTo(101);
        assertThat(trace.outOfOrderRows()).isEqualTo(1);
    }

    @Test
    void iterate_longFileTwice_givesTheSameEvents() throws IOException {
        Trace trace = TraceFiles.read(rows(LONG));

        assertThat(events(trace)).isEqualTo(events(trace)).hasSize(LONG);
    }

    @Test
    void iterate_shortFile_isKeptAndNotReadAgain() throws IOException {
        Path file = rows(10);
        Trace trace = TraceFiles.read(file);
        Files.delete(file);

        assertThat(events(trace)).hasSize(10);
    }

    @Test
    void iterate_longFileThatChanged_isRefused() throws IOException {
        Path file = rows(LONG);
        Trace trace = TraceFiles.read(file);
        Files.writeString(file, Files.readString(file) + "999,1,1\n");

        assertThatThrownBy(trace::iterator)
                .isInstanceOf(TraceFormatException.class)
                .hasMessageEndingWith("long.csv: the file has changed since it was checked");
    }

    @Test
    void slice_ofALongFile_closesItAtItsEnd() throws IOException {
        Trace trace = TraceFiles.read(rows(LONG)).slice(Duration.ZERO, Duration.ofMillis(10));
        Iterator<TraceEvent> events = trace.iterator();
        while (events.hasNext()) {
            events.next();
        }

        assertThat(openFiles("long.csv")).isZero();
    }

    @Test
    void close_ofAnIteratorLeftEarly_closesTheFile() throws Exception {
        Iterator<TraceEvent> events =
                TraceFiles.read(rows(LONG)).sampled(0.5, 1).iterator();
        events.next();
        ((AutoCloseable) events).close();

        assertThat(openFiles("long.csv")).isZero();
    }

    /** How often this process has a file open, where the system tells; 0 elsewhere. */
    private static long openFiles(String name) throws IOException {
        Path descriptors = Path.of("/proc/self/fd");
        if (!Files.isDirectory(descriptors)) {
            return 0;
        }
        try (var links = Files.list(descriptors)) {
            return links.filter(link -> {
                        try {
                            return Files.readSymbolicLink(link).endsWith(name);
                        } catch (IOException e) {
                            return false;
                        }
                    })
                    .count();
        }
    }

    @Test
    void read_rowWithinTheSortWindow_isPutInPlace() {
        Path file = write(folder, HEADER + "2,2,0\n3,3,0\n1,1,0\n");

        Trace trace =
                TraceFiles.read(file, TraceSettings.builder().sortWindow(2).build());

        assertThat(events(trace)).extracting(TraceEvent::promptTokens).containsExactly(1, 2, 3);
    }

    @Test
    void read_rowBeyondTheSortWindow_isAnErrorWithLineAndReason() {
        Path file = write(folder, HEADER + "2,2,0\n3,3,0\n1,1,0\n");

        assertThat(failure(file, TraceSettings.builder().sortWindow(1).build()))
                .isEqualTo("t.csv, line 4: the time is before that of a row more than 1 rows above: "
                        + "sort the file or widen the sort window");
    }

    @Test
    void read_rowBeyondTheSortWindow_isSkippedWhereThatIsAllowed() {
        Path file = write(folder, HEADER + "2,2,0\n3,3,0\n1,1,0\n4,4,0\n");

        Trace trace = TraceFiles.read(
                file, TraceSettings.builder().sortWindow(0).skipBadRows(1).build());

        assertThat(events(trace)).extracting(TraceEvent::promptTokens).containsExactly(2, 3, 4);
        assertThat(trace.badRows()).extracting(BadRow::line).containsExactly(4L);
        assertThat(trace.outOfOrderRows()).isZero();
    }

    @Test
    void read_badRowsAllowed_areSkippedAndReported() {
        Path file = write(folder, HEADER + "0,1,1\nx,1,1\n1,2\n2,3,3\n");

        Trace trace = TraceFiles.read(file, skip(2));

        assertThat(events(trace)).extracting(TraceEvent::promptTokens).containsExactly(1, 3);
        assertThat(trace.badRows())
                .containsExactly(
                        new BadRow(3, "seconds must be a number of seconds >= 0 but was \"x\""),
                        new BadRow(4, "there are 2 columns but the header has 3"));
        assertThat(trace.notes())
                .containsExactly("2 bad rows were skipped, the first on line 3: "
                        + "seconds must be a number of seconds >= 0 but was \"x\"");
    }

    @Test
    void read_oneBadRowMoreThanAllowed_isAnErrorThatSaysSo() {
        Path file = write(folder, HEADER + "0,1,1\nx,1,1\n1,2\n2,-3,3\n");

        assertThat(failure(file, skip(2)))
                .isEqualTo("t.csv, line 5: prompt_tokens must be in 0..10000000 but was -3 "
                        + "(2 bad rows before it were skipped, as many as allowed)");
    }

    @Test
    void read_nothingButBadRows_saysSo() {
        assertThat(failure(write(folder, HEADER + "x,1,1\n"), skip(5))).isEqualTo("t.csv: no row is good");
    }

    @Test
    void read_unclosedQuote_isAnErrorHoweverManyRowsMayBeSkipped() {
        Path file = write(folder, HEADER + "0,1,1\n1,\"1,3\n" + "x,".repeat(1_500_000));

        assertThat(failure(file, skip(10))).startsWith("t.csv, line 3: the row is not CSV: ");
    }

    @Test
    void iterate_longFileWithABadRow_skipsItAgain() throws IOException {
        Path file = rows(LONG);
        Files.writeString(file, Files.readString(file) + "nonsense\n");

        assertThat(events(TraceFiles.read(file, skip(1)))).hasSize(LONG);
    }

    @Test
    void read_badJsonLine_isSkippedWhereThatIsAllowed() {
        String good = "{\"timestamp\": 0, \"input_length\": 1, \"output_length\": 1}\n";

        Trace trace = TraceFiles.read(write(folder, good + "{\"timestamp\": \n" + good), skip(1));

        assertThat(events(trace)).hasSize(2);
        assertThat(trace.badRows()).extracting(BadRow::line).containsExactly(2L);
    }

    @Test
    void read_rateFactor_scalesTheEvents() throws IOException {
        Path file = rows(1_000);

        Trace trace =
                TraceFiles.read(file, TraceSettings.builder().rateFactor(3).build());

        assertThat(events(trace)).hasSize(3_000);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 10_001})
    void skipBadRows_outOfRange_isRefused(int rows) {
        assertThatThrownBy(() -> TraceSettings.builder().skipBadRows(rows))
                .hasMessage("skipBadRows must be in 0..10000 but was " + rows);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, -1, 10_001, Double.NaN})
    void rateFactor_outOfRange_isRefused(double factor) {
        assertThatThrownBy(() -> TraceSettings.builder().rateFactor(factor))
                .hasMessage("rateFactor must be above 0 and at most 10000 but was " + factor);
    }
}
