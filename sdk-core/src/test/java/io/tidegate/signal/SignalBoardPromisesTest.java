/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.plugin.HangingThreads;
import io.tidegate.plugin.PluginStatus.Kind;
import io.tidegate.plugin.PluginStatus.State;
import io.tidegate.pool.Signal;
import io.tidegate.pool.Signal.Invalid;
import io.tidegate.pool.Signal.Known;
import io.tidegate.pool.Signal.Missing;
import io.tidegate.pool.Signal.Part;
import io.tidegate.pool.Signal.Stale;
import io.tidegate.signal.spi.SignalSource;
import io.tidegate.time.ManualTime;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a board promises of what sources say. */
class SignalBoardPromisesTest {

    private static final Duration PERIOD = Duration.ofSeconds(15);
    private static final double[] ODD = {
        Double.NaN,
        Double.POSITIVE_INFINITY,
        Double.NEGATIVE_INFINITY,
        -1,
        -1e308,
        1e308,
        2147483648.0,
        -0.0,
        0,
        1e-320,
        Double.MAX_VALUE,
        Double.MIN_VALUE
    };

    private final ManualTime time = new ManualTime();

    /** A source that says what the test wants. */
    private final class Told implements SignalSource {

        private final String name;
        private boolean moves;
        private int reads;
        private Callable<Map<String, Signal>> answer = () -> Map.of();

        Told(String name) {
            this.name = name;
        }

        Told says(Callable<Map<String, Signal>> wanted) {
            this.answer = wanted;
            return this;
        }

        Told says(double value) {
            return says(() -> Map.of(name + ".value", new Known(value, "ratio", time.nanos(), name)));
        }

        Told moving() {
            moves = true;
            return this;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public boolean alwaysMoves() {
            return moves;
        }

        @Override
        public Map<String, Signal> read() throws Exception {
            reads++;
            return answer.call();
        }
    }

    private SignalBoard board() {
        return new SignalBoard(time, Runnable::run);
    }

    private Told failing(String name) {
        return new Told(name).says(() -> {
            throw new IOException("refused");
        });
    }

    @Nested
    class E1 {

        @Test
        @DisplayName("E1: whichever sources are missing, theirs are missing under their names and the others are known")
        void signals_everySubsetOfSourcesMissing_onlyTheirsAreMissing() {
            List<String> names = List.of("a", "b", "c", "d", "e", "f");
            for (int subset = 0; subset < 1 << names.size(); subset++) {
                SignalBoard board = board();
                for (int i = 0; i < names.size(); i++) {
                    boolean missing = (subset >> i & 1) == 1;
                    board.add(missing ? absent(names.get(i), i) : new Told(names.get(i)).says(i), PERIOD);
                }
                Map<String, Signal> signals = board.signals();
                assertThat(signals).hasSize(names.size());
                for (int i = 0; i < names.size(); i++) {
                    if ((subset >> i & 1) == 1) {
                        assertThat(signals.get(names.get(i))).isInstanceOf(Missing.class);
                    } else {
                        assertThat(signals.get(names.get(i) + ".value")).isInstanceOf(Known.class);
                    }
                }
                board.close();
            }
        }

        private Told absent(String name, int kind) {
            return switch (kind % 4) {
                case 0 -> failing(name);
                case 1 -> new Told(name).says(() -> null);
                case 2 ->
                    new Told(name).says(() -> {
                        Map<String, Signal> holed = new HashMap<>();
                        holed.put(name, null);
                        return holed;
                    });
                default -> new Told(name).says(() -> Map.of(name, new Missing(name, "empty vector")));
            };
        }

        @Test
        @DisplayName("E1: a read that brings more than 1,000 signals counts as failed and is not kept")
        void signals_tooMany_areMissingWithTheReason() {
            SignalBoard board = board();
            int[] count = {1000};
            Told many = new Told("many").says(() -> {
                Map<String, Signal> all = new LinkedHashMap<>();
                IntStream.range(0, count[0])
                        .forEach(i -> all.put("many." + i, new Known(i, "requests", time.nanos(), "many")));
                return all;
            });
            board.add(many, PERIOD);
            assertThat(board.signals()).hasSize(1000);

            count[0] = 1001;
            SignalBoard other = board();
            other.add(many, PERIOD);
            assertThat(other.signals())
                    .isEqualTo(Map.of("many", new Missing("many", "it gave more than 1000 signals")));
            assertThat(other.sources().get(0).failuresInARow()).isEqualTo(1);
        }

        @Test
        @DisplayName("E1: the reason of a failure is bounded")
        void signals_failureQuotesAPage_reasonIsShort() {
            SignalBoard board = board();
            board.add(
                    new Told("page").says(() -> {
                        throw new IOException("<html>".repeat(100_000));
                    }),
                    PERIOD);
            assertThat(board.signals().get("page").gap()).hasSizeLessThan(400);
        }
    }

    @Nested
    class E2 {

        @ParameterizedTest
        @ValueSource(longs = {1, 7, 42})
        @DisplayName("E2: of 10^5 odd numbers none is known unless it is finite and not negative, and none throws")
        void signals_oddNumbers_areKnownOnlyIfTheyCanBeTrue(long seed) {
            SplittableRandom random = new SplittableRandom(seed);
            SignalBoard board = SignalBoard.builder(time, Runnable::run)
                    .activity(() -> time.nanos())
                    .build();
            double[] said = new double[50];
            Told odd = new Told("odd").moving().says(() -> {
                Map<String, Signal> all = new LinkedHashMap<>();
                for (int i = 0; i < said.length; i++) {
                    said[i] = odd(random);
                    all.put("odd." + i, Signal.ofNonNegative(said[i], "ratio", time.nanos(), "odd"));
                }
                return all;
            });
            board.add(odd, PERIOD);
            for (int read = 0; read < 2000; read++) {
                Map<String, Signal> signals = board.signals();
                assertThat(signals).hasSize(said.length);
                for (int i = 0; i < said.length; i++) {
                    Signal signal = signals.get("odd." + i);
                    boolean usable = Double.isFinite(said[i]) && said[i] >= 0;
                    if (usable
                            ? !(signal instanceof Known known && known.value() == said[i])
                            : !(signal instanceof Invalid)) {
                        throw new AssertionError(said[i] + " reads as " + signal);
                    }
                }
                time.advance(PERIOD);
            }
            assertThat(board.sources().get(0).failuresInARow()).isZero();
        }

        private double odd(SplittableRandom random) {
            return random.nextInt(3) > 0 ? ODD[random.nextInt(ODD.length)] : Double.longBitsToDouble(random.nextLong());
        }
    }

    @Nested
    class E3 {

        @ParameterizedTest
        @ValueSource(longs = {1, 15, 20, 60})
        @DisplayName("E3: a value older than 45 s or three polls, whichever is longer, is stale")
        void signals_noLongerRenewed_areStaleAfterTheDefaultLimit(long seconds) {
            Duration period = Duration.ofSeconds(seconds);
            Duration limit = Duration.ofSeconds(Math.max(45, 3 * seconds));
            SignalBoard board = board();
            Told source = new Told("a").says(1);
            board.add(source, period);
            source.says(() -> {
                throw new IOException("refused");
            });

            time.advance(limit);
            assertThat(board.signals().get("a.value")).isInstanceOf(Known.class);
            time.advance(Duration.ofNanos(1));
            assertThat(board.signals().get("a.value")).isInstanceOf(Stale.class);
        }

        @Test
        @DisplayName(
                "E3: a read that hangs blocks no other, and when it returns late its values are as old as they are")
        void signals_hungReadReturnsLate_isNotFresh() {
            HangingThreads threads = new HangingThreads();
            SignalBoard board = new SignalBoard(time, threads);
            long[] measured = {time.nanos()};
            boolean[] hangs = {true};
            Told slow = new Told("slow").says(() -> {
                if (hangs[0]) {
                    threads.hang();
                }
                return Map.of("slow.value", new Known(1, "ratio", measured[0], "slow"));
            });
            board.add(slow, PERIOD);
            board.add(new Told("quick").says(2), PERIOD);

            time.advance(Duration.ofSeconds(1));
            assertThat(board.sources().get(0).reading()).isEqualTo(Duration.ofSeconds(1));
            time.advance(Duration.ofMinutes(2));
            assertThat(board.signals().get("slow")).isInstanceOf(Missing.class);
            assertThat(board.signals().get("quick.value")).isInstanceOf(Known.class);
            assertThat(slow.reads).as("each holds a thread").isEqualTo(2);
            assertThat(board.sources().get(0).plugin().state()).isEqualTo(State.OFF);
            assertThat(board.sources().get(1).reading()).isZero();

            hangs[0] = false;
            threads.close();
            assertThat(board.signals().get("slow"))
                    .as("what comes late is dropped")
                    .isInstanceOf(Missing.class);

            measured[0] = time.nanos();
            time.advance(PERIOD);
            assertThat(board.signals().get("slow.value")).isInstanceOf(Known.class);
        }

        @Test
        @DisplayName("E3: a value of the future is invalid and never becomes fresh later")
        void signals_measuredInTheFuture_areInvalid() {
            SignalBoard board = board();
            long ahead = Duration.ofSeconds(30).toNanos();
            Told source = new Told("a")
                    .says(() -> Map.of(
                            "far", new Known(1, "ratio", time.nanos() + ahead, "a"),
                            "near", new Known(1, "ratio", time.nanos() + 9_000_000, "a")));
            board.add(source, PERIOD);
            assertThat(board.signals().get("far"))
                    .isEqualTo(new Invalid("a", "measured PT30S from now, so by another clock"));
            assertThat(board.signals().get("near")).isInstanceOf(Known.class);

            source.says(() -> {
                throw new IOException("refused");
            });
            time.advance(Duration.ofSeconds(31));
            assertThat(board.signals().get("far")).isInstanceOf(Invalid.class);
        }

        @Test
        @DisplayName("E3: ages are right while the clock wraps")
        void signals_clockWraps_areStaleAtTheSameAge() {
            ManualTime wrapping = new ManualTime(Long.MAX_VALUE - 1_000_000_000L, Instant.EPOCH);
            SignalBoard board = new SignalBoard(wrapping, Runnable::run);
            boolean[] fails = {false};
            board.add(
                    new Told("a").says(() -> {
                        if (fails[0]) {
                            throw new IOException("refused");
                        }
                        return Map.of("a.value", new Known(1, "ratio", wrapping.nanos(), "a"));
                    }),
                    PERIOD);
            fails[0] = true;
            wrapping.advance(Duration.ofSeconds(45));
            assertThat(board.signals().get("a.value")).isInstanceOf(Known.class);
            wrapping.advance(Duration.ofSeconds(1));
            assertThat(board.signals().get("a.value")).isInstanceOf(Stale.class);
            assertThat(board.sources().get(0).sinceAnswer()).isEqualTo(Duration.ofSeconds(46));
        }
    }

    @Nested
    class E4 {

        private final AtomicLong ended = new AtomicLong();
        private final SignalBoard board =
                SignalBoard.builder(time, Runnable::run).activity(ended::get).build();

        /** Reads again, with as many requests ended before. */
        private void read(int times, int requestsEach) {
            for (int i = 0; i < times; i++) {
                ended.addAndGet(requestsEach);
                time.advance(PERIOD);
            }
        }

        @ParameterizedTest
        @ValueSource(doubles = {0, 0.7})
        @DisplayName(
                "E4: a source that always moves and has not for 20 reads while 20 requests ended is stale until it moves")
        void signals_frozen_areStaleUntilAValueMoves(double value) {
            Told source = new Told("gpu").moving().says(value);
            board.add(source, PERIOD);
            read(18, 2);
            assertThat(board.signals().get("gpu.value")).isInstanceOf(Known.class);
            assertThat(board.sources().get(0).isFrozen()).isFalse();

            read(1, 2);
            assertThat(board.signals().get("gpu.value"))
                    .isEqualTo(new Stale("gpu", Duration.ZERO, "has not moved for 20 reads while 38 requests ended"));
            read(3, 0);
            assertThat(board.sources().get(0).isFrozen()).isTrue();
            assertThat(board.sources().get(0).timesFrozen()).isEqualTo(1);

            source.says(value + 1e-9);
            read(1, 2);
            assertThat(board.signals().get("gpu.value")).isInstanceOf(Known.class);
            assertThat(board.sources().get(0).isFrozen()).isFalse();

            read(19, 2);
            assertThat(board.sources().get(0).timesFrozen()).isEqualTo(2);
        }

        @Test
        @DisplayName("E4: a pool that is idle, or nearly, is never taken for frozen")
        void signals_idle_areNotFrozen() {
            board.add(new Told("gpu").moving().says(0), PERIOD);
            read(1000, 0);
            ended.addAndGet(19);
            read(1000, 0);
            assertThat(board.signals().get("gpu.value")).isInstanceOf(Known.class);

            ended.addAndGet(1);
            read(1, 0);
            assertThat(board.signals().get("gpu.value")).isInstanceOf(Stale.class);
        }

        @Test
        @DisplayName("E4: one part or one of many values that moves is enough")
        void signals_onePartMoves_areNotFrozen() {
            int[] power = {0};
            board.add(
                    new Told("gpu").moving().says(() -> {
                        Signal moving = new Known(power[0]++, "watts", time.nanos(), "gpu");
                        return Map.of(
                                "still",
                                new Known(1, "ratio", time.nanos(), "gpu"),
                                "whole",
                                new Known(1, "ratio", time.nanos(), "gpu", 1, List.of(new Part("0", true, moving))));
                    }),
                    PERIOD);
            read(100, 5);
            assertThat(board.signals().values()).allMatch(Known.class::isInstance);
        }

        @Test
        @DisplayName("E4: all parts still is frozen as well")
        void signals_allPartsStill_areFrozen() {
            board.add(
                    new Told("gpu").moving().says(() -> {
                        Signal still = new Known(3, "watts", time.nanos(), "gpu");
                        return Map.of(
                                "whole",
                                new Known(3, "watts", time.nanos(), "gpu", 1, List.of(new Part("0", true, still))));
                    }),
                    PERIOD);
            read(19, 5);
            assertThat(board.signals().get("whole")).isInstanceOf(Stale.class);
        }

        @Test
        @DisplayName("E4: a reading seen again and again is one reading, which its age deals with")
        void signals_sameReadingPolledFaster_isNotFrozen() {
            board.add(
                    new Told("pods").moving().says(() -> {
                        long minute = Duration.ofMinutes(1).toNanos();
                        return Map.of("pods", new Known(1, "cores", time.nanos() / minute * minute, "pods"));
                    }),
                    Duration.ofSeconds(1),
                    Duration.ofMinutes(3));
            read(60, 50);
            assertThat(board.sources().get(0).isFrozen()).isFalse();
            read(60, 50);
            assertThat(board.sources().get(0).isFrozen()).isTrue();
        }

        @Test
        @DisplayName("E4: a source that need not move, a board without activity and a limit of 0 tell nothing frozen")
        void signals_notAsked_areNotFrozen() {
            SignalBoard never = SignalBoard.builder(time, Runnable::run)
                    .activity(ended::get)
                    .frozenAfterReads(0)
                    .build();
            SignalBoard unaware = board();
            never.add(new Told("gpu").moving().says(0), PERIOD);
            unaware.add(new Told("gpu").moving().says(0), PERIOD);
            board.add(new Told("queue").says(0), PERIOD);
            read(200, 9);
            assertThat(List.of(never, unaware, board))
                    .allSatisfy(
                            each -> assertThat(each.sources().get(0).isFrozen()).isFalse());
        }

        @Test
        @DisplayName("E4: activity that throws or goes back begins the count anew and breaks nothing")
        void signals_activityFails_countAnew() {
            boolean[] fails = {false};
            SignalBoard odd = SignalBoard.builder(time, Runnable::run)
                    .activity(() -> {
                        if (fails[0]) {
                            throw new IllegalStateException("told to");
                        }
                        return ended.get();
                    })
                    .build();
            odd.add(new Told("gpu").moving().says(0), PERIOD);
            read(15, 5);
            fails[0] = true;
            read(1, 5);
            fails[0] = false;
            read(15, 5);
            assertThat(odd.signals().get("gpu.value")).isInstanceOf(Known.class);
            ended.set(0);
            read(15, 5);
            assertThat(odd.signals().get("gpu.value")).isInstanceOf(Known.class);
            read(10, 5);
            assertThat(odd.signals().get("gpu.value")).isInstanceOf(Stale.class);
        }

        @Test
        void frozenAfterReads_outOfRange_isRejected() {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> SignalBoard.builder(time, Runnable::run).frozenAfterReads(1))
                    .withMessage("frozenAfterReads must be at least 2, or 0 for never, but was 1");
            assertThatCode(() -> SignalBoard.builder(time, Runnable::run).frozenAfterReads(2))
                    .doesNotThrowAnyException();
        }
    }

    @Test
    void signals_twoSourcesOfOneName_firstAddedIsRead() {
        SignalBoard board = board();
        board.add(new Told("a").says(() -> Map.of("same", new Known(1, "ratio", time.nanos(), "a"))), PERIOD);
        board.add(new Told("b").says(() -> Map.of("same", new Known(2, "ratio", time.nanos(), "b"))), PERIOD);
        for (int i = 0; i < 5; i++) {
            assertThat(board.signals()).containsExactly(Map.entry("same", new Known(1, "ratio", time.nanos(), "a")));
            time.advance(PERIOD);
        }
        assertThat(board.clashes()).containsExactly("same");
    }

    @Test
    void signals_unheardSourceNamedAsAnothersSignal_isNotHidden() {
        SignalBoard board = board();
        board.add(new Told("a").says(() -> Map.of("b", new Known(1, "ratio", time.nanos(), "a"))), PERIOD);
        board.add(failing("b"), PERIOD);
        assertThat(board.signals()).containsExactly(Map.entry("b", new Missing("b", "refused")));
    }

    @Test
    void spreadFirstReads_manySources_spreadsThemAndIsTheSameForASeed() {
        assertThat(firstReads(7)).isEqualTo(firstReads(7)).isNotEqualTo(firstReads(8));
        assertThat(firstReads(7).stream().distinct().count()).isGreaterThan(15);
        assertThat(firstReads(7)).allMatch(at -> at >= 0 && at <= 50);
    }

    /** Steps of 100 ms until each of 50 sources is read first, spread over 5 s. */
    private static List<Integer> firstReads(long seed) {
        ManualTime clock = new ManualTime();
        SignalBoard board = SignalBoard.builder(clock, Runnable::run)
                .spreadFirstReads(Duration.ofSeconds(5), seed)
                .build();
        IntStream.range(0, 50)
                .forEach(i -> board.add(
                        new SignalSource() {
                            @Override
                            public String name() {
                                return "s" + i;
                            }

                            @Override
                            public Map<String, Signal> read() {
                                return Map.of();
                            }
                        },
                        PERIOD));
        assertThat(board.signals()).hasSize(50).containsEntry("s0", new Missing("s0", "not read yet"));
        Integer[] first = new Integer[50];
        for (int step = 0; step <= 50; step++) {
            List<SourceStatus> sources = board.sources();
            for (int i = 0; i < 50; i++) {
                if (first[i] == null && sources.get(i).sinceAnswer() != null) {
                    first[i] = step;
                }
            }
            clock.advance(Duration.ofMillis(100));
        }
        board.close();
        return List.of(first);
    }

    @Test
    void sources_failsAndRecovers_areCounted() {
        SignalBoard board = board();
        Told source = new Told("a").says(1);
        board.add(source, PERIOD);
        source.says(() -> {
            throw new IOException("refused");
        });
        time.advance(PERIOD.multipliedBy(3));
        assertSource(board, PERIOD.multipliedBy(3), 3, State.OPEN);
        source.says(2);
        time.advance(Duration.ofSeconds(60));
        assertSource(board, Duration.ZERO, 0, State.CLOSED);
    }

    private static void assertSource(SignalBoard board, Duration sinceAnswer, long failures, State state) {
        SourceStatus status = board.sources().get(0);
        assertThat(status.source()).isEqualTo("a");
        assertThat(status.sinceAnswer()).isEqualTo(sinceAnswer);
        assertThat(status.failuresInARow()).isEqualTo(failures);
        assertThat(status.reading()).isZero();
        assertThat(status.isFrozen()).isFalse();
        assertThat(status.plugin().state()).isEqualTo(state);
        assertThat(status.plugin().kind()).isEqualTo(Kind.SOURCE);
    }

    @Test
    void read_noThreadCanBeMade_isTriedAgain() {
        boolean[] exhausted = {true};
        SignalBoard board = new SignalBoard(time, task -> {
            if (exhausted[0]) {
                throw new OutOfMemoryError("unable to create native thread");
            }
            task.run();
        });
        board.add(new Told("a").says(1), PERIOD);
        exhausted[0] = false;
        time.advance(PERIOD);
        assertThat(board.signals().get("a.value")).isInstanceOf(Known.class);
    }
}
