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

    static {
        try {
            SETTLED = MethodHandles.lookup().findVarHandle(Ticket.class, "settled", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final Gate gate;
    final TierLane lane;
    final Request request;
    final long arrivedNanos;

    private final @Nullable Consumer<? super Admission> callback;
    private final @Nullable Thread waiter;

    @SuppressWarnings("unused") // through the VarHandle
    private volatile boolean settled;

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

    /** Records the answer and disarms the expiry; {@link #deliver} tells whoever waits. */
    void answer(Admission answer, long nowNanos) {
        settledNanos = nowNanos;
        outcome = answer;
        TimeSource.Task task = expiry;
        if (task != null) {
            task.cancel();
        }
    }

    /** Arms the expiry. If the ticket was answered meanwhile, one of both sides sees the other and cancels the task. */
    void expireBy(TimeSource.Task task) {
        expiry = task;
        if (settled) {
            task.cancel();
        }
    }

    /** Tells whoever waits. Foreign code: never called by the owner of the drain. */
    void deliver() {
        Admission answer = outcome;
        if (waiter != null) {
            LockSupport.unpark(waiter);
        } else if (callback != null && answer != null) {
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
