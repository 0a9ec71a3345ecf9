/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.guardrail.Bounds;
import io.tidegate.guardrail.CompleteData;
import io.tidegate.guardrail.History;
import io.tidegate.guardrail.Narrowing;
import io.tidegate.guardrail.Stabilization;
import io.tidegate.guardrail.Step;
import io.tidegate.guardrail.Step.Direction;
import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.policy.BacklogPolicy;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.Work;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;

class ScaledPoolTest {

    private final FakeLoad load = new FakeLoad(new ManualTime());
    private final FakeBackend backend = FakeBackend.with(1);

    private ScaledPool.Builder builder() {
        return ScaledPool.builder("chat").load(load).backend(backend);
    }

    @Test
    void build_nothingElseSet_hasTheDefaultsOfTheJavadoc() {
        ScaledPool pool = builder().build();

        assertThat(pool.name()).isEqualTo("chat");
        assertThat(pool.replicaWork).isEqualTo(Work.slots(32));
        assertThat(pool.policies).singleElement().isInstanceOf(BacklogPolicy.class);
        assertThat(pool.signals.get()).isEmpty();
        assertThat(pool.period).isEqualTo(Duration.ofMillis(250));
        assertThat(pool.timeToReady).isEqualTo(Duration.ofMinutes(2));
        assertThat(pool.rateWindow).isEqualTo(Duration.ofSeconds(15));
        assertThat(pool.backendTimeout).isEqualTo(Duration.ofSeconds(2));
        assertThat(pool.statusPeriod).isEqualTo(Duration.ofSeconds(1));
        assertThat(pool.staleAfter).isEqualTo(Duration.ofSeconds(45));
        assertThat(pool.guardrails)
                .containsExactly(
                        new Step(Direction.UP, 4, 1.0, Duration.ofSeconds(15)),
                        new Step(Direction.DOWN, 1, 0.1, Duration.ofMinutes(1)),
                        new CompleteData(),
                        new Stabilization(Duration.ofMinutes(5)),
                        new Bounds(1, 1));
    }

    @Test
    void build_ownGuardrail_isAskedAfterTheStepsAndBeforeStabilization() {
        Guardrail mine = new Guardrail() {
            @Override
            public String name() {
                return "mine";
            }

            @Override
            public Narrowing narrow(PoolView view, History history, int proposed) {
                return Narrowing.none(name(), proposed);
            }
        };
        assertThat(builder().guardrail(mine).build().guardrails.get(2)).isSameAs(mine);
        assertThat(builder().stepUp(null).stepDown(null).build().guardrails).hasSize(3);
    }

    @Test
    void build_withoutWhatIsRequired_saysSo() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ScaledPool.builder("chat").backend(backend).build())
                .withMessage("pool chat needs load: the gate's, as gate::load");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ScaledPool.builder("chat").load(load).build())
                .withMessage("pool chat needs a backend");
        assertThatExceptionOfType(NullPointerException.class).isThrownBy(() -> ScaledPool.builder(null));
    }

    @Test
    void build_twoPoliciesOfOneName_areRejected() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder()
                        .policy(BacklogPolicy.builder().build())
                        .policy(BacklogPolicy.builder().build())
                        .build())
                .withMessage("pool chat has two policies named \"backlog\"");
    }

    @Test
    void durations_notPositiveOrBeyondADay_areRejectedByName() {
        rejected("period", ScaledPool.Builder::period);
        rejected("timeToReady", ScaledPool.Builder::timeToReady);
        rejected("rateWindow", ScaledPool.Builder::rateWindow);
        rejected("backendTimeout", ScaledPool.Builder::backendTimeout);
        rejected("statusPeriod", ScaledPool.Builder::statusPeriod);
        rejected("staleAfter", ScaledPool.Builder::staleAfter);
    }

    private void rejected(String setting, BiFunction<ScaledPool.Builder, Duration, ScaledPool.Builder> set) {
        for (Duration wrong : new Duration[] {
            Duration.ZERO, Duration.ofNanos(-1), Duration.ofDays(1).plusNanos(1), Duration.ofSeconds(Long.MAX_VALUE)
        }) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> set.apply(builder(), wrong))
                    .withMessage(setting + " must be positive and at most 1 day but was " + wrong);
        }
        assertThat(set.apply(builder(), Duration.ofDays(1)).build()).isNotNull();
    }

    @Test
    void stabilizationWindow_zeroToOneHour() {
        assertThatIllegalArgumentException().isThrownBy(() -> builder().stabilizationWindow(Duration.ofHours(2)));
        assertThat(builder().stabilizationWindow(Duration.ZERO).build().guardrails)
                .contains(new Stabilization(Duration.ZERO));
    }
}
