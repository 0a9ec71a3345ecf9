/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import io.tidegate.supply.Supply;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;

/**
 * Predicts time in queue: work ahead over the rate at which permits come back, now and once the replicas on their way are
 * ready.
 *
 * <p>The rate now is Little's law on a full pool: requests in flight ÷ mean time in flight. A replica that is due adds the
 * rate of one that is ready. Example: 32 in flight on one replica for 8 s each return 4/s; with 30 ahead and a second replica due in
 * 5 s, 20 are served by then and the other 10 at 8/s: 6.25 s in all.
 */
final class WaitEstimator {

    /** Where nothing tells; below every time there is. */
    static final long UNKNOWN = -1;

    /** Weight of a new observation: the mean follows the last 32 or so requests. */
    private static final double WEIGHT = 1.0 / 32;

    private static final VarHandle MEAN;

    static {
        try {
            MEAN = MethodHandles.lookup().findVarHandle(WaitEstimator.class, "meanInFlightNanos", double.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Mean time in flight in nanoseconds; 0 until the first permit returns. */
    @SuppressWarnings("unused") // through the VarHandle
    private double meanInFlightNanos;

    void returned(long inFlightNanos) {
        // Opaque: nothing is ordered by it, and an update lost to a race is one sample of a running mean.
        double mean = (double) MEAN.getOpaque(this);
        double next = mean == 0 ? inFlightNanos : mean + WEIGHT * (inFlightNanos - mean);
        // Below a nanosecond it is none: a mean that only decays would end in numbers so small that processors are slow
        // at them.
        MEAN.setOpaque(this, next < 1 ? 0 : next);
    }

    /** Whether a permit has been returned, so that there is something to predict by. */
    boolean knows() {
        return (double) MEAN.getOpaque(this) > 0;
    }

    /**
     * Nanoseconds until so many requests have been granted, or {@link #UNKNOWN} if nothing tells: no permit has returned yet, or
     * no replica is ready or due.
     */
    long nanosUntilGranted(long ahead, int inFlight, Supply supply, long nowNanos) {
        double mean = (double) MEAN.getOpaque(this);
        int ready = supply.replicas().ready();
        if (mean <= 0 || (ready == 0 && supply.replicas().due() == 0)) {
            return UNKNOWN;
        }
        double perReplica = ready > 0
                ? Math.max(1, inFlight) / mean / ready
                : supply.replicaWork().slots() / mean;
        double rate = perReplica * ready;
        double left = ahead;
        long at = 0;
        // By number: an iterator would be the only thing that this allocates.
        List<Long> dues = supply.replicas().dueNanos();
        for (int i = 0; i < dues.size(); i++) {
            long due = dues.get(i);
            // A replica that is late is expected now: it may come any moment, and nothing better is known.
            long until = Math.max(at, due - nowNanos);
            if (rate * (until - at) >= left) {
                break;
            }
            left -= rate * (until - at);
            at = until;
            rate += perReplica;
        }
        // In floating point, so that what is too long to count is very long and not negative.
        return (long) (at + left / rate);
    }

    /** Nanoseconds between two grants at that time, with the replicas that are ready or due by then. */
    double intervalNanos(int inFlight, Supply supply, long atNanos) {
        double mean = (double) MEAN.getOpaque(this);
        int ready = supply.replicas().ready();
        double atOnce = ready > 0 ? Math.max(1, inFlight) : 0;
        double perReplica = ready > 0 ? atOnce / ready : supply.replicaWork().slots();
        for (long due : supply.replicas().dueNanos()) {
            atOnce += due - atNanos <= 0 ? perReplica : 0;
        }
        return mean / Math.max(1, atOnce);
    }
}
