/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

import static io.tidegate.pool.PoolViews.view;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.guardrail.spi.SpendCheck.Allowed;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SpendTest {

    private static final History HISTORY = History.startingAt(0, 10);

    @ParameterizedTest
    @CsvSource({"30, 2.5, 12", "0, 1, 0", "0.3, 0.1, 3", "0.29, 0.1, 2", "1e300, 1e-300, 1000000"})
    void replicas_isWhatTheMoneyPaysFor(double most, double price, int replicas) {
        assertThat(new SpendCap(most, price).replicas()).isEqualTo(replicas);
    }

    @ParameterizedTest
    @CsvSource({"10, 11, 11", "10, 12, 12", "10, 13, 12", "10, 9, 9", "14, 20, 14", "14, 13, 13", "12, 2147483647, 12"})
    void narrow_beyondTheCap_isRefusedAndNothingForcedDown(int current, int proposed, int left) {
        assertThat(new Spend(new SpendCap(30, 2.5))
                        .narrow(view().ready(current).build(), HISTORY, proposed)
                        .replicas())
                .isEqualTo(left);
    }

    @Test
    void narrow_refused_saysWhatItWouldCost() {
        assertThat(new Spend(new SpendCap(30, 2.5)).narrow(view().ready(10).build(), HISTORY, 20))
                .isEqualTo(new Narrowing(
                        "spend cap", 12, "20 replicas cost 50.00 an hour, and at most 30.00 may be spent"));
    }

    @Test
    void narrow_dueAndDraining_arePaidForToo() {
        Spend spend = new Spend(new SpendCap(30, 2.5));
        // Two of ten are still due: they are among the ten.
        assertThat(spend.narrow(view().ready(8).desired(10).due(1L, 2L).build(), HISTORY, 20)
                        .replicas())
                .isEqualTo(12);
        // Thirteen run and three of them drain.
        assertThat(spend.narrow(view().ready(13).desired(10).build(), HISTORY, 12))
                .isEqualTo(new Narrowing(
                        "spend cap",
                        10,
                        "12 replicas and 3 that drain cost 37.50 an hour, and at most 30.00 may be spent"));
    }

    @ParameterizedTest
    @CsvSource({"-5, 10", "3, 10", "15, 15", "99, 20"})
    void narrow_ownCheck_isTakenBetweenPresentAndAskedFor(int allowed, int left) {
        Narrowing narrowing = new Spend((view, from, to) -> new Allowed(allowed, ""))
                .narrow(view().ready(10).build(), HISTORY, 20);
        assertThat(narrowing.replicas()).isEqualTo(left);
        assertThat(narrowing.narrowed()).isEqualTo(left != 20);
    }

    @Test
    void narrow_down_asksNobody() {
        Spend spend = new Spend((view, from, to) -> {
            throw new IllegalStateException("asked");
        });
        assertThat(spend.narrow(view().ready(10).build(), HISTORY, 5).replicas())
                .isEqualTo(5);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, -1, Double.NaN, Double.POSITIVE_INFINITY})
    void new_priceNotKnown_isRejectedAndNeverFree(double price) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new SpendCap(30, price))
                .withMessage("pricePerReplicaHour must be finite and above 0 but was " + price);
    }

    @ParameterizedTest
    @ValueSource(doubles = {-1, Double.NaN, Double.POSITIVE_INFINITY})
    void new_capThatIsNone_isRejected(double most) {
        assertThatIllegalArgumentException().isThrownBy(() -> new SpendCap(most, 1));
    }
}
