/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission.spi;

import io.tidegate.admission.Admission;
import io.tidegate.admission.Objective;
import io.tidegate.admission.Outcome;
import io.tidegate.admission.Usage;
import io.tidegate.pool.Tier;
import java.util.Set;

/**
 * Told what happens at a gate; every method does nothing unless overridden.
 *
 * <p>Called on the threads that bring requests and return permits, so it must be quick, safe for many threads and must not
 * block. What it throws is counted and logged once, and changes nothing for the request.
 *
 * @since 0.1.0
 */
public interface GateListener {

    /** A permit was given, after that time in queue. */
    default void admitted(Tier tier, long queueNanos) {}

    /** A request was shed, expired or cancelled, after that time in queue. */
    default void refused(Tier tier, Admission refusal, long queueNanos) {}

    /** The first token came, that long after the request's arrival. */
    default void firstToken(Tier tier, long sinceArrivalNanos) {}

    /** A permit was returned, that long after it was given. */
    default void closed(Tier tier, Outcome outcome, long inFlightNanos, Usage usage) {}

    /**
     * A request was held against its tier's SLO; each request at most once.
     *
     * @param broken what it broke; empty if it kept its promises
     * @param scaling whether a scale event was under way
     */
    default void evaluated(Tier tier, Set<Objective> broken, boolean scaling) {}
}
