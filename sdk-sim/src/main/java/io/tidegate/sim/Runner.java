/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim;

import io.tidegate.sim.score.RunScore;
import java.util.function.DoubleConsumer;

/**
 * Makes a run: {@link Simulator#run}, or something in its place.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface Runner {

    /**
     * Makes one run on the calling thread; several threads may call at once.
     *
     * @param progress told the share that has passed, 0..1, now and then
     */
    RunScore run(RunPlan plan, DoubleConsumer progress);
}
