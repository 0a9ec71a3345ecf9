/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.lease;

import io.tidegate.engine.spi.Leadership.Term;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Decides what to ask of a lease and who leads, from answers and the local monotonic clock alone. It reads no clock, starts no thread and
 * sends nothing, so that it can be run in virtual time.
 *
 * <p>Not safe for many threads. Whoever drives it asks {@link #next}, does that, and tells what came of it, until it says to wait.
 *
 * <p>A term lasts while its lease is renewed in time. One that ran out by the clock never comes back, though its lease may still be there:
 * what is written after that is a new term with a higher epoch, so that what the old one may have under way can be told from it.
 */
final class Election {

    /** What to do. */
    sealed interface Step permits Wait, Read, Write {}

    /** Nothing for so long. */
    record Wait(long nanos) implements Step {}

    /** Read the lease. */
    record Read() implements Step {}

    /**
     * Write the lease.
     *
     * @param over what must be there, null for nothing
     * @param holder empty for nobody
     * @param transitions the epoch
     * @param mark what {@link LeaseView#mark} is to be, which no other write has
     */
    record Write(Kind kind, @Nullable LeaseView over, String holder, long transitions, String mark) implements Step {}

    /** What a write is for. */
    enum Kind {
        /**
         * Puts a lease of nobody's where there is none, which is then waited for. Nobody leads by making one: between two looks that both
         * found nothing, another may have made one, and lead, and somebody may have deleted it.
         */
        PLACE,
        /** Begins a term. */
        TAKE,
        /** Goes on with it. */
        RENEW,
        /** Ends it. */
        RELEASE
    }

    private record Pending(Write write, long startedNanos) {}

    private final String self;
    private final long leaseNanos;
    private final long deadlineNanos;
    private final long retryNanos;
    private final RandomGenerator random;

    private long nextRoundNanos;
    private boolean inRound;
    private int triesLeft;
    private boolean stopped;

    /** What was there when it was read or written last; not to be relied on unless {@link #sure}. */
    private @Nullable LeaseView seen;

    private boolean sure;
    /** When {@link #seen} was first seen as it is, or first seen to be missing. */
    private long seenSinceNanos;

    private boolean sawAnything;
    /** Longest duration that was published in the term that is seen. */
    private long longestPublishedNanos;

    /** Whether the last that is known of the lease is that it is held from here, by a write from here. */
    private boolean mine;

    private long epoch;
    private long renewedNanos;
    private long highestEpoch;
    /** How the marks of all writes from here begin. */
    private final String marks;

    private long written;
    private @Nullable Pending pending;

    Election(String self, LeaseTiming timing, long nowNanos, RandomGenerator random) {
        this.self = self;
        this.leaseNanos = timing.lease().toNanos();
        this.deadlineNanos = timing.renewDeadline().toNanos();
        this.retryNanos = timing.retryPeriod().toNanos();
        this.random = random;
        // A process of the same identity before this one counted too.
        this.marks = Long.toUnsignedString(random.nextLong(), 36) + "-";
        this.nextRoundNanos = nowNanos;
    }

    /** What to do now. */
    Step next(long now) {
        if (stopped) {
            return new Wait(retryNanos);
        }
        if (!inRound) {
            if (nextRoundNanos - now > 0) {
                return new Wait(nextRoundNanos - now);
            }
            inRound = true;
            triesLeft = 1;
            nextRoundNanos = now + retryNanos - (long) (random.nextDouble() * 0.2 * retryNanos);
            // A leader writes over what it wrote itself; all others look first.
            sure = sure && mine;
        }
        if (!sure) {
            return new Read();
        }
        Write write = decide(now);
        if (write != null) {
            return write;
        }
        inRound = false;
        return new Wait(Math.max(1, nextRoundNanos - now));
    }

    private @Nullable Write decide(long now) {
        LeaseView lease = seen;
        if (lease == null) {
            return new Write(Kind.PLACE, null, "", highestEpoch, nextMark());
        }
        if (mine) {
            return lapsed(now) || highestEpoch > epoch
                    ? taking(lease)
                    : new Write(Kind.RENEW, lease, self, epoch, nextMark());
        }
        long freeAt = lease.holder().isEmpty() && lease.released()
                ? now
                : seenSinceNanos + Math.max(leaseNanos, longestPublishedNanos);
        if (freeAt - now > 0) {
            // No later than when it falls free, and no sooner than that if it is soon.
            nextRoundNanos = nextRoundNanos - freeAt > 0 ? freeAt : nextRoundNanos;
            return null;
        }
        return taking(lease);
    }

    private Write taking(LeaseView over) {
        return new Write(Kind.TAKE, over, self, highestEpoch + 1, nextMark());
    }

    /** The lease was read, and is this, or is not there. */
    void found(long now, @Nullable LeaseView lease) {
        recognise(now, lease);
        if (lease != null) {
            highestEpoch = Math.max(highestEpoch, lease.transitions());
        }
        observe(now, lease);
        // Under its own name, but not as it was written from here, is not held from here: another may have led since.
        if (mine
                && (lease == null
                        || !lease.holder().equals(self)
                        || !lease.mark().startsWith(marks))) {
            mine = false;
        }
        pending = null;
    }

    /** A write whose answer was lost may have been carried out. */
    private void recognise(long now, @Nullable LeaseView lease) {
        Pending unanswered = pending;
        if (unanswered != null
                && lease != null
                && lease.holder().equals(self)
                && lease.transitions() == unanswered.write().transitions()
                && lease.mark().equals(unanswered.write().mark())) {
            held(now, unanswered);
        }
    }

    private void observe(long now, @Nullable LeaseView lease) {
        LeaseView before = seen;
        boolean same = before == null ? lease == null : lease != null && before.sameTermAndRenewal(lease);
        if (!sawAnything || !same) {
            seenSinceNanos = now;
            sawAnything = true;
        }
        if (lease != null) {
            boolean sameTerm = before != null
                    && before.holder().equals(lease.holder())
                    && before.transitions() == lease.transitions();
            long published = lease.published().compareTo(LeaseTiming.LONGEST) > 0
                    ? LeaseTiming.LONGEST.toNanos()
                    : lease.published().toNanos();
            // Taking the holder's name out, or the lease away, does not end what it was told it may do.
            longestPublishedNanos =
                    sameTerm || lease.holder().isEmpty() ? Math.max(longestPublishedNanos, published) : published;
        }
        seen = lease;
        sure = true;
    }

    /** A write was carried out, and this is there now. */
    void written(long startedNanos, long now, Write write, LeaseView result) {
        highestEpoch = Math.max(highestEpoch, write.transitions());
        observe(now, result);
        pending = null;
        if (write.holder().isEmpty()) {
            mine = false;
            inRound = false;
            return;
        }
        held(now, new Pending(write, startedNanos));
        // One that was renewed too late begins a new term at once, with a write of its own.
        inRound = lapsed(now) && triesLeft-- > 0;
    }

    private void held(long now, Pending good) {
        if (good.write().kind() == Kind.TAKE) {
            mine = true;
            epoch = good.write().transitions();
            renewedNanos = good.startedNanos();
        } else if (mine && !lapsed(now)) {
            renewedNanos = good.startedNanos();
        }
    }

    private String nextMark() {
        return marks + ++written;
    }

    /** Somebody else wrote meanwhile: nothing was written. */
    void conflicted() {
        sure = false;
        pending = null;
        // A leader looks at once whether it still leads; but an answer of this kind to each write must not make it a
        // loop.
        inRound = mine && triesLeft-- > 0;
    }

    /** A read gave no answer. */
    void unread() {
        sure = false;
        inRound = false;
    }

    /** A write gave no usable answer: it may have been carried out. */
    void unanswered(long startedNanos, Write write) {
        sure = false;
        inRound = false;
        pending = new Pending(write, startedNanos);
        // An epoch that may stand in the lease is never used for another term.
        highestEpoch = Math.max(highestEpoch, write.transitions());
    }

    /** There is a higher epoch than was known, as on a target: if this one leads, it begins a new term above that. */
    void surpass(long now, long higher) {
        highestEpoch = Math.max(highestEpoch, higher);
        if (mine && highestEpoch > epoch && nextRoundNanos - now > 0) {
            nextRoundNanos = now;
        }
    }

    /** No more renewals. */
    void stop() {
        stopped = true;
    }

    /** What gives the lease back; null if it is not held, or may be another's by now. */
    @Nullable
    Write release(long now) {
        LeaseView lease = seen;
        return mine && sure && lease != null && !lapsed(now)
                ? new Write(Kind.RELEASE, lease, "", epoch, nextMark())
                : null;
    }

    private boolean lapsed(long now) {
        return now - renewedNanos > deadlineNanos;
    }

    /** Whether the present term may be acted in, by the clock. */
    Term term(long now) {
        LeaseView lease = seen;
        if (mine) {
            return new Term(!lapsed(now), epoch, self);
        }
        return new Term(false, lease == null ? 0 : lease.transitions(), lease == null ? "" : lease.holder());
    }

    /** Until when the present term may be acted in unless it is renewed, if it is {@link #term held}. */
    long endsNanos() {
        return renewedNanos + deadlineNanos;
    }
}
