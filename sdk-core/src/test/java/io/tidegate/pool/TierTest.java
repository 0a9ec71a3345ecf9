/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TierTest {

    @Test
    void build_nothingSet_hasTheDocumentedDefaults() {
        Tier tier = Tier.builder("premium").build();

        assertThat(tier.name()).isEqualTo("premium");
        assertThat(tier.weight()).isEqualTo(1);
        assertThat(tier.ceiling()).isEqualTo(1);
        assertThat(tier.maxQueueTime()).isEqualTo(Duration.ofSeconds(10));
        assertThat(tier.maxQueued()).isEqualTo(1024);
        assertThat(tier.slo()).isEqualTo(Slo.none());
        assertThat(tier).hasToString("premium");
    }

    @Test
    void build_twiceFromOneBuilder_givesIndependentTiers() {
        Tier.Builder builder = Tier.builder("a").weight(2);
        Tier first = builder.build();
        Tier second = builder.weight(3).build();

        assertThat(first.weight()).isEqualTo(2);
        assertThat(second.weight()).isEqualTo(3);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "A",
                "-a",
                "a-",
                "a b",
                "é",
                "a123456789012345678901234567890123456789012345678901234567890123"
            })
    void builder_nameNotATag_isRefused(String name) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Tier.builder(name))
                .withMessageContaining(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "0", "a.b_c-d", "a12345678901234567890123456789012345678901234567890123456789012"})
    void builder_nameATag_isTaken(String name) {
        assertThat(Tier.builder(name).build().name()).isEqualTo(name);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, -1, Double.NaN, Double.POSITIVE_INFINITY})
    void weight_notPositiveAndFinite_isRefused(double weight) {
        assertThatIllegalArgumentException().isThrownBy(() -> Tier.builder("a").weight(weight));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, -1, Double.NaN, 1.0001})
    void ceiling_notAShare_isRefused(double ceiling) {
        assertThatIllegalArgumentException().isThrownBy(() -> Tier.builder("a").ceiling(ceiling));
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.01, 1, Double.NaN})
    void floor_notAPart_isRefused(double floor) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Tier.builder("a").floor(floor))
                .withMessageContaining("floor");
    }

    @Test
    void bounds_outsideTheRange_areRefused() {
        Tier.Builder builder = Tier.builder("a");

        assertThatIllegalArgumentException().isThrownBy(() -> builder.maxQueueTime(Duration.ofNanos(-1)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.maxQueueTime(Duration.ofDays(1).plusNanos(1)));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.maxQueued(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.maxQueued(1_000_001));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.maxQueuedTokens(15));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.maxQueuedTokens(Long.MAX_VALUE));
    }
}
