/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy;

import io.tidegate.policy.spi.LearningPolicy;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.PoolView;
import java.util.Optional;

/** A policy under the name that a configuration gives it, so that there may be two of one type. It is made again as the one it names. */
final class NamedPolicy {

    private NamedPolicy() {}

    static Policy of(String name, Policy policy) {
        if (policy.name().equals(name)) {
            return policy;
        }
        return policy instanceof LearningPolicy learning ? new Learning(name, learning) : new Plain(name, policy);
    }

    /** The policy itself. */
    static Policy within(Policy policy) {
        if (policy instanceof Plain plain) {
            return plain.policy();
        }
        return policy instanceof Learning learning ? learning.policy() : policy;
    }

    private static Proposal renamed(String name, Proposal proposal) {
        return proposal instanceof Proposal.Wants wants
                ? new Proposal.Wants(name, wants.replicas(), wants.demand(), wants.cause(), wants.why())
                : new Proposal.Abstains(name, proposal.why());
    }

    private record Plain(String name, Policy policy) implements Policy {

        @Override
        public Proposal propose(PoolView view) {
            return renamed(name, policy.propose(view));
        }

        @Override
        public Optional<Recipe> recipe() {
            return policy.recipe();
        }
    }

    private record Learning(String name, LearningPolicy policy) implements LearningPolicy {

        @Override
        public Learned learn(PoolView view, Learned before) {
            return policy.learn(view, before);
        }

        @Override
        public Proposal propose(PoolView view, Learned learned) {
            return renamed(name, policy.propose(view, learned));
        }

        @Override
        public Optional<Recipe> recipe() {
            return policy.recipe();
        }
    }
}
