/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SignalTest {

    private static final String SOURCE = "vllm http://10.0.0.7:8000/metrics";

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
    void known_notFinite_isRefused(double value) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Signal.Known(value, "ratio", 0, SOURCE))
                .withMessageContaining(SOURCE);
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, -0.001})
    void ofNonNegative_cannotBeTrue_isInvalid(double value) {
        assertThat(Signal.ofNonNegative(value, "requests", 5, SOURCE)).isInstanceOf(Signal.Invalid.class);
    }

    @Test
    void ofNonNegative_usable_isKnown() {
        assertThat(Signal.ofNonNegative(0, "requests", 5, SOURCE))
                .isEqualTo(new Signal.Known(0, "requests", 5, SOURCE));
    }

    @Test
    void notOlderThan_atTheLimit_staysKnownAndBeyondIsStale() {
        // Measured just before the clock wraps.
        Signal signal = new Signal.Known(1, "requests", Long.MAX_VALUE - 2, SOURCE);

        assertThat(signal.notOlderThan(Duration.ofNanos(10), Long.MIN_VALUE + 7))
                .isSameAs(signal);
        assertThat(signal.notOlderThan(Duration.ofNanos(10), Long.MIN_VALUE + 8))
                .isEqualTo(new Signal.Stale(SOURCE, Duration.ofNanos(11)));
    }

    @Test
    void notOlderThan_limitBeyondLongNanoseconds_staysKnown() {
        Signal signal = new Signal.Known(1, "requests", 0, SOURCE);

        assertThat(signal.notOlderThan(ChronoUnit.FOREVER.getDuration(), 100)).isSameAs(signal);
    }

    @Test
    void notOlderThan_noValue_staysAsItIs() {
        Signal missing = new Signal.Missing(SOURCE, "never heard of");

        assertThat(missing.notOlderThan(Duration.ZERO, 100)).isSameAs(missing);
        assertThat(missing.source()).isEqualTo(SOURCE);
    }
}
