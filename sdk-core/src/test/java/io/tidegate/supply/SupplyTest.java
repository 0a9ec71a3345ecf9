/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.supply;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.pool.Replicas;
import io.tidegate.pool.Work;
import java.util.List;
import org.junit.jupiter.api.Test;

class SupplyTest {

    @Test
    void limit_isWhatReadyReplicasHoldAndNotTheDueOnes() {
        Supply supply = new Supply(new Replicas(5, 2, List.of(10L, 20L, 30L)), new Work(4, 1000), true);

        assertThat(supply.limit()).isEqualTo(new Work(8, 2000));
    }

    @Test
    void fixed_isReadyAndNotScaling() {
        Supply supply = Supply.fixed(2, Work.slots(4));

        assertThat(supply.replicas()).isEqualTo(Replicas.ready(2));
        assertThat(supply.scaling()).isFalse();
        assertThat(supply.limit()).isEqualTo(Work.slots(8));
    }
}
