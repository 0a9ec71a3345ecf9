/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.load;

import io.tidegate.sim.trace.TraceEvent;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What became of one request. Times but the lateness are trace time, counted from the instant the trace meant the request
 * to be sent, not from when it was sent.
 *
 * @param event the request
 * @param outcome how it ended
 * @param status the HTTP status, or 0 if there was none
 * @param reason why it was not completed, in the gateway's word or the driver's; empty if it was
 * @param retryAfter when the gateway said to come back, or null
 * @param ttft time to the first token, or null if none came
 * @param endToEnd time to the end
 * @param outputTokens tokens of the answer as the server counted them, 0 if it did not say
 * @param lateness how much later than meant the request was sent, in real time
 * @since 0.1.0
 */
public record RequestResult(
        TraceEvent event,
        Outcome outcome,
        int status,
        String reason,
        @Nullable Duration retryAfter,
        @Nullable Duration ttft,
        Duration endToEnd,
        int outputTokens,
        Duration lateness) {}
