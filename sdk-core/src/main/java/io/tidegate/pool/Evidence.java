/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.pool;

import java.util.List;

/**
 * How far what is known of a pool can be trusted. Immutable.
 *
 * @param gaps what is missing, stale, invalid or only partly heard of, in words; empty if nothing is
 * @param coverage the least share of those that should be heard of, over all signals and gateways; 0 to 1
 * @param blind whether nothing that should be heard of is: none of the signals, or the backend where the pool has no signals
 * @since 0.1.0
 */
public record Evidence(List<String> gaps, double coverage, boolean blind) {

    /** Everything was heard of. */
    public static final Evidence COMPLETE = new Evidence(List.of(), 1, false);

    public Evidence {
        gaps = List.copyOf(gaps);
        if (!(coverage >= 0 && coverage <= 1)) {
            throw new IllegalArgumentException("coverage must be 0 to 1 but was " + coverage);
        }
    }

    /** One thing is missing. */
    public static Evidence missing(String gap) {
        return new Evidence(List.of(gap), 1, false);
    }

    /** Whether nothing is missing. */
    public boolean complete() {
        return gaps.isEmpty();
    }
}
