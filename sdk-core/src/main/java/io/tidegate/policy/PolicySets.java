/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy;

import io.tidegate.policy.spi.Policy;
import java.util.List;

/**
 * Sets of policies that go together; the highest proposal of a set wins.
 *
 * @since 0.1.0
 */
public final class PolicySets {

    private PolicySets() {}

    /**
     * The set for a pool of which nothing is known but its tiers: {@link SloPolicy} at 93 % of the throughput for promised tiers and 94 %
     * for the others, over a {@link BacklogPolicy} that aims at 95 % of learned throughput and keeps no more slots free than two standard
     * deviations. Neither asks for what will be gone before a replica could help.
     *
     * <p>Why these two: the first keeps room for tiers that are promised a latency and lets the others share it, so it decides as soon as
     * a request has ended; the second needs no throughput and so counts before that, from zero replicas, and where the figure for
     * throughput is too high. At its own 85 % the second would buy tiers without a promise the room that only promised ones need, and
     * decide nearly always; at 95 % it asks for what is needed at all, and no room. What this is worth beside published autoscalers, and
     * what it is not, says the page with the scoreboard of the simulator.
     */
    public static List<Policy> standard() {
        return List.of(
                BacklogPolicy.builder()
                        .targetThroughput(0.95)
                        .sigmas(2)
                        .onlyLasting(true)
                        .build(),
                SloPolicy.builder()
                        .promisedUse(0.93)
                        .otherUse(0.94)
                        .onlyLasting(true)
                        .build());
    }
}
