/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

import static io.tidegate.pool.PoolViews.view;
import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.pool.PoolView;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OwnTest {

    @ParameterizedTest
    @CsvSource({
        // proposed, said, left; of 5
        "8, 8, 8",
        "8, 6, 6",
        "8, 5, 5",
        "8, 4, 5",
        "8, 9, 8",
        "8, -2, 5",
        "2, 2, 2",
        "2, 4, 4",
        "2, 7, 5",
        "2, 1, 2",
        "5, 3, 5",
        "5, 9, 5"
    })
    void narrow_countsAsFarAsItNarrows(int proposed, int said, int left) {
        Own own = new Own(new Guardrail() {
            @Override
            public String name() {
                return "mine";
            }

            @Override
            public Narrowing narrow(PoolView view, History history, int asked) {
                return new Narrowing(name(), said, "I say so");
            }
        });

        Narrowing narrowing = own.narrow(view().ready(5).build(), History.startingAt(0, 5), proposed);

        assertThat(narrowing.replicas()).isEqualTo(left);
        assertThat(narrowing.why()).contains("I say so");
        assertThat(narrowing.guardrail()).isEqualTo("mine");
    }
}
