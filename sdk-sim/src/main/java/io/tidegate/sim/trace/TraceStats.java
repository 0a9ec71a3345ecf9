/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import java.time.Duration;

/**
 * What a trace amounts to.
 *
 * @param events how many there are
 * @param duration how long the trace lasts, in trace time
 * @param meanPerSecond events over duration, per second of trace time; 0 if the trace has no length
 * @param peakPerSecond most events in one of the seconds 0..1, 1..2, ... of trace time
 * @param meanPromptTokens mean length of a prompt; 0 if there are no events
 * @param meanOutputTokens mean length of an answer; 0 if there are no events
 * @since 0.1.0
 */
public record TraceStats(
        long events,
        Duration duration,
        double meanPerSecond,
        double peakPerSecond,
        double meanPromptTokens,
        double meanOutputTokens) {

    private static final long SECOND_NANOS = 1_000_000_000L;

    static TraceStats of(Trace trace) {
        long events = 0;
        double prompt = 0;
        double output = 0;
        long second = -1;
        long inSecond = 0;
        long peak = 0;
        for (TraceEvent event : trace) {
            events++;
            prompt += event.promptTokens();
            output += event.outputTokens();
            if (event.offsetNanos() / SECOND_NANOS != second) {
                second = event.offsetNanos() / SECOND_NANOS;
                inSecond = 0;
            }
            inSecond++;
            peak = Math.max(peak, inSecond);
        }
        double seconds = trace.duration().toNanos() / 1e9;
        long divisor = Math.max(1, events);
        return new TraceStats(
                events, trace.duration(), seconds > 0 ? events / seconds : 0, peak, prompt / divisor, output / divisor);
    }
}
