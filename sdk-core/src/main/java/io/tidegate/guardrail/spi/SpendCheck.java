/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail.spi;

import io.tidegate.pool.PoolView;

/**
 * Whether a raise can be paid for.
 *
 * <p>Asked only when replicas would be added, by the engine's thread; it must answer from memory, without a call to a price list. If it
 * throws, the raise is refused.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface SpendCheck {

    /**
     * How far a raise may go.
     *
     * @param view what is known now, with the pool's name
     * @param from the present count
     * @param to the count asked for, above {@code from}
     */
    Allowed check(PoolView view, int from, int to);

    /**
     * The answer.
     *
     * @param replicas how many there may be; below {@code from} reads as {@code from}, above {@code to} as {@code to}
     * @param why why not more, with amounts and currency; empty if all that was asked for is allowed
     */
    record Allowed(int replicas, String why) {}
}
