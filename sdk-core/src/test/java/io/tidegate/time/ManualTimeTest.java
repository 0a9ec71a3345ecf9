/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.time;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ManualTimeTest {

    private final List<String> log = new ArrayList<>();

    @Test
    void advance_withoutTasks_movesBothClocks() {
        ManualTime time = new ManualTime(7, Instant.parse("2026-01-01T00:00:00Z"));

        time.advance(Duration.ofSeconds(3));

        assertThat(time.nanos()).isEqualTo(7 + 3_000_000_000L);
        assertThat(time.wallTime()).isEqualTo(Instant.parse("2026-01-01T00:00:03Z"));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -5_000, Long.MAX_VALUE - 15, Long.MIN_VALUE})
    void advance_withTasks_runsThemInOrderAndAtTheirInstants(long start) {
        ManualTime time = new ManualTime(start, Instant.EPOCH);
        time.schedule(20, () -> log.add("b@" + (time.nanos() - start)));
        time.schedule(10, () -> log.add("a@" + (time.nanos() - start)));
        time.schedule(20, () -> log.add("c@" + (time.nanos() - start)));
        time.schedule(31, () -> log.add("late"));

        time.advance(Duration.ofNanos(30));

        assertThat(log).containsExactly("a@10", "b@20", "c@20");
        assertThat(time.nanos() - start).isEqualTo(30);
        assertThat(time.scheduled()).isEqualTo(1);
    }

    @Test
    void advance_taskSchedulesAnother_runsItInTheSameCallIfItFallsDue() {
        ManualTime time = new ManualTime();
        time.schedule(10, () -> {
            log.add("first");
            time.schedule(5, () -> log.add("second@" + time.nanos()));
            time.schedule(50, () -> log.add("third"));
        });

        time.advance(Duration.ofNanos(20));

        assertThat(log).containsExactly("first", "second@15");
    }

    @Test
    void advance_taskThrows_runsTheOthersAndReachesItsTarget() {
        ManualTime time = new ManualTime();
        time.schedule(1, () -> {
            throw new IllegalStateException("on purpose");
        });
        time.schedule(2, () -> {
            throw new AssertionError("on purpose");
        });
        time.schedule(3, () -> log.add("ran"));

        time.advance(Duration.ofNanos(5));

        assertThat(log).containsExactly("ran");
        assertThat(time.nanos()).isEqualTo(5);
    }

    @Test
    void advance_negative_isRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> new ManualTime().advance(Duration.ofNanos(-1)));
    }

    @Test
    void schedule_delayNotPositive_runsAtTheNextAdvance() {
        ManualTime time = new ManualTime();
        time.schedule(-10, () -> log.add("ran@" + time.nanos()));

        assertThat(log).isEmpty();
        time.advance(Duration.ZERO);

        assertThat(log).containsExactly("ran@0");
    }

    @Test
    void schedule_longestDelay_doesNotWrapIntoThePast() {
        ManualTime time = new ManualTime(100, Instant.EPOCH);
        time.schedule(Long.MAX_VALUE, () -> log.add("ran"));

        time.advance(Duration.ofDays(10_000));

        assertThat(log).isEmpty();
    }

    @Test
    void cancel_beforeItBegins_keepsItFromRunningAndForgetsIt() {
        ManualTime time = new ManualTime();
        TimeSource.Task task = time.schedule(10, () -> log.add("ran"));

        task.cancel();
        task.cancel();
        time.advance(Duration.ofNanos(10));

        assertThat(log).isEmpty();
        assertThat(time.scheduled()).isZero();
    }

    @Test
    void cancel_byAnEarlierTaskOfTheSameInstant_keepsItFromRunning() {
        ManualTime time = new ManualTime();
        List<TimeSource.Task> tasks = new ArrayList<>();
        time.schedule(10, () -> tasks.get(0).cancel());
        tasks.add(time.schedule(10, () -> log.add("ran")));

        time.advance(Duration.ofNanos(10));

        assertThat(log).isEmpty();
    }
}
