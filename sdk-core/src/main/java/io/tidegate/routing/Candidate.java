/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.routing;

import io.tidegate.pool.Tier;
import java.time.Duration;
import java.util.Optional;

/** One target of one route, with all that was looked up when the router was built. */
final class Candidate {

    /** A wait that nobody can tell. */
    static final long UNKNOWN = Long.MAX_VALUE;

    final Place place;

    /** Its place in its route; the primary is 0. */
    final int index;

    final Tier tier;
    final String model;
    final int preference;
    final long latencyNanos;
    private final long context;

    Candidate(Place place, int index, Tier tier, String model, long context, int preference) {
        this.place = place;
        this.index = index;
        this.tier = tier;
        this.model = model;
        this.context = context;
        this.preference = preference;
        this.latencyNanos = place.target.extraLatency().toNanos();
    }

    boolean holds(long tokens) {
        return tokens <= context;
    }

    double price(long tokens) {
        return place.target.pricePerRequest() + place.target.pricePerThousandTokens() * tokens / 1000;
    }

    /** How long it would wait there; 0 if it would be admitted now. */
    long predictedNanos() {
        Optional<Duration> wait = place.target.gate().predictedWait(tier);
        return wait.isPresent() ? wait.get().toNanos() : UNKNOWN;
    }

    @Override
    public String toString() {
        return place.target + " as " + tier;
    }
}
