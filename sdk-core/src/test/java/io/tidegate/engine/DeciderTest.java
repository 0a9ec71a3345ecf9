/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static io.tidegate.pool.PoolViews.view;
import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.guardrail.Bounds;
import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.Decision.Alternative;
import io.tidegate.guardrail.History;
import io.tidegate.guardrail.Narrowing;
import io.tidegate.policy.Proposal;
import io.tidegate.policy.Proposal.Abstains;
import io.tidegate.policy.Proposal.Cause;
import io.tidegate.policy.Proposal.Wants;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.PoolView;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DeciderTest {

    private final List<String> told = new ArrayList<>();

    private static Policy policy(String name, Proposal proposal) {
        return new Policy() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public Proposal propose(PoolView view) {
                return proposal;
            }
        };
    }

    private Decider decider(Policy... policies) {
        return new Decider(
                List.of(policies),
                List.of(new Bounds(1, 8)),
                (who, failure) -> told.add("failed: " + who),
                who -> told.add("works: " + who));
    }

    private static Wants wants(String policy, int replicas, Cause cause) {
        return new Wants(policy, replicas, cause, "");
    }

    @Test
    void wanted_severalPolicies_theHighestWinsWithItsCause() {
        Decider.Wanted wanted = decider(
                        policy("a", wants("a", 2, Cause.ARRIVALS)),
                        policy("b", wants("b", 5, Cause.SCHEDULE)),
                        policy("c", wants("c", 5, Cause.SIGNAL)))
                .wanted(view().ready(3).build());
        assertThat(wanted.replicas()).isEqualTo(5);
        assertThat(wanted.cause()).isEqualTo(Cause.SCHEDULE);
        assertThat(wanted.proposals()).extracting(Proposal::policy).containsExactly("a", "b", "c");
    }

    @Test
    void wanted_sameNumber_theHigherDemandWins_whateverTheOrder() {
        Policy low = policy("a", new Wants("a", 3, 2.1, Cause.ARRIVALS, ""));
        Policy high = policy("b", new Wants("b", 3, 2.9, Cause.SLO, ""));
        assertThat(decider(low, high).wanted(view().build()).demand()).isEqualTo(2.9);
        assertThat(decider(high, low).wanted(view().build()).demand()).isEqualTo(2.9);
    }

    @Test
    void wanted_oneAbstains_neverBelowWhatThereIs() {
        Decider decider =
                decider(policy("a", wants("a", 2, Cause.ARRIVALS)), policy("b", new Abstains("b", "no data")));
        assertThat(decider.wanted(view().ready(3).build()).replicas()).isEqualTo(3);
        assertThat(decider.wanted(view().ready(3).build()).cause()).isEqualTo(Cause.NO_DATA);
        assertThat(decider.wanted(view().ready(2).build()).cause()).isEqualTo(Cause.ARRIVALS);
        assertThat(decider.wanted(view().ready(1).build()).replicas()).isEqualTo(2);
    }

    @Test
    void wanted_noPolicies_whatThereIsStays() {
        assertThat(decider().wanted(view().ready(3).build()).replicas()).isEqualTo(3);
    }

    @Test
    void decide_recordsEveryNarrowingInOrder() {
        Decider decider = decider(policy("a", wants("a", 20, Cause.SIGNAL)));
        PoolView view = view().ready(3).atNanos(77).build();
        Decision decision = decider.decide(view, decider.wanted(view), History.startingAt(0, 3), 9, Instant.EPOCH);
        assertThat(decision)
                .isEqualTo(new Decision(
                        9,
                        "chat",
                        Instant.EPOCH,
                        77,
                        3,
                        8,
                        Cause.SIGNAL,
                        List.of(wants("a", 20, Cause.SIGNAL)),
                        List.of(new Narrowing("bounds", 8, "the maximum is 8")),
                        List.of(
                                new Alternative(
                                        7,
                                        "20.00 are asked for, so each would be asked to do 186 % more than it should"),
                                new Alternative(9, "guardrail bounds decides"),
                                new Alternative(20, "policy a wants it, but guardrail bounds decides")),
                        Decision.Origin.period(77)));
    }

    @Test
    void wanted_policyFailsAndWorksAgain_bothAreTold_soThatTheNextFailureIsLoggedAgain() {
        boolean[] failing = {true};
        Decider decider = decider(new Policy() {
            @Override
            public String name() {
                return "a";
            }

            @Override
            public Proposal propose(PoolView view) {
                if (failing[0]) {
                    throw new IllegalStateException("told to");
                }
                return wants("a", 2, Cause.SIGNAL);
            }
        });
        decider.wanted(view().ready(3).build());
        failing[0] = false;
        decider.wanted(view().ready(3).build());
        assertThat(told).containsExactly("failed: policy a", "works: policy a");
    }
}
