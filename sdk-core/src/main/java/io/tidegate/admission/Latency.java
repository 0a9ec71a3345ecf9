/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

/**
 * What times a gate keeps a distribution of, for each tier.
 *
 * @since 0.1.0
 */
public enum Latency {
    /** Time in queue of those admitted; zero for those who did not wait. */
    QUEUE_ADMITTED,
    /** Time in queue of those shed; zero for those refused at once. */
    QUEUE_SHED,
    /** Time in queue of those whose time ran out. */
    QUEUE_EXPIRED,
    /** Time in queue of those given up by their caller. */
    QUEUE_CANCELLED,
    /** Time from arrival to the first token. */
    TIME_TO_FIRST_TOKEN,
    /** Time a permit was held, of requests that were {@link Outcome#COMPLETED}. */
    IN_FLIGHT_COMPLETED,
    /** The same, {@link Outcome#FAILED}. */
    IN_FLIGHT_FAILED,
    /** The same, {@link Outcome#CANCELLED}. */
    IN_FLIGHT_CANCELLED,
    /** The same, {@link Outcome#UNREPORTED}. */
    IN_FLIGHT_UNREPORTED;

    /** The time in flight of requests that ended so. */
    public static Latency inFlight(Outcome outcome) {
        return switch (outcome) {
            case COMPLETED -> IN_FLIGHT_COMPLETED;
            case FAILED -> IN_FLIGHT_FAILED;
            case CANCELLED -> IN_FLIGHT_CANCELLED;
            case UNREPORTED -> IN_FLIGHT_UNREPORTED;
        };
    }
}
