/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TierOrderTest {

    @ParameterizedTest
    @ValueSource(doubles = {0, -0.1, 1.01, Double.NaN, Double.POSITIVE_INFINITY})
    void weightedAbove_noSaturation_isRefused(double saturation) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TierOrder.weightedAbove(saturation))
                .withMessageContaining(String.valueOf(saturation));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.1, 1, 3})
    void weighted_andStrict_whateverTheSaturation(double saturation) {
        assertThat(TierOrder.weighted().weightedAt(saturation)).isTrue();
        assertThat(TierOrder.strict().weightedAt(saturation)).isFalse();
    }

    @Test
    void weightedAbove_fromThereOn() {
        TierOrder order = TierOrder.weightedAbove(0.75);

        assertThat(order.weightedAt(Math.nextDown(0.75))).isFalse();
        assertThat(order.weightedAt(0.75)).isTrue();
        assertThat(TierOrder.weightedAbove(1).weightedAt(1)).isTrue();
    }

    @Test
    void alwaysWeighted_onlyOfTheOneThatIs() {
        assertThat(TierOrder.weighted().alwaysWeighted()).isTrue();
        assertThat(TierOrder.strict().alwaysWeighted()).isFalse();
        assertThat(TierOrder.weightedAbove(Double.MIN_VALUE).alwaysWeighted()).isFalse();
    }

    @Test
    void toString_saysWhichItIs() {
        assertThat(TierOrder.weighted()).hasToString("weighted");
        assertThat(TierOrder.strict()).hasToString("strict");
        assertThat(TierOrder.weightedAbove(0.5)).hasToString("weighted above 0.5");
    }
}
