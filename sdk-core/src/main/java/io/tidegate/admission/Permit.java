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

/**
 * The right to be in flight.
 *
 * <p>Hold it to the last byte of the answer and return it on every exit; it counts once, whoever closes it and how often.
 * Safe for use by many threads.
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
public final class Permit implements Admission, AutoCloseable {

    private static final VarHandle CLOSED;
    private static final VarHandle FIRST_TOKEN;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            CLOSED = lookup.findVarHandle(Permit.class, "closed", boolean.class);
            FIRST_TOKEN = lookup.findVarHandle(Permit.class, "firstTokenSeen", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Gate gate;
    private final TierLane lane;
    private final long cost;
    private final long arrivedNanos;
    private final long admittedNanos;

    @SuppressWarnings("unused") // through the VarHandle
    private volatile boolean closed;

    @SuppressWarnings("unused") // through the VarHandle
    private volatile boolean firstTokenSeen;

    /** Written once, after firstTokenSeen was won; 0 until then. A reader that sees 0 treats the token as not yet come. */
    private volatile long firstTokenNanos;

    Permit(Gate gate, TierLane lane, long cost, long arrivedNanos, long admittedNanos) {
        this.gate = gate;
        this.lane = lane;
        this.cost = cost;
        this.arrivedNanos = arrivedNanos;
        this.admittedNanos = admittedNanos;
    }

    /** Says that the first token has come. The first call counts; later ones, and calls after closing, do nothing. */
    public void firstToken() {
        if (!closed && FIRST_TOKEN.compareAndSet(this, false, true)) {
            long sinceArrival = Math.max(1, gate.now() - arrivedNanos);
            firstTokenNanos = sinceArrival;
            gate.onFirstToken(lane, sinceArrival);
        }
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
        if (!CLOSED.compareAndSet(this, false, true)) {
            return false;
        }
        gate.onClosed(this, outcome, usage);
        return true;
    }

    /** Whether it was returned. */
    public boolean closed() {
        return closed;
    }

    /** The tier it was given to. */
    public Tier tier() {
        return lane.tier;
    }

    /** How long the request was in queue; zero if it did not wait. */
    public Duration queueWait() {
        return Duration.ofNanos(admittedNanos - arrivedNanos);
    }

    TierLane lane() {
        return lane;
    }

    long cost() {
        return cost;
    }

    long arrivedNanos() {
        return arrivedNanos;
    }

    long admittedNanos() {
        return admittedNanos;
    }

    long firstTokenNanos() {
        return firstTokenNanos;
    }

    @Override
    public String toString() {
        return "Permit[tier=" + lane.tier + ", queueWait=" + queueWait() + ", closed=" + closed + "]";
    }
}
