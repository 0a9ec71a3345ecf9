/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

import io.tidegate.policy.Proposal;
import java.time.Instant;
import java.util.List;

/**
 * How many replicas a pool shall have, with every proposal and guardrail that shaped it. Immutable.
 *
 * @param id unique in its pool and run, growing
 * @param pool the pool
 * @param at wall-clock time, for display
 * @param atNanos monotonic time
 * @param from desired count before
 * @param to desired count from now on
 * @param cause what drives it: the cause of the proposal that won
 * @param proposals what each policy wanted
 * @param narrowings what each guardrail left of the highest proposal, in the order they were asked
 * @param alternatives numbers it could have been, and why it is none of them
 * @param origin what set it off, and whether it is carried out
 * @since 0.1.0
 */
public record Decision(
        long id,
        String pool,
        Instant at,
        long atNanos,
        int from,
        int to,
        Proposal.Cause cause,
        List<Proposal> proposals,
        List<Narrowing> narrowings,
        List<Alternative> alternatives,
        Origin origin) {

    /** What stands as the guardrail where a person pinned or paused the pool. */
    public static final String OVERRIDE = "override";

    public Decision {
        proposals = List.copyOf(proposals);
        narrowings = List.copyOf(narrowings);
        alternatives = List.copyOf(alternatives);
    }

    /** One that the period set off and that is carried out, with no word on alternatives. */
    public Decision(
            long id,
            String pool,
            Instant at,
            long atNanos,
            int from,
            int to,
            Proposal.Cause cause,
            List<Proposal> proposals,
            List<Narrowing> narrowings) {
        this(id, pool, at, atNanos, from, to, cause, proposals, narrowings, List.of(), Origin.period(atNanos));
    }

    /**
     * A number it could have been.
     *
     * @param replicas the number
     * @param why why it is not, in words
     */
    public record Alternative(int replicas, String why) {}

    /**
     * What set a decision off.
     *
     * @param trigger what happened
     * @param sinceNanos when it happened, on the monotonic clock; of several since the round before, the first
     * @param mode whether the decision is carried out
     */
    public record Origin(Trigger trigger, long sinceNanos, Mode mode) {

        /** The period, at this instant; carried out. */
        public static Origin period(long nowNanos) {
            return new Origin(Trigger.PERIOD, nowNanos, Mode.ACT);
        }
    }

    /** What sets a round off; also a tag of meters. */
    public enum Trigger {
        /** It was time. */
        PERIOD,
        /** Somebody waits, and nobody did. */
        QUEUE,
        /** The one who waits longest has used up half of what its tier allows. */
        BUDGET,
        /** Fewer replicas are ready than were. */
        REPLICA_LOST,
        /** A person pinned, paused or resumed the pool. */
        OVERRIDE,
        /** The settings changed. */
        RELOAD,
        /** Somebody called the engine and said no more. */
        OTHER
    }

    /** What becomes of decisions. */
    public enum Mode {
        /** They are carried out. */
        ACT,
        /** They are made, said and recorded, and the backend is never told. */
        DRY_RUN,
        /** They are made and shown, and another gateway acts. */
        STANDBY
    }

    /** Which way a decision goes; also a tag of meters. */
    public enum Direction {
        UP,
        DOWN,
        HOLD
    }

    /** Which way it goes. */
    public Direction direction() {
        return to > from ? Direction.UP : to < from ? Direction.DOWN : Direction.HOLD;
    }

    /** One paragraph that says why it is this many, what else was proposed, and why it is not one more or one less. */
    public String explain() {
        StringBuilder text = new StringBuilder(pool).append(": ");
        switch (direction()) {
            case UP, DOWN -> text.append("from ").append(from).append(" to ").append(to);
            case HOLD -> text.append("stays at ").append(to);
        }
        text.append(to == 1 ? " replica." : " replicas.");
        for (Proposal proposal : proposals) {
            text.append(" Policy ").append(proposal.policy());
            if (proposal instanceof Proposal.Wants wants) {
                text.append(" wants ").append(wants.replicas()).append(": ");
            } else {
                text.append(" abstains: ");
            }
            text.append(proposal.why());
            if (!proposal.why().endsWith(".")) {
                text.append('.');
            }
        }
        for (Narrowing narrowing : narrowings) {
            if (narrowing.narrowed()) {
                if (narrowing.guardrail().equals(OVERRIDE)) {
                    text.append(" A person decides: ").append(narrowing.why()).append('.');
                    continue;
                }
                text.append(" Guardrail ")
                        .append(narrowing.guardrail())
                        .append(" makes it ")
                        .append(narrowing.replicas())
                        .append(": ")
                        .append(narrowing.why())
                        .append('.');
            }
        }
        for (Alternative alternative : alternatives) {
            text.append(" Not ")
                    .append(alternative.replicas())
                    .append(": ")
                    .append(alternative.why())
                    .append('.');
        }
        if (origin.mode() == Mode.DRY_RUN) {
            text.append(" Dry run: nothing is changed.");
        } else if (origin.mode() == Mode.STANDBY) {
            text.append(" Another gateway leads: nothing is changed by this one.");
        }
        return text.toString();
    }
}
