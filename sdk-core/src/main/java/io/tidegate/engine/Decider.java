/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.Decision.Origin;
import io.tidegate.guardrail.History;
import io.tidegate.guardrail.Narrowing;
import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.ledger.Composition;
import io.tidegate.policy.Learned;
import io.tidegate.policy.Proposal;
import io.tidegate.policy.Recipe;
import io.tidegate.policy.spi.LearningPolicy;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.PoolView;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * From a view to a decision: ask every policy, take the highest, let guardrails narrow it. Pure but for telling of plugins that
 * throw.
 */
final class Decider {

    /** Numbers a policy may have learned, and letters in the name of each. */
    private static final int MOST_LEARNED = 1_000;

    private static final int LONGEST_NAME = 100;

    /** Policies of which something is kept at most, those that are not asked any more among them. */
    private static final int MOST_POLICIES = 64;

    /** How the answers begin that stand for those of a policy and of a guardrail that threw. */
    private static final String POLICY_FAILED = "it failed: ";

    private static final String GUARDRAIL_FAILED = "it failed, so nothing changes: ";

    private final List<Policy> policies;
    private final List<Guardrail> guardrails;
    private final Composition composition;
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
        this.composition = new Composition(
                policies.stream()
                        .map(each -> part("policy ", name(each), each::recipe))
                        .toList(),
                guardrails.stream()
                        .map(each -> part("guardrail ", name(each), each::recipe))
                        .toList());
    }

    /** A plugin that cannot say how it is made is as one that does not. */
    private Composition.Part part(String what, String name, Supplier<Optional<Recipe>> recipe) {
        try {
            return new Composition.Part(name, Objects.requireNonNull(recipe.get(), "the recipe is null"));
        } catch (RuntimeException | Error e) {
            failed.accept(what + name, e);
            return new Composition.Part(name, Optional.empty());
        }
    }

    /** What decides here. */
    Composition composition() {
        return composition;
    }

    /**
     * What policies want and which of them is highest.
     *
     * @param demand the same before rounding
     */
    record Wanted(int replicas, double demand, Proposal.Cause cause, List<Proposal> proposals) {}

    /** What each learning policy knows after this view; what one that throws, or that learned too much, knew stays. */
    Map<String, Learned> learn(PoolView view, Map<String, Learned> before) {
        Map<String, Learned> after = new HashMap<>(before);
        Set<String> asked = new HashSet<>();
        for (Policy policy : policies) {
            if (policy instanceof LearningPolicy learning) {
                String name = name(policy);
                String who = "learning of policy " + name;
                asked.add(name);
                try {
                    Learned known = before.getOrDefault(name, Learned.NOTHING);
                    after.put(name, bounded(learning.learn(view, known)));
                    recovered.accept(who);
                } catch (RuntimeException | Error e) {
                    failed.accept(who, e);
                }
            }
        }
        if (after.size() > MOST_POLICIES) {
            after.keySet().retainAll(asked);
        }
        return after;
    }

    static Learned bounded(@Nullable Learned learned) {
        // A plugin compiled without null checks may return null.
        Learned found = Objects.requireNonNull(learned, "the policy returned null");
        if (found.numbers().size() > MOST_LEARNED) {
            throw new IllegalArgumentException("a policy may learn at most " + MOST_LEARNED + " numbers but learned "
                    + found.numbers().size());
        }
        for (String name : found.numbers().keySet()) {
            if (name.length() > LONGEST_NAME) {
                throw new IllegalArgumentException("names of what is learned may be of at most " + LONGEST_NAME
                        + " characters but one was of " + name.length());
            }
        }
        return found;
    }

    static String name(Policy policy) {
        try {
            return policy.name();
        } catch (RuntimeException | Error e) {
            return policy.getClass().getName();
        }
    }

    static String name(Guardrail guardrail) {
        try {
            return guardrail.name();
        } catch (RuntimeException | Error e) {
            return guardrail.getClass().getName();
        }
    }

    Wanted wanted(PoolView view) {
        return wanted(view, Map.of());
    }

    Wanted wanted(PoolView view, Map<String, Learned> learned) {
        List<Proposal> proposals = new ArrayList<>();
        for (Policy policy : policies) {
            proposals.add(ask(policy, view, learned));
        }
        return highest(proposals, view.replicas().desired());
    }

    /** What the highest of these comes to, of so many replicas. */
    static Wanted highest(List<Proposal> proposals, int current) {
        Proposal.Wants highest = null;
        for (Proposal proposal : proposals) {
            if (proposal instanceof Proposal.Wants wants && (highest == null || isHigher(wants, highest))) {
                highest = wants;
            }
        }
        boolean anyAbstains = proposals.stream().anyMatch(Proposal.Abstains.class::isInstance);
        if (highest == null || (anyAbstains && highest.replicas() < current)) {
            // Who abstains might have wanted what there is: what is not known never scales down.
            return new Wanted(current, current, Proposal.Cause.NO_DATA, proposals);
        }
        return new Wanted(highest.replicas(), highest.demand(), highest.cause(), proposals);
    }

    /** Of equal numbers the one nearer to the next: guardrails weigh the demand, whatever the order of policies. */
    private static boolean isHigher(Proposal.Wants one, Proposal.Wants other) {
        return one.replicas() != other.replicas()
                ? one.replicas() > other.replicas()
                : Double.compare(one.demand(), other.demand()) > 0;
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
            narrowings.add(new Narrowing(Decision.OVERRIDE, replicas, override.toString()));
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
                Alternatives.of(wanted, replicas, narrowings),
                origin);
    }

    private boolean binds(Guardrail guardrail) {
        try {
            return guardrail.bindsOverrides();
        } catch (RuntimeException | Error e) {
            failed.accept("guardrail " + name(guardrail), e);
            return true;
        }
    }

    private Proposal ask(Policy policy, PoolView view, Map<String, Learned> learned) {
        String name = name(policy);
        try {
            Proposal proposal = policy instanceof LearningPolicy learning
                    ? learning.propose(view, learned.getOrDefault(name, Learned.NOTHING))
                    : policy.propose(view);
            // A plugin compiled without null checks may return null.
            Objects.requireNonNull(proposal, "the policy returned null");
            recovered.accept("policy " + name);
            return proposal;
        } catch (RuntimeException | Error e) {
            failed.accept("policy " + name, e);
            return new Proposal.Abstains(name, POLICY_FAILED + e);
        }
    }

    private Narrowing ask(Guardrail guardrail, PoolView view, History history, int proposed) {
        String name = name(guardrail);
        try {
            Narrowing narrowing =
                    Objects.requireNonNull(guardrail.narrow(view, history, proposed), "the guardrail returned null");
            recovered.accept("guardrail " + name);
            // Whatever it calls itself in an answer: by its name the answer is found again.
            return narrowing.guardrail().equals(name)
                    ? narrowing
                    : new Narrowing(name, narrowing.replicas(), narrowing.why());
        } catch (RuntimeException | Error e) {
            failed.accept("guardrail " + name, e);
            int current = view.replicas().desired();
            return new Narrowing(name, current, GUARDRAIL_FAILED + e);
        }
    }

    /** Whether this is what stands for the answer of a policy that threw. */
    static boolean failed(Proposal proposal) {
        return proposal instanceof Proposal.Abstains && proposal.why().startsWith(POLICY_FAILED);
    }

    /** Whether this is what stands for the answer of a guardrail that threw. */
    static boolean failed(Narrowing narrowing) {
        return narrowing.why().startsWith(GUARDRAIL_FAILED);
    }
}
