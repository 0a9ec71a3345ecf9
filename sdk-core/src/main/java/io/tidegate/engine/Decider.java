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
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
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
        Proposal.Wants highest = null;
        for (Proposal proposal : proposals) {
            if (proposal instanceof Proposal.Wants wants && (highest == null || isHigher(wants, highest))) {
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
                alternatives(wanted, replicas, narrowings),
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

    private static List<Alternative> alternatives(Wanted wanted, int to, List<Narrowing> narrowings) {
        Narrowing last = null;
        for (Narrowing narrowing : narrowings) {
            last = narrowing.narrowed() ? narrowing : last;
        }
        String guarded = last == null
                ? "a guardrail decides"
                : last.guardrail().equals(Decision.OVERRIDE)
                        ? OVERRIDDEN
                        : "guardrail " + last.guardrail() + " decides";
        List<Alternative> all = new ArrayList<>();
        Set<Integer> said = new HashSet<>(Set.of(to));
        OptionalInt pinned = overriddenTo(narrowings);
        if (to > 0 && said.add(to - 1)) {
            String why = pinned.isPresent()
                    ? (pinned.getAsInt() >= to ? OVERRIDDEN : guarded)
                    : to > wanted.replicas() ? guarded : fewer(wanted, to - 1);
            all.add(new Alternative(to - 1, why));
        }
        if (to < Integer.MAX_VALUE && said.add(to + 1)) {
            String why = pinned.isPresent()
                    ? (pinned.getAsInt() <= to ? OVERRIDDEN : guarded)
                    : to < wanted.replicas() ? guarded : more(wanted);
            all.add(new Alternative(to + 1, why));
        }
        for (Proposal proposal : wanted.proposals()) {
            if (proposal instanceof Proposal.Wants wants && said.add(wants.replicas())) {
                all.add(new Alternative(
                        wants.replicas(),
                        "policy " + wants.policy() + " wants it, "
                                + (wants.replicas() >= wanted.replicas()
                                        ? "but " + guarded
                                        : wanted.cause() == Proposal.Cause.NO_DATA
                                                ? "but " + unknown(wanted)
                                                : "but the highest wins")));
            }
        }
        return all;
    }

    private static final String OVERRIDDEN = "the override decides";

    /** What an override made it, before guardrails. */
    private static OptionalInt overriddenTo(List<Narrowing> narrowings) {
        return narrowings.stream()
                .filter(narrowing -> narrowing.guardrail().equals(Decision.OVERRIDE))
                .mapToInt(Narrowing::replicas)
                .findFirst();
    }

    /** Who does not know, by name: what keeps a pool large for good must be found at once. */
    private static String unknown(Wanted wanted) {
        List<String> who = wanted.proposals().stream()
                .filter(Proposal.Abstains.class::isInstance)
                .map(Proposal::policy)
                .toList();
        if (who.isEmpty()) {
            return "what is not known never scales down"; // a policy may say so itself, by its cause
        }
        return (who.size() == 1 ? "policy " + who.get(0) + " does" : "policies " + String.join(", ", who) + " do")
                + " not know, and what is not known never scales down";
    }

    private static String more(Wanted wanted) {
        return wanted.cause() == Proposal.Cause.NO_DATA
                ? "no policy asks for more"
                : String.format(Locale.ROOT, "no policy asks for more than %.2f", wanted.demand());
    }

    private static String fewer(Wanted wanted, int replicas) {
        if (wanted.cause() == Proposal.Cause.NO_DATA) {
            return wanted.proposals().isEmpty() ? "there is no policy that asks for fewer" : unknown(wanted);
        }
        if (wanted.demand() <= replicas) {
            return String.format(
                    Locale.ROOT, "%d are wanted, though the load is that of %.2f", wanted.replicas(), wanted.demand());
        }
        if (replicas == 0) {
            return String.format(Locale.ROOT, "%.2f are asked for, and with none nobody is served", wanted.demand());
        }
        return String.format(
                Locale.ROOT,
                "%.2f are asked for, so each would be asked to do %.0f %% more than it should",
                wanted.demand(),
                (wanted.demand() / replicas - 1) * 100);
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
            return new Proposal.Abstains(name, "it failed: " + e);
        }
    }

    private Narrowing ask(Guardrail guardrail, PoolView view, History history, int proposed) {
        try {
            Narrowing narrowing =
                    Objects.requireNonNull(guardrail.narrow(view, history, proposed), "the guardrail returned null");
            recovered.accept("guardrail " + name(guardrail));
            return narrowing;
        } catch (RuntimeException | Error e) {
            failed.accept("guardrail " + name(guardrail), e);
            int current = view.replicas().desired();
            return new Narrowing(name(guardrail), current, "it failed, so nothing changes: " + e);
        }
    }
}
