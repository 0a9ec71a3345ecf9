/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.alert;

import io.tidegate.alert.Alert.Severity;
import io.tidegate.alert.Finding.Bad;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Whether one alert of one pool fires. Time counts only as far as somebody looked, so a process that stood still has not seen an hour of
 * trouble. For one thread.
 *
 * <pre>
 *   quiet  → firing  bad for as long as the finding says, since it was last fine, and the pause since the last end is over
 *   firing → quiet   fine, without a break, for the time to clear
 *   severity         up when it was critical for as long as the finding says, down when it was not for the time to clear
 * </pre>
 */
final class Watch {

    private static final long NEVER = -1;

    private final AlertKind kind;

    /** How long each has been the case, or never. */
    private long badNanos = NEVER;

    private long criticalNanos = NEVER;
    private long milderNanos = NEVER;
    private long fineNanos = NEVER;
    private long endedNanos = NEVER;

    /** What is said while it fires. */
    private @Nullable Alert active;

    Watch(AlertKind kind) {
        this.kind = kind;
    }

    @Nullable
    Alert active() {
        return active;
    }

    /**
     * One look.
     *
     * @param stepNanos time since the last look, as far as it counts; 0 or more
     * @return what began, changed severity or ended; null if nothing did
     */
    @Nullable
    Alert look(Finding finding, long stepNanos, Situation situation, AlertSettings settings) {
        if (active == null && endedNanos != NEVER) {
            endedNanos += stepNanos;
        }
        if (finding instanceof Bad bad) {
            return onBad(bad, stepNanos, situation, settings);
        }
        if (finding instanceof Finding.Between) {
            fineNanos = NEVER;
        } else if (finding instanceof Finding.Fine) {
            return onFine(stepNanos, situation, settings);
        }
        return null;
    }

    private @Nullable Alert onBad(Bad bad, long stepNanos, Situation situation, AlertSettings settings) {
        boolean critical = bad.severity() == Severity.CRITICAL;
        fineNanos = NEVER;
        badNanos = longer(badNanos, stepNanos);
        criticalNanos = critical ? longer(criticalNanos, stepNanos) : NEVER;
        milderNanos = critical ? NEVER : longer(milderNanos, stepNanos);
        long holds = bad.holds().toNanos();
        boolean nowCritical = critical && criticalNanos >= holds;
        Alert before = active;
        if (before == null) {
            boolean paused =
                    endedNanos != NEVER && endedNanos < settings.pause().toNanos();
            if (badNanos < holds || (paused && !nowCritical)) {
                return null;
            }
            active = said(bad, nowCritical ? Severity.CRITICAL : Severity.WARNING, situation.at(), situation);
            return active;
        }
        Severity severity = before.severity();
        if (nowCritical) {
            severity = Severity.CRITICAL;
        } else if (!critical && milderNanos >= settings.clearAfter().toNanos()) {
            severity = Severity.WARNING;
        }
        Alert now = said(bad, severity, before.since(), situation);
        active = now;
        return severity == before.severity() ? null : now;
    }

    private Alert said(Bad bad, Severity severity, Instant since, Situation situation) {
        return new Alert(kind, situation.pool(), true, severity, since, situation.at(), bad.what(), bad.todo());
    }

    private @Nullable Alert onFine(long stepNanos, Situation situation, AlertSettings settings) {
        badNanos = NEVER;
        criticalNanos = NEVER;
        milderNanos = NEVER;
        if (active == null) {
            return null;
        }
        fineNanos = longer(fineNanos, stepNanos);
        return fineNanos < settings.clearAfter().toNanos() ? null : end(situation, "no longer");
    }

    /** Ends it whatever is the case; null if it does not fire. */
    @Nullable
    Alert end(Situation situation, String how) {
        Alert before = active;
        if (before == null) {
            return null;
        }
        active = null;
        badNanos = NEVER;
        criticalNanos = NEVER;
        milderNanos = NEVER;
        fineNanos = NEVER;
        endedNanos = 0;
        Duration lasted = Duration.between(before.since(), situation.at());
        return new Alert(
                kind,
                before.pool(),
                false,
                before.severity(),
                before.since(),
                situation.at(),
                how + ", after " + Words.duration(lasted.isNegative() ? Duration.ZERO : lasted) + ": " + before.what(),
                "nothing");
    }

    private static long longer(long nanos, long stepNanos) {
        return nanos == NEVER ? 0 : nanos + stepNanos;
    }
}
