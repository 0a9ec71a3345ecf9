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
import org.junit.jupiter.params.provider.ValueSource;

class ToleranceTest {

    private static Narrowing narrow(Tolerance tolerance, double demand, int current, int proposed) {
        History history = History.startingAt(0, current).withProposal(1, proposed, demand, 1_000);
        return tolerance.narrow(view().ready(current).atNanos(1).build(), history, proposed);
    }

    @ParameterizedTest
    @CsvSource({
        "10.9, 11, 10",
        "11, 11, 10",
        "11.1, 12, 12",
        "9.5, 9, 10",
        "8, 8, 10",
        "7.9, 8, 8",
        "NaN, 3, 3",
        "Infinity, 99, 99",
        "1e300, 99, 99",
        "0, 0, 0"
    })
    void narrow_withinTheTolerance_keepsWhatThereIs(double demand, int proposed, int left) {
        assertThat(narrow(new Tolerance(0.1, 0.2), demand, 10, proposed).replicas())
                .isEqualTo(left);
    }

    @Test
    void narrow_saysWithNumbers() {
        assertThat(narrow(new Tolerance(0.1, 0.2), 10.9, 10, 11))
                .isEqualTo(new Narrowing("tolerance", 10, "a demand of 10.90 is within 10 % of 10"));
        assertThat(narrow(new Tolerance(0.1, 0.2), 8.5, 10, 9).why()).contains("20 % of 10");
    }

    @Test
    void narrow_noneByDefault_everyStepCounts() {
        assertThat(narrow(Tolerance.NONE, 10.01, 10, 11).replicas()).isEqualTo(11);
        assertThat(narrow(Tolerance.NONE, 9, 10, 9).replicas()).isEqualTo(9);
    }

    @Test
    void narrow_downOnIncompleteData_leavesItToWhoNamesTheGaps() {
        assertThat(narrow(Tolerance.NONE, 10, 10, 2).narrowed()).isFalse();
        assertThat(narrow(new Tolerance(0.1, 0.1), 12, 10, 2).narrowed()).isFalse();
    }

    @Test
    void narrow_noReplica_theProposalStands() {
        assertThat(narrow(new Tolerance(1, 1), 0.5, 0, 1).replicas()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.1, 1.1, Double.NaN})
    void new_outOfRange_isRejected(double share) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Tolerance(share, 0))
                .withMessageContaining("tolerance up must be 0 to 1");
        assertThatIllegalArgumentException().isThrownBy(() -> new Tolerance(0, share));
    }
}
