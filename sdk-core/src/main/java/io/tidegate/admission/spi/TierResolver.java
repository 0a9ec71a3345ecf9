/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission.spi;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Says of which tier and tenant a request is.
 *
 * <p>Called for each request on the thread that brings it, so it must be quick, safe for many threads and must not block: no look-up
 * over the network. It must answer whatever a client sends; what it throws, null, and a tier that the gate does not have, count as the
 * lowest tier: see {@link io.tidegate.admission.TierResolvers#guarded}. A tier that a client asks for is a wish: see
 * {@link io.tidegate.admission.HeaderTier}.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface TierResolver {

    /** Tier and tenant of a request. Answers may be shared between requests. */
    Choice resolve(RequestFacts facts);

    /**
     * The answer.
     *
     * @param tier name of a tier of the gate
     * @param tenant who is asking; null if nobody is known
     */
    record Choice(String tier, @Nullable String tenant) {
        public Choice {
            Objects.requireNonNull(tier, "tier");
        }
    }
}
