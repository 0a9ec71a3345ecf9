/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.forecast.spi;

import io.tidegate.forecast.Fitted;
import io.tidegate.forecast.Forecast;
import io.tidegate.forecast.Series;

/**
 * Predicts one series of a pool, such as its arrivals per second.
 *
 * <p>A pure function: the same history, steps and learned numbers give the same forecast, on whatever thread and however often. No
 * clock, no network, no memory and no random numbers of its own but seeded ones: what it learns is handed in and given back, and kept
 * over a reload and, where a memory is configured, over a restart. If it throws, there is no forecast, which is never a reason to scale
 * down.
 *
 * @since 0.1.0
 */
public interface Forecaster {

    /** Short name for explanations and meters: {@code seasonal-naive}. Always the same. */
    String name();

    /**
     * What is known after one more value, the last of the history. Called once for each, in order, before {@link #forecast}; by default
     * nothing is learned. Bounded: {@link Fitted#MOST_NUMBERS}.
     *
     * @param history what was, to the newest value, as far back as is kept; that value may be NaN
     * @param before what was known; {@link Fitted#NOTHING} at first. It may come from a file and an older version, so rows may be missing
     *     or short and numbers out of range: then as if nothing had been learned
     */
    default Fitted learn(Series history, Fitted before) {
        return before;
    }

    /**
     * What is expected from the end of the history on.
     *
     * <p>Where the history is too short, or too little of it is known, there is no forecast, with the reason: never one of 0.
     *
     * @param history what was; may be empty and hold NaN
     * @param steps how many steps ahead, each as long as a step of the history; 1 to {@link Forecast#MOST_STEPS}
     * @param learned what {@link #learn} gave back last, or {@link Fitted#NOTHING}, or what an older version kept
     * @return a point for each step, or none
     */
    Forecast forecast(Series history, int steps, Fitted learned);
}
