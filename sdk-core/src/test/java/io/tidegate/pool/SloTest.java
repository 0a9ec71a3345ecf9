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
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SloTest {

    @Test
    void none_hasNoBoundAndTheDefaultTarget() {
        assertThat(Slo.none().timeToFirstToken()).isEmpty();
        assertThat(Slo.none().timePerOutputToken()).isEmpty();
        assertThat(Slo.none().target()).isEqualTo(0.99);
    }

    @Test
    void with_eachPart_keepsTheOthers() {
        Slo slo = Slo.timeToFirstToken(Duration.ofSeconds(2))
                .withTimePerOutputToken(Duration.ofMillis(50))
                .withTarget(0.9);

        assertThat(slo.timeToFirstToken()).contains(Duration.ofSeconds(2));
        assertThat(slo.timePerOutputToken()).contains(Duration.ofMillis(50));
        assertThat(slo.target()).isEqualTo(0.9);
        assertThat(Slo.none().target()).isEqualTo(0.99);
    }

    @Test
    void equals_sameBounds_areEqual() {
        Slo slo = Slo.timeToFirstToken(Duration.ofSeconds(2));

        assertThat(slo).isEqualTo(Slo.none().withTimeToFirstToken(Duration.ofSeconds(2)));
        assertThat(slo).hasSameHashCodeAs(Slo.none().withTimeToFirstToken(Duration.ofSeconds(2)));
        assertThat(slo).isNotEqualTo(slo.withTarget(0.5)).isNotEqualTo(null);
        assertThat(slo.toString()).contains("PT2S", "0.99");
    }

    @Test
    void bound_notWithinADay_isRefused() {
        for (Duration bound : List.of(
                Duration.ZERO,
                Duration.ofNanos(-1),
                Duration.ofDays(1).plusNanos(1),
                ChronoUnit.FOREVER.getDuration())) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Slo.timeToFirstToken(bound))
                    .withMessageContaining("timeToFirstToken");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Slo.none().withTimePerOutputToken(bound))
                    .withMessageContaining("timePerOutputToken");
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, -0.1, 1.01, Double.NaN})
    void target_notAShare_isRefused(double target) {
        assertThatIllegalArgumentException().isThrownBy(() -> Slo.none().withTarget(target));
    }
}
