/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.ledger;

import io.tidegate.guardrail.Decision.Direction;
import io.tidegate.ledger.ScaleEvent.Phase;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/**
 * What a scale event came to, drawn up a minute after it ended, or at once if the gateway stops before: its time by stage, how busy the
 * pool was before and after, what it cost, and the promises broken while it lasted. Immutable.
 *
 * @param event id of the scale event
 * @param pool the pool
 * @param decisionId the decision it carried out
 * @param at wall-clock time at which it was drawn up
 * @param from desired count before
 * @param to desired count asked for
 * @param outcome how it ended
 * @param lasted from the decision to its end
 * @param stages time by stage, those that are known; they follow each other, and their sum is the whole as far as it is known
 * @param usedBefore share of the ready replicas' slots in use, mean over the minute before the decision; 0 to 1, NaN if unknown
 * @param usedAfter the same over the minute after the end; NaN if unknown
 * @param replicaSeconds replicas that ran, times seconds, from the decision to the end
 * @param addedReplicaSeconds of these, beyond the count before; paid for and not yet of use. 0 for an event down
 * @param pricePerHour of a replica, in the currency of the settings; NaN if it is not known
 * @param completed requests answered while it lasted
 * @param tiers SLOs kept and broken while it lasted, by tier. What broke while several events were open is counted at the one that
 *     began first, so that sums over events count nothing twice
 * @param brokenByStage SLOs broken while it lasted, all tiers, by the stage it was in
 * @since 0.1.0
 */
public record Account(
        String event,
        String pool,
        long decisionId,
        Instant at,
        int from,
        int to,
        Phase outcome,
        Duration lasted,
        Map<Stage, Duration> stages,
        double usedBefore,
        double usedAfter,
        double replicaSeconds,
        double addedReplicaSeconds,
        double pricePerHour,
        long completed,
        Map<String, Kept> tiers,
        Map<Stage, Long> brokenByStage) {

    public Account {
        stages = Map.copyOf(stages);
        tiers = Map.copyOf(tiers);
        brokenByStage = Map.copyOf(brokenByStage);
    }

    /** Where the time of a scale event goes; also a tag of meters. */
    public enum Stage {
        /** From what set the decision off to the call of the backend. */
        DECIDE,
        /** The backend's call, until it was accepted. */
        API,
        /** Until the last replica it added had a place to run. */
        SCHEDULE,
        /** Until the last one's process began: its image was there. */
        PULL,
        /** Until the last one said that it was ready: its model was loaded. */
        LOAD,
        /** Until all were seen ready; from acceptance, where nothing in between is known. */
        READY,
        /** From when the first was seen ready to the first token of a replica that was added. */
        FIRST_TOKEN
    }

    /**
     * A tier's promises while the event lasted.
     *
     * @param evaluated requests held against their SLO
     * @param broken of these, those that broke it
     */
    public record Kept(long evaluated, long broken) {}

    /** Which way it went. */
    public Direction direction() {
        return to > from ? Direction.UP : Direction.DOWN;
    }

    /** What all replicas cost while it lasted; NaN if the price is not known. */
    public double cost() {
        return replicaSeconds * pricePerHour / 3600;
    }

    /** What the replicas it added cost before it ended; NaN if the price is not known. */
    public double addedCost() {
        return addedReplicaSeconds * pricePerHour / 3600;
    }

    /** What a request cost while it lasted; NaN if the price is not known or none was answered. */
    public double costPerRequest() {
        return completed == 0 ? Double.NaN : cost() / completed;
    }

    /** Requests that broke their SLO while it lasted, all tiers. */
    public long broken() {
        return tiers.values().stream().mapToLong(Kept::broken).sum();
    }
}
