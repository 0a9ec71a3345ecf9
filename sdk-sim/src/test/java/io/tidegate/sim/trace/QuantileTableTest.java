/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class QuantileTableTest {
    private final QuantileTable table = new QuantileTable(new double[] {0.1, 0.5, 0.9}, new double[] {10, 100, 1_000});

    @Test
    void at_publishedProbability_isTheQuantile() {
        assertThat(table.at(0.1)).isEqualTo(10);
        assertThat(table.at(0.5)).isEqualTo(100);
        assertThat(table.at(0.9)).isEqualTo(1_000);
    }

    @Test
    void at_betweenTwo_isTheGeometricMeanInTheMiddle() {
        assertThat(table.at(0.3)).isEqualTo(32);
        assertThat(table.at(0.7)).isEqualTo(316);
    }

    @Test
    void at_beyondTheEnds_staysThere() {
        assertThat(table.at(0)).isEqualTo(10);
        assertThat(table.at(0.999)).isEqualTo(1_000);
    }

    @Test
    void at_lengthsBelowOne_areOne() {
        assertThat(new QuantileTable(new double[] {0.1, 0.9}, new double[] {0, 0.5}).at(0.5))
                .isEqualTo(1);
    }
}
