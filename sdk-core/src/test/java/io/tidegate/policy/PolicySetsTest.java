/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy;

import static io.tidegate.pool.PoolViews.view;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.policy.Proposal.Abstains;
import io.tidegate.policy.Proposal.Wants;
import io.tidegate.policy.spi.LearningPolicy;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.PoolView;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PolicySetsTest {

    @Test
    void standard_isSloOverBacklog_underTheirNames() {
        assertThat(PolicySets.standard()).extracting(Policy::name).containsExactly("backlog", "slo");
    }

    @Test
    void standard_queueAtZeroReplicasOfWhichNothingIsKnown_wantsOne() {
        PoolView view = view().ready(0).tier(0, 1, 0, Double.NaN, Double.NaN).build();
        assertThat(PolicySets.standard().get(0).propose(view))
                .isInstanceOfSatisfying(
                        Wants.class, wants -> assertThat(wants.replicas()).isEqualTo(1));
        assertThat(PolicySets.standard().get(1).propose(view)).isInstanceOf(Abstains.class);
    }

    @Test
    void standard_idlePool_nobodyAbstains_soThatItMayScaleDown() {
        PoolView view = view().ready(3).tier(0, Double.NaN, 0).build();
        assertThat(PolicySets.standard())
                .allSatisfy(policy -> assertThat(policy.propose(view))
                        .isInstanceOfSatisfying(
                                Wants.class,
                                wants -> assertThat(wants.replicas()).isZero()));
    }

    @Test
    void types_settings_haveTheRangesOfTheirPolicies() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PolicyTypes.create("slo", "a", Map.of("sigmas", "5.5")))
                .withMessageContaining("sigmas")
                .withMessageContaining("5.5");
        assertThat(PolicyTypes.create("slo", "slo", Map.of("sigmas", "5"))).isInstanceOf(SloPolicy.class);
        assertThat(PolicyTypes.create("adaptive", "adaptive", Map.of("latencyWindow", "9m")))
                .isInstanceOf(AdaptiveThresholdPolicy.class);
    }

    @Test
    void types_anotherName_isThatOfThePolicyAndItsProposals() {
        Policy named = PolicyTypes.create("slo", "mine", Map.of());
        PoolView idle = view().ready(2).build();

        assertThat(named.name()).isEqualTo("mine");
        assertThat(named.propose(idle).policy()).isEqualTo("mine");
        assertThat(named.propose(idle).why())
                .isEqualTo(SloPolicy.builder().build().propose(idle).why());
        assertThat(PolicyTypes.create("adaptive", "mine", Map.of())).isInstanceOf(LearningPolicy.class);
    }
}
