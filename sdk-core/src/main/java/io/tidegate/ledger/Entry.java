/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.ledger;

import io.tidegate.guardrail.Decision;
import java.time.Instant;
import java.util.Optional;

/**
 * One thing that a ledger holds. Immutable.
 *
 * @since 0.1.0
 */
public sealed interface Entry {

    /** The pool it is about; empty if it is about none in particular. */
    String pool();

    /** Wall-clock time. */
    Instant at();

    /**
     * A decision and all that it rested on: each that changes the desired count, and each at which what holds the pool back has changed.
     */
    record Decided(Decision decision, Inputs inputs) implements Entry {
        @Override
        public String pool() {
            return decision.pool();
        }

        @Override
        public Instant at() {
            return decision.at();
        }
    }

    /** The latest step of a scale event. */
    record Stepped(ScaleEvent event) implements Entry {
        @Override
        public String pool() {
            return event.pool();
        }

        @Override
        public Instant at() {
            return event.latest().at();
        }
    }

    /** What a scale event came to. */
    record Accounted(Account account) implements Entry {
        @Override
        public String pool() {
            return account.pool();
        }

        @Override
        public Instant at() {
            return account.at();
        }
    }

    /**
     * A person pinned, paused or resumed a pool, or what they had said ended.
     *
     * @param said what holds from now on; empty if nothing does any more
     */
    record Overridden(String pool, Instant at, Optional<Inputs.Said> said) implements Entry {}

    /**
     * An alert began or ended.
     *
     * @param alert its kind, as in meters: {@code slo-burn}
     * @param firing whether it begins
     * @param severity {@code warning} or {@code critical}
     * @param what what is the case, in words
     */
    record Alerted(String pool, Instant at, String alert, boolean firing, String severity, String what)
            implements Entry {}

    /**
     * Entries are missing here: they could not be written.
     *
     * @param count how many
     * @param why why, in words
     */
    record Lost(Instant at, long count, String why) implements Entry {
        @Override
        public String pool() {
            return "";
        }
    }
}
