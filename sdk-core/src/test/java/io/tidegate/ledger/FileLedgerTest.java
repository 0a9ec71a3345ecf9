/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.tidegate.ledger.Entry.Alerted;
import io.tidegate.ledger.FileLedger.Sync;
import io.tidegate.ledger.ScaleEvent.Phase;
import io.tidegate.ledger.ScaleEvent.Step;
import io.tidegate.policy.Proposal.Cause;
import io.tidegate.time.ManualTime;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileLedgerTest {

    private static final String NAME = "ledger.jsonl";

    @TempDir
    private Path folder;

    private final ManualTime time = new ManualTime();
    private final SimulatedDisk disk = new SimulatedDisk(3);

    private Path file() {
        return folder.resolve(NAME);
    }

    private static Alerted alert(String what) {
        return new Alerted("chat", Instant.EPOCH, "test", true, "warning", what);
    }

    private FileLedger.Builder simulated() {
        return FileLedger.builder(Path.of(NAME))
                .time(time)
                .executor(Runnable::run)
                .run("test");
    }

    /** What becomes of it is seen elsewhere. */
    @SuppressWarnings("FutureReturnValueIgnored")
    private static void put(FileLedger ledger, Entry entry) {
        ledger.append(entry);
    }

    private List<String> said(LedgerReader reader) {
        try (Stream<LedgerReader.Line> lines = reader.entries()) {
            return lines.map(line -> line.entry() instanceof Alerted alerted
                            ? alerted.what()
                            : line.entry() instanceof Entry.Lost lost ? "lost " + lost.count() : "other")
                    .toList();
        }
    }

    private LedgerReader onDisk() {
        return new LedgerReader(Path.of(NAME), disk, NAME);
    }

    @Test
    void append_aRealFile_isThereWhenTheFutureIsDone_andForAReaderMeanwhile() throws Exception {
        try (FileLedger ledger = FileLedger.open(file())) {
            for (int i = 0; i < 50; i++) {
                ledger.append(alert("number " + i)).get(60, TimeUnit.SECONDS);
                assertThat(said(LedgerReader.of(file()))).hasSize(i + 1).last().isEqualTo("number " + i);
            }
            assertThat(ledger.status()).isEqualTo(new LedgerStatus(50, 0, 0, ""));
            assertThat(ledger.file()).isEqualTo(file());
        }
        assertThat(LedgerReader.of(file()).damage()).isEqualTo(new LedgerReader.Damage(50, List.of(), 0, 0, 0));
        assertThat(Files.readString(file())).startsWith("{\"type\":\"ledger\",\"version\":1,\"library\":\"");
    }

    @Test
    void open_severalRuns_numbersGoOnAndEachLineKnowsItsRun() {
        for (int run = 0; run < 3; run++) {
            try (FileLedger ledger = simulated().run("run-" + run).open(disk, NAME)) {
                put(ledger, alert("of " + run));
            }
        }
        try (Stream<LedgerReader.Line> lines = onDisk().entries()) {
            assertThat(lines)
                    .extracting(LedgerReader.Line::seq, LedgerReader.Line::run)
                    .containsExactly(
                            org.assertj.core.groups.Tuple.tuple(2L, "run-0"),
                            org.assertj.core.groups.Tuple.tuple(4L, "run-1"),
                            org.assertj.core.groups.Tuple.tuple(6L, "run-2"));
        }
    }

    @Test
    void open_whileAnotherWrites_isRefusedAndSaysWhatToDo() {
        FileLedger first = FileLedger.open(file());
        assertThatIllegalStateException()
                .isThrownBy(() -> FileLedger.open(file()))
                .withMessageContaining(file().toString())
                .withMessageContaining("ledger.file");
        first.close();
        assertThatCode(() -> FileLedger.open(file()).close()).doesNotThrowAnyException();
    }

    @Test
    void open_whileAnotherProcessWrites_isRefusedUntilThatIsKilled() throws Exception {
        Process other = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Holding.class.getName(),
                        file().toString())
                .redirectErrorStream(true)
                .start();
        try {
            String heard = other.inputReader().readLine();
            while (heard != null && !heard.equals("holds")) {
                heard = other.inputReader().readLine();
            }
            assertThat(heard).isEqualTo("holds");
            assertThatIllegalStateException().isThrownBy(() -> FileLedger.open(file()));
        } finally {
            other.destroyForcibly().waitFor();
        }
        try (FileLedger ledger = FileLedger.open(file())) {
            ledger.append(alert("after")).get(60, TimeUnit.SECONDS);
        }
        // What was confirmed before the kill is there.
        assertThat(said(LedgerReader.of(file()))).containsExactly("before", "after");
    }

    /** Another process: says when it holds the ledger, and goes on holding it until it is killed. */
    static final class Holding {
        public static void main(String[] arguments) throws Exception {
            FileLedger ledger = FileLedger.open(Path.of(arguments[0]));
            ledger.append(alert("before")).get(60, TimeUnit.SECONDS);
            System.out.println("holds");
            new CountDownLatch(1).await();
        }
    }

    @Test
    void open_folderIsAFile_saysWhichLedger() throws Exception {
        Path notAFolder = Files.writeString(folder.resolve("file"), "x");
        assertThatExceptionOfType(UncheckedIOException.class)
                .isThrownBy(() -> FileLedger.open(notAFolder.resolve(NAME)))
                .withMessageContaining("cannot write the ledger " + notAFolder);
        assertThatExceptionOfType(UncheckedIOException.class)
                .isThrownBy(() -> FileLedger.open(folder))
                .withMessageContaining("it is a folder");
        FileLedger.open(folder.resolve("a/b/" + NAME)).close();
        assertThat(folder.resolve("a/b/" + NAME)).exists();
    }

    @Test
    void open_readOnlyFileSystem_saysSo() {
        Assumptions.assumeTrue(
                Files.isDirectory(Path.of("/proc")), "needs /proc, which nobody may write, not even root");
        assertThatExceptionOfType(UncheckedIOException.class)
                .isThrownBy(() -> FileLedger.open(Path.of("/proc/tidegate/" + NAME)))
                .withMessageStartingWith("cannot write the ledger /proc/tidegate/");
    }

    @Test
    void open_diskFull_beginsAndWritesWhenThereIsRoom() {
        disk.full(true);
        FileLedger ledger = simulated().open(disk, NAME);
        CompletableFuture<Void> future = ledger.append(alert("kept"));
        assertThat(future).isNotDone();
        assertThat(ledger.status().failing()).startsWith("cannot write " + NAME);

        disk.full(false);
        time.advance(Duration.ofMinutes(1));

        assertThat(future).isCompleted();
        assertThat(ledger.status()).isEqualTo(new LedgerStatus(1, 0, 0, ""));
        assertThat(said(onDisk())).containsExactly("kept");
        assertThat(onDisk().damage().any()).isFalse();
    }

    @Test
    void append_diskFullForLong_keepsWhatItMayAndSaysWhatIsLost() {
        FileLedger ledger = simulated().capacity(10).open(disk, NAME);
        put(ledger, alert("first"));
        disk.full(true);
        List<CompletableFuture<Void>> futures = new ArrayList<>();
        for (int i = 0; i < 25; i++) {
            futures.add(ledger.append(alert("number " + i)));
        }
        assertThat(futures.subList(0, 10)).noneMatch(CompletableFuture::isDone);
        assertThat(futures.subList(10, 25)).allMatch(CompletableFuture::isCompletedExceptionally);
        assertThat(ledger.status().waiting()).isEqualTo(10);
        assertThat(ledger.status().lost()).isEqualTo(15);
        time.advance(Duration.ofMinutes(10));
        assertThat(ledger.status().written()).isEqualTo(1);

        disk.full(false);
        time.advance(Duration.ofMinutes(1));

        assertThat(futures.subList(0, 10)).allMatch(CompletableFuture::isDone);
        List<String> expected = new ArrayList<>(List.of("first"));
        for (int i = 0; i < 10; i++) {
            expected.add("number " + i);
        }
        expected.add("lost 15");
        assertThat(said(onDisk())).isEqualTo(expected);
        assertThat(onDisk().summary(LedgerQuery.all()).lost()).isEqualTo(15);
        assertThat(ledger.status()).isEqualTo(new LedgerStatus(11, 15, 0, ""));
    }

    @Test
    void append_diskFailing_isTriedAgainAfterOneSecondAndAtMostAMinute() {
        FileLedger ledger = simulated().open(disk, NAME);
        disk.full(true);
        put(ledger, alert("x"));
        List<Long> attempts = new ArrayList<>();
        int before = disk.operations();
        for (int second = 1; second <= 300; second++) {
            time.advance(Duration.ofSeconds(1));
            if (disk.operations() != before) {
                attempts.add((long) second);
                before = disk.operations();
            }
        }
        assertThat(attempts).containsExactly(1L, 3L, 7L, 15L, 31L, 63L, 123L, 183L, 243L);
    }

    @Test
    void append_diskBlocked_returnsAndLosesOnlyWhatIsTooMuch() throws Exception {
        CountDownLatch blocked = new CountDownLatch(1);
        CountDownLatch reached = new CountDownLatch(1);
        ExecutorService writer = Executors.newSingleThreadExecutor();
        try {
            FileLedger ledger = FileLedger.builder(file())
                    .capacity(100)
                    .time(time)
                    .executor(task -> writer.execute(() -> {
                        reached.countDown();
                        try {
                            blocked.await();
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                        }
                        task.run();
                    }))
                    .open();
            List<CompletableFuture<Void>> futures = new ArrayList<>();
            for (int i = 0; i < 250; i++) {
                futures.add(ledger.append(alert("number " + i)));
            }
            reached.await();
            assertThat(ledger.status().waiting()).isEqualTo(100);
            assertThat(ledger.status().lost()).isEqualTo(150);
            blocked.countDown();
            for (CompletableFuture<Void> each : futures.subList(0, 100)) {
                each.get(60, TimeUnit.SECONDS);
            }
            ledger.close();
            assertThat(said(LedgerReader.of(file()))).hasSize(101).last().isEqualTo("lost 150");
        } finally {
            writer.shutdownNow();
        }
    }

    @Test
    void append_entryThatCannotBeWritten_isLostAndSaidAndOthersAreNot() {
        FileLedger ledger = simulated().open(disk, NAME);
        CompletableFuture<Void> good = ledger.append(alert("good"));
        CompletableFuture<Void> large = ledger.append(alert("x".repeat(Json.MAX_LINE)));
        CompletableFuture<Void> next = ledger.append(alert("next"));

        assertThat(good).isCompleted();
        assertThat(large).isCompletedExceptionally();
        assertThat(next).isCompleted();
        assertThat(ledger.status()).isEqualTo(new LedgerStatus(2, 1, 0, ""));
        assertThat(said(onDisk())).containsExactly("good", "lost 1", "next");
    }

    @Test
    void append_manyThreads_eachLineOnceAndFuturesInOrder() throws Exception {
        int threads = 8;
        int each = 500;
        List<String> done = Collections.synchronizedList(new ArrayList<>());
        CountDownLatch go = new CountDownLatch(1);
        List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
        try (FileLedger ledger = FileLedger.builder(file())
                .capacity(threads * each)
                .sync(Sync.ALL)
                .smallestRotateAt(20_000)
                .keep(1_000)
                .open()) {
            List<Thread> all = new ArrayList<>();
            for (int thread = 0; thread < threads; thread++) {
                String name = "thread " + thread;
                all.add(new Thread(() -> {
                    try {
                        go.await();
                        for (int i = 0; i < each; i++) {
                            String what = name + " " + i;
                            var unused = ledger.append(alert(what)).thenRun(() -> done.add(what));
                        }
                    } catch (Throwable e) {
                        failures.add(e);
                    }
                }));
            }
            all.forEach(Thread::start);
            go.countDown();
            for (Thread thread : all) {
                thread.join();
            }
        }
        assertThat(failures).isEmpty();
        LedgerReader reader = LedgerReader.of(file());
        List<String> said = said(reader);
        assertThat(said).hasSize(threads * each).doesNotHaveDuplicates();
        // Closing writes all that waits. A future whose dependent came late runs on the thread that appended.
        assertThat(done).containsExactlyInAnyOrderElementsOf(said);
        for (int thread = 0; thread < threads; thread++) {
            String name = "thread " + thread + " ";
            assertThat(said.stream()
                            .filter(what -> what.startsWith(name))
                            .map(what -> Integer.parseInt(what.substring(name.length()))))
                    .isSorted();
        }
        assertThat(reader.damage().any()).isFalse();
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files.count()).isGreaterThan(5);
        }
    }

    @Test
    void append_onAnInterruptedThread_isWrittenAndTheInterruptKept() {
        FileLedger ledger =
                FileLedger.builder(file()).time(time).executor(Runnable::run).open();
        Thread.currentThread().interrupt();
        try {
            assertThat(ledger.append(alert("one"))).isCompleted();
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
        assertThat(ledger.append(alert("two"))).isCompleted();
        ledger.close();
        assertThat(said(LedgerReader.of(file()))).containsExactly("one", "two");
    }

    @Test
    void append_executorThatTakesNoTasks_losesNothingThatFits() {
        ExecutorService dead = Executors.newSingleThreadExecutor();
        dead.shutdown();
        FileLedger ledger = simulated().executor(dead).open(disk, NAME);
        CompletableFuture<Void> future = ledger.append(alert("x"));
        assertThat(future).isNotDone();
        assertThat(ledger.status().failing()).contains("executor");

        ledger.close();

        assertThat(future).isCompleted();
    }

    @Test
    void close_diskFull_failsWhatWaitsAndReturns() {
        FileLedger ledger = simulated().open(disk, NAME);
        disk.full(true);
        CompletableFuture<Void> future = ledger.append(alert("x"));
        ledger.close();
        ledger.close();
        assertThat(future).isCompletedExceptionally();
        assertThat(ledger.append(alert("late"))).isCompletedExceptionally();
        assertThat(ledger.status().lost()).isEqualTo(2);
        assertThat(ledger.status().waiting()).isZero();
    }

    private static Step step(Phase phase, int second) {
        return new Step(phase, Instant.ofEpochSecond(second), second, "");
    }

    private static ScaleEvent event(int number) {
        return new ScaleEvent(
                "chat-" + number, "chat", number, 1, 2, Cause.BACKLOG, List.of(step(Phase.DECIDED, number)));
    }

    @Test
    void rotation_filesThatAreDeleted_loseNoOpenEventAndNoId() throws Exception {
        FileLedger ledger = simulated().smallestRotateAt(2_000).keep(2).open(disk, NAME);
        put(ledger, new Entry.Stepped(event(1)));
        put(ledger, new Entry.Decided(new RandomEntries(0).decision(), new RandomEntries(0).inputs()));
        long id = new RandomEntries(0).decision().id();
        String pool = new RandomEntries(0).decision().pool();
        for (int i = 2; i < 200; i++) {
            put(ledger, new Entry.Stepped(event(i)));
            put(ledger, new Entry.Stepped(event(i).with(step(Phase.READY, i + 1))));
        }
        ledger.close();

        assertThat(LedgerFiles.rotated(disk.list(), NAME)).hasSize(2);
        Recovered recovered = simulated().open(disk, NAME).recovered();
        assertThat(recovered.open()).containsExactly(event(1));
        assertThat(recovered.lastDecisions()).isEqualTo(Map.of(pool, id));
        assertThat(onDisk().events(LedgerQuery.all())).contains(event(1)).hasSizeLessThan(199);
        assertThat(onDisk().damage().any()).isFalse();
    }

    @Test
    void rotation_eachFile_standsForItself() throws Exception {
        FileLedger ledger = simulated().smallestRotateAt(1_000).keep(1_000).open(disk, NAME);
        for (int seed = 0; seed < 60; seed++) {
            assertThat(ledger.append(new RandomEntries(seed).entry(seed))).isCompleted();
        }
        ledger.close();
        assertThat(LedgerFiles.rotated(disk.list(), NAME)).hasSizeGreaterThan(10);
        for (String each : LedgerFiles.rotated(disk.list(), NAME)) {
            SimulatedDisk alone = new SimulatedDisk(1);
            alone.put(NAME, disk.content(each));
            assertThat(new LedgerReader(Path.of(NAME), alone, NAME).damage().any())
                    .as(each)
                    .isFalse();
        }
        try (Stream<LedgerReader.Line> lines = onDisk().entries()) {
            List<LedgerReader.Line> all = lines.toList();
            assertThat(all).hasSize(60);
            for (int seed = 0; seed < 60; seed++) {
                assertThat(RandomEntries.same(all.get(seed).entry(), new RandomEntries(seed).entry(seed)))
                        .isTrue();
            }
        }
    }

    @Test
    void builder_outOfRange_namesTheSetting() {
        FileLedger.Builder builder = FileLedger.builder(file());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.rotateAt(1))
                .withMessage("rotateAt must be at least 65536 but was 1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.keep(0))
                .withMessage("keep must be 1..1000 but was 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.capacity(0))
                .withMessage("capacity must be 1..1000000 but was 0");
    }

    @Test
    void reader_noLedger_saysSo() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LedgerReader.of(folder.resolve("none")))
                .withMessage("there is no ledger " + folder.resolve("none"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LedgerReader.of(folder.resolve("no/ledger")))
                .withMessageContaining("its folder does not exist");
    }

    @Test
    void reader_queries_giveWhatIsAskedFor() {
        FileLedger ledger = simulated().open(disk, NAME);
        Instant start = Instant.ofEpochSecond(1_000);
        for (int i = 0; i < 10; i++) {
            put(
                    ledger,
                    new Alerted(i % 2 == 0 ? "chat" : "other", start.plusSeconds(i), "test", true, "warning", "a" + i));
        }
        put(ledger, new Entry.Stepped(event(1)));
        put(ledger, new Entry.Stepped(event(1).with(step(Phase.READY, 31))));
        ledger.close();

        LedgerQuery chat =
                LedgerQuery.all().pool("chat").since(start.plusSeconds(2)).until(start.plusSeconds(8));
        try (Stream<Alerted> alerts = onDisk().alerts(chat)) {
            assertThat(alerts).extracting(Alerted::what).containsExactly("a2", "a4", "a6");
        }
        assertThat(onDisk().events(LedgerQuery.all())).containsExactly(event(1).with(step(Phase.READY, 31)));
        assertThat(onDisk().events(LedgerQuery.all().since(start))).isEmpty();
        assertThat(onDisk().decision("chat", 1)).isEmpty();
        LedgerSummary.OfPool summary =
                onDisk().summary(LedgerQuery.all()).pools().get("chat");
        assertThat(summary).isNotNull();
        assertThat(summary.up()).isEqualTo(1);
        assertThat(summary.alerts()).isEqualTo(5);
        assertThat(summary.timeToReady().max()).contains(Duration.ofNanos(30));
    }

    @Test
    void reader_whileFilesRotateBeneathIt_seesAStretchWithoutGaps() throws Exception {
        try (FileLedger ledger = FileLedger.builder(file())
                .sync(Sync.NONE)
                .smallestRotateAt(3_000)
                .keep(1_000)
                .open()) {
            Thread writing = new Thread(() -> {
                for (int i = 0; i < 3_000; i++) {
                    try {
                        ledger.append(alert("number " + i)).get(60, TimeUnit.SECONDS);
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                }
            });
            writing.start();
            int least = 0;
            while (least < 3_000) {
                boolean last = !writing.isAlive();
                List<String> said = said(LedgerReader.of(file()));
                assertThat(said.size()).isGreaterThanOrEqualTo(least);
                for (int i = 0; i < said.size(); i++) {
                    assertThat(said.get(i)).isEqualTo("number " + i);
                }
                least = said.size();
                assertThat(last && least < 3_000).isFalse();
            }
            writing.join();
        }
    }
}
