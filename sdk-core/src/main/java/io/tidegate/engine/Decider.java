/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.Decision.Alternative;
import io.tidegate.guardrail.Decision.Origin;
import io.tidegate.guardrail.History;
import io.tidegate.guardrail.Narrowing;
import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.policy.Learned;
import io.tidegate.policy.Proposal;
import io.tidegate.policy.spi.LearningPolicy;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.PoolView;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

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

    /**
     * What policies want and which of them is highest.
     *
     * @param demand the same before rounding
     */
    record Wanted(int replicas, double demand, Proposal.Cause cause, List<Proposal> proposals) {}

    /** What each learning policy knows after this view; what one that throws knew stays. */
    Map<String, Learned> learn(PoolView view, Map<String, Learned> before) {
        Map<String, Learned> after = new HashMap<>(before);
        for (Policy policy : policies) {
            if (policy instanceof LearningPolicy learning) {
                String who = "learning of policy " + policy.name();
                try {
                    Learned known = before.getOrDefault(policy.name(), Learned.NOTHING);
                    after.put(
                            policy.name(),
                            Objects.requireNonNull(learning.learn(view, known), "the policy returned null"));
                    recovered.accept(who);
                } catch (RuntimeException | Error e) {
                    failed.accept(who, e);
                }
            }
        }
        return after;
    }

    Wanted wanted(PoolView view) {
        return wanted(view, Map.of());
    }

    Wanted wanted(PoolView view, Map<String, Learned> learned) {
        List<Proposal> proposals = new ArrayList<>();
        for (Policy policy : policies) {
            proposals.add(ask(policy, view, learned));
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
            return new Wanted(current, current, Proposal.Cause.NO_DATA, proposals);
        }
        return new Wanted(highest.replicas(), highest.demand(), highest.cause(), proposals);
    }

    Decision decide(PoolView view, Wanted wanted, History history, long id, Instant at) {
        return decide(view, wanted, history, id, at, Origin.period(view.nowNanos()), null);
    }

    Decision decide(
            PoolView view,
            Wanted wanted,
            History history,
            long id,
            Instant at,
            Origin origin,
            @Nullable ManualOverride override) {
        List<Narrowing> narrowings = new ArrayList<>();
        int current = view.replicas().desired();
        int replicas = wanted.replicas();
        if (override != null) {
            replicas = override.replicas().orElse(current);
            narrowings.add(new Narrowing("override", replicas, override.toString()));
        }
        for (Guardrail guardrail : guardrails) {
            // A pause holds also outside of bounds: nothing changes.
            boolean asked = override == null || (override.replicas().isPresent() && binds(guardrail));
            if (asked) {
                Narrowing narrowing = ask(guardrail, view, history, replicas);
                narrowings.add(narrowing);
                replicas = narrowing.replicas();
            }
        }
        return new Decision(
                id,
                view.pool(),
                at,
                view.nowNanos(),
                current,
                replicas,
                override == null ? wanted.cause() : Proposal.Cause.OVERRIDE,
                wanted.proposals(),
                narrowings,
                alternatives(wanted, replicas, narrowings),
                origin);
    }

    private boolean binds(Guardrail guardrail) {
        try {
            return guardrail.bindsOverrides();
        } catch (RuntimeException | Error e) {
            failed.accept("guardrail " + guardrail.name(), e);
            return true;
        }
    }

    private static List<Alternative> alternatives(Wanted wanted, int to, List<Narrowing> narrowings) {
        Narrowing last = null;
        for (Narrowing narrowing : narrowings) {
            last = narrowing.narrowed() ? narrowing : last;
        }
        String guarded = last == null || to == wanted.replicas() ? "" : "guardrail " + last.guardrail() + " decides";
        List<Alternative> all = new ArrayList<>();
        Set<Integer> said = new HashSet<>(Set.of(to));
        boolean heard = wanted.cause() != Proposal.Cause.NO_DATA;
        if (to > 0 && said.add(to - 1)) {
            all.add(new Alternative(to - 1, to > wanted.replicas() ? guarded : fewer(wanted, to - 1, heard)));
        }
        if (said.add(to + 1)) {
            all.add(new Alternative(
                    to + 1,
                    to < wanted.replicas()
                            ? guarded
                            : heard
                                    ? String.format(Locale.ROOT, "no policy asks for more than %.2f", wanted.demand())
                                    : "no policy asks for more"));
        }
        for (Proposal proposal : wanted.proposals()) {
            if (proposal instanceof Proposal.Wants wants && said.add(wants.replicas())) {
                all.add(new Alternative(
                        wants.replicas(),
                        "policy " + wants.policy() + " wants it, and "
                                + (wants.replicas() > to
                                        ? guarded
                                        : wanted.replicas() > wants.replicas() ? "the highest wins" : guarded)));
            }
        }
        return all;
    }

    private static String fewer(Wanted wanted, int replicas, boolean heard) {
        if (!heard) {
            return "some policy does not know, and what is not known never scales down";
        }
        if (replicas == 0 || wanted.demand() <= replicas) {
            return String.format(Locale.ROOT, "%.2f are asked for", wanted.demand());
        }
        return String.format(
                Locale.ROOT,
                "%.2f are asked for, so each would be asked to do %.0f %% more than it should",
                wanted.demand(),
                (wanted.demand() / replicas - 1) * 100);
    }

    private Proposal ask(Policy policy, PoolView view, Map<String, Learned> learned) {
        try {
            Proposal proposal = policy instanceof LearningPolicy learning
                    ? learning.propose(view, learned.getOrDefault(policy.name(), Learned.NOTHING))
                    : policy.propose(view);
            // A plugin compiled without null checks may return null.
            Objects.requireNonNull(proposal, "the policy returned null");
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
