/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim;

import io.tidegate.pool.PoolLoad;
import io.tidegate.pool.PoolLoad.Served;
import io.tidegate.pool.PoolLoad.TierLoad;
import java.util.ArrayList;
import java.util.List;

/** What several gateways of the same tiers have counted together. */
final class LoadSum {

    private LoadSum() {}

    static PoolLoad of(List<PoolLoad> loads) {
        PoolLoad sum = loads.get(0);
        for (PoolLoad load : loads.subList(1, loads.size())) {
            List<TierLoad> tiers = new ArrayList<>();
            for (int i = 0; i < sum.tiers().size(); i++) {
                tiers.add(of(sum.tiers().get(i), load.tiers().get(i)));
            }
            sum = new PoolLoad(sum.pool(), sum.atNanos(), tiers);
        }
        return sum;
    }

    private static TierLoad of(TierLoad a, TierLoad b) {
        return new TierLoad(
                a.tier(),
                a.inFlight() + b.inFlight(),
                a.queued() + b.queued(),
                Math.max(a.oldestAgeNanos(), b.oldestAgeNanos()),
                a.arrivals() + b.arrivals(),
                a.admitted() + b.admitted(),
                a.shed() + b.shed(),
                a.expired() + b.expired(),
                a.cancelled() + b.cancelled(),
                a.closed() + b.closed(),
                a.inFlightNanos() + b.inFlightNanos(),
                a.admittedTokens() + b.admittedTokens(),
                a.tokensInFlight() + b.tokensInFlight(),
                a.retries() + b.retries(),
                of(a.served(), b.served()));
    }

    private static Served of(Served a, Served b) {
        return new Served(
                a.completed() + b.completed(),
                a.failed() + b.failed(),
                a.sloEvaluated() + b.sloEvaluated(),
                a.sloBroken() + b.sloBroken(),
                a.promptTokens() + b.promptTokens(),
                a.outputTokens() + b.outputTokens(),
                a.timeToFirstToken().plus(b.timeToFirstToken()),
                a.queueTime().plus(b.queueTime()),
                a.duration().plus(b.duration()));
    }
}
