/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.alert;

import java.time.Instant;
import java.util.Locale;

/**
 * Something is wrong with a pool, or no longer is. Immutable.
 *
 * @param kind what kind of thing
 * @param pool the pool
 * @param firing whether it is the case; false when it has ended
 * @param severity how bad; of one that has ended, how bad it was last
 * @param since wall-clock time at which it began
 * @param at wall-clock time of this word on it
 * @param what what is the case, with the numbers
 * @param todo what to do about it, naming the setting or the command to look at
 * @since 0.1.0
 */
public record Alert(
        AlertKind kind,
        String pool,
        boolean firing,
        Severity severity,
        Instant since,
        Instant at,
        String what,
        String todo) {

    /** How bad it is; also a tag of meters. */
    public enum Severity {
        /** Look at it in working hours. */
        WARNING,
        /** Look at it now: promises are being broken, or will be. */
        CRITICAL;

        /** As in meters and the ledger: {@code warning}. */
        public String code() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
