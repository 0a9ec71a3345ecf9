/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.contracts;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidegate.pool.Signal;
import io.tidegate.pool.Signal.Known;
import io.tidegate.pool.Signal.Part;
import io.tidegate.signal.spi.SignalSource;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/**
 * What every source of signals keeps to. Extend it and say how one is made; what it reads must answer.
 *
 * @since 0.1.0
 */
public abstract class SignalSourceContract {

    private static final int MOST_SIGNALS = 1000;
    private static final Duration PERIOD = Duration.ofSeconds(15);
    private static final Duration OLDEST = Duration.ofHours(1);

    /** Not zero, so that a source that stamps 0 is found out. */
    protected final ManualTime time = new ManualTime(Duration.ofDays(1).toNanos(), Instant.EPOCH);

    /** A new source on {@link #time} of something that answers. */
    protected abstract SignalSource source();

    /** Reads in time, as the board does from whatever thread. */
    private static Map<String, Signal> read(SignalSource source) {
        Map<String, Signal> signals = Kit.inTime(source::read, "read()");
        assertNotNull(signals, "read() must give signals");
        return signals;
    }

    @Nested
    class Names {

        @Test
        void name_isShortAndStays() {
            try (SignalSource source = source()) {
                String name = source.name();
                Kit.isShort(name);
                read(source);
                assertEquals(name, source.name());
            }
        }

        @Test
        void read_givesNamedSignals() {
            try (SignalSource source = source()) {
                for (int i = 0; i < 3; i++) {
                    Map<String, Signal> signals = read(source);
                    assertTrue(
                            !signals.isEmpty() && signals.size() <= MOST_SIGNALS,
                            () -> "1 to " + MOST_SIGNALS + " signals but there are " + signals.size());
                    signals.keySet()
                            .forEach(name -> assertFalse(
                                    name.isBlank() || name.contains(" "), () -> "a name of one word but is " + name));
                    time.advance(PERIOD);
                }
            }
        }

        @Test
        void read_again_givesTheSameNames() {
            // What cannot be had is missing and not left out: a signal that is gone leaves the view complete.
            try (SignalSource source = source()) {
                Set<String> first = new HashSet<>(read(source).keySet());
                for (int i = 0; i < 3; i++) {
                    time.advance(PERIOD);
                    assertEquals(first, read(source).keySet());
                }
            }
        }

        @Test
        void alwaysMoves_stays() {
            try (SignalSource source = source()) {
                boolean moves = source.alwaysMoves();
                read(source);
                assertEquals(moves, source.alwaysMoves());
            }
        }
    }

    @Nested
    class Values {

        @Test
        void read_signalsSayWhereTheyAreFromAndWhatLacks() {
            try (SignalSource source = source()) {
                for (int i = 0; i < 3; i++) {
                    read(source).forEach((name, signal) -> {
                        assertNotNull(signal, name);
                        assertFalse(signal.source().isBlank(), name);
                        assertTrue(signal instanceof Known || !signal.gap().isBlank(), name);
                    });
                    time.advance(PERIOD);
                }
            }
        }

        @Test
        void read_valuesAreOfNowOrBefore() {
            try (SignalSource source = source()) {
                for (int i = 0; i < 3; i++) {
                    read(source).forEach((name, signal) -> {
                        if (signal instanceof Known known) {
                            long age = time.nanos() - known.atNanos();
                            assertTrue(
                                    age >= 0 && age <= OLDEST.toNanos(),
                                    () -> name + " is " + Duration.ofNanos(age) + " old");
                        }
                    });
                    time.advance(PERIOD);
                }
            }
        }

        @Test
        void read_valuesHaveAUnit() {
            try (SignalSource source = source()) {
                read(source).forEach((name, signal) -> {
                    if (signal instanceof Known known) {
                        assertFalse(known.unit().isBlank(), name);
                    }
                });
            }
        }

        @Test
        void read_atTheSameInstant_givesNothingImpossible() {
            try (SignalSource source = source()) {
                read(source);
                read(source).forEach((name, signal) -> assertFalse(signal instanceof Signal.Invalid, name));
            }
        }

        @Test
        void read_parts_areNamedOnceAndHaveNoParts() {
            try (SignalSource source = source()) {
                read(source);
                time.advance(PERIOD);
                read(source).forEach((name, signal) -> {
                    if (signal instanceof Known known) {
                        Set<String> replicas = new HashSet<>();
                        for (Part part : known.parts()) {
                            assertFalse(part.replica().isBlank(), name);
                            assertTrue(replicas.add(part.replica()), () -> name + " has two of " + part.replica());
                            assertTrue(
                                    !(part.signal() instanceof Known inner)
                                            || inner.parts().isEmpty(),
                                    () -> name + " has parts of parts");
                        }
                    }
                });
            }
        }
    }

    @Nested
    class Use {

        @Test
        void read_again_leavesWhatWasGivenAlone() {
            try (SignalSource source = source()) {
                Map<String, Signal> first = read(source);
                Map<String, Signal> copy = new LinkedHashMap<>(first);
                time.advance(PERIOD);
                read(source);
                assertEquals(copy, first);
            }
        }

        @Test
        void read_onAnotherThread_answers() {
            try (SignalSource source = source()) {
                Set<String> first = new HashSet<>(read(source).keySet());
                time.advance(PERIOD);
                assertEquals(first, Kit.elsewhere(source::read).keySet());
            }
        }

        @Test
        void close_twice_isHarmless() {
            SignalSource source = source();
            read(source);
            assertDoesNotThrow(source::close);
            assertDoesNotThrow(source::close);
        }
    }
}
