/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.plugin.HangingThreads;
import io.tidegate.plugin.PluginStatus.State;
import io.tidegate.pool.Signal;
import io.tidegate.pool.Signal.Known;
import io.tidegate.pool.Signal.Missing;
import io.tidegate.pool.Signal.Stale;
import io.tidegate.signal.spi.SignalSource;
import io.tidegate.time.ManualTime;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Sources, each thing that one may do wrong. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PluginSourcePromisesTest {

    private static final Duration PERIOD = Duration.ofSeconds(1);
    private static final Duration STALE = Duration.ofSeconds(45);

    private final ManualTime time = new ManualTime();
    private final HangingThreads threads = new HangingThreads();

    @AfterEach
    void release() {
        threads.close();
    }

    private final class Source implements SignalSource {

        private final String name;
        private int reads;
        private volatile Callable<Map<String, Signal>> answer;
        private Duration longest = Duration.ofSeconds(2);

        Source(String name) {
            this.name = name;
            this.answer = this::well;
        }

        Map<String, Signal> well() {
            return Map.of(name + ".value", new Known(1, "ratio", time.nanos(), name));
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public Map<String, Signal> read() throws Exception {
            reads++;
            return answer.call();
        }

        @Override
        public Duration longestRead() {
            return longest;
        }
    }

    private record Wrong(String what, Callable<Map<String, Signal>> answer) {
        @Override
        public String toString() {
            return what;
        }
    }

    @SuppressWarnings("NullAway")
    static Stream<Wrong> wrongs() {
        Map<String, Signal> holed = new HashMap<>();
        holed.put("a.value", null);
        return Stream.of(
                new Wrong("an exception", () -> {
                    throw new IOException("told to");
                }),
                new Wrong("an error", () -> {
                    throw new StackOverflowError("told to");
                }),
                new Wrong("out of memory", () -> {
                    throw new OutOfMemoryError("told to");
                }),
                new Wrong("null", () -> null),
                new Wrong("a null signal", () -> holed),
                new Wrong("NaN", () -> {
                    Signal nan = Signal.ofNonNegative(Double.NaN, "ratio", 0, "a");
                    return Map.of("a.value", new Known(((Known) nan).value(), "ratio", 0, "a"));
                }));
    }

    @ParameterizedTest
    @MethodSource("wrongs")
    @DisplayName(
            "J1: a source that fails keeps its last good values until they are stale, is left alone, and comes back")
    void source_fails_lastGoodThenStale(Wrong wrong) {
        SignalBoard board = new SignalBoard(time, Runnable::run);
        Source source = new Source("a");
        Source other = new Source("b");
        board.add(source, PERIOD, STALE);
        board.add(other, PERIOD, STALE);
        source.answer = wrong.answer();
        int reads = source.reads;
        time.advance(STALE);
        assertThat(board.signals().get("a.value")).isInstanceOf(Known.class);
        assertThat(source.reads - reads).as("three, then after 5, 10 and 20 s").isEqualTo(6);
        assertThat(board.sources().get(0).plugin().state()).isNotEqualTo(State.CLOSED);
        time.advance(Duration.ofNanos(1));
        assertThat(board.signals().get("a.value")).isInstanceOf(Stale.class);
        assertThat(board.signals().get("b.value")).isInstanceOf(Known.class);
        assertThat(other.reads).isEqualTo(46);

        source.answer = source::well;
        time.advance(Duration.ofSeconds(30));
        assertThat(board.signals().get("a.value")).isInstanceOf(Known.class);
        assertThat(board.sources().get(0).plugin().state()).isEqualTo(State.CLOSED);
    }

    @Test
    @DisplayName("J1: a source that has never answered says why, also while it is left alone")
    void source_failsFromTheStart_isMissingWithItsReason() {
        SignalBoard board = new SignalBoard(time, Runnable::run);
        Source source = new Source("a");
        source.answer = () -> {
            throw new IOException("connection refused");
        };
        board.add(source, PERIOD, STALE);
        time.advance(Duration.ofMinutes(5));
        assertThat(board.signals()).containsOnly(Map.entry("a", new Missing("a", "connection refused")));
    }

    @Test
    @DisplayName("J2: a source that ignores its interrupt has 2 threads and 2 s a read; then it is off, and comes back")
    void source_hangs_isGivenUp_off_andComesBack() {
        SignalBoard board = new SignalBoard(time, threads);
        Source source = new Source("a");
        Source other = new Source("b");
        board.add(source, PERIOD, STALE);
        board.add(other, PERIOD, STALE);
        source.answer = () -> {
            threads.hang();
            return Map.of("a.late", new Known(1, "ratio", time.nanos(), "a"));
        };
        time.advance(Duration.ofMinutes(10));
        assertThat(threads.hanging()).isEqualTo(2);
        assertThat(board.sources().get(0).plugin().state()).isEqualTo(State.OFF);
        assertThat(board.sources().get(0).plugin().abandoned()).isEqualTo(2);
        assertThat(board.sources().get(0).failuresInARow()).isEqualTo(2);
        assertThat(board.signals().get("a.value")).isInstanceOf(Stale.class);
        assertThat(other.reads).isEqualTo(601);

        source.answer = source::well;
        threads.close();
        assertThat(board.signals()).as("late").doesNotContainKey("a.late");
        time.advance(PERIOD);
        assertThat(board.signals().get("a.value")).isInstanceOf(Known.class);
        assertThat(board.sources().get(0).plugin().abandoned()).isZero();
    }

    @Test
    @DisplayName("J2: one that says it takes longer is given as long, and so is one for which it is set")
    void source_slow_isGivenWhatItAsksFor() {
        SignalBoard board = new SignalBoard(time, threads);
        Source asks = new Source("asks");
        asks.longest = Duration.ofSeconds(10);
        Source set = new Source("set");
        Source neither = new Source("neither");
        for (Source each : new Source[] {asks, set, neither}) {
            each.answer = () -> {
                threads.hangUntilInterrupted();
                return each.well();
            };
        }
        board.add(asks, Duration.ofMinutes(1));
        board.add(set, Duration.ofMinutes(1), Duration.ofMinutes(3), Duration.ofSeconds(10));
        board.add(neither, Duration.ofMinutes(1));
        time.advance(Duration.ofSeconds(9));
        threads.join(2);
        assertThat(board.sources()).extracting(SourceStatus::failuresInARow).containsExactly(0L, 0L, 1L);
        threads.close();
        assertThat(board.signals()).containsKeys("asks.value", "set.value");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> board.add(set, PERIOD, STALE, Duration.ZERO))
                .withMessageContaining("deadline must be positive");
    }

    @Test
    @DisplayName("J4: when the board is closed the read under way is interrupted and no thread is left")
    void close_interruptsReads() {
        SignalBoard board = new SignalBoard(time, threads);
        Source source = new Source("a");
        source.answer = () -> {
            threads.hangUntilInterrupted();
            return Map.of();
        };
        board.add(source, PERIOD, STALE);
        board.close();
        threads.join(0);
        assertThat(threads.interrupts()).isEqualTo(1);
    }
}
