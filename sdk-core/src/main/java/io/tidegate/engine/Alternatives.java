/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.engine.Decider.Wanted;
import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.Decision.Alternative;
import io.tidegate.guardrail.Narrowing;
import io.tidegate.policy.Proposal;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Set;

/** Why a decision is none of the numbers next to it, and none of those that policies wanted. */
final class Alternatives {

    private static final String OVERRIDDEN = "the override decides";

    private Alternatives() {}

    /**
     * One less, one more, and what each policy wants.
     *
     * @param to what was decided
     */
    static List<Alternative> of(Wanted wanted, int to, List<Narrowing> narrowings) {
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
}
