/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.ledger.Account.Stage;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * How long a pool's replicas take to be ready, from the decision on, as measured lately: the last hundred scale events up that all
 * replicas came of. Immutable.
 *
 * @param count how many were measured; the rest is empty if none was
 * @param median half took at most this; what the ETA of replicas on the way rests on (the last fifteen of them)
 * @param p90 nine of ten took at most this; how far ahead a forecast should look
 * @param longest none took longer
 * @param stages median time by stage, of those stages that are known
 * @since 0.1.0
 */
public record ScaleTimes(
        int count,
        Optional<Duration> median,
        Optional<Duration> p90,
        Optional<Duration> longest,
        Map<Stage, Duration> stages) {

    /** Nothing was measured yet. */
    static final ScaleTimes NOTHING = new ScaleTimes(0, Optional.empty(), Optional.empty(), Optional.empty(), Map.of());

    public ScaleTimes {
        stages = Map.copyOf(stages);
    }
}
