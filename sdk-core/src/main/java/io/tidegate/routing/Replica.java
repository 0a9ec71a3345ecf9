/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.routing;

import io.tidegate.pool.Work;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * One replica: what we have sent to it, what its engine says, and until when it is to be left alone.
 *
 * <p>What is in flight is one word, requests above tokens, so that both change in one fetch-and-add and no reader sees one
 * without the other. It is on cache lines of its own. All other fields are written rarely, by whoever holds the balancer's lock
 * unless it says otherwise, and read by all.
 */
final class Replica {

    private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(long[].class);

    private static final int REQUESTS_SHIFT = 43;
    private static final long ONE_REQUEST = 1L << REQUESTS_SHIFT;
    private static final long TOKENS = ONE_REQUEST - 1;

    /** A single request counts no more, so that as many requests as can be counted do not overflow their tokens. */
    static final int MAX_TOKENS = (1 << 22) - 1;

    /** Most requests it is sent; far below what can be counted, as those who count at the same moment do not see each other. */
    private static final long MAX_REQUESTS = Work.MAX_SLOTS - (1 << 16);

    /** Longs before and after the word: 128 bytes each, a pair of cache lines. */
    private static final int WORD = 16;

    private final long[] cells = new long[2 * WORD + 1];

    final ReplicaBalancer balancer;

    /** What its place in the order of each prefix follows from. */
    final long hash;

    private volatile Endpoint endpoint;

    /** What its engine said last; null if nothing yet. */
    private volatile @Nullable Reading reading;

    /** When it began, for its slow start. */
    volatile long startedNanos;

    volatile long heldUntilNanos;
    volatile long ejectedUntilNanos;

    /** Failures since the last success. A race may lose one of those said at the same moment. */
    volatile int failures;

    /** Ejections without a long time of health between them. */
    volatile int ejections;

    /** When it was taken out of the rotation; of use only then. */
    long removedNanos;

    /**
     * What others, not we, do at the replica.
     *
     * @param load in shares of its size
     */
    private record Reading(long atNanos, double load) {}

    Replica(ReplicaBalancer balancer, Endpoint endpoint, long now, long startedNanos) {
        this.balancer = balancer;
        this.endpoint = endpoint;
        this.hash = PrefixKey.of(endpoint.id());
        this.startedNanos = startedNanos;
        this.heldUntilNanos = now;
        this.ejectedUntilNanos = now;
    }

    Endpoint endpoint() {
        return endpoint;
    }

    void endpoint(Endpoint changed) {
        endpoint = changed;
    }

    // ---- what we have sent ------------------------------------------------------------------------------------------

    void begin(int tokens) {
        CELL.getAndAdd(cells, WORD, ONE_REQUEST + tokens);
    }

    void end(int tokens) {
        CELL.getAndAdd(cells, WORD, -(ONE_REQUEST + tokens));
    }

    private long word() {
        return (long) CELL.getVolatile(cells, WORD);
    }

    long requests() {
        return word() >>> REQUESTS_SHIFT;
    }

    Work inFlight() {
        long word = word();
        return new Work((int) (word >>> REQUESTS_SHIFT), Math.min(word & TOKENS, Work.MAX_TOKENS));
    }

    // ---- how full it is ---------------------------------------------------------------------------------------------

    /** Requests ÷ slots + tokens ÷ tokens it holds, of what we have sent. */
    double ownLoad() {
        return ownLoad(word(), endpoint);
    }

    private static double ownLoad(long word, Endpoint of) {
        return (word >>> REQUESTS_SHIFT) * of.perSlot + (word & TOKENS) * of.perToken;
    }

    /** Own load and that of others, of those parts of its size that count already. */
    double load(long now) {
        return (ownLoad() + othersLoad(now)) / weight(now);
    }

    /** The load it would have with one more request. The one more makes an empty replica of double the size the emptier. */
    double loadWith(int tokens, long now) {
        Endpoint of = endpoint;
        double more = of.perSlot + tokens * of.perToken;
        return (ownLoad(word(), of) + more + othersLoad(now)) / weight(now);
    }

    /** The part of its size that counts: all of it, but for a replica that is new. */
    double weight(long now) {
        long age = now - startedNanos;
        long slow = balancer.slowStartNanos;
        if (age >= slow) {
            return 1;
        }
        double first = balancer.slowStartWeight;
        return first + (1 - first) * Math.max(0, age) / slow;
    }

    private double othersLoad(long now) {
        Reading last = reading;
        return last == null || now - last.atNanos > balancer.staleNanos ? balancer.meanOthersLoad() : last.load;
    }

    // ---- what its engine says ---------------------------------------------------------------------------------------

    /** False if it is older than what is known. */
    boolean read(long atNanos, double requests, double kvFraction) {
        Reading last = reading;
        if (last != null && atNanos - last.atNanos < 0) {
            return false;
        }
        Endpoint of = endpoint;
        long own = word();
        // Tokens we have sent include those that are yet to be written, so that less is ascribed to others rather than
        // more.
        double others = Math.max(0, requests - (own >>> REQUESTS_SHIFT)) * of.perSlot;
        if (of.perToken > 0) {
            others += Math.max(0, kvFraction - (own & TOKENS) * of.perToken);
        }
        reading = new Reading(atNanos, others);
        return true;
    }

    boolean stale(long now) {
        Reading last = reading;
        return last == null || now - last.atNanos > balancer.staleNanos;
    }

    /** Load of others by a fresh reading, or NaN. */
    double freshOthersLoad(long now) {
        Reading last = reading;
        return last == null || now - last.atNanos > balancer.staleNanos ? Double.NaN : last.load;
    }

    // ---- whether it may be asked ------------------------------------------------------------------------------------

    boolean mayServe(@Nullable String model, long needed) {
        return endpoint.serves(model, needed);
    }

    boolean held(long now) {
        return now - heldUntilNanos < 0 || requests() >= MAX_REQUESTS;
    }

    boolean ejected(long now) {
        return now - ejectedUntilNanos < 0;
    }

    /** By anybody. */
    void succeeded() {
        if (failures != 0) {
            failures = 0;
        }
        if (ejections != 0) {
            balancer.healthy(this);
        }
    }

    @Override
    public String toString() {
        return "Replica[" + endpoint + ", inFlight=" + inFlight() + "]";
    }
}
