/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.ledger;

import io.tidegate.guardrail.Decision.Direction;
import io.tidegate.policy.Proposal.Cause;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A decision's life: decided, sent, accepted, first replica ready, all ready; or failed, or superseded by a later decision the
 * other way. Immutable; each step makes a new one with the same id.
 *
 * @param id unique in its pool and run
 * @param pool the pool
 * @param decisionId the decision it carries out
 * @param from desired count before
 * @param to desired count asked for
 * @param cause what drove the decision
 * @param steps what has happened so far, oldest first; the first is {@link Phase#DECIDED}
 * @since 0.1.0
 */
public record ScaleEvent(String id, String pool, long decisionId, int from, int to, Cause cause, List<Step> steps) {

    public ScaleEvent {
        steps = List.copyOf(steps);
        if (steps.isEmpty()) {
            throw new IllegalArgumentException("a scale event begins with the step DECIDED");
        }
    }

    /** Where a scale event stands. */
    public enum Phase {
        /** The decision was made, and is in the ledger. */
        DECIDED,
        /** The backend is being asked, or was when the gateway stopped. */
        SENT,
        /** The backend's answer is lost: nobody knows whether it did it, until its status says. */
        UNANSWERED,
        /** The backend has taken it on, by its answer or its status. */
        ACCEPTED,
        /** The first of the replicas it adds serves. */
        FIRST_READY,
        /** As many serve as it asked for, or no more run. */
        READY,
        /** The backend refused. */
        FAILED,
        /** Another decision, or somebody else, went another way first. */
        SUPERSEDED;

        /** Whether nothing follows. */
        public boolean last() {
            return this == READY || this == FAILED || this == SUPERSEDED;
        }
    }

    /**
     * One step.
     *
     * @param phase what was reached
     * @param at wall-clock time, for display
     * @param atNanos monotonic time
     * @param detail more in words, such as the error; may be empty
     * @param refusal why the backend refused, where it did
     */
    public record Step(Phase phase, Instant at, long atNanos, String detail, Optional<Refusal> refusal) {

        /** With no refusal. */
        public Step(Phase phase, Instant at, long atNanos, String detail) {
            this(phase, at, atNanos, detail, Optional.empty());
        }
    }

    /** With one more step. */
    public ScaleEvent with(Step step) {
        List<Step> more = new ArrayList<>(steps);
        more.add(step);
        return new ScaleEvent(id, pool, decisionId, from, to, cause, more);
    }

    /** The latest step. */
    public Step latest() {
        return steps.get(steps.size() - 1);
    }

    /** Where it stands. */
    public Phase phase() {
        return latest().phase();
    }

    /** Whether something is still to follow. */
    public boolean open() {
        return !phase().last();
    }

    /** Which way it goes. */
    public Direction direction() {
        return to > from ? Direction.UP : Direction.DOWN;
    }

    /** Whether it has been through this phase. */
    public boolean reached(Phase phase) {
        return steps.stream().anyMatch(step -> step.phase() == phase);
    }

    /** Time from the decision to a phase, or empty if it was not reached. */
    public Optional<Duration> timeTo(Phase phase) {
        return steps.stream()
                .filter(step -> step.phase() == phase)
                .findFirst()
                .map(step -> Duration.ofNanos(step.atNanos() - steps.get(0).atNanos()));
    }
}
