/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReplicaMathTest {

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "-0.0, 0",
        "1e-320, 0",
        "1e-10, 0",
        "1e-8, 1",
        "0.5, 1",
        "1, 1",
        "1.0000000001, 1",
        "1.00000001, 2",
        "3.0000000000000004, 3",
        "999999.5, 1000000",
        "1e6, 1000000",
        "1e308, 1000000",
        "Infinity, 1000000"
    })
    void ceil_roundsUpAndSaturates(double demand, int replicas) {
        assertThat(ReplicaMath.ceil(demand)).isEqualTo(replicas);
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, -1, -1e-300, Double.NEGATIVE_INFINITY})
    void ceil_noDemand_isRejected(double demand) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ReplicaMath.ceil(demand))
                .withMessage("demand must be a number >= 0 but was %s", demand);
    }
}
