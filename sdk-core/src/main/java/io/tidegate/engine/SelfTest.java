/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.guardrail.Canaries;
import io.tidegate.guardrail.Canary;
import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.Narrowing;
import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.log.BoundedLog;
import io.tidegate.policy.Proposal;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.PoolView;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Whether what protects a pool is there and bites: every guardrail is asked, as the engine asks it, about proposals that it exists to
 * reject, and all that are demanded must be among those that are asked. Nothing is carried out, and no policy is asked.
 */
final class SelfTest {

    private static final Logger LOG = BoundedLog.of(SelfTest.class);

    private SelfTest() {}

    /**
     * Tests what decides for a pool, and what does so in its shadow.
     *
     * @param demanded names of guardrails that must be there
     * @throws IllegalStateException naming the pool and the guardrail
     */
    static void check(String pool, PolicySet decides, @Nullable PolicySet shadow, Set<String> demanded) {
        check(pool, decides, demanded);
        if (shadow != null) {
            // On paper it may do what it likes; but a guardrail that does not bite makes its figures wrong.
            check(pool, shadow, Set.of());
        }
    }

    private static void check(String pool, PolicySet set, Set<String> demanded) {
        for (Guardrail guardrail : set.guardrails()) {
            String name = Decider.name(guardrail);
            List<Canary> canaries = canaries(pool, name, guardrail);
            if (canaries.isEmpty()) {
                LOG.debug(
                        "pool {}: guardrail {} names nothing that it rejects by its settings, so it is not tested",
                        pool,
                        name);
            }
            for (Canary canary : canaries) {
                check(pool, name, guardrail, canary);
            }
        }
        missing(pool, set, demanded);
    }

    private static List<Canary> canaries(String pool, String name, Guardrail guardrail) {
        try {
            return List.copyOf(Canaries.of(guardrail));
        } catch (RuntimeException | Error e) {
            throw new IllegalStateException(
                    "pool " + pool + ": guardrail " + name + " cannot say what it rejects: correct it, or take it away",
                    e);
        }
    }

    private static void check(String pool, String name, Guardrail guardrail, Canary canary) {
        Decision decision = ask(pool, List.of(guardrail), canary);
        int answer = decision.to();
        if (!canary.isRejectedBy(answer)) {
            throw new IllegalStateException("pool " + pool + ": guardrail " + name
                    + " let a proposal pass that it exists to reject ("
                    + canary.what() + "): of " + canary.proposed() + " replicas it left " + answer + ", and may leave "
                    + canary.least() + " to " + canary.most()
                    + ". Nothing is started without it: correct the guardrail, or take it out of the settings");
        }
    }

    /** By what is asked in a decision, and not by what is in the settings. */
    private static void missing(String pool, PolicySet set, Set<String> demanded) {
        if (demanded.isEmpty()) {
            return;
        }
        Canary any = new Canary("", Canaries.quiet(), Canaries.quietHistory(), 2, 1, 1);
        Set<String> asked = ask(pool, set.guardrails(), any).narrowings().stream()
                .map(Narrowing::guardrail)
                .collect(Collectors.toSet());
        Set<String> absent = new LinkedHashSet<>(demanded);
        absent.removeAll(asked);
        if (!absent.isEmpty()) {
            throw new IllegalStateException("pool " + pool + ": the settings demand guardrails that are not asked: "
                    + String.join(", ", absent)
                    + ". Nothing is started without them: check what makes this pool's guardrails");
        }
    }

    private static Decision ask(String pool, List<Guardrail> guardrails, Canary canary) {
        Decider decider = new Decider(
                List.of(new Proposing(canary.proposed())),
                guardrails,
                (who, failure) -> {
                    throw new Failed(who, failure);
                },
                who -> {});
        try {
            return decider.decide(canary.view(), decider.wanted(canary.view()), canary.history(), 0, Instant.EPOCH);
        } catch (Failed e) {
            throw new IllegalStateException(
                    "pool " + pool + ": " + e.getMessage() + " failed when it was asked about " + canary.what()
                            + ": correct it, or take it away",
                    e.getCause());
        }
    }

    private static final class Failed extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Failed(String who, Throwable failure) {
            super(who, failure);
        }
    }

    /** Wants what the canary proposes. */
    private record Proposing(int replicas) implements Policy {

        @Override
        public String name() {
            return "canary";
        }

        @Override
        public Proposal propose(PoolView view) {
            return new Proposal.Wants(name(), replicas, Proposal.Cause.SIGNAL, "The self-test asks for it.");
        }
    }
}
