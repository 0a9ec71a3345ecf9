/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.limit;

import io.tidegate.pool.Signal;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What the controller knows of one replica. Guarded by the controller's lock. */
final class Replica {

    /** Rejections that come so soon after a cut were sent before it. */
    private static final long ECHO_NANOS = 1_000_000_000;

    /** Weight of a new observation in the usual time to first token. */
    private static final double USUAL_WEIGHT = 0.05;

    private LimitSettings settings;

    /** What the readings call it; not known until one does. */
    @Nullable
    String id;

    long mentionedNanos;
    boolean placed;

    /** Since when it serves. */
    private long sinceNanos;

    /** Whether it is known to have become ready at {@link #sinceNanos}, and not to have served long before. */
    private boolean cold;

    private double factor;
    private int raises;
    private boolean changed;
    private long changedNanos;

    private long heardNanos;
    private boolean heard;
    private double running = Double.NaN;
    private double waiting = Double.NaN;
    private double kvCache = Double.NaN;
    private boolean preempted;
    private double preemptions = Double.NaN;
    private double firstToken = Double.NaN;
    private double usualFirstToken = Double.NaN;
    private double waitedBefore = Double.NaN;
    private boolean slowBefore;
    private double kvCacheTokens = Double.NaN;

    private double rejectionShare = 1;
    private boolean rejected;
    private long rejectedNanos;
    private long retryNanos;

    Replica(LimitSettings settings, @Nullable String id, double factor, long nowNanos, boolean cold) {
        this.settings = settings;
        this.id = id;
        this.mentionedNanos = nowNanos;
        serve(factor, nowNanos, cold);
    }

    void use(LimitSettings other) {
        settings = other;
        factor = Math.min(factor, other.maxShare());
    }

    /** Begins to serve now, and knows nothing of what was before, but for the size of its KV cache. */
    void serve(double factor, long nowNanos, boolean cold) {
        this.factor = factor;
        this.sinceNanos = nowNanos;
        this.heardNanos = nowNanos;
        this.cold = cold;
        this.raises = 0;
        this.changed = false;
        this.heard = false;
        this.waitedBefore = Double.NaN;
        this.slowBefore = false;
        this.preempted = false;
        this.rejectionShare = 1;
        this.rejected = false;
    }

    // ---- hearing ---------------------------------------------------------------------------------------------------

    /** Takes over a reading; true if it says how full the engine is, and is newer than the last that did. */
    boolean hear(EngineReading reading, long nowNanos) {
        mentionedNanos = nowNanos;
        kvCacheTokens = known(reading.kvCacheTokens(), kvCacheTokens);
        Signal telling = reading.waiting() instanceof Signal.Known ? reading.waiting() : reading.kvCacheFraction();
        if (!(telling.notOlderThan(settings.staleAfter(), nowNanos) instanceof Signal.Known known)) {
            return false;
        }
        long at = known.atNanos() - nowNanos > 0 ? nowNanos : known.atNanos();
        if (heard && at - heardNanos <= 0) {
            return false;
        }
        // Where it went on by itself meanwhile, that is where it goes on from.
        factor = factor(nowNanos);
        heard = true;
        heardNanos = at;
        running = known(reading.running(), Double.NaN);
        waiting = known(reading.waiting(), Double.NaN);
        kvCache = known(reading.kvCacheFraction(), Double.NaN);
        firstToken = known(reading.timeToFirstToken(), Double.NaN);
        double before = preemptions;
        preemptions = known(reading.preemptions(), before);
        preempted = preemptions > before;
        if (preemptions < before) {
            // Only a new process counts from the start again.
            serve(factor, nowNanos, true);
            heard = true;
            heardNanos = at;
        }
        return true;
    }

    private static double known(Signal signal, double otherwise) {
        return signal instanceof Signal.Known known && known.value() >= 0 ? known.value() : otherwise;
    }

    long heardNanos() {
        return heardNanos;
    }

    /** All requests in the engine, whoever sent them; {@code NaN} if it does not say. */
    double load() {
        return running + waiting;
    }

    /** Tokens its KV cache holds; {@code NaN} if it never said. */
    double kvCacheTokens() {
        return kvCacheTokens;
    }

    // ---- following -------------------------------------------------------------------------------------------------

    /**
     * Own requests and how they stand to the limit.
     *
     * @param then own requests in this replica when the reading was taken
     * @param now the same now
     * @param within whether the pool's had come down to its limit then
     * @param binding whether the pool's limit held requests back, then and now, and the engines show them
     */
    record Own(double then, double now, boolean within, boolean binding) {}

    /** Changes the factor by the last reading, if that has seen the last change. */
    void follow(double slots, Own own, long nowNanos, boolean credits) {
        if (credits && changed && heardNanos - changedNanos <= 0) {
            return;
        }
        double credit = credits ? own.now() - own.then() : 0;
        // Where nobody waits, what was sent since may have gone into the batch.
        double waits = waiting > 0 ? Math.max(0, waiting + credit) : waiting;
        boolean slowNow = slow(own);
        EngineLaw.Look look = new EngineLaw.Look(
                slots,
                factor,
                raises,
                own.now(),
                credit,
                running,
                waiting,
                // Not Math.min alone: one that is not known makes it not known, as min does with NaN.
                Math.min(waits, waitedBefore),
                kvCache,
                preempted,
                slowNow && slowBefore,
                own.within(),
                own.binding());
        EngineLaw.Verdict verdict = EngineLaw.decide(settings, look);
        raises = verdict.raises();
        waitedBefore = waits;
        slowBefore = slowNow;
        preempted = false;
        if (verdict.factor() != factor) {
            factor = verdict.factor();
            changed = true;
            changedNanos = nowNanos;
            waitedBefore = Double.NaN;
            slowBefore = false;
        }
    }

    private boolean slow(Own own) {
        double tolerance = settings.timeToFirstTokenTolerance();
        if (tolerance == 0 || Double.isNaN(firstToken)) {
            return false;
        }
        if (waiting == 0 && !own.binding()) {
            // Only what is seen without pressure is usual: else overload would become the measure of itself.
            usualFirstToken = Double.isNaN(usualFirstToken)
                    ? firstToken
                    : usualFirstToken + USUAL_WEIGHT * (firstToken - usualFirstToken);
        }
        return firstToken > tolerance * usualFirstToken;
    }

    boolean isStale(long nowNanos) {
        return nowNanos - heardNanos > settings.staleAfter().toNanos();
    }

    /** Its factor; once nothing was heard for long, on its way to the share of the stale. */
    double factor(long nowNanos) {
        long silent = nowNanos
                - heardNanos
                - settings.staleAfter().toNanos()
                - settings.staleHold().toNanos();
        if (silent <= 0) {
            return factor;
        }
        double end = Math.min(settings.staleShare(), settings.maxShare());
        return factor + (end - factor) * part(silent, settings.staleMove());
    }

    // ---- starting and rejecting ------------------------------------------------------------------------------------

    boolean isStarting(long nowNanos) {
        if (cold && nowNanos - sinceNanos >= settings.slowStart().toNanos()) {
            // Noted, as the clock may come round again.
            cold = false;
        }
        return cold;
    }

    double startShare(long nowNanos) {
        if (!isStarting(nowNanos)) {
            return 1;
        }
        double start = settings.slowStartShare();
        return start + (1 - start) * part(nowNanos - sinceNanos, settings.slowStart());
    }

    /** Takes note that its engine rejects requests. */
    void reject(Duration retryAfter, long nowNanos) {
        mentionedNanos = nowNanos;
        Duration believed = retryAfter.compareTo(settings.rejectionMax()) > 0 ? settings.rejectionMax() : retryAfter;
        long retry = nowNanos + (believed.isNegative() ? 0 : believed.toNanos());
        double share = rejectionShare(nowNanos);
        if (!rejected || nowNanos - rejectedNanos >= ECHO_NANOS) {
            rejectionShare = Math.max(settings.minShare(), share * settings.rejectionShare());
            rejectedNanos = nowNanos;
        }
        retryNanos = rejected && retryNanos - retry > 0 ? retryNanos : retry;
        rejected = true;
    }

    boolean isRejecting(long nowNanos) {
        return rejectionShare(nowNanos) < 1;
    }

    double rejectionShare(long nowNanos) {
        if (!rejected) {
            return 1;
        }
        // At least a second, however soon it may be tried again: until then echoes come in.
        long over = Math.min(nowNanos - retryNanos, nowNanos - rejectedNanos - ECHO_NANOS);
        if (over <= 0) {
            return rejectionShare;
        }
        double share = rejectionShare + (1 - rejectionShare) * part(over, settings.rejectionRecovery());
        if (share >= 1) {
            rejected = false;
        }
        return share;
    }

    private static double part(long nanos, Duration whole) {
        return whole.isZero() ? 1 : Math.min(1, (double) nanos / whole.toNanos());
    }
}
