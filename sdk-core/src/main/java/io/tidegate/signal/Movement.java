/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signal;

import io.tidegate.pool.Signal;
import io.tidegate.pool.Signal.Known;
import io.tidegate.pool.Signal.Part;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Tells whether a source that should move still does: it is frozen once a number of reads in a row brought newer values with the
 * very same bits, while at least as many requests ended. An idle pool is never frozen.
 *
 * <p>For one thread at a time.
 */
final class Movement {

    private final int limit;
    private final LongSupplier endedRequests;
    private Map<String, Signal> last = Map.of();
    private long reads;
    private long endedAtFirst;

    Movement(int limit, LongSupplier endedRequests) {
        this.limit = limit;
        this.endedRequests = endedRequests;
    }

    /** Takes in one more read and says why the source is frozen; empty if it is not. */
    String see(Map<String, Signal> now) {
        long ended;
        try {
            ended = endedRequests.getAsLong();
        } catch (RuntimeException | Error e) {
            // Nothing is known of activity, so nothing speaks for frozen.
            reads = 0;
            return "";
        }
        if (reads == 0 || !same(last, now) || ended - endedAtFirst < 0) {
            reads = now.values().stream().anyMatch(Known.class::isInstance) ? 1 : 0;
            endedAtFirst = ended;
        } else if (newer(last, now)) {
            reads++;
        }
        last = now;
        long meanwhile = ended - endedAtFirst;
        return reads >= limit && meanwhile >= limit
                ? "has not moved for " + reads + " reads while " + meanwhile + " requests ended"
                : "";
    }

    /** Whether any value was measured at another time. Else it is the same reading seen twice, which its age deals with. */
    private static boolean newer(Map<String, Signal> before, Map<String, Signal> now) {
        return now.entrySet().stream()
                .anyMatch(entry -> entry.getValue() instanceof Known known
                        && before.get(entry.getKey()) instanceof Known earlier
                        && known.atNanos() != earlier.atNanos());
    }

    private static boolean same(Map<String, Signal> before, Map<String, Signal> now) {
        return before.keySet().equals(now.keySet())
                && now.entrySet().stream().allMatch(entry -> same(before.get(entry.getKey()), entry.getValue()));
    }

    private static boolean same(@Nullable Signal before, Signal now) {
        if (before instanceof Known earlier && now instanceof Known later) {
            return Double.doubleToRawLongBits(earlier.value()) == Double.doubleToRawLongBits(later.value())
                    && same(earlier.parts(), later.parts());
        }
        return before != null && before.getClass() == now.getClass();
    }

    private static boolean same(List<Part> before, List<Part> now) {
        if (before.size() != now.size()) {
            return false;
        }
        for (int i = 0; i < now.size(); i++) {
            Part earlier = before.get(i);
            Part later = now.get(i);
            if (!earlier.replica().equals(later.replica()) || !same(earlier.signal(), later.signal())) {
                return false;
            }
        }
        return true;
    }
}
