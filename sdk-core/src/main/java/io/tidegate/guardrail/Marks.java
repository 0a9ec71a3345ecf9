/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

/**
 * When some things happened last in a pool, on the monotonic clock. Immutable. After a restart all of them begin at the start, as if
 * they had happened just then: what is not known must not look long past.
 *
 * @param readyNanos when the number of ready replicas last grew, or when last none was due
 * @param trafficNanos when anybody last asked, waited or was served, by counts and not by smoothed rates
 * @param incompleteNanos when what is known was last incomplete
 * @param heardNanos when any signal was last heard of, or the backend where the pool has no signals: the instant of the newest
 *     measurement
 * @param goodPolls complete polls in a row: each with a newer status and newer signals than the one before, so that rounds between
 *     two polls do not count
 * @param jumpNanos when the wall clock last drifted by more than 5 s against the monotonic one between two rounds, or the process
 *     stood still
 * @since 0.1.0
 */
public record Marks(
        long readyNanos, long trafficNanos, long incompleteNanos, long heardNanos, int goodPolls, long jumpNanos) {

    /** All at this instant, and no good poll. */
    public static Marks startingAt(long nowNanos) {
        return new Marks(nowNanos, nowNanos, nowNanos, nowNanos, 0, nowNanos);
    }

    public Marks withReady(long atNanos) {
        return new Marks(atNanos, trafficNanos, incompleteNanos, heardNanos, goodPolls, jumpNanos);
    }

    public Marks withTraffic(long atNanos) {
        return new Marks(readyNanos, atNanos, incompleteNanos, heardNanos, goodPolls, jumpNanos);
    }

    /** What is known was incomplete, so that good polls are counted anew. */
    public Marks withIncomplete(long atNanos) {
        return new Marks(readyNanos, trafficNanos, atNanos, heardNanos, 0, jumpNanos);
    }

    public Marks withHeard(long atNanos) {
        return new Marks(readyNanos, trafficNanos, incompleteNanos, atNanos, goodPolls, jumpNanos);
    }

    public Marks withGoodPoll() {
        return new Marks(
                readyNanos, trafficNanos, incompleteNanos, heardNanos, Math.min(goodPolls, 1_000) + 1, jumpNanos);
    }

    public Marks withJump(long atNanos) {
        return new Marks(readyNanos, trafficNanos, incompleteNanos, heardNanos, goodPolls, atNanos);
    }
}
