/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

import static io.tidegate.pool.PoolViews.view;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BoundsTest {

    private final Bounds bounds = new Bounds(2, 10);

    @ParameterizedTest
    @CsvSource({"-5, 2", "0, 2", "1, 2", "2, 2", "7, 7", "10, 10", "11, 10", "2147483647, 10", "-2147483648, 2"})
    void narrow_keepsInside(int proposed, int left) {
        Narrowing narrowing = bounds.narrow(view().build(), History.startingAt(0, 5), proposed);
        assertThat(narrowing.replicas()).isEqualTo(left);
        assertThat(narrowing.narrowed()).isEqualTo(proposed != left);
        assertThat(narrowing.guardrail()).isEqualTo("bounds");
    }

    @Test
    void narrow_saysWhichBound() {
        assertThat(bounds.narrow(view().build(), History.startingAt(0, 5), 11).why())
                .isEqualTo("the maximum is 10");
        assertThat(bounds.narrow(view().build(), History.startingAt(0, 5), 0).why())
                .isEqualTo("the minimum is 2");
    }

    @Test
    void new_zeroToOne_isTheSmallestPool() {
        assertThat(new Bounds(0, 1).max()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({"-1, 5", "0, 0", "3, 2", "0, -1"})
    void new_impossible_isRejected(int min, int max) {
        assertThatIllegalArgumentException().isThrownBy(() -> new Bounds(min, max));
    }
}
