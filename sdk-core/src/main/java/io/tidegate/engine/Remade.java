/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.GuardrailTypes;
import io.tidegate.guardrail.History;
import io.tidegate.guardrail.Narrowing;
import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.ledger.Composition;
import io.tidegate.ledger.Entry;
import io.tidegate.policy.PolicyTypes;
import io.tidegate.policy.Proposal;
import io.tidegate.policy.Recipe;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.PoolView;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * The policies and guardrails behind a recorded decision, made again. In place of one that cannot be stands one that answers as is
 * recorded.
 *
 * @param taken whose recorded answers were taken
 */
record Remade(List<Policy> policies, List<Guardrail> guardrails, Set<String> taken) {

    static Remade of(Entry.Decided entry) {
        Set<String> taken = new TreeSet<>();
        return new Remade(policies(entry, taken), guardrails(entry, taken), taken);
    }

    private static List<Policy> policies(Entry.Decided entry, Set<String> taken) {
        // One for each policy, in its place, whatever name it bears.
        List<Proposal> recorded = entry.decision().proposals();
        List<Composition.Part> parts = entry.inputs().composition().policies();
        List<Policy> policies = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            Composition.Part part = parts.get(i);
            Proposal answer = i < recorded.size() ? recorded.get(i) : null;
            boolean failed = answer != null && Decider.failed(answer);
            Policy made = failed ? null : made(part, PolicyTypes::create);
            if (made == null) {
                taken.add("policy " + part.name());
                made = new RecordedPolicy(part.name(), there(answer, "policy ", part, entry.decision()));
            }
            policies.add(made);
        }
        return policies;
    }

    private static List<Guardrail> guardrails(Entry.Decided entry, Set<String> taken) {
        Decision decision = entry.decision();
        boolean overridden = entry.inputs().override().isPresent();
        List<Narrowing> recorded = decision.narrowings();
        int proposed = Decider.highest(
                        decision.proposals(), entry.inputs().view().replicas().desired())
                .replicas();
        int next = 0;
        if (overridden && !recorded.isEmpty()) {
            // What the person said comes first, and after it only those that hold for it.
            proposed = recorded.get(0).replicas();
            next = 1;
        }
        List<Guardrail> guardrails = new ArrayList<>();
        for (Composition.Part part : entry.inputs().composition().guardrails()) {
            Narrowing answer = null;
            if (next < recorded.size() && recorded.get(next).guardrail().equals(part.name())) {
                answer = recorded.get(next++);
            }
            boolean failed = answer != null && Decider.failed(answer);
            Guardrail made = failed ? null : made(part, GuardrailTypes::create);
            if (made == null) {
                taken.add("guardrail " + part.name());
                made = new RecordedGuardrail(
                        part.name(), overridden ? answer : there(answer, "guardrail ", part, decision), proposed);
            }
            guardrails.add(made);
            proposed = answer == null ? proposed : answer.replicas();
        }
        return guardrails;
    }

    /** What is made of a recipe; null if there is none, or nothing can be made of it here. */
    private static <T> @Nullable T made(Composition.Part part, BiFunction<String, Recipe, T> types) {
        Optional<Recipe> recipe = part.recipe();
        if (recipe.isEmpty()) {
            return null;
        }
        try {
            return types.apply(part.name(), recipe.get());
        } catch (RuntimeException | Error e) {
            // Of a plugin anything may come. That it was not made again is told by its name.
            return null;
        }
    }

    private static <T> T there(@Nullable T answer, String what, Composition.Part part, Decision decision) {
        if (answer == null) {
            throw new IllegalArgumentException("decision " + decision.id() + " of pool " + decision.pool()
                    + " has no answer of " + what + part.name() + ", which cannot be made again");
        }
        return answer;
    }

    /** Answers as is recorded. */
    private record RecordedPolicy(String name, Proposal answer) implements Policy {

        @Override
        public Proposal propose(PoolView view) {
            return answer;
        }
    }

    /**
     * Answers as is recorded.
     *
     * @param answer null if it was not asked, since what a person said does not concern it
     * @param before what it was asked about
     */
    private record RecordedGuardrail(String name, @Nullable Narrowing answer, int before) implements Guardrail {

        @Override
        public boolean bindsOverrides() {
            return answer != null;
        }

        @Override
        public Narrowing narrow(PoolView view, History history, int proposed) {
            // What it had nothing against then, it has nothing against now, should those before it come to another
            // number.
            if (answer == null || (answer.why().isEmpty() && answer.replicas() == before)) {
                return Narrowing.none(name, proposed);
            }
            return answer;
        }
    }
}
