/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.pool.PoolLoad;
import io.tidegate.pool.PoolLoad.TierLoad;
import io.tidegate.pool.Recent;
import io.tidegate.pool.Recent.Second;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** Keeps the last ten minutes of a gate's load by the second. For the engine's thread only. */
final class RecentLoad {

    private static final long SECOND_NANOS = 1_000_000_000L;
    private static final long LENGTH_NANOS = Recent.LENGTH.toNanos();
    private static final int MOST = (int) Recent.LENGTH.toSeconds();

    private final ArrayDeque<Second> done = new ArrayDeque<>();
    private @Nullable PoolLoad last;
    private @Nullable Second running;

    /** Takes the next reading. */
    Recent update(PoolLoad load, int readyReplicas) {
        PoolLoad before = last;
        last = load;
        if (before != null) {
            long elapsed = load.atNanos() - before.atNanos();
            if (elapsed > 0) {
                take(before, load, elapsed, readyReplicas);
            } else {
                // Within one instant nothing has a rate: what was counted in it belongs to the time until the next.
                last = before;
            }
        }
        return snapshot(load.atNanos());
    }

    private void take(PoolLoad before, PoolLoad now, long elapsed, int readyReplicas) {
        double concurrency = (concurrency(before) + concurrency(now)) / 2;
        Second more = new Second(
                now.atNanos(),
                elapsed,
                concurrency,
                grown(before, now, TierLoad::arrivals),
                grown(before, now, tier -> tier.served().completed()),
                grown(
                        before,
                        now,
                        tier -> tier.served().promptTokens() + tier.served().outputTokens()),
                readyReplicas);
        Second sum = running == null ? more : joined(running, more);
        if (sum.lengthNanos() >= SECOND_NANOS) {
            done.addLast(sum);
            running = null;
        } else {
            running = sum;
        }
    }

    private static Second joined(Second one, Second other) {
        long length = one.lengthNanos() + other.lengthNanos();
        double concurrency =
                (one.concurrency() * (double) one.lengthNanos() + other.concurrency() * (double) other.lengthNanos())
                        / (double) length;
        return new Second(
                other.endNanos(),
                length,
                concurrency,
                one.arrivals() + other.arrivals(),
                one.completed() + other.completed(),
                one.tokens() + other.tokens(),
                other.readyReplicas());
    }

    private Recent snapshot(long nowNanos) {
        while (!done.isEmpty()
                && (done.size() > MOST || nowNanos - done.getFirst().endNanos() > LENGTH_NANOS)) {
            done.removeFirst();
        }
        List<Second> seconds = new ArrayList<>(done.size() + 1);
        seconds.addAll(done);
        if (running != null) {
            seconds.add(running);
        }
        return new Recent(seconds);
    }

    private static double concurrency(PoolLoad load) {
        return (double) sum(load, tier -> tier.inFlight() + tier.queued());
    }

    private static double grown(PoolLoad before, PoolLoad now, ToLongFunction<TierLoad> count) {
        return (double) Math.max(0, sum(now, count) - sum(before, count));
    }

    private static long sum(PoolLoad load, ToLongFunction<TierLoad> count) {
        return load.tiers().stream().mapToLong(count).sum();
    }
}
