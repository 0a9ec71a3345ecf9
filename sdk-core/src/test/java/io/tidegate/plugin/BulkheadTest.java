/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.plugin.PluginRefusedException.Reason;
import io.tidegate.plugin.PluginStatus.Kind;
import io.tidegate.plugin.PluginStatus.State;
import io.tidegate.time.ManualTime;
import io.tidegate.time.QueueExecutor;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class BulkheadTest {

    private final ManualTime time = new ManualTime(Long.MAX_VALUE - 1_000_000_000L, Instant.EPOCH);
    private final HangingThreads threads = new HangingThreads();
    private final List<String> answers = new ArrayList<>();

    @AfterEach
    void release() {
        threads.close();
    }

    private Bulkhead on(Executor executor) {
        return Bulkhead.builder("alarm", Kind.ALERT_LISTENER, time, executor).build();
    }

    private void call(Bulkhead bulkhead, Callable<String> work) {
        bulkhead.call(work, this::answer);
    }

    private void answer(@Nullable String result, @Nullable Throwable failure) {
        answers.add(
                failure == null
                        ? String.valueOf(result)
                        : failure instanceof PluginRefusedException refused
                                ? refused.reason().name()
                                : failure.getClass().getSimpleName());
    }

    private String hang() {
        threads.hang();
        return "late";
    }

    static Stream<Throwable> failures() {
        return Stream.of(
                new IOException("told to"),
                new IllegalStateException("told to"),
                new AssertionError("told to"),
                new StackOverflowError("told to"),
                new OutOfMemoryError("told to"),
                new NoClassDefFoundError("told/To"),
                new ThreadDeath());
    }

    private static <T extends Throwable> String sneak(Throwable failure) throws T {
        @SuppressWarnings("unchecked")
        T thrown = (T) failure;
        throw thrown;
    }

    @Test
    void call_inline_hasEndedWhenItReturns() {
        Bulkhead bulkhead = on(Runnable::run);
        call(bulkhead, () -> "one");
        call(bulkhead, () -> null);
        assertThat(answers).containsExactly("one", "null");
        assertThat(time.scheduled()).as("deadlines are taken back").isZero();
        assertThat(bulkhead.status())
                .isEqualTo(new PluginStatus("alarm", Kind.ALERT_LISTENER, State.CLOSED, 2, 0, 0, 0, 0, ""));
    }

    @ParameterizedTest
    @MethodSource("failures")
    @DisplayName(
            "J1: a callback that throws anything is told once, and after three the circuit opens for 30 s, then twice that")
    void call_throws_opensTheCircuit_andDoublesUpToFiveMinutes(Throwable failure) {
        Bulkhead bulkhead = on(Runnable::run);
        for (int i = 0; i < 4; i++) {
            call(bulkhead, () -> sneak(failure));
        }
        String name = failure.getClass().getSimpleName();
        assertThat(answers).containsExactly(name, name, name, "OPEN");
        assertThat(bulkhead.status().state()).isEqualTo(State.OPEN);
        assertThat(bulkhead.status().lastFailure()).startsWith(failure.toString());

        List<Long> waited = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            answers.clear();
            long seconds = 0;
            while (!answers.contains(name)) {
                time.advance(Duration.ofSeconds(1));
                seconds++;
                call(bulkhead, () -> sneak(failure));
            }
            waited.add(seconds);
        }
        assertThat(waited).containsExactly(30L, 60L, 120L, 240L, 300L, 300L);

        time.advance(Duration.ofMinutes(5));
        answers.clear();
        call(bulkhead, () -> "well");
        for (int i = 0; i < 3; i++) {
            call(bulkhead, () -> sneak(failure));
        }
        assertThat(answers).as("closed again, and counting anew").containsExactly("well", name, name, name);
        time.advance(Duration.ofSeconds(30));
        call(bulkhead, () -> "well");
        assertThat(answers).endsWith("well");
    }

    @Test
    @DisplayName("J1: two failures and a success, over and over, never open the circuit")
    void call_failsTwiceInARow_staysClosed() {
        Bulkhead bulkhead = on(Runnable::run);
        for (int i = 0; i < 30; i++) {
            boolean fails = i % 3 != 2;
            call(bulkhead, () -> fails ? sneak(new IOException()) : "well");
        }
        assertThat(answers).doesNotContain("OPEN");
        assertThat(bulkhead.status().state()).isEqualTo(State.CLOSED);
    }

    @Test
    @DisplayName("J1: only one call tries a plugin whose circuit was open")
    void call_halfOpen_onlyOneTries() {
        QueueExecutor queue = new QueueExecutor();
        Bulkhead bulkhead = on(queue);
        for (int i = 0; i < 3; i++) {
            call(bulkhead, () -> sneak(new IOException()));
            queue.runAll();
        }
        time.advance(Duration.ofSeconds(30));
        answers.clear();
        call(bulkhead, () -> "probe");
        call(bulkhead, () -> "other");
        assertThat(answers).containsExactly("OPEN");
        assertThat(bulkhead.status().state()).isEqualTo(State.HALF_OPEN);
        queue.runAll();
        call(bulkhead, () -> "next");
        queue.runAll();
        assertThat(answers).containsExactly("OPEN", "probe", "next");
    }

    @Test
    @DisplayName(
            "J2: a call that hangs is answered at its deadline of 2 s and interrupted; one that heeds that gives its place back")
    void call_hangsAndHeedsItsInterrupt_isAnsweredAtItsDeadline() {
        Bulkhead bulkhead = on(threads);
        call(bulkhead, () -> {
            threads.hangUntilInterrupted();
            return "late";
        });
        time.advance(Duration.ofSeconds(2).minusNanos(1));
        assertThat(answers).isEmpty();
        time.advance(Duration.ofNanos(1));
        assertThat(answers).containsExactly("TimeoutException");
        threads.join(0);
        assertThat(threads.interrupts()).isEqualTo(1);
        assertThat(bulkhead.status().abandoned()).isZero();
        assertThat(bulkhead.status().timeouts()).isEqualTo(1);
        assertThat(bulkhead.status().lastFailure()).contains("alarm did not answer within PT2S");
        assertThat(answers).as("told once").hasSize(1);
    }

    @Test
    @DisplayName(
            "J2: one that ignores its interrupt holds 2 threads at most; then the plugin is off, until a call returns")
    void call_ignoresItsInterrupt_twoThreadsAtMost_thenOff_andComesBack() {
        Bulkhead bulkhead = on(threads);
        for (int i = 0; i < 3_600; i++) {
            call(bulkhead, this::hang);
            time.advance(Duration.ofSeconds(1));
        }
        assertThat(threads.alive()).isEqualTo(2);
        assertThat(bulkhead.status().abandoned()).isEqualTo(2);
        assertThat(bulkhead.status().state()).isEqualTo(State.OFF);
        assertThat(answers).hasSize(3_600).doesNotContain("late", "null");
        assertThat(answers.get(answers.size() - 1)).isEqualTo("OFF");

        threads.close();
        assertThat(answers).as("what came late was dropped").hasSize(3_600);
        assertThat(bulkhead.status().abandoned()).isZero();
        assertThat(bulkhead.status().state()).isEqualTo(State.CLOSED);
        call(bulkhead, () -> "well");
        assertThat(answers).endsWith("well");
    }

    @Test
    void call_moreThanTheirPlaces_areRefused() {
        QueueExecutor queue = new QueueExecutor();
        Bulkhead bulkhead = on(queue);
        for (int i = 0; i < 3; i++) {
            call(bulkhead, () -> "well");
        }
        assertThat(answers).containsExactly("BUSY");
        queue.runAll();
        assertThat(answers).containsExactly("BUSY", "well", "well");
        assertThat(bulkhead.status().refused()).isEqualTo(1);
    }

    @Test
    void call_neverBegins_isRefusedAtItsDeadline_andNothingPilesUp() {
        QueueExecutor queue = new QueueExecutor();
        Bulkhead bulkhead = on(queue);
        for (int i = 0; i < 100; i++) {
            call(bulkhead, () -> "well");
            time.advance(Duration.ofSeconds(2));
        }
        assertThat(answers).hasSize(100).contains("NO_THREAD", "BUSY").doesNotContain("well");
        assertThat(queue.size()).isEqualTo(2);
        assertThat(bulkhead.status().state()).as("not its fault").isEqualTo(State.CLOSED);

        queue.runAll();
        assertThat(answers).hasSize(100);
        call(bulkhead, () -> "well");
        queue.runAll();
        assertThat(answers).endsWith("well");
    }

    @Test
    void call_executorRejectsOrHasNoThread_isRefusedAndThePlaceIsFree() {
        List<Throwable> thrown =
                new ArrayList<>(List.of(new RejectedExecutionException("told to"), new OutOfMemoryError("no thread")));
        Bulkhead bulkhead = on(task -> {
            if (thrown.isEmpty()) {
                task.run();
            } else {
                BulkheadTest.<RuntimeException>sneak(thrown.remove(0));
            }
        });
        for (int i = 0; i < 3; i++) {
            call(bulkhead, () -> "well");
        }
        assertThat(answers).containsExactly("NO_THREAD", "NO_THREAD", "well");
        assertThat(time.scheduled()).isZero();
    }

    @Test
    void interrupt_isNotLeftToWhateverTheThreadDoesNext() {
        AtomicBoolean left = new AtomicBoolean(true);
        Bulkhead bulkhead = on(task -> threads.execute(() -> {
            task.run();
            left.set(Thread.currentThread().isInterrupted());
        }));
        call(bulkhead, () -> {
            threads.hang();
            // As one that is interrupted and says so.
            Thread.currentThread().interrupt();
            return "late";
        });
        time.advance(Duration.ofSeconds(2));
        threads.close();
        assertThat(left).isFalse();
    }

    @Test
    void answer_throws_harmsNeitherCallerNorPlace() {
        Bulkhead bulkhead = on(Runnable::run);
        for (int i = 0; i < 5; i++) {
            bulkhead.<String>call(() -> "well", (result, failure) -> {
                throw new IllegalStateException("told to");
            });
        }
        call(bulkhead, () -> "well");
        assertThat(answers).containsExactly("well");
        assertThat(bulkhead.status().succeeded()).isEqualTo(6);
    }

    @Test
    @DisplayName("J4: closing interrupts what is under way, and nothing is called any more")
    void close_interruptsAndRefuses() {
        Bulkhead bulkhead = on(threads);
        call(bulkhead, () -> {
            threads.hangUntilInterrupted();
            return "late";
        });
        bulkhead.close();
        bulkhead.close();
        threads.join(0);
        assertThat(answers).containsExactly("InterruptedException");
        call(bulkhead, () -> "well");
        assertThat(answers).endsWith(Reason.ENDED.name());
        assertThat(time.scheduled()).isZero();
    }

    @Test
    void settings_outOfRange_areRefusedByName() {
        Bulkhead.Builder builder = Bulkhead.builder("a", Kind.OTHER, time, Runnable::run);
        assertThatIllegalArgumentException().isThrownBy(() -> builder.places(0)).withMessageContaining("places must");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.failures(0))
                .withMessageContaining("failures must");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.deadline(Duration.ZERO))
                .withMessageContaining("deadline must");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.open(Duration.ofSeconds(2), Duration.ofSeconds(1)))
                .withMessageContaining("first open must");
    }

    @Test
    void timeout_isATimeoutException() {
        Bulkhead bulkhead = on(threads);
        List<Throwable> told = new ArrayList<>();
        bulkhead.<String>call(this::hang, (result, failure) -> told.add(failure));
        time.advance(Duration.ofSeconds(2));
        assertThat(told).singleElement().isInstanceOf(TimeoutException.class);
    }
}
