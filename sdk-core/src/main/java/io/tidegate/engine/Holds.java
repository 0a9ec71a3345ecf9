/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.Decision.Direction;
import io.tidegate.guardrail.Narrowing;
import io.tidegate.policy.Proposal;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * Which of the decisions that change nothing belong into the account: those at which what holds the pool back has changed, and of each
 * reason one in five minutes. For one thread.
 */
final class Holds {

    private static final long GAP_NANOS = Duration.ofMinutes(5).toNanos();

    /** What holds it back, a guardrail by its name or the want of data, and what was wanted: more or fewer. */
    private record Reason(String what, Direction wanted) {}

    private static final Reason NONE = new Reason("", Direction.HOLD);

    private final Map<Reason, Long> recorded = new HashMap<>();
    private Reason latest = NONE;

    boolean isNew(Decision decision) {
        Reason reason = reason(decision);
        boolean same = reason.equals(latest);
        latest = reason;
        if (same || reason.equals(NONE)) {
            return false;
        }
        Long before = recorded.get(reason);
        if (before != null && decision.atNanos() - before < GAP_NANOS) {
            return false;
        }
        // Names are those of guardrails, of which there are few.
        recorded.put(reason, decision.atNanos());
        return true;
    }

    private static Reason reason(Decision decision) {
        int wanted = wanted(decision);
        if (decision.direction() != Direction.HOLD || wanted == decision.from()) {
            return NONE;
        }
        Direction direction = wanted > decision.from() ? Direction.UP : Direction.DOWN;
        if (decision.cause() == Proposal.Cause.NO_DATA) {
            return new Reason("no-data", direction);
        }
        String last = "";
        for (Narrowing narrowing : decision.narrowings()) {
            last = narrowing.narrowed() ? narrowing.guardrail() : last;
        }
        return new Reason(last, direction);
    }

    private static int wanted(Decision decision) {
        return decision.proposals().stream()
                .filter(Proposal.Wants.class::isInstance)
                .mapToInt(proposal -> ((Proposal.Wants) proposal).replicas())
                .max()
                .orElse(decision.from());
    }
}
