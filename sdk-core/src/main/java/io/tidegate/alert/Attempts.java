/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.alert;

import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.Decision.Direction;
import io.tidegate.ledger.Refusal;
import io.tidegate.ledger.ScaleEvent;
import io.tidegate.ledger.ScaleEvent.Phase;
import io.tidegate.ledger.ScaleEvent.Step;
import io.tidegate.policy.Proposal;
import io.tidegate.pool.PoolView;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The calls of the backend that failed since the last one that was accepted, newest first.
 *
 * @param failed scale events that ended so
 */
record Attempts(List<ScaleEvent> failed) {

    /** Refused requests per second below which nobody is refused: what smoothing leaves of the last one after a minute. */
    private static final double REFUSED = 0.01;

    static Attempts of(Situation situation) {
        List<ScaleEvent> failed = new ArrayList<>();
        List<ScaleEvent> events = situation.events();
        for (int i = events.size() - 1; i >= 0; i--) {
            ScaleEvent event = events.get(i);
            if (event.reached(Phase.ACCEPTED)) {
                break;
            }
            if (event.phase() == Phase.FAILED) {
                failed.add(event);
            }
        }
        return new Attempts(failed);
    }

    boolean none() {
        return failed.isEmpty();
    }

    ScaleEvent last() {
        return failed.get(0);
    }

    /** Why the last was refused; empty where the backend did not say. */
    Optional<Refusal> refusal() {
        return refusal(last());
    }

    static Optional<Refusal> refusal(ScaleEvent event) {
        return event.latest().refusal();
    }

    /** What the backend said last, cut. */
    String said() {
        Step step = last().latest();
        return step.detail().isBlank() ? "it gave no reason" : Words.cut(step.detail());
    }

    /** How far it wanted to go: {@code from 2 to 4 replicas}. */
    String course() {
        return "from " + last().from() + " to " + Words.replicas(last().to());
    }

    /** Whether the last that failed would still be tried again; not so once nobody wants it any more. */
    boolean wanted(Decision latest) {
        return last().direction() == Direction.UP
                ? Math.max(latest.to(), most(latest)) > latest.from()
                : latest.to() < latest.from();
    }

    /** The most that a policy wants. */
    static int most(Decision decision) {
        return decision.proposals().stream()
                .filter(Proposal.Wants.class::isInstance)
                .mapToInt(proposal -> ((Proposal.Wants) proposal).replicas())
                .max()
                .orElse(0);
    }

    /** Whether requests wait or are refused. */
    static boolean pressed(PoolView view) {
        return view.queued() > 0 || refusedPerSecond(view) > REFUSED;
    }

    static double refusedPerSecond(PoolView view) {
        return view.tiers().stream()
                .mapToDouble(PoolView.TierView::refusedPerSecond)
                .sum();
    }

    /** {@code 12 requests wait, 3.4 are refused per second}. */
    static String pressure(PoolView view) {
        return view.queued() + (view.queued() == 1 ? " request waits, " : " requests wait, ")
                + Words.number(refusedPerSecond(view)) + " are refused per second";
    }
}
