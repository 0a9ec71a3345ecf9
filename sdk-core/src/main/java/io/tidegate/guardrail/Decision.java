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
        List<Narrowing> narrowings) {

    public Decision {
        proposals = List.copyOf(proposals);
        narrowings = List.copyOf(narrowings);
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

    /** One paragraph that says why it is this many and not one more or one less. */
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
                text.append(" Guardrail ")
                        .append(narrowing.guardrail())
                        .append(" makes it ")
                        .append(narrowing.replicas())
                        .append(": ")
                        .append(narrowing.why())
                        .append('.');
            }
        }
        return text.toString();
    }
}
