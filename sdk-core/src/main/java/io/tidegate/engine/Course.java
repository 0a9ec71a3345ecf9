/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.Decision.Origin;
import io.tidegate.guardrail.History;
import io.tidegate.guardrail.Marks;
import io.tidegate.ledger.Inputs;
import io.tidegate.policy.Learned;
import io.tidegate.pool.PoolView;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A set of policies and guardrails with its own memory: what it proposed and changed, and what its policies have learned. A pool has
 * one that acts, and may have another in its shadow. For the engine's thread only.
 */
final class Course {

    private static final long HORIZON_NANOS = History.HORIZON.toNanos();

    private Decider decider;
    private History history;
    private Map<String, Learned> learned = Map.of();
    private @Nullable Inputs inputs;

    Course(Decider decider, History history) {
        this.decider = decider;
        this.history = history;
    }

    /** Goes on with other policies and guardrails; what was learned under the same names stays. */
    void use(Decider other) {
        decider = other;
    }

    /** Begins anew from what is known. */
    void begin(History from, Map<String, Learned> known) {
        history = from;
        learned = Map.copyOf(known);
    }

    /**
     * The next decision.
     *
     * @param trusted whether what is known is complete enough to be evidence against what there is
     */
    Decision decide(
            PoolView view,
            Marks marks,
            boolean trusted,
            long id,
            Instant at,
            Origin origin,
            @Nullable ManualOverride override) {
        inputs = new Inputs(
                view,
                history.withMarks(marks),
                learned,
                trusted,
                Optional.ofNullable(override).map(ManualOverride::said),
                decider.composition());
        learned = decider.learn(view, learned);
        Decider.Wanted wanted = decider.wanted(view, learned);
        int current = view.replicas().desired();
        // What is decided on incomplete data is no evidence against what there is: down needs a full window of complete
        // data.
        int evidence = trusted ? wanted.replicas() : Math.max(wanted.replicas(), current);
        double demand = trusted ? wanted.demand() : Math.max(wanted.demand(), current);
        history = history.withMarks(marks).withProposal(view.nowNanos(), evidence, demand, HORIZON_NANOS);
        return decider.decide(view, wanted, history, id, at, origin, override);
    }

    /** What the latest decision rested on. */
    Inputs inputs() {
        if (inputs == null) {
            throw new IllegalStateException("nothing was decided yet");
        }
        return inputs;
    }

    /** Somebody else wanted this many: counts as a proposal, so that it is not undone before a window has passed. */
    void proposed(long nowNanos, int replicas) {
        history = history.withProposal(nowNanos, replicas, HORIZON_NANOS);
    }

    /** The count was changed. */
    void changed(long nowNanos, int from, int to) {
        history = history.withChange(nowNanos, from, to);
    }

    History history() {
        return history;
    }

    Map<String, Learned> learned() {
        return learned;
    }
}
