/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signal.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.tidegate.pool.Signal;
import io.tidegate.pool.Signal.Known;
import io.tidegate.pool.Signal.Part;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/**
 * What every source of signals keeps to. Extend it and say how one is made; what it reads must answer.
 */
public abstract class SignalSourceContract {

    private static final int MOST_SIGNALS = 1000;
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Duration PERIOD = Duration.ofSeconds(15);

    /** Not zero, so that a source that stamps 0 is found out. */
    protected final ManualTime time = new ManualTime(Duration.ofDays(1).toNanos(), java.time.Instant.EPOCH);

    /** A new source on {@link #time} of something that answers. */
    protected abstract SignalSource source();

    /** Reads in time, as the board does from whatever thread. */
    private static Map<String, Signal> read(SignalSource source) {
        return assertTimeoutPreemptively(PATIENCE, source::read, "read() must end");
    }

    @Test
    protected void name_isShortAndStays() {
        try (SignalSource source = source()) {
            String name = source.name();
            assertThat(name).isNotBlank().hasSizeLessThan(64).doesNotContain(" ");
            read(source);
            assertThat(source.name()).isEqualTo(name);
        }
    }

    @Test
    protected void read_givesNamedSignalsAndNoNull() {
        try (SignalSource source = source()) {
            for (int i = 0; i < 3; i++) {
                Map<String, Signal> signals = read(source);
                assertThat(signals).isNotNull();
                assertThat(signals.size()).as("signals").isBetween(1, MOST_SIGNALS);
                signals.forEach((name, signal) -> {
                    assertThat(name).isNotBlank().doesNotContain(" ");
                    assertThat(signal).as(name).isNotNull();
                    assertThat(signal.source()).as(name).isNotBlank();
                    if (!(signal instanceof Known)) {
                        assertThat(signal.gap()).as("why %s is not known", name).isNotBlank();
                    }
                });
                time.advance(PERIOD);
            }
        }
    }

    @Test
    protected void read_valuesAreOfNowOrBefore() {
        try (SignalSource source = source()) {
            for (int i = 0; i < 3; i++) {
                read(source).forEach((name, signal) -> {
                    if (signal instanceof Known known) {
                        assertThat(time.nanos() - known.atNanos())
                                .as("age of %s", name)
                                .isBetween(0L, Duration.ofHours(1).toNanos());
                        assertThat(known.unit()).as("unit of %s", name).isNotBlank();
                    }
                });
                time.advance(PERIOD);
            }
        }
    }

    @Test
    protected void read_again_givesTheSameNames() {
        // What cannot be had is missing and not left out: a signal that is gone leaves the view complete.
        try (SignalSource source = source()) {
            Set<String> first = new HashSet<>(read(source).keySet());
            for (int i = 0; i < 3; i++) {
                time.advance(PERIOD);
                assertThat(read(source).keySet()).isEqualTo(first);
            }
        }
    }

    @Test
    protected void read_again_leavesWhatWasGivenAlone() {
        try (SignalSource source = source()) {
            Map<String, Signal> first = read(source);
            Map<String, Signal> copy = new LinkedHashMap<>(first);
            time.advance(PERIOD);
            read(source);
            assertThat(first).isEqualTo(copy);
        }
    }

    @Test
    protected void read_atTheSameInstant_givesNothingImpossible() {
        try (SignalSource source = source()) {
            read(source);
            assertThat(read(source).values()).noneMatch(Signal.Invalid.class::isInstance);
        }
    }

    @Test
    protected void read_parts_areNamedOnceAndHaveNoParts() {
        try (SignalSource source = source()) {
            read(source);
            time.advance(PERIOD);
            read(source).forEach((name, signal) -> {
                if (signal instanceof Known known) {
                    assertThat(known.parts()).as(name).extracting(Part::replica).doesNotHaveDuplicates();
                    assertThat(known.parts()).as(name).allSatisfy(part -> {
                        assertThat(part.replica()).isNotBlank();
                        assertThat(part.signal()).isNotNull();
                        assertThat(part.signal() instanceof Known inner
                                        && !inner.parts().isEmpty())
                                .as("parts of parts")
                                .isFalse();
                    });
                }
            });
        }
    }

    @Test
    protected void read_onAnotherThread_answers() throws InterruptedException {
        try (SignalSource source = source()) {
            Map<String, Signal> first = read(source);
            time.advance(PERIOD);
            AtomicReference<Object> answer = new AtomicReference<>();
            Thread thread = new Thread(() -> {
                try {
                    answer.set(source.read());
                } catch (Exception | Error e) {
                    answer.set(e);
                }
            });
            thread.setDaemon(true);
            thread.start();
            thread.join(PATIENCE.toMillis());
            assertThat(answer.get()).isInstanceOf(Map.class);
            assertThat(((Map<?, ?>) answer.get()).keySet()).isEqualTo(first.keySet());
        }
    }

    @Test
    protected void alwaysMoves_stays() {
        try (SignalSource source = source()) {
            boolean moves = source.alwaysMoves();
            read(source);
            assertThat(source.alwaysMoves()).isEqualTo(moves);
        }
    }

    @Test
    protected void close_twice_isHarmless() {
        SignalSource source = source();
        read(source);
        assertThatCode(source::close).doesNotThrowAnyException();
        assertThatCode(source::close).doesNotThrowAnyException();
    }
}
