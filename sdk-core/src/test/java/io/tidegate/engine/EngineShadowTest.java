/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.guardrail.Bounds;
import io.tidegate.guardrail.History;
import io.tidegate.guardrail.Narrowing;
import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.policy.Proposal;
import io.tidegate.policy.Proposal.Cause;
import io.tidegate.policy.ReplicaMath;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.PoolView;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Policies beside those that act. */
class EngineShadowTest {

    private int want = 2;
    private final List<PoolView> seen = new ArrayList<>();

    private static Policy policy(String name, Function<PoolView, Proposal> proposing) {
        return new Policy() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public Proposal propose(PoolView view) {
                return proposing.apply(view);
            }
        };
    }

    private PolicySet set(String name) {
        return new PolicySet(
                name,
                List.of(policy("wanting", view -> {
                    seen.add(view);
                    return new Proposal.Wants("wanting", want, Cause.SIGNAL, "");
                })),
                List.of(new Bounds(0, 100)));
    }

    private static ShadowState shadow(Rig rig) {
        return rig.state().shadow().orElseThrow();
    }

    @Test
    void shadow_hasReplicasOfItsOwn_readyAfterTheExpectedTime() {
        Rig rig = new Rig(2);
        rig.pool.timeToReady(Duration.ofSeconds(30)).shadow(set("other"));
        rig.start();
        assertThat(shadow(rig).desired()).isEqualTo(2);
        want = 6;
        rig.advance(Rig.PERIOD);
        assertThat(shadow(rig).desired()).isEqualTo(6);
        assertThat(shadow(rig).ready()).isEqualTo(2);
        assertThat(shadow(rig).changes()).isEqualTo(1);
        rig.advance(Duration.ofSeconds(29));
        assertThat(shadow(rig).ready()).isEqualTo(2);
        rig.advance(Duration.ofSeconds(1));
        assertThat(shadow(rig).ready()).isEqualTo(6);
        assertThat(seen.get(seen.size() - 1).replicas().desired()).isEqualTo(6);
        assertThat(rig.view().replicas().desired()).isEqualTo(2);
        assertThat(rig.backend.requests).isEmpty();
        // 0.25 s with 2, then 30 s with 6.
        assertThat(shadow(rig).replicaSeconds()).isEqualTo(0.25 * 2 + 30 * 6);
        assertThat(shadow(rig).liveReplicaSeconds()).isEqualTo(30.25 * 2);

        want = 1;
        rig.advance(Rig.PERIOD);
        assertThat(shadow(rig).desired()).isEqualTo(1);
        assertThat(shadow(rig).ready()).isEqualTo(1);
        assertThat(shadow(rig).changes()).isEqualTo(2);
        assertThat(shadow(rig).latest().origin().mode().name()).isEqualTo("DRY_RUN");
    }

    @Test
    void shadow_expectedTimeIsCorrected_laterReplicasMayBeReadyFirst() {
        Rig rig = new Rig(2);
        rig.pool.timeToReady(Duration.ofSeconds(100)).shadow(set("other"));
        rig.start();
        want = 3;
        rig.advance(Rig.PERIOD);
        rig.engine()
                .reconfigure(rig.pool
                        .timeToReady(Duration.ofSeconds(10))
                        .shadow(set("other"))
                        .build());
        want = 5;
        rig.advance(Rig.PERIOD);
        rig.advance(Duration.ofSeconds(11));
        assertThat(shadow(rig).desired()).isEqualTo(5);
        assertThat(shadow(rig).ready()).isEqualTo(4);
    }

    @Test
    void shadow_wantsBillionsWithoutBounds_costsNoMemory() {
        Rig rig = new Rig(2);
        rig.pool.shadow(new PolicySet(
                "wild",
                List.of(policy("wild", view -> new Proposal.Wants("wild", ReplicaMath.MANY, Cause.SIGNAL, ""))),
                List.of()));
        rig.start();
        rig.advance(Duration.ofSeconds(5));
        assertThat(shadow(rig).desired()).isEqualTo(10_000);
        assertThat(shadow(rig).changes()).isEqualTo(1);
        assertThat(rig.state().failures()).isZero();
    }

    @Test
    void shadow_neverBearsOnWhatActs() {
        for (long seed = 0; seed < 50; seed++) {
            Rig alone = new Rig(3);
            Rig beside = new Rig(3);
            beside.pool.shadow(set("other"));
            for (Rig rig : List.of(alone, beside)) {
                rig.backend.instant = true;
                rig.pool.stabilizationWindow(Duration.ofSeconds(10));
                SplittableRandom random = new SplittableRandom(seed);
                rig.start();
                for (int i = 0; i < 60; i++) {
                    rig.want = random.nextInt(10);
                    want = random.nextInt(10);
                    rig.advance(Duration.ofMillis(random.nextInt(2000)));
                }
            }
            assertThat(beside.decisions).as("seed %d", seed).isNotEmpty().isEqualTo(alone.decisions);
            assertThat(beside.backend.requests).isEqualTo(alone.backend.requests);
        }
    }

    @Test
    void shadow_throwsInAllPlaces_isContainedAndToldApart() {
        Rig rig = new Rig(2);
        rig.backend.instant = true;
        int[] names = {0};
        Policy bad = new Policy() {
            @Override
            public String name() {
                if (names[0]++ > 2) {
                    throw new IllegalStateException("told to");
                }
                return "wanting";
            }

            @Override
            public Proposal propose(PoolView view) {
                throw new StackOverflowError("told to");
            }
        };
        Guardrail worse = new Guardrail() {
            @Override
            public String name() {
                throw new AssertionError("told to");
            }

            @Override
            public Narrowing narrow(PoolView view, History history, int proposed) {
                throw new AssertionError("told to");
            }
        };
        rig.pool.shadow(new PolicySet("bad", List.of(bad), List.of(worse)));
        rig.start();
        rig.want = 4;
        int before = rig.supplies.size();
        rig.advance(Duration.ofSeconds(2));
        assertThat(rig.backend.desired).isEqualTo(4);
        assertThat(rig.supplies.size()).isGreaterThan(before + 8);
        assertThat(rig.state().failures()).isPositive();
        assertThat(shadow(rig).desired()).isEqualTo(2);
        assertThat(rig.state().latest().orElseThrow().proposals().get(0)).isInstanceOf(Proposal.Wants.class);
    }

    @Test
    void shadow_sameNameGoesOn_anotherBeginsAnew_noneEnds() {
        Rig rig = new Rig(2);
        rig.pool.shadow(set("other"));
        rig.start();
        want = 7;
        rig.advance(Duration.ofSeconds(10));
        double before = shadow(rig).replicaSeconds();

        rig.engine().reconfigure(rig.pool.shadow(set("other")).build());
        rig.advance(Rig.PERIOD);
        assertThat(shadow(rig).desired()).isEqualTo(7);
        assertThat(shadow(rig).replicaSeconds()).isGreaterThanOrEqualTo(before);

        want = 2;
        rig.engine().reconfigure(rig.pool.shadow(set("third")).build());
        assertThat(rig.state().shadow().map(ShadowState::name)).isNotEqualTo(java.util.Optional.of("other"));
        rig.advance(Rig.PERIOD);
        assertThat(shadow(rig).name()).isEqualTo("third");
        assertThat(shadow(rig).desired()).isEqualTo(2);
        assertThat(shadow(rig).replicaSeconds()).isLessThanOrEqualTo(0.5);
        assertThat(shadow(rig).changes()).isZero();

        rig.engine().reconfigure(rig.pool.shadow(null).build());
        assertThat(rig.state().shadow()).isEmpty();
    }
}
