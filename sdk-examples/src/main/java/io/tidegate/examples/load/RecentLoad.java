/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.load;

import java.util.OptionalDouble;

/**
 * The last few seconds of one tier, for a progress line.
 *
 * @param sent requests sent in the window
 * @param shed requests refused in the window
 * @param broken requests whose SLO was found broken in the window
 * @param ttft times to the first token of the answers that began in the window, in trace time
 * @param sloAttainment share of the requests decided in the window that kept their SLO, 0..1; empty if none was decided
 *     or the tier has no SLO
 * @since 0.1.0
 */
public record RecentLoad(long sent, long shed, long broken, LatencySummary ttft, OptionalDouble sloAttainment) {}
