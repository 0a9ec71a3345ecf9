/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A request in queue, and the permit it becomes: one object of 64 bytes for both.
 *
 * <p><b>Threads.</b> {@code state} is won once by compare-and-set: to {@link #HELD} by the owner of the drain, to a refusal by
 * whoever comes first. {@code sink} is exchanged once, for the answer, by whoever tells it. Everything else is written by the
 * owner of the drain before it wins the state, or before the waiter is published; {@code next} and {@code previous} are of
 * the owner while it waits, and {@code next} is of whoever tells it afterwards.
 */
final class Waiter extends Permit implements Ticket {

    private static final VarHandle SINK;

    static {
        try {
            SINK = MethodHandles.lookup().findVarHandle(Waiter.class, "sink", Object.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Neighbours in a slot of the timer wheel; both null outside. The wheel's slots are circular lists. */
    @Nullable
    Waiter next;

    @Nullable
    Waiter previous;

    /** In place of a number: it was granted at once. */
    static final int NEVER_QUEUED = -1;

    /** Its number among the arrivals of its lane; wraps. */
    int place;

    /** Whoever is to be told: a {@code Consumer<? super Admission>} or a thread; then the answer. */
    @SuppressWarnings("FieldMayBeFinal") // through the VarHandle
    private volatile Object sink;

    private long waitedNanos;

    /** @param units tokens it asks for, in units; while it waits, those are the units of the permit it may become */
    Waiter(TierLane lane, Request request, int units, long arrivedNanos, Object sink) {
        super(lane, request, arrivedNanos, units, WAITING);
        this.sink = sink;
    }

    /** The latest instant at which it may still be granted. */
    long deadlineNanos() {
        return request.deadlineNanos(arrivedNanos);
    }

    @Override
    public boolean cancel() {
        return lane.gate.cancel(this);
    }

    @Override
    public Optional<Admission> outcome() {
        return Optional.ofNullable(answer());
    }

    @Nullable
    Admission answer() {
        return sink instanceof Admission answer ? answer : null;
    }

    boolean settled() {
        return state() != WAITING;
    }

    /** Becomes a permit for so many units, unless it has left. Owner of the drain only. */
    boolean tryGrant(int grantedUnits, long nowNanos) {
        if (state() != WAITING) {
            return false;
        }
        waitedNanos = Math.max(0, nowNanos - arrivedNanos);
        if (grantedUnits == units) {
            return STATE.compareAndSet(this, WAITING, HELD);
        }
        // Written only once it is sure: whoever gives up gives back what was asked for.
        if (!STATE.compareAndSet(this, WAITING, GRANTING)) {
            return false;
        }
        units = grantedUnits;
        STATE.setVolatile(this, HELD);
        return true;
    }

    /** After it was found settled: waits until it is written down what it was granted, a moment at most. */
    void awaitGranted() {
        while (state() == GRANTING) {
            Thread.onSpinWait();
        }
    }

    /** Leaves the queue without a permit, unless it was settled before; the winner tells it the answer. */
    boolean tryRefuse(int refusal) {
        return state() == WAITING && STATE.compareAndSet(this, WAITING, refusal);
    }

    /** The same by the owner of the drain, who notes how long it waited. */
    boolean tryRefuse(int refusal, long nowNanos) {
        waitedNanos = Math.max(0, nowNanos - arrivedNanos);
        return tryRefuse(refusal);
    }

    /** Records the answer and returns whoever is to be told; once, then the answer is what it returns. */
    Object answered(Admission answer) {
        Object found = sink;
        while (!(found instanceof Admission)) {
            Object seen = SINK.compareAndExchange(this, found, answer);
            if (seen == found) {
                return found;
            }
            found = seen;
        }
        return found;
    }

    /** Tells whom {@link #answered} returned. Foreign code: never called by the owner of the drain. */
    @SuppressWarnings("unchecked") // what is no thread and no answer was given as a callback
    static void tell(Object told, Admission answer) {
        if (told instanceof Thread thread) {
            LockSupport.unpark(thread);
        } else if (!(told instanceof Admission)) {
            ((Consumer<? super Admission>) told).accept(answer);
        }
    }

    @Override
    long queueNanos() {
        return waitedNanos;
    }

    @Override
    public String toString() {
        return state() == WAITING ? "Ticket[tier=" + lane.tier + ", waiting]" : super.toString();
    }
}
