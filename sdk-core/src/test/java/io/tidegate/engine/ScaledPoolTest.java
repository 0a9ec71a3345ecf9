/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.guardrail.Behavior;
import io.tidegate.guardrail.Behavior.Direction;
import io.tidegate.guardrail.Behavior.Select;
import io.tidegate.guardrail.Bounds;
import io.tidegate.guardrail.Coverage;
import io.tidegate.guardrail.Decision.Mode;
import io.tidegate.guardrail.Guardrails;
import io.tidegate.policy.BacklogPolicy;
import io.tidegate.policy.PolicySets;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.Work;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.List;
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
        assertThat(pool.decides.policies())
                .extracting(Policy::name)
                .isEqualTo(PolicySets.standard().stream().map(Policy::name).toList());
        assertThat(pool.latencyWindow).isEqualTo(Duration.ofMinutes(1));
        assertThat(pool.eventGap).isEqualTo(Duration.ofMillis(20));
        assertThat(pool.mode).isEqualTo(Mode.ACT);
        assertThat(pool.shadow).isNull();
        assertThat(pool.signals.get()).isEmpty();
        assertThat(pool.period).isEqualTo(Duration.ofMillis(250));
        assertThat(pool.timeToReady).isEqualTo(Duration.ofMinutes(2));
        assertThat(pool.rateWindow).isEqualTo(Duration.ofSeconds(15));
        assertThat(pool.backendTimeout).isEqualTo(Duration.ofSeconds(2));
        assertThat(pool.statusPeriod).isEqualTo(Duration.ofSeconds(1));
        assertThat(pool.staleAfter).isEqualTo(Duration.ofSeconds(45));
        assertThat(pool.decides.guardrails()).isEqualTo(Guardrails.builder().build());
    }

    @Test
    void guardrails_areSetFromTheDefaultsOn() {
        ScaledPool pool = builder()
                .bounds(2, 9)
                .guardrails(all -> all.down(new Behavior(Direction.DOWN, Duration.ZERO, List.of(), Select.MAX)))
                .build();

        assertThat(pool.decides.guardrails())
                .isEqualTo(Guardrails.builder()
                        .bounds(2, 9)
                        .down(new Behavior(Direction.DOWN, Duration.ZERO, List.of(), Select.MAX))
                        .build());
    }

    @Test
    void leastCoverage_isThatOfTheGuardrail() {
        assertThat(builder().build().leastCoverage()).isEqualTo(0.9);
        assertThat(builder()
                        .guardrails(all -> all.coverage(new Coverage(0.5)))
                        .build()
                        .leastCoverage())
                .isEqualTo(0.5);
    }

    @Test
    void decides_isTakenAsItIs() {
        PolicySet exact = new PolicySet("mine", List.of(), List.of(new Bounds(0, 3)));

        assertThat(builder().bounds(2, 9).decides(exact).build().decides).isSameAs(exact);
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
                .withMessageContaining("two policies named \"backlog\"");
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
}
