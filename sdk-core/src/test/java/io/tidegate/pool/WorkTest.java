/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WorkTest {

    @ParameterizedTest
    @CsvSource({"-1, 0", "1048576, 0", "0, -1", "0, 1099511627776"})
    void new_outsideTheRange_isRefused(int slots, long tokens) {
        assertThatIllegalArgumentException().isThrownBy(() -> new Work(slots, tokens));
    }

    @Test
    void new_largest_fitsIntoTheGatesWord() {
        assertThat(new Work(Work.MAX_SLOTS, Work.MAX_TOKENS)).isEqualTo(new Work(1048575, 1099511627760L));
    }

    @Test
    void slots_limitsConcurrencyAlone() {
        assertThat(Work.slots(3)).isEqualTo(new Work(3, Work.MAX_TOKENS));
    }

    @ParameterizedTest
    @CsvSource({
        "3, 100, 4, 12, 400",
        "3, 100, 0, 0, 0",
        "3, 100, -1, 0, 0",
        "1048575, 1099511627760, 2147483647, 1048575, 1099511627760",
        "0, 1, 2147483647, 0, 2147483647"
    })
    void times_multipliesAndSaturates(int slots, long tokens, int factor, int manySlots, long manyTokens) {
        assertThat(new Work(slots, tokens).times(factor)).isEqualTo(new Work(manySlots, manyTokens));
    }
}
