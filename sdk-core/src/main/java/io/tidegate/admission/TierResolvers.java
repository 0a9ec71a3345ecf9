/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import io.tidegate.admission.spi.TierResolver;
import io.tidegate.admission.spi.TierResolverFactory;
import io.tidegate.pool.Tier;
import io.tidegate.service.ServiceTypes;
import java.util.List;
import java.util.Map;

/**
 * The resolvers of tiers that are on the class path, and what keeps a gateway whole when one of them fails.
 *
 * @since 0.1.0
 */
public final class TierResolvers {

    private static final String KIND = "tier resolver";

    private TierResolvers() {}

    /**
     * Makes a resolver of that type.
     *
     * @param tiers names of the gate's tiers, highest rank first
     * @throws IllegalArgumentException if there is none of that type, naming those there are; if two factories claim it; or if
     *     the factory rejects the settings
     */
    public static TierResolver create(String type, Map<String, String> settings, List<String> tiers) {
        return ServiceTypes.find(KIND, TierResolverFactory.class, type, TierResolverFactory::type, "")
                .create(Map.copyOf(settings), List.copyOf(tiers));
    }

    /**
     * Makes a resolver of that type for a gate, contained.
     *
     * @throws IllegalArgumentException as the other {@code create}
     */
    public static GuardedTierResolver create(String type, Map<String, String> settings, Gate gate) {
        return guarded(
                create(type, settings, gate.tiers().stream().map(Tier::name).toList()), gate);
    }

    /** Contains a resolver: see {@link GuardedTierResolver}. */
    public static GuardedTierResolver guarded(TierResolver resolver, Gate gate) {
        return new GuardedTierResolver(resolver, gate);
    }
}
