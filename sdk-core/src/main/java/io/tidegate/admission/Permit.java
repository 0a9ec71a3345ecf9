/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
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

    /** It is being granted less than it asked for: for the moment that writing it down takes. */
    static final int GRANTING = -9;

    /** Units of the time to the first token: 1.024 µs, so that 30 bits hold 18 minutes; later counts as that. */
    private static final int TOKEN_UNIT_SHIFT = 10;

    /** In the state of one that is held: it may have taken more tokens since, so that nobody else knows how many it holds. */
    private static final int GROWN = 1 << 30;

    /** Units taken at once when a request writes more than was expected: 1,024 tokens, so that few steps do. */
    private static final int GROWTH = 64;

    static final VarHandle STATE;
    private static final VarHandle UNITS;
    private static final VarHandle TRACKED;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            STATE = lookup.findVarHandle(Permit.class, "state", int.class);
            UNITS = lookup.findVarHandle(Permit.class, "units", int.class);
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
        int seen = state();
        while (seen == HELD || seen == GROWN) {
            long sinceArrival = Math.max(1, lane.gate.now() - arrivedNanos);
            int found = (int) STATE.compareAndExchange(this, seen, seen | tokenUnits(sinceArrival));
            if (found == seen) {
                lane.gate.onFirstToken(lane, sinceArrival);
                return;
            }
            seen = found;
        }
    }

    /**
     * Says how many tokens the answer has so far, while it is streamed. What it writes beyond what was expected is then counted as
     * in flight and charged to its tenant at once, and not only at the end. Call it for each chunk or now and then: it costs
     * two reads while the answer is within what was expected. What comes after closing does nothing.
     *
     * @param outputTokens tokens written so far; less than was said before changes nothing
     */
    public void progress(long outputTokens) {
        int seen = units;
        long needed = GateState.units(request.promptTokens() + Math.min(outputTokens, Work.MAX_TOKENS));
        if (needed <= seen || outputTokens <= 0) {
            return;
        }
        int state = state();
        // First, so that from here on whoever closes it asks for the units in one step with ending them.
        while (state >= HELD && (state & GROWN) == 0) {
            int found = (int) STATE.compareAndExchange(this, state, state | GROWN);
            state = found == state ? state | GROWN : found;
        }
        if (state >= HELD) {
            grow((int) Math.min(needed + GROWTH - 1L, Integer.MAX_VALUE));
        }
    }

    private void grow(int wanted) {
        int seen = (int) UNITS.getVolatile(this);
        while (seen >= 0 && seen < wanted) {
            // Taken and charged before the permit holds it: whoever closes it then finds that it was.
            int more = lane.gate.tryGrow(this, seen, wanted);
            if (more == 0) {
                return;
            }
            int found = (int) UNITS.compareAndExchange(this, seen, seen + more);
            if (found == seen) {
                LeakDetector.Tracked known = tracked();
                if (known != null) {
                    known.raise(seen + more);
                }
                lane.gate.onGrown(this, more);
                return;
            }
            lane.gate.shrink(this, more);
            seen = found;
        }
    }

    private static int tokenUnits(long nanos) {
        // Rounded up: a token that came after the bound must not seem to have come before it.
        return (int) Math.min(((nanos - 1) >> TOKEN_UNIT_SHIFT) + 1, GROWN - 1);
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
                int held = (seen & GROWN) == 0 ? units : (int) UNITS.getAndSet(this, -1);
                boolean awaited = giveBack(seen, held);
                long firstToken = (long) (seen & ~GROWN) << TOKEN_UNIT_SHIFT;
                lane.gate.onClosed(this, held, outcome, usage, firstToken, awaited);
                return true;
            }
            seen = found;
        }
        return false;
    }

    /** First of all, and all or nothing: where the stack ends in the middle of it, the permit stays as it was. */
    private boolean giveBack(int seen, int held) {
        boolean given = false;
        try {
            boolean awaited = lane.gate.giveBack(held);
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
                UNITS.setOpaque(this, held);
                STATE.setOpaque(this, seen);
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
