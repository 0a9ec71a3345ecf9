/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.load;

import java.time.Duration;
import java.util.List;

/**
 * What the driver has done up to an instant.
 *
 * @param elapsed trace time since the start; stands still once the driver has finished
 * @param sent requests that were due and handed to the network
 * @param open those of them not ended yet
 * @param refusedByDriver requests that were due but not sent because the driver had as many open as it may; they count as
 *     failed in their tiers
 * @param lateness how much later than meant requests were sent, in <em>real</em> time
 * @param tiers one entry per tier, those with an SLO first and in the order they were given
 * @since 0.1.0
 */
public record LoadSnapshot(
        Duration elapsed, long sent, long open, long refusedByDriver, LatencySummary lateness, List<TierLoad> tiers) {}
