/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import io.tidegate.time.TimeSource;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A request that waits for a permit, or has been answered.
 *
 * <p>Grant, cancellation, expiry and eviction race for it by one compare-and-set, and exactly one wins. Safe for use by many
 * threads.
 *
 * @since 0.1.0
 */
public final class Ticket {

    private static final VarHandle SETTLED;
    private static final VarHandle DELIVERED;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            SETTLED = lookup.findVarHandle(Ticket.class, "settled", boolean.class);
            DELIVERED = lookup.findVarHandle(Ticket.class, "delivered", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final Gate gate;
    final TierLane lane;
    final Request request;
    final long arrivedNanos;

    /** Whether nobody waited when it got its place. Of the arriving thread only. */
    boolean firstToWait;

    private final @Nullable Consumer<? super Admission> callback;
    private final @Nullable Thread waiter;

    @SuppressWarnings("unused") // through the VarHandle
    private volatile boolean settled;

    @SuppressWarnings("unused") // through the VarHandle
    private volatile boolean delivered;

    /** Written before {@link #outcome}, whose volatile write publishes it. */
    private long settledNanos;

    private volatile @Nullable Admission outcome;
    private volatile TimeSource.@Nullable Task expiry;

    Ticket(
            Gate gate,
            TierLane lane,
            Request request,
            long arrivedNanos,
            @Nullable Consumer<? super Admission> callback,
            @Nullable Thread waiter) {
        this.gate = gate;
        this.lane = lane;
        this.request = request;
        this.arrivedNanos = arrivedNanos;
        this.callback = callback;
        this.waiter = waiter;
    }

    /**
     * Gives up waiting. The callback, if any, is told {@link Admission.Cancelled}.
     *
     * @return false if the request was answered before; a permit it was given must then be closed as usual
     */
    public boolean cancel() {
        return gate.cancel(this);
    }

    /** The answer, or empty while the request waits. */
    public Optional<Admission> outcome() {
        return Optional.ofNullable(outcome);
    }

    /** Wins the right to answer this ticket; the winner calls {@link #answer} exactly once. */
    boolean trySettle() {
        return !settled && SETTLED.compareAndSet(this, false, true);
    }

    boolean settled() {
        return settled;
    }

    /** Records the answer; {@link #deliver} tells whoever waits. */
    void answer(Admission answer, long nowNanos) {
        settledNanos = nowNanos;
        outcome = answer;
    }

    /** Disarms the expiry of a settled ticket. Foreign code: never called by the owner of the drain. */
    void disarm() {
        TimeSource.Task task = expiry;
        if (task != null) {
            task.cancel();
        }
    }

    /** Arms the expiry. If the ticket was settled meanwhile, one of both sides sees the other and cancels the task. */
    void expireBy(TimeSource.Task task) {
        expiry = task;
        if (settled) {
            task.cancel();
        }
    }

    /** Tells whoever waits, once, however often an executor runs it. Foreign code: never called by the owner of the drain. */
    void deliver() {
        Admission answer = outcome;
        if (waiter != null) {
            LockSupport.unpark(waiter);
        } else if (callback != null && answer != null && DELIVERED.compareAndSet(this, false, true)) {
            callback.accept(answer);
        }
    }

    /** How long it waited; meaningful once there is an outcome. */
    long waitedNanos() {
        return settledNanos - arrivedNanos;
    }

    boolean hasCallback() {
        return callback != null;
    }
}
