/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.alert;

import java.util.Locale;

/**
 * What an alert is about; a closed set, so that it can be a tag of meters. {@code docs/alerts.md} says of each when it fires and
 * what to do.
 *
 * @since 0.1.0
 */
public enum AlertKind {
    /** The desired count changes too often, or turns around too often. */
    RAPID_SCALING,
    /** The backend fails, or does not answer. */
    SCALING_FAILING,
    /** The backend says that this is not allowed or not possible: waiting will not help. */
    SCALING_REFUSED,
    /** Replicas that were asked for do not come. */
    REPLICAS_LATE,
    /** More is wanted than bounds or a spend cap allow, while requests wait or are refused. */
    MAX_REACHED,
    /** A quota of the account, project or namespace is used up. */
    QUOTA_EXHAUSTED,
    /** There are no replicas of this kind to be had, or those asked for do not come and no more are asked for. */
    CAPACITY_EXHAUSTED,
    /** What runs costs more per hour than it should. */
    COST_RATE,
    /** The budget of the day or the month will not last, or is used up. */
    SPEND_FORECAST,
    /** A tier uses up its error budget far too fast. */
    SLO_BURN,
    /** Promises are broken while a scale event is open. */
    SLO_WHILE_SCALING,
    /** What decisions rest on is incomplete, so that nothing scales down. */
    SIGNALS_STALE,
    /** Somebody else sets the count as well. */
    OWNERSHIP_CONFLICT,
    /** The account has lost entries, or cannot be written. */
    LEDGER_FAILING;

    private final String code = name().toLowerCase(Locale.ROOT).replace('_', '-');

    /** As in settings, meters and the ledger: {@code rapid-scaling}. */
    public String code() {
        return code;
    }
}
