/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.tidegate.guardrail.Decision.Direction;
import io.tidegate.policy.Proposal;
import io.tidegate.policy.Proposal.Abstains;
import io.tidegate.policy.Proposal.Cause;
import io.tidegate.policy.Proposal.Wants;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DecisionTest {

    private static Decision decision(int from, int to, List<Proposal> proposals, List<Narrowing> narrowings) {
        return new Decision(1, "chat", Instant.EPOCH, 0, from, to, Cause.ARRIVALS, proposals, narrowings);
    }

    @Test
    void explain_saysWhatEveryPolicyAndGuardrailDid() {
        Decision decision = decision(
                3,
                7,
                List.of(
                        new Wants("backlog", 9, Cause.BACKLOG, "much waits."),
                        new Abstains("forecast", "no history yet")),
                List.of(
                        new Narrowing("step up", 7, "at most 4 replicas or 100 % may be added in 15 s"),
                        Narrowing.none("bounds", 7)));

        assertThat(decision.explain())
                .isEqualTo(
                        "chat: from 3 to 7 replicas. Policy backlog wants 9: much waits. Policy forecast abstains: no"
                                + " history yet. Guardrail step up makes it 7: at most 4 replicas or 100 % may be added in 15 s.");
        assertThat(decision.direction()).isEqualTo(Direction.UP);
    }

    @Test
    void explain_toOne_isSingular() {
        assertThat(decision(2, 1, List.of(), List.of()).explain()).isEqualTo("chat: from 2 to 1 replica.");
        assertThat(decision(2, 1, List.of(), List.of()).direction()).isEqualTo(Direction.DOWN);
    }

    @Test
    void explain_unchanged_stays() {
        assertThat(decision(2, 2, List.of(), List.of()).explain()).isEqualTo("chat: stays at 2 replicas.");
        assertThat(decision(2, 2, List.of(), List.of()).direction()).isEqualTo(Direction.HOLD);
    }

    @Test
    void new_copiesItsLists() {
        List<Proposal> proposals = new ArrayList<>();
        Decision decision = decision(1, 2, proposals, List.of());
        proposals.add(new Abstains("late", ""));
        assertThat(decision.proposals()).isEmpty();
        assertThatExceptionOfType(UnsupportedOperationException.class)
                .isThrownBy(() -> decision.narrowings().clear());
    }
}
