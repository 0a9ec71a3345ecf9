/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Queues that tenants share which find no queue of their own, dealt by shuffle sharding: of {@value #SHARDS} each tenant has a hand of
 * {@value #HAND}, and waits in that one of it in which the fewest wait (MacCárthaigh, AWS 2014; Kubernetes KEP-1040).
 *
 * <p>While a tenant waits in a shard, all it sends waits there too: one tenant makes one shard long, and has the share of one. With
 * 10 such tenants, at most 10 shards are long, and that all of another's hand are among them has the probability
 * C(10,8) ÷ C(64,8) = 1.0·10⁻⁸.
 *
 * <p>For the owner of the drain alone. Memory follows those who wait in shards.
 */
final class TenantShards {

    static final int SHARDS = 64;
    static final int HAND = 8;

    private final long seed;
    private final @Nullable TenantQueue[] shards = new @Nullable TenantQueue[SHARDS];
    private final Map<String, Seat> seats = new HashMap<>();

    private static final class Seat {
        final TenantQueue shard;
        int waiting;

        Seat(TenantQueue shard) {
            this.shard = shard;
        }
    }

    /** @param seed of the hands; unknown to tenants, who could choose names that share a hand with somebody's */
    TenantShards(long seed) {
        this.seed = seed;
    }

    /** Where one more request of this tenant waits; it is counted there until it is taken out of the shard's queue. */
    TenantQueue seat(String tenant) {
        Seat seat = seats.get(tenant);
        if (seat == null) {
            seat = new Seat(leastInHand(tenant));
            seats.put(tenant, seat);
        }
        seat.waiting++;
        return seat.shard;
    }

    /** Where this tenant waits, or null. */
    @Nullable
    TenantQueue of(String tenant) {
        Seat seat = seats.get(tenant);
        return seat == null ? null : seat.shard;
    }

    private void gone(Waiter waiter) {
        String tenant = waiter.request.tenant();
        Seat seat = seats.get(tenant);
        if (seat != null && --seat.waiting == 0) {
            seats.remove(tenant);
        }
    }

    private TenantQueue leastInHand(String tenant) {
        TenantQueue least = null;
        for (int card : hand(tenant)) {
            TenantQueue shard = shards[card];
            if (shard == null) {
                shard = new TenantQueue(null, new DeadlineQueue(this::gone), Long.MAX_VALUE - card);
                shards[card] = shard;
            }
            if (least == null || shard.queue.size() < least.queue.size()) {
                least = shard;
            }
        }
        return java.util.Objects.requireNonNull(least);
    }

    /** Different shards for a tenant, always the same. */
    int[] hand(String tenant) {
        long hash = SplitMix.mix(seed ^ SplitMix.mix(hash(tenant)));
        int[] hand = new int[HAND];
        for (int i = 0; i < HAND; i++) {
            // Of those that are left, counted up past the ones already dealt, which are kept in order.
            int card = (int) Long.remainderUnsigned(hash, SHARDS - i);
            hash = Long.divideUnsigned(hash, SHARDS - i);
            int at = 0;
            while (at < i && hand[at] <= card) {
                card++;
                at++;
            }
            System.arraycopy(hand, at, hand, at + 1, i - at);
            hand[at] = card;
        }
        return hand;
    }

    private long hash(String tenant) {
        long hash = seed;
        for (int i = 0; i < tenant.length(); i++) {
            hash = (hash ^ tenant.charAt(i)) * 0x100000001b3L;
        }
        return hash;
    }
}
