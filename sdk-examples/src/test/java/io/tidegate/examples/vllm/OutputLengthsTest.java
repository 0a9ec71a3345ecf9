/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.vllm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

class OutputLengthsTest {
    private static int[] draws(long seed) {
        OutputLengths lengths = new OutputLengths(seed);
        return IntStream.generate(lengths::next).limit(20_000).toArray();
    }

    @Test
    void next_sameSeed_sameLengths() {
        assertThat(draws(3)).isEqualTo(draws(3)).isNotEqualTo(draws(4));
    }

    @Test
    void next_manyDraws_haveTheStatedMeanAndQuantiles() {
        int[] sorted = draws(1);
        Arrays.sort(sorted);

        assertThat(IntStream.of(sorted).average().orElseThrow()).isCloseTo(200, Percentage.withPercentage(3));
        assertThat((double) sorted[10_000]).isCloseTo(157, Percentage.withPercentage(3));
        assertThat((double) sorted[18_000]).isCloseTo(384, Percentage.withPercentage(3));
        assertThat(sorted[0]).isGreaterThanOrEqualTo(1);
    }
}
