/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.time.SystemTime;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.io.TempDir;

/** Very many callers that block, on either kind of thread. */
class GateThreadPromiseTest {

    private static final int SLOTS = 50;

    private final Tier tier = Tier.builder("standard")
            .maxQueued(1_000_000)
            .maxQueueTime(Duration.ofMinutes(5))
            .build();

    @Nested
    @DisplayName("A17: 10^5 virtual threads or many platform threads wait for permits without pinning a carrier")
    class ManyThreads {

        @Test
        @EnabledForJreRange(min = JRE.JAVA_21, disabledReason = "virtual threads came with Java 21")
        void acquire_onHundredThousandVirtualThreads_allAreServedAndNoneIsPinned(@TempDir Path directory)
                throws Exception {
            Path file = directory.resolve("pinned.jfr");
            ExecutorService virtual = (ExecutorService)
                    Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
            try (Recording recording = new Recording()) {
                recording.enable("jdk.VirtualThreadPinned").withThreshold(Duration.ofMillis(20));
                recording.start();
                allAreServed(virtual, 100_000);
                recording.stop();
                recording.dump(file);
            }

            List<RecordedEvent> pinned = RecordingFile.readAllEvents(file).stream()
                    .filter(event -> event.getEventType().getName().equals("jdk.VirtualThreadPinned"))
                    .filter(GateThreadPromiseTest::isOurs)
                    .toList();
            assertThat(pinned).isEmpty();
        }

        @Test
        void acquire_onManyPlatformThreads_allAreServed() throws Exception {
            allAreServed(Executors.newFixedThreadPool(500), 20_000);
        }

        /** A monitor pins the carrier of whoever waits inside it, before Java 24. */
        @Test
        void byteCode_ofThePackage_hasNoMonitor() throws Exception {
            List<Path> classes = classesBeside(Gate.class);

            assertThat(classes).hasSizeGreaterThan(30);
            assertThat(monitors(classes)).isEmpty();
        }

        /** The same look must find one. */
        @Test
        void byteCode_ofOneThatSynchronizes_isFoundOut() throws Exception {
            List<Path> bad = classesBeside(KnownBad.class).stream()
                    .filter(file -> file.getFileName().toString().contains("GateThreadPromiseTest$KnownBad"))
                    .toList();

            assertThat(bad).hasSize(1);
            assertThat(monitors(bad))
                    .hasSize(2)
                    .anyMatch(line -> line.contains("monitorenter"))
                    .anyMatch(line -> line.contains("synchronized void method"));
        }
    }

    @SuppressWarnings("ThreadPriorityCheck") // nothing but how much they contend depends on it
    private void allAreServed(ExecutorService threads, int callers) throws InterruptedException {
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        LongAdder served = new LongAdder();
        CountDownLatch done = new CountDownLatch(callers);
        try (SystemTime time = SystemTime.start();
                Gate gate = Gate.builder("chat")
                        .tier(tier)
                        .time(time)
                        .maxQueued(1_000_000)
                        .limit(Work.slots(SLOTS))
                        .build()) {
            for (int i = 0; i < callers; i++) {
                threads.execute(() -> {
                    try (Permit permit = Answers.permit(gate.acquire(Request.of(tier)))) {
                        most.accumulateAndGet(running.incrementAndGet(), Math::max);
                        // Others run meanwhile, and find all slots taken.
                        Thread.yield();
                        running.decrementAndGet();
                        permit.close(Outcome.CANCELLED, Usage.NONE);
                        served.increment();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    } finally {
                        done.countDown();
                    }
                });
            }
            assertThat(done.await(4, TimeUnit.MINUTES)).isTrue();

            assertThat(served.sum()).isEqualTo(callers);
            assertThat(most.get()).isBetween(1, SLOTS);
            assertThat(gate.inFlight()).isEqualTo(Work.NONE);
            assertThat(gate.queued()).isZero();
        } finally {
            threads.shutdownNow();
        }
    }

    private static boolean isOurs(RecordedEvent event) {
        return event.getStackTrace() != null
                && event.getStackTrace().getFrames().stream()
                        .map(frame -> frame.getMethod().getType().getName())
                        .anyMatch(name -> name.startsWith("io.tidegate.") && !name.contains("Test"));
    }

    private static List<Path> classesBeside(Class<?> one) throws Exception {
        Path directory = Path.of(
                        one.getProtectionDomain().getCodeSource().getLocation().toURI())
                .resolve(one.getPackageName().replace('.', '/'));
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(".class")).toList();
        }
    }

    /** Lines of the disassembly that take a monitor: instructions, and methods that are synchronized as a whole. */
    private static List<String> monitors(List<Path> classes) {
        ToolProvider javap = ToolProvider.findFirst("javap").orElseThrow();
        List<String> arguments = new ArrayList<>(List.of("-c", "-p"));
        classes.forEach(file -> arguments.add(file.toString()));
        StringWriter output = new StringWriter();
        StringWriter errors = new StringWriter();
        int status = javap.run(
                new PrintWriter(output, true), new PrintWriter(errors, true), arguments.toArray(String[]::new));
        assertThat(status).as(errors.toString()).isZero();
        return output.toString()
                .lines()
                .filter(line -> line.contains("monitorenter") || line.contains(" synchronized "))
                .toList();
    }

    /** The canary of the look at byte code. */
    static final class KnownBad {

        private final Object lock = new Object();
        private int count;

        int block() {
            synchronized (lock) {
                method();
                return count;
            }
        }

        synchronized void method() {
            count++;
        }
    }
}
