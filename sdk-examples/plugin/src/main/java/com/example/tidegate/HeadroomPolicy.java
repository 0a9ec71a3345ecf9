/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package com.example.tidegate;

import io.tidegate.policy.Proposal;
import io.tidegate.policy.Proposal.Abstains;
import io.tidegate.policy.Proposal.Cause;
import io.tidegate.policy.Proposal.Wants;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.PoolView;

/**
 * Keeps slots free: as many replicas as hold all requests in flight and in queue, and some more.
 *
 * <p>With 8 slots a replica, 12 requests in flight, 3 that wait and 4 slots to spare it wants ⌈19 ÷ 8⌉ = 3.
 */
final class HeadroomPolicy implements Policy {

    /** What a configuration calls it, unless it says otherwise. */
    static final String NAME = "headroom";

    private final int spareSlots;

    HeadroomPolicy(int spareSlots) {
        this.spareSlots = spareSlots;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Proposal propose(PoolView view) {
        int slots = view.replicaWork().slots();
        if (slots == 0 || view.tiers().isEmpty()) {
            return new Abstains(NAME, "what a replica holds, or who asks, is not known");
        }
        double needed = 0;
        for (PoolView.TierView tier : view.tiers()) {
            needed += Math.max(0, tier.inFlight()) + Math.max(0, tier.queued());
        }
        double demand = (needed + spareSlots) / slots;
        int replicas = (int) Math.min(1_000_000, Math.ceil(demand));
        String why = "%.0f requests are in flight or wait and %d slots are to be free, at %d a replica"
                .formatted(needed, spareSlots, slots);
        return new Wants(NAME, replicas, demand, Cause.BACKLOG, why);
    }
}
