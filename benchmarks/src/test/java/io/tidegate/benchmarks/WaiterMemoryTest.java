/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class WaiterMemoryTest {

    @Test
    void waiters_inAJvmOfTheirOwn_takeHeap() throws Exception {
        assertThat(WaiterMemory.measure(WaiterMemory.GATE, 20_000)).isPositive();
        assertThat(WaiterMemory.measure(WaiterMemory.REACTOR_POOL, 20_000)).isPositive();
    }
}
