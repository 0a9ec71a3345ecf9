/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.baseline;

/** The same count always: what one would run without an autoscaler. The best of them is for a search to find. */
final class FixedCount implements Autoscaler {

    private final int replicas;

    FixedCount(int replicas) {
        if (replicas < 0) {
            throw new IllegalArgumentException("replicas must be >= 0 but was " + replicas);
        }
        this.replicas = replicas;
    }

    @Override
    public String name() {
        return "static-" + replicas;
    }

    @Override
    public double period() {
        return 15;
    }

    @Override
    public double scrapePeriod() {
        return 15;
    }

    @Override
    public int look(Observation seen) {
        return Targets.clamp(replicas, seen);
    }
}
