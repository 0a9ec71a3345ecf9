/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.Narrowing;
import io.tidegate.ledger.ScaleEvent.Phase;
import io.tidegate.ledger.ScaleEvent.Step;
import io.tidegate.policy.Proposal.Abstains;
import io.tidegate.policy.Proposal.Cause;
import io.tidegate.policy.Proposal.Wants;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.ObjectMapper;

class FileLedgerTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path folder;

    private Path file() {
        return folder.resolve("ledger.jsonl");
    }

    private static Decision decision(long id, String why) {
        return new Decision(
                id,
                "chat",
                Instant.parse("2026-11-24T02:00:00Z"),
                5,
                1,
                2,
                Cause.BACKLOG,
                List.of(new Wants("backlog", 3, Cause.BACKLOG, why), new Abstains("forecast", "no history")),
                List.of(new Narrowing("step up", 2, "too fast"), Narrowing.none("bounds", 2)));
    }

    private static ScaleEvent event() {
        return new ScaleEvent(
                        "chat-7",
                        "chat",
                        7,
                        1,
                        2,
                        Cause.BACKLOG,
                        List.of(new Step(Phase.DECIDED, Instant.parse("2026-11-24T02:00:00Z"), 100, "")))
                .with(new Step(Phase.FAILED, Instant.parse("2026-11-24T02:00:01Z"), 1_000_000_100, "quota"));
    }

    private List<Map<String, Object>> lines() throws IOException {
        List<Map<String, Object>> lines = new ArrayList<>();
        for (String line : Files.readAllLines(file())) {
            @SuppressWarnings("unchecked")
            Map<String, Object> read = JSON.readValue(line, Map.class);
            lines.add(read);
        }
        return lines;
    }

    @Test
    void decided_writesEveryProposalAndTheGuardrailsThatNarrowed() throws IOException {
        try (FileLedger ledger = FileLedger.open(file())) {
            ledger.decided(decision(7, "much waits"));
            assertThat(ledger.file()).isEqualTo(file());
        }

        assertThat(Files.readString(file()))
                .isEqualTo(
                        "{\"type\":\"decision\",\"pool\":\"chat\",\"id\":7,\"at\":\"2026-11-24T02:00:00Z\",\"atNanos\":5,"
                                + "\"from\":1,\"to\":2,\"cause\":\"backlog\",\"proposals\":["
                                + "{\"policy\":\"backlog\",\"replicas\":3,\"cause\":\"backlog\",\"why\":\"much waits\"},"
                                + "{\"policy\":\"forecast\",\"why\":\"no history\"}],\"guardrails\":["
                                + "{\"guardrail\":\"step up\",\"replicas\":2,\"why\":\"too fast\"}]}\n");
    }

    @Test
    void stepped_writesTheLatestStep() throws IOException {
        try (FileLedger ledger = FileLedger.open(file())) {
            ledger.stepped(event());
        }

        assertThat(Files.readString(file()))
                .isEqualTo("{\"type\":\"event\",\"pool\":\"chat\",\"id\":\"chat-7\",\"decision\":7,\"from\":1,\"to\":2,"
                        + "\"cause\":\"backlog\",\"phase\":\"failed\",\"at\":\"2026-11-24T02:00:01Z\",\"atNanos\":1000000100,"
                        + "\"sinceDecidedNanos\":1000000000,\"detail\":\"quota\"}\n");
    }

    @Test
    void decided_textThatCouldBreakALine_isOneLineAndReadsBack() throws IOException {
        String nasty = "a\r\n\"b\\\u0000\u001b[31m\u2028\t{\"type\":\"event\"} \ud83d\ude80 \ud800";
        try (FileLedger ledger = FileLedger.open(file())) {
            ledger.decided(decision(1, nasty));
            ledger.decided(decision(2, "fine"));
        }

        assertThat(lines()).hasSize(2);
        assertThat(lines().get(0).toString()).contains("a\r\n\"b\\").contains("\ud83d\ude80");
    }

    @Test
    void append_survivesWithoutClosing() throws IOException {
        FileLedger ledger = FileLedger.open(file());
        ledger.decided(decision(1, "x"));
        assertThat(lines()).hasSize(1);
        ledger.close();
    }

    @Test
    void open_again_appends() throws IOException {
        for (int i = 1; i <= 3; i++) {
            try (FileLedger ledger = FileLedger.open(file())) {
                ledger.decided(decision(i, "x"));
            }
        }
        assertThat(lines()).extracting(line -> line.get("id")).containsExactly(1, 2, 3);
    }

    @Test
    void open_lastLineTorn_spoilsNoOther() throws IOException {
        try (FileLedger ledger = FileLedger.open(file())) {
            ledger.decided(decision(1, "x"));
        }
        Files.writeString(file(), "{\"type\":\"deci", StandardOpenOption.APPEND);

        try (FileLedger ledger = FileLedger.open(file())) {
            ledger.decided(decision(2, "x"));
        }

        List<String> lines = Files.readAllLines(file());
        assertThat(lines).hasSize(3);
        assertThat(lines.get(1)).isEqualTo("{\"type\":\"deci");
        assertThat(lines.get(2)).contains("\"id\":2");
    }

    @Test
    void open_lastLineWhole_addsNoEmptyOne() throws IOException {
        FileLedger.open(file()).close();
        FileLedger.open(file()).close();
        assertThat(Files.size(file())).isZero();
    }

    @Test
    void open_foldersMissing_areMade() {
        Path deep = folder.resolve("a/b/c/ledger.jsonl");
        FileLedger.open(deep).close();
        assertThat(deep).exists();
    }

    @Test
    void open_folderIsALink_isFollowed() throws IOException {
        Path real = Files.createDirectory(folder.resolve("volume"));
        Path link = Files.createSymbolicLink(folder.resolve("log"), real);

        FileLedger.open(link.resolve("ledger.jsonl")).close();

        assertThat(real.resolve("ledger.jsonl")).exists();
    }

    @Test
    void open_folderIsAFile_saysWhichLedger() throws IOException {
        Path notAFolder = Files.writeString(folder.resolve("file"), "x");
        assertThatExceptionOfType(UncheckedIOException.class)
                .isThrownBy(() -> FileLedger.open(notAFolder.resolve("ledger.jsonl")))
                .withMessageContaining("cannot write the ledger " + notAFolder);
    }

    @Test
    void open_isAFolder_saysSo() {
        assertThatExceptionOfType(UncheckedIOException.class)
                .isThrownBy(() -> FileLedger.open(folder))
                .withMessageStartingWith("cannot write the ledger " + folder);
    }

    @Test
    void open_readOnlyFileSystem_saysSo() {
        Assumptions.assumeTrue(
                Files.isDirectory(Path.of("/proc")), "needs /proc, which nobody may write, not even root");
        assertThatExceptionOfType(UncheckedIOException.class)
                .isThrownBy(() -> FileLedger.open(Path.of("/proc/tidegate/ledger.jsonl")))
                .withMessageStartingWith("cannot write the ledger /proc/tidegate/ledger.jsonl");
    }

    @Test
    void append_diskFull_saysSo() {
        Assumptions.assumeTrue(Files.isWritable(Path.of("/dev/full")), "needs /dev/full, a disk without room");
        FileLedger ledger = FileLedger.open(Path.of("/dev/full"));
        assertThatExceptionOfType(UncheckedIOException.class)
                .isThrownBy(() -> ledger.decided(decision(1, "x")))
                .withMessageStartingWith("cannot write the ledger /dev/full");
    }

    @Test
    void append_manyThreads_everyLineIsWhole() throws Exception {
        int threads = 8;
        int each = 200;
        try (FileLedger ledger = FileLedger.open(file())) {
            inParallel(threads, thread -> {
                for (int i = 0; i < each; i++) {
                    ledger.decided(decision(thread * 1000L + i, "x".repeat(i)));
                }
            });
        }
        assertThat(lines())
                .extracting(line -> line.get("id"))
                .hasSize(threads * each)
                .doesNotHaveDuplicates();
    }

    @Test
    void append_twoLedgersOnOneFile_overwriteNothing() throws Exception {
        // As while a gateway is replaced by the next: the old one still writes when the new one begins.
        try (FileLedger one = FileLedger.open(file());
                FileLedger two = FileLedger.open(file())) {
            inParallel(2, thread -> {
                FileLedger mine = thread == 0 ? one : two;
                for (int i = 0; i < 200; i++) {
                    mine.decided(decision(thread * 1000L + i, "x".repeat(i)));
                }
            });
        }
        assertThat(lines()).extracting(line -> line.get("id")).hasSize(400).doesNotHaveDuplicates();
    }

    @Test
    void append_onAnInterruptedThread_writesAndKeepsTheLedgerOpen() throws IOException {
        try (FileLedger ledger = FileLedger.open(file())) {
            Thread.currentThread().interrupt();
            try {
                ledger.decided(decision(1, "x"));
            } finally {
                assertThat(Thread.interrupted()).isTrue();
            }
            ledger.decided(decision(2, "x"));
        }
        assertThat(lines()).hasSize(2);
    }

    @Test
    void append_fileCutMeanwhile_goesOnAtItsEnd() throws IOException {
        // copytruncate, as log rotation does it.
        try (FileLedger ledger = FileLedger.open(file())) {
            ledger.decided(decision(1, "x"));
            Files.write(file(), new byte[0], StandardOpenOption.TRUNCATE_EXISTING);
            ledger.decided(decision(2, "x"));
        }
        assertThat(Files.readString(file(), StandardCharsets.UTF_8)).startsWith("{\"type\":\"decision\"");
        assertThat(lines()).hasSize(1);
    }

    @Test
    void close_twice_isHarmless_andWritingThenFails() {
        FileLedger ledger = FileLedger.open(file());
        ledger.close();
        assertThatCode(ledger::close).doesNotThrowAnyException();
        assertThatExceptionOfType(UncheckedIOException.class)
                .isThrownBy(() -> ledger.stepped(event()))
                .withMessageStartingWith("cannot write the ledger");
    }

    private interface Work {
        void of(int thread) throws Exception;
    }

    private static void inParallel(int threads, Work work) throws InterruptedException {
        CountDownLatch go = new CountDownLatch(1);
        List<Thread> all = new ArrayList<>();
        List<Throwable> failures = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            int thread = i;
            Thread each = new Thread(() -> {
                try {
                    go.await();
                    work.of(thread);
                } catch (Throwable e) {
                    synchronized (failures) {
                        failures.add(e);
                    }
                }
            });
            all.add(each);
            each.start();
        }
        go.countDown();
        for (Thread each : all) {
            each.join();
        }
        assertThat(failures).isEmpty();
    }
}
