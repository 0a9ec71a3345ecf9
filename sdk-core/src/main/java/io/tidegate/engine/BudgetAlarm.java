/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.pool.PoolView.TierView;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Sets off a round when the one who waits longest will have used up half of what its tier allows. For the engine's thread only. */
final class BudgetAlarm {

    private final TimeSource time;
    private final Runnable alarm;
    private TimeSource.@Nullable Task set;

    BudgetAlarm(TimeSource time, Runnable alarm) {
        this.time = time;
        this.alarm = alarm;
    }

    /**
     * Looks at who waits.
     *
     * @param period when the next round comes anyway
     */
    void watch(List<TierView> tiers, Duration period) {
        cancel();
        long soonest = period.toNanos();
        boolean any = false;
        for (TierView tier : tiers) {
            if (tier.queued() > 0) {
                long bound = tier.tier().maxQueueTime().toNanos();
                Duration firstToken =
                        tier.tier().slo().timeToFirstToken().orElse(tier.tier().maxQueueTime());
                long left = Math.min(bound, firstToken.toNanos()) / 2
                        - tier.oldestAge().toNanos();
                if (left > 0 && left < soonest) {
                    soonest = left;
                    any = true;
                }
            }
        }
        if (any) {
            set = time.schedule(soonest, alarm);
        }
    }

    void cancel() {
        if (set != null) {
            set.cancel();
            set = null;
        }
    }
}
