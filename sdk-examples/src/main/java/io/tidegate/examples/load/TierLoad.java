/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.load;

import java.time.Duration;
import java.util.Map;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * What one tier asked for and got, since the start. Latencies are trace time, counted from the intended instant.
 *
 * @param tier the tier's name
 * @param sloTtft its bound on the time to the first token, or null if it has none
 * @param requests all that were due, the open ones included
 * @param open those not ended yet
 * @param completed see {@link Outcome#COMPLETED}
 * @param shed see {@link Outcome#SHED}
 * @param expired see {@link Outcome#EXPIRED}
 * @param failed see {@link Outcome#FAILED}
 * @param cancelled see {@link Outcome#CANCELLED}
 * @param sloAttainment share of the requests that kept their SLO, 0..1; empty if none is decided yet or the tier has no SLO.
 *     A request is decided as soon as its first token came or its bound has passed; shed, expired and failed ones have
 *     broken it; one the driver cancelled before either happened does not count
 * @param ttft times to the first token
 * @param endToEnd times to the end, of completed requests
 * @param outputTokens tokens of all answers, as the server counted them
 * @param reasons how often each reason was given for a request that was not completed
 * @param recent the last few seconds
 * @since 0.1.0
 */
public record TierLoad(
        String tier,
        @Nullable Duration sloTtft,
        long requests,
        long open,
        long completed,
        long shed,
        long expired,
        long failed,
        long cancelled,
        OptionalDouble sloAttainment,
        LatencySummary ttft,
        LatencySummary endToEnd,
        long outputTokens,
        Map<String, Long> reasons,
        RecentLoad recent) {}
