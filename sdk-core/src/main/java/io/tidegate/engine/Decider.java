/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.History;
import io.tidegate.guardrail.Narrowing;
import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.policy.Proposal;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.PoolView;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * From a view to a decision: ask every policy, take the highest, let guardrails narrow it. Pure but for telling of plugins that
 * throw.
 */
final class Decider {

    private final List<Policy> policies;
    private final List<Guardrail> guardrails;
    private final BiConsumer<String, Throwable> failed;
    private final Consumer<String> recovered;

    /**
     * @param failed told the name of a policy or guardrail that threw
     * @param recovered told the name of one that did not
     */
    Decider(
            List<Policy> policies,
            List<Guardrail> guardrails,
            BiConsumer<String, Throwable> failed,
            Consumer<String> recovered) {
        this.policies = policies;
        this.guardrails = guardrails;
        this.failed = failed;
        this.recovered = recovered;
    }

    /** What policies want and which of them is highest. */
    record Wanted(int replicas, Proposal.Cause cause, List<Proposal> proposals) {}

    Wanted wanted(PoolView view) {
        List<Proposal> proposals = new ArrayList<>();
        for (Policy policy : policies) {
            proposals.add(ask(policy, view));
        }
        Proposal.Wants highest = null;
        for (Proposal proposal : proposals) {
            if (proposal instanceof Proposal.Wants wants
                    && (highest == null || wants.replicas() > highest.replicas())) {
                highest = wants;
            }
        }
        boolean anyAbstains = proposals.stream().anyMatch(Proposal.Abstains.class::isInstance);
        int current = view.replicas().desired();
        if (highest == null || (anyAbstains && highest.replicas() < current)) {
            // Who abstains might have wanted what there is: what is not known never scales down.
            return new Wanted(current, Proposal.Cause.NO_DATA, proposals);
        }
        return new Wanted(highest.replicas(), highest.cause(), proposals);
    }

    Decision decide(PoolView view, Wanted wanted, History history, long id, Instant at) {
        List<Narrowing> narrowings = new ArrayList<>();
        int replicas = wanted.replicas();
        for (Guardrail guardrail : guardrails) {
            Narrowing narrowing = ask(guardrail, view, history, replicas);
            narrowings.add(narrowing);
            replicas = narrowing.replicas();
        }
        return new Decision(
                id,
                view.pool(),
                at,
                view.nowNanos(),
                view.replicas().desired(),
                replicas,
                wanted.cause(),
                wanted.proposals(),
                narrowings);
    }

    private Proposal ask(Policy policy, PoolView view) {
        try {
            // A plugin compiled without null checks may return null.
            Proposal proposal = Objects.requireNonNull(policy.propose(view), "the policy returned null");
            recovered.accept("policy " + policy.name());
            return proposal;
        } catch (RuntimeException | Error e) {
            failed.accept("policy " + policy.name(), e);
            return new Proposal.Abstains(policy.name(), "it failed: " + e);
        }
    }

    private Narrowing ask(Guardrail guardrail, PoolView view, History history, int proposed) {
        try {
            Narrowing narrowing =
                    Objects.requireNonNull(guardrail.narrow(view, history, proposed), "the guardrail returned null");
            recovered.accept("guardrail " + guardrail.name());
            return narrowing;
        } catch (RuntimeException | Error e) {
            failed.accept("guardrail " + guardrail.name(), e);
            int current = view.replicas().desired();
            return new Narrowing(guardrail.name(), current, "it failed, so nothing changes: " + e);
        }
    }
}
