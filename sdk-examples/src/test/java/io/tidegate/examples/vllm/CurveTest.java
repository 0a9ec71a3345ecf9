/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.vllm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class CurveTest {
    private final Curve curve = new Curve(new double[] {1, 2, 4}, new double[] {10, 20, 80});

    @Test
    void valueAt_measuredPoint_isExact() {
        assertThat(curve.valueAt(1)).isEqualTo(10);
        assertThat(curve.valueAt(2)).isEqualTo(20);
        assertThat(curve.valueAt(4)).isEqualTo(80);
    }

    @Test
    void valueAt_betweenPoints_isLinear() {
        assertThat(curve.valueAt(3)).isEqualTo(50);
    }

    @Test
    void valueAt_beyondPoints_keepsTheNearestSlope() {
        assertThat(curve.valueAt(0)).isEqualTo(0);
        assertThat(curve.valueAt(5)).isEqualTo(110);
    }

    @Test
    void constructor_unorderedPoints_throws() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Curve(new double[] {1, 1}, new double[] {1, 2}))
                .withMessageContaining("x[1]");
        assertThatIllegalArgumentException().isThrownBy(() -> new Curve(new double[] {1}, new double[] {1}));
    }
}
