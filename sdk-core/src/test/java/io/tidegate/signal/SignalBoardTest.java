/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.pool.Signal;
import io.tidegate.pool.Signal.Known;
import io.tidegate.pool.Signal.Missing;
import io.tidegate.pool.Signal.Stale;
import io.tidegate.signal.spi.SignalSource;
import io.tidegate.time.ManualTime;
import io.tidegate.time.QueueExecutor;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SignalBoardTest {

    private static final Duration PERIOD = Duration.ofSeconds(1);
    private static final Duration STALE = Duration.ofSeconds(45);

    private final ManualTime time = new ManualTime();
    private final SignalBoard board = new SignalBoard(time, Runnable::run);
    private final Source source = new Source("vllm");

    private final class Source implements SignalSource {

        private final String name;
        private int reads;
        private int closes;
        private Callable<Map<String, Signal>> answer = () -> Map.of(waiting(), known(3));

        Source(String name) {
            this.name = name;
        }

        String waiting() {
            return name + ".requests.waiting";
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
        public void close() {
            closes++;
        }
    }

    private Known known(double value) {
        return new Known(value, "requests", time.nanos(), "vllm");
    }

    private static <T extends Throwable> void sneak(Throwable failure) throws T {
        @SuppressWarnings("unchecked")
        T thrown = (T) failure;
        throw thrown;
    }

    @Test
    void add_readsAtOnceAndOnItsPeriod() {
        board.add(source, PERIOD, STALE);
        assertThat(source.reads).isEqualTo(1);
        assertThat(board.signals()).containsOnlyKeys("vllm.requests.waiting");

        time.advance(PERIOD.multipliedBy(3));
        assertThat(source.reads).isEqualTo(4);
    }

    @Test
    void signals_beforeTheFirstReadEnds_areMissingAndNotAbsent() {
        // An absent signal would leave the view complete, and a view that is complete may scale down.
        QueueExecutor later = new QueueExecutor();
        SignalBoard slow = new SignalBoard(time, later);
        slow.add(source, PERIOD, STALE);

        assertThat(slow.signals()).containsOnlyKeys("vllm");
        assertThat(slow.signals().get("vllm")).isInstanceOf(Missing.class);

        later.runAll();
        assertThat(slow.signals()).containsOnlyKeys("vllm.requests.waiting");
    }

    @Test
    void signals_readsNeverBegin_staysMissingAndNoMoreWaitThanMayRun() {
        QueueExecutor never = new QueueExecutor();
        SignalBoard hung = new SignalBoard(time, never);
        hung.add(source, PERIOD, STALE);

        time.advance(Duration.ofMinutes(10));

        assertThat(never.size()).isEqualTo(2);
        assertThat(hung.signals().get("vllm")).isInstanceOf(Missing.class);
    }

    @Test
    void signals_sourceFailsFromTheStart_areMissingWithTheReason() {
        source.answer = () -> {
            throw new IOException("connection refused");
        };
        board.add(source, PERIOD, STALE);
        assertThat(board.signals()).containsEntry("vllm", new Missing("vllm", "connection refused"));
    }

    @Test
    void signals_sourceFailsLater_growStaleAndRecover() {
        board.add(source, PERIOD, STALE);
        source.answer = () -> {
            throw new IOException("connection refused");
        };

        time.advance(STALE);
        assertThat(board.signals().get(source.waiting())).isInstanceOf(Known.class);
        time.advance(Duration.ofNanos(1));
        assertThat(board.signals().get(source.waiting())).isEqualTo(new Stale("vllm", STALE.plusNanos(1)));

        source.answer = () -> Map.of(source.waiting(), known(4));
        time.advance(Duration.ofSeconds(30));
        assertThat(board.signals().get(source.waiting()))
                .as("left alone for 30 s at most")
                .isInstanceOf(Known.class);
    }

    @Test
    void signals_sourceReturnsNullOrNullValues_areMissing() {
        source.answer = () -> null;
        board.add(source, PERIOD, STALE);
        assertThat(board.signals().get("vllm")).isInstanceOf(Missing.class);

        source.answer = () -> {
            Map<String, Signal> holed = new HashMap<>();
            holed.put("vllm.requests.waiting", null);
            return holed;
        };
        time.advance(PERIOD);
        assertThat(board.signals().get("vllm")).isInstanceOf(Missing.class);
    }

    @Test
    void read_throwsAnError_isContainedAndReadAgain() {
        for (Throwable failure : new Throwable[] {
            new AssertionError("told to"), new NoClassDefFoundError("told/To"), new StackOverflowError("told to")
        }) {
            Source broken = new Source("broken");
            broken.answer = () -> {
                SignalBoardTest.<RuntimeException>sneak(failure);
                return Map.of();
            };
            assertThatCode(() -> board.add(broken, PERIOD, STALE))
                    .as("%s", failure)
                    .doesNotThrowAnyException();
            assertThat(board.signals().get("broken")).isInstanceOf(Missing.class);
            broken.answer = () -> Map.of(broken.waiting(), known(1));
            time.advance(PERIOD);
            assertThat(board.signals()).containsKey(broken.waiting());
        }
    }

    @Test
    void read_executorRejects_isTriedAgain() {
        QueueExecutor executor = new QueueExecutor();
        executor.reject(true);
        SignalBoard rejected = new SignalBoard(time, executor);
        rejected.add(source, PERIOD, STALE);
        executor.reject(false);

        time.advance(PERIOD);
        executor.runAll();

        assertThat(rejected.signals()).containsKey(source.waiting());
    }

    @Test
    void signals_severalSources_areTogether() {
        Source other = new Source("dcgm");
        board.add(source, PERIOD, STALE);
        board.add(other, PERIOD, STALE);
        assertThat(board.signals()).containsOnlyKeys(source.waiting(), other.waiting());
    }

    @Test
    void signals_areACopy() {
        board.add(source, PERIOD, STALE);
        board.signals().clear();
        assertThat(board.signals()).isNotEmpty();
    }

    @Test
    void add_impossibleTimes_areRejectedNamingTheSource() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> board.add(source, Duration.ZERO, STALE))
                .withMessageContaining("vllm");
        assertThatIllegalArgumentException().isThrownBy(() -> board.add(source, PERIOD.negated(), STALE));
        assertThatIllegalArgumentException().isThrownBy(() -> board.add(source, PERIOD, PERIOD.minusNanos(1)));
        board.add(source, PERIOD, PERIOD);
        assertThat(source.reads).isEqualTo(1);
    }

    @Test
    void close_stopsReadingAndClosesEachSourceOnce() {
        board.add(source, PERIOD, STALE);
        board.close();
        board.close();

        time.advance(PERIOD.multipliedBy(5));

        assertThat(source.reads).isEqualTo(1);
        assertThat(source.closes).isEqualTo(1);
        assertThat(time.scheduled()).isZero();
    }

    @Test
    void close_oneSourceThrows_theOthersAreClosed() {
        AtomicInteger closed = new AtomicInteger();
        for (Throwable failure :
                new Throwable[] {new IllegalStateException("told to"), new AssertionError("told to")}) {
            board.add(
                    new SignalSource() {
                        @Override
                        public String name() {
                            return "failing";
                        }

                        @Override
                        public Map<String, Signal> read() {
                            return Map.of();
                        }

                        @Override
                        public void close() {
                            closed.incrementAndGet();
                            SignalBoardTest.<RuntimeException>sneak(failure);
                        }
                    },
                    PERIOD,
                    STALE);
        }
        board.add(source, PERIOD, STALE);

        assertThatCode(board::close).doesNotThrowAnyException();

        assertThat(closed).hasValue(2);
        assertThat(source.closes).isEqualTo(1);
    }
}
