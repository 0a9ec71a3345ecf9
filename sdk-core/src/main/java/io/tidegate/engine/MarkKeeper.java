/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.guardrail.Marks;
import io.tidegate.pool.Signal;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the marks of a pool. For the engine's thread only.
 *
 * <p>Of the wall clock only its drift against the monotonic one is looked at: a jump says that this machine was stopped, moved or
 * corrected, and that ages may not be what they seem.
 */
final class MarkKeeper {

    /** Drift between two rounds from which the wall clock has jumped. */
    private static final long JUMP_NANOS = Duration.ofSeconds(5).toNanos();

    /** Differences are taken to be no more than this, so that none overflows. */
    private static final long CENTURY_NANOS = Duration.ofDays(36_525).toNanos();

    private Marks marks;
    private long roundNanos;
    private Instant roundWall;
    private long longestGapNanos;
    /** The same of the period before: the first gap after a change is still of that. */
    private long longestGapBefore;

    private int ready;
    /** Status and signals of the last poll that was counted: by the newest time of each. */
    private long pollStatusNanos;

    private Map<String, Long> pollSignals = Map.of();

    MarkKeeper(long nowNanos, Instant wall) {
        this.marks = Marks.startingAt(nowNanos);
        this.roundNanos = nowNanos;
        this.roundWall = wall;
        this.pollStatusNanos = nowNanos;
    }

    Marks marks() {
        return marks;
    }

    /** Rounds may be so far apart without anybody having stood still. */
    void period(Duration period) {
        longestGapBefore = Math.max(longestGapBefore, longestGapNanos);
        longestGapNanos = Math.max(JUMP_NANOS, 4 * period.toNanos());
    }

    /** Looks at the clocks. */
    void clock(long nowNanos, Instant wall) {
        long elapsed = nowNanos - roundNanos;
        long wallElapsed = nanosBetween(roundWall, wall);
        long drift = Math.abs(wallElapsed - elapsed);
        if (drift > JUMP_NANOS || elapsed > Math.max(longestGapNanos, longestGapBefore)) {
            marks = marks.withJump(nowNanos);
        }
        longestGapBefore = 0;
        roundNanos = nowNanos;
        roundWall = wall;
    }

    private static long nanosBetween(Instant from, Instant to) {
        try {
            long nanos = Duration.between(from, to).toNanos();
            return Math.max(-CENTURY_NANOS, Math.min(nanos, CENTURY_NANOS));
        } catch (ArithmeticException e) {
            return CENTURY_NANOS;
        }
    }

    /** The backend said how many are ready and how many are still due. */
    void status(long nowNanos, int nowReady, int due) {
        if (nowReady > ready || due == 0) {
            marks = marks.withReady(nowNanos);
        }
        ready = nowReady;
    }

    void traffic(long nowNanos) {
        marks = marks.withTraffic(nowNanos);
    }

    /**
     * What was known in this round.
     *
     * @param statusNanos when the status was heard
     */
    void evidence(long nowNanos, boolean trusted, boolean fresh, long statusNanos, Map<String, Signal> signals) {
        // Where there are signals, a backend that answers says nothing of load.
        @Nullable Long newest = fresh && signals.isEmpty() ? statusNanos : null;
        Map<String, Long> times = new TreeMap<>();
        for (Map.Entry<String, Signal> each : signals.entrySet()) {
            if (each.getValue() instanceof Signal.Known known) {
                times.put(each.getKey(), known.atNanos());
                newest = newest == null || known.atNanos() - newest > 0 ? (Long) known.atNanos() : newest;
            }
        }
        // What a source claims to know of the future was heard now.
        newest = newest != null && newest - nowNanos > 0 ? (Long) nowNanos : newest;
        if (newest != null && newest - marks.heardNanos() > 0) {
            marks = marks.withHeard(newest);
        }
        if (!trusted) {
            marks = marks.withIncomplete(nowNanos);
            pollStatusNanos = statusNanos;
            pollSignals = times;
        } else if (statusNanos - pollStatusNanos > 0 && allNewer(times)) {
            marks = marks.withGoodPoll();
            pollStatusNanos = statusNanos;
            pollSignals = times;
        }
    }

    private boolean allNewer(Map<String, Long> times) {
        for (Map.Entry<String, Long> each : times.entrySet()) {
            Long before = pollSignals.get(each.getKey());
            if (before != null && each.getValue() - before <= 0) {
                return false;
            }
        }
        return true;
    }
}
