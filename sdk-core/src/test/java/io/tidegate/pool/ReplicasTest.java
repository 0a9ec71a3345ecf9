/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReplicasTest {

    @Test
    void ready_areWantedAndNoneIsDue() {
        assertThat(Replicas.ready(3)).isEqualTo(new Replicas(3, 3, List.of()));
        assertThat(Replicas.ready(3).due()).isZero();
    }

    @Test
    void new_dueInAnyOrder_isSortedAndCopied() {
        List<Long> due = new ArrayList<>(List.of(30L, 10L, 20L));
        Replicas replicas = new Replicas(4, 1, due);
        due.clear();

        assertThat(replicas.dueNanos()).containsExactly(10L, 20L, 30L);
        assertThat(replicas.due()).isEqualTo(3);
    }

    @Test
    void new_dueAcrossTheWrapOfTheClock_isSoonestFirst() {
        Replicas replicas = new Replicas(3, 0, List.of(Long.MIN_VALUE + 10, Long.MAX_VALUE - 5, Long.MIN_VALUE));

        assertThat(replicas.dueNanos()).containsExactly(Long.MAX_VALUE - 5, Long.MIN_VALUE, Long.MIN_VALUE + 10);
    }

    @Test
    void new_negative_isRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> new Replicas(-1, 0, List.of()));
        assertThatIllegalArgumentException().isThrownBy(() -> new Replicas(0, -1, List.of()));
    }
}
