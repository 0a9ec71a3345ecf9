/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.baseline;

import io.tidegate.sim.baseline.Observation.Gauge;
import io.tidegate.sim.baseline.Observation.Profile;

/**
 * The thresholds that an original leaves to its user, all from the same profile by the same rule: four fifths of what one replica
 * sustained within the objectives.
 *
 * <p>The rule gives every law the knowledge that a careful user has after a profiling run, and none of them an advantage.
 */
final class Targets {

    /** Share of the profiled capacity that is planned for. */
    static final double HEADROOM = 0.8;

    private Targets() {}

    /**
     * Requests in flight that one replica is given: {@code 0.8 × concurrency}, at least 1. A replica that sustains 20 gets 16.
     */
    static double requestsInFlight(Observation seen) {
        return Math.max(1, HEADROOM * seen.profile().concurrency());
    }

    /** Requests per second that one replica is given: {@code 0.8 × requestsPerSecond}. */
    static double requestsPerSecond(Observation seen) {
        return HEADROOM * seen.profile().requestsPerSecond();
    }

    /**
     * Requests that may wait: as many as one replica begins within the objective for the first token, {@code 0.8 ×
     * requestsPerSecond × timeToFirstToken}, at least 1.
     */
    static double queued(Observation seen) {
        Profile profile = seen.profile();
        return Math.max(1, HEADROOM * profile.requestsPerSecond() * profile.timeToFirstToken());
    }

    /** Requests in the engines, in the batch or waiting for it. */
    static double inEngines(Observation seen) {
        return seen.latest(Gauge.ENGINE_RUNNING) + seen.latest(Gauge.ENGINE_WAITING);
    }

    /** Requests that wait, at the gateway or in the engines. */
    static double waiting(Observation seen) {
        return seen.latest(Gauge.QUEUED) + seen.latest(Gauge.ENGINE_WAITING);
    }

    /** A count on its bounds. */
    static int clamp(int count, Observation seen) {
        return Math.min(Math.max(count, seen.min()), seen.max());
    }
}
