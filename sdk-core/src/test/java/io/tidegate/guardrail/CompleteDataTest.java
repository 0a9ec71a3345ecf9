/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

import static io.tidegate.pool.PoolViews.view;
import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.pool.Evidence;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CompleteDataTest {

    private final CompleteData guardrail = new CompleteData();

    @ParameterizedTest
    @CsvSource({"0, 5", "4, 5", "5, 5", "6, 6"})
    void narrow_incomplete_mayGoUpAndNotDown(int proposed, int left) {
        Narrowing narrowing =
                guardrail.narrow(view().ready(5).incomplete().build(), History.startingAt(0, 5), proposed);
        assertThat(narrowing.replicas()).isEqualTo(left);
        assertThat(narrowing.narrowed()).isEqualTo(proposed != left);
    }

    @Test
    void narrow_complete_changesNothing() {
        assertThat(guardrail.narrow(view().ready(5).build(), History.startingAt(0, 5), 0))
                .isEqualTo(Narrowing.none("complete data", 0));
    }

    @Test
    void narrow_incomplete_comparesWithTheDesiredCountAndNotTheReadyOne() {
        assertThat(guardrail
                        .narrow(view().ready(3).desired(5).incomplete().build(), History.startingAt(0, 5), 4)
                        .replicas())
                .isEqualTo(5);
    }

    @Test
    void narrow_manyGaps_namesThreeAndCountsTheRest() {
        Evidence evidence = new Evidence(List.of("a", "b", "c", "d", "e"), 1, false);
        assertThat(guardrail
                        .narrow(view().ready(5).evidence(evidence).build(), History.startingAt(0, 5), 4)
                        .why())
                .isEqualTo("a; b; c and 2 more");
        assertThat(guardrail
                        .narrow(
                                view().ready(5)
                                        .evidence(Evidence.missing("vllm: 404"))
                                        .build(),
                                History.startingAt(0, 5),
                                4)
                        .why())
                .isEqualTo("vllm: 404");
    }
}
