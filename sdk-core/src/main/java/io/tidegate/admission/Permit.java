/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import io.tidegate.pool.Tier;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The right to be in flight.
 *
 * <p>Hold it to the last byte of the answer and return it on every exit; it counts once, whoever closes it and how often.
 * One that is lost without being closed is found by the gate's leak detector after it was collected as garbage, and its room
 * given back. Safe for use by many threads.
 *
 * <pre>{@code
 * if (gate.acquire(request) instanceof Permit permit) {
 *     try (permit) {
 *         call(onFirstByte -> permit.firstToken());
 *         permit.close(Outcome.COMPLETED, new Usage(prompt, output));
 *     }
 * }
 * }</pre>
 *
 * @since 0.1.0
 */
public sealed class Permit implements Admission, AutoCloseable permits Waiter {

    /*
     * One word says everything of its life, so that every race is one compare-and-set: negative while it is no permit yet or
     * no longer, 0 while it is held, and above 0 once the first token has come, that many units after arrival.
     */

    static final int HELD = 0;
    static final int WAITING = -1;
    static final int CLOSED = -2;
    static final int CANCELLED = -3;
    static final int EXPIRED = -4;
    static final int EVICTED = -5;
    static final int DRAINED = -6;
    static final int REFUSED = -7;

    /** Its room is being given back. */
    static final int CLOSING = -8;

    /** Units of the time to the first token: 1.024 µs, so that a positive int holds 36 minutes; later counts as that. */
    private static final int TOKEN_UNIT_SHIFT = 10;

    static final VarHandle STATE;
    private static final VarHandle TRACKED;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            STATE = lookup.findVarHandle(Permit.class, "state", int.class);
            TRACKED = lookup.findVarHandle(Permit.class, "tracked", LeakDetector.Tracked.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final TierLane lane;

    /** What was asked. */
    final Request request;

    /** When the request arrived. */
    final long arrivedNanos;

    /** Tokens it holds, in units. Written before it becomes a permit. */
    int units;

    /** What the leak detector knows of it, or null while it is young. Through the VarHandle. */
    @SuppressWarnings("UnusedVariable")
    private LeakDetector.@Nullable Tracked tracked;

    /** Through the VarHandle, but for the first store. */
    @SuppressWarnings("UnusedVariable")
    private int state;

    Permit(TierLane lane, Request request, long arrivedNanos, int units) {
        this(lane, request, arrivedNanos, units, HELD);
    }

    /** Stores every field, and none as a volatile one: the compiler then need not clear the memory before. */
    Permit(TierLane lane, Request request, long arrivedNanos, int units, int state) {
        this.request = request;
        this.arrivedNanos = arrivedNanos;
        this.units = units;
        this.state = state;
        this.tracked = null;
        this.lane = lane;
    }

    /** Says that the first token has come. The first call counts; later ones, and calls after closing, do nothing. */
    public void firstToken() {
        if (state() == HELD) {
            long sinceArrival = Math.max(1, lane.gate.now() - arrivedNanos);
            if (STATE.compareAndSet(this, HELD, tokenUnits(sinceArrival))) {
                lane.gate.onFirstToken(lane, sinceArrival);
            }
        }
    }

    private static int tokenUnits(long nanos) {
        // Rounded up: a token that came after the bound must not seem to have come before it.
        return (int) Math.min(((nanos - 1) >> TOKEN_UNIT_SHIFT) + 1, Integer.MAX_VALUE);
    }

    /** Returns the permit with {@link Outcome#UNREPORTED}, unless it was returned before. */
    @Override
    public void close() {
        close(Outcome.UNREPORTED, Usage.NONE);
    }

    /**
     * Returns the permit and says how the request ended. The first call counts, later ones do nothing.
     *
     * @param usage tokens it took; {@link Usage#NONE} if unknown
     * @return whether this call returned it
     */
    public boolean close(Outcome outcome, Usage usage) {
        Objects.requireNonNull(outcome, "outcome");
        Objects.requireNonNull(usage, "usage");
        int seen = state();
        while (seen >= HELD) {
            int found = (int) STATE.compareAndExchange(this, seen, CLOSING);
            if (found == seen) {
                boolean awaited = giveBack(seen);
                lane.gate.onClosed(this, outcome, usage, (long) seen << TOKEN_UNIT_SHIFT, awaited);
                return true;
            }
            seen = found;
        }
        return false;
    }

    /** First of all, and all or nothing: where the stack ends in the middle of it, the permit stays as it was. */
    private boolean giveBack(int held) {
        boolean given = false;
        try {
            boolean awaited = lane.gate.giveBack(units);
            given = true;
            STATE.setOpaque(this, CLOSED);
            // After the state, as the detector writes this before it reads the state: one of both sees the other.
            LeakDetector.Tracked known = tracked();
            if (known != null) {
                known.returned();
            }
            return awaited;
        } catch (Error e) {
            if (!given) {
                STATE.setOpaque(this, held);
            }
            throw e;
        }
    }

    /** Ends it before anybody was given it; false if it was never granted or has ended. The room is the caller's to return. */
    boolean tryDiscard() {
        return STATE.compareAndSet(this, HELD, CLOSED);
    }

    /** Whether it was returned. */
    public boolean closed() {
        int seen = state();
        return seen == CLOSED || seen == CLOSING;
    }

    /** The pool it was given for. */
    public String pool() {
        return lane.gate.pool();
    }

    /** The tier it was given to. */
    public Tier tier() {
        return lane.tier;
    }

    /** How long the request was in queue; zero if it did not wait. */
    public Duration queueWait() {
        return Duration.ofNanos(queueNanos());
    }

    long queueNanos() {
        return 0;
    }

    final int state() {
        return (int) STATE.getVolatile(this);
    }

    final LeakDetector.@Nullable Tracked tracked() {
        return (LeakDetector.Tracked) TRACKED.getVolatile(this);
    }

    final void tracked(LeakDetector.Tracked reference) {
        TRACKED.setVolatile(this, reference);
    }

    @Override
    public String toString() {
        return "Permit[tier=" + lane.tier + ", queueWait=" + queueWait() + ", closed=" + closed() + "]";
    }
}
