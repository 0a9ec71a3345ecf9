/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.quota;

import org.jspecify.annotations.Nullable;

/**
 * What tenants share for whom the table has no room: {@value #ROWS} rows of {@value #COLUMNS} buckets, each of one tenant's quota.
 *
 * <p>A tenant has one bucket in each row, by its hash: a hand of 8 of 64, dealt by shuffle sharding. It is charged in all of
 * them and admitted if any has room, so each bucket holds at least what the tenant itself took, and it is never given more than its
 * quota. It may get less: when each of its 8 buckets is used by others (eight of one quota each do that to 3 tenants of 100,
 * one alone to 6 of 100 million), and because nothing is given back here, as one tenant's late refund would be another's
 * surplus.
 *
 * <p>Calls for one tenant are serialized by the table's lock, so that two of its requests cannot find room in two different
 * buckets; calls for others run at the same time and only add.
 */
final class Overflow {

    private static final int ROWS = 8;
    private static final int COLUMNS = 8;
    private static final int COLUMN_BITS = 3;

    private final Bucket[] buckets = new Bucket[ROWS * COLUMNS];

    /** Until anybody was charged, nobody need be looked up. */
    private volatile boolean everCharged;

    Overflow(Quota quota) {
        for (int i = 0; i < buckets.length; i++) {
            buckets[i] = new Bucket(quota);
        }
    }

    /** Other bits of the hash than those that tell the place in the table. */
    private Bucket bucket(int row, long hash) {
        return buckets[row * COLUMNS + ((int) (hash >>> (row * COLUMN_BITS)) & (COLUMNS - 1))];
    }

    /** Nanoseconds until one of its buckets has room; 0 if one has. */
    long waitFor(long hash, long amount, long elapsedNanos) {
        long least = Long.MAX_VALUE;
        for (int row = 0; row < ROWS; row++) {
            least = Math.min(least, bucket(row, hash).waitFor(amount, elapsedNanos));
        }
        return least;
    }

    /**
     * Takes a request and its tokens, for which one bucket has room, from all. Those that have none are drained and not put into
     * debt: no more than a burst has to refill before the next is admitted.
     */
    void take(long hash, long amount, long elapsedNanos) {
        everCharged = true;
        for (int row = 0; row < ROWS; row++) {
            Bucket bucket = bucket(row, hash);
            if (bucket.requests != null) {
                bucket.requests.drain(1, elapsedNanos);
            }
            if (bucket.tokens != null) {
                bucket.tokens.drain(amount, elapsedNanos);
            }
        }
    }

    /** Charges tokens that were used beyond those taken. */
    void charge(long hash, long amount, long elapsedNanos) {
        everCharged = true;
        for (int row = 0; row < ROWS; row++) {
            Refill tokens = bucket(row, hash).tokens;
            if (tokens != null) {
                tokens.charge(amount, elapsedNanos);
            }
        }
    }

    /** Has an entry of its own begin with what the tenant may have taken here, so that it does not take it twice. */
    void startFrom(Tenant tenant) {
        if (!everCharged) {
            return;
        }
        long requestsAt = Long.MAX_VALUE;
        long tokensAt = Long.MAX_VALUE;
        for (int row = 0; row < ROWS; row++) {
            Bucket bucket = bucket(row, tenant.hash);
            requestsAt = Math.min(requestsAt, arrival(bucket.requests));
            tokensAt = Math.min(tokensAt, arrival(bucket.tokens));
        }
        if (tenant.requests != null) {
            tenant.requests.startAt(requestsAt);
        }
        if (tenant.tokens != null) {
            tenant.tokens.startAt(tokensAt);
        }
    }

    private static long arrival(@Nullable Refill refill) {
        return refill == null ? 0 : refill.arrival();
    }

    /** What a tenant could take here. */
    Quotas.Remaining remaining(long hash, long elapsedNanos) {
        long requests = Long.MIN_VALUE;
        long tokens = Long.MIN_VALUE;
        for (int row = 0; row < ROWS; row++) {
            Quotas.Remaining each = bucket(row, hash).remaining(elapsedNanos);
            requests = Math.max(requests, each.requests());
            tokens = Math.max(tokens, each.tokens());
        }
        return new Quotas.Remaining(requests, tokens, Long.MAX_VALUE);
    }
}
