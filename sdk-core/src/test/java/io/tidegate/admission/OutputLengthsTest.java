/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** How much requests are expected to write. */
class OutputLengthsTest {

    private final OutputLengths lengths = new OutputLengths();

    @Test
    void expected_nothingKnown_isThePriorOrWhatItMayWrite() {
        assertThat(lengths.expected(null, 10_000)).isEqualTo(OutputLengths.PRIOR);
        assertThat(lengths.expected("m", 10_000)).isEqualTo(OutputLengths.PRIOR);
        assertThat(lengths.expected("m", 100)).isEqualTo(100);
        assertThat(lengths.expected("m", 0)).isZero();
    }

    @Test
    void wrote_theExample_movesTheMeanByOne64th() {
        lengths.wrote("m", 300);
        assertThat(lengths.expected("m", 10_000)).isEqualTo(300);

        lengths.wrote("m", 620);

        assertThat(lengths.expected("m", 10_000)).isEqualTo(305);
        assertThat(lengths.expected("m", 200)).isEqualTo(200);
    }

    @Test
    void wrote_manyOfAnotherLength_followsThem() {
        lengths.wrote("m", 1_000);
        for (int i = 0; i < 400; i++) {
            lengths.wrote("m", 100);
        }
        assertThat(lengths.expected("m", 10_000)).isBetween(100L, 110L);
    }

    @Test
    void expected_models_areToldApart_unknownOnesShareTheTiers() {
        for (int i = 0; i < 1_000; i++) {
            lengths.wrote("short", 10);
            lengths.wrote("long", 1_000);
        }
        assertThat(lengths.expected("short", 10_000)).isEqualTo(10);
        assertThat(lengths.expected("long", 10_000)).isEqualTo(1_000);
        assertThat(lengths.expected("new", 10_000)).isBetween(450L, 560L);
        assertThat(lengths.expected(null, 10_000)).isBetween(450L, 560L);
    }

    @Test
    void wrote_nothing_isExpectedToWriteSomething() {
        lengths.wrote("m", 0);
        assertThat(lengths.expected("m", 10_000)).isOne();
    }

    @Test
    void wrote_aMillionModels_tellsApart64_andTheOthersTogether() {
        for (int i = 0; i < 64; i++) {
            lengths.wrote("first" + i, 5_000);
        }
        for (int i = 0; i < 1_000_000; i++) {
            lengths.wrote("later" + i, 20);
        }
        assertThat(lengths.expected("first63", 10_000)).isEqualTo(5_000);
        assertThat(lengths.expected("later0", 10_000)).isEqualTo(20);
        lengths.wrote("later0", 9_000);
        lengths.wrote("later0", 9_000);
        assertThat(lengths.expected("later1", 10_000)).as("as one").isEqualTo(lengths.expected("later0", 10_000));
    }

    @Test
    void wrote_asMuchAsCanBeSaid_overflowsNothing() {
        lengths.wrote("m", Long.MAX_VALUE);
        lengths.wrote("m", Long.MAX_VALUE);
        assertThat(lengths.expected("m", Long.MAX_VALUE)).isPositive();
        assertThat(lengths.expected("m", 500)).isEqualTo(500);
    }
}
