/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim;

import io.tidegate.sim.score.RunScore;
import java.util.List;
import java.util.function.DoubleConsumer;

/**
 * Runs episodes in virtual time. The same plan gives the same score, to the last bit.
 *
 * @since 0.1.0
 */
public final class Simulator {

    private Simulator() {}

    /** Names of all who can decide the count, {@code tidegate} first. */
    public static List<String> scalers() {
        return List.of("tidegate");
    }

    /**
     * Makes one run on the calling thread.
     *
     * @param progress told the share of the trace that has passed, 0..1, now and then
     * @throws IllegalArgumentException if there is no such scaler; the message names those there are
     */
    public static RunScore run(RunPlan plan, DoubleConsumer progress) {
        if (!scalers().contains(plan.scaler())) {
            throw new IllegalArgumentException("no scaler is called \"" + plan.scaler() + "\": there are " + scalers());
        }
        progress.accept(0);
        throw new UnsupportedOperationException("the simulator is being built");
    }
}
