/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.alert;

import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.History.Change;
import io.tidegate.ledger.LedgerStatus;
import io.tidegate.ledger.ScaleEvent;
import io.tidegate.pool.PoolView;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * All that alerts look at in a pool, at one instant. Immutable.
 *
 * @param pool the pool
 * @param nowNanos the instant, on the monotonic clock
 * @param at the same on the wall clock
 * @param period how far apart looks are meant to be; a longer step counts as 5 s, or two of these if that is more
 * @param view what is known now; empty where nothing can be decided, such as before the backend was heard of
 * @param latest the latest decision; empty as {@code view}
 * @param backendFresh whether the backend's status is new enough to be acted on
 * @param leastCoverage coverage below which what is known is incomplete, 0 to 1
 * @param events the latest scale events, oldest first
 * @param changes changes of the desired count by anybody, oldest first, as far back as an hour
 * @param takeovers when somebody else set the count, on the monotonic clock, oldest first
 * @param running replicas that are paid for
 * @param money what they cost
 * @param tiers what became of promises, by tier; empty if it is not known now
 * @param ledger how the account does
 * @since 0.1.0
 */
public record Situation(
        String pool,
        long nowNanos,
        Instant at,
        Duration period,
        Optional<PoolView> view,
        Optional<Decision> latest,
        boolean backendFresh,
        double leastCoverage,
        List<ScaleEvent> events,
        List<Change> changes,
        List<Long> takeovers,
        int running,
        Money money,
        List<Promise> tiers,
        LedgerStatus ledger) {

    public Situation {
        events = List.copyOf(events);
        changes = List.copyOf(changes);
        takeovers = List.copyOf(takeovers);
        tiers = List.copyOf(tiers);
    }

    /** Without view and decision where those are older than that: rounds fail. */
    Situation withoutOldView(long longestNanos) {
        if (view.isEmpty() || nowNanos - view.get().nowNanos() <= longestNanos) {
            return this;
        }
        return new Situation(
                pool,
                nowNanos,
                at,
                period,
                Optional.empty(),
                Optional.empty(),
                backendFresh,
                leastCoverage,
                events,
                changes,
                takeovers,
                running,
                money,
                tiers,
                ledger);
    }

    /**
     * What replicas cost, in the currency of the settings. NaN where it is not known.
     *
     * @param pricePerHour of a replica
     * @param spentToday since midnight UTC, or since the start where that was later: the least that was spent
     * @param spentThisMonth since the first of the month in UTC, or since the start where that was later
     */
    public record Money(double pricePerHour, double spentToday, double spentThisMonth) {

        /** Nothing is known. */
        public static final Money UNKNOWN = new Money(Double.NaN, Double.NaN, Double.NaN);
    }

    /**
     * What became of a tier's promise. Counts only grow.
     *
     * @param tier its name
     * @param target share of requests that must keep it, above 0 and at most 1
     * @param evaluated requests ever held against it
     * @param broken of these, those that broke it
     */
    public record Promise(String tier, double target, long evaluated, long broken) {}
}
