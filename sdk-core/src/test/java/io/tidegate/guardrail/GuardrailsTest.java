/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.pool.PoolView;
import org.junit.jupiter.api.Test;

class GuardrailsTest {

    private static Guardrail named(String name) {
        return new Guardrail() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public Narrowing narrow(PoolView view, History history, int proposed) {
                return new Narrowing(name, 0, "it takes all");
            }
        };
    }

    @Test
    void build_everything_isInTheOrderOfTheTable() {
        assertThat(Guardrails.builder()
                        .spend(new SpendCap(10, 1))
                        .guardrail(named("freeze"))
                        .guardrail(named("quota"))
                        .build())
                .extracting(Guardrail::name)
                .containsExactly(
                        "tolerance",
                        "fallback",
                        "freeze",
                        "quota",
                        "complete data",
                        "coverage",
                        "healthy",
                        "clock jump",
                        "behavior up",
                        "behavior down",
                        "flap damping",
                        "to zero",
                        "pending cap",
                        "spend cap",
                        "bounds");
    }

    @Test
    void build_defaults_areThoseOfTheTable() {
        assertThat(Guardrails.builder().bounds(1, 80).build())
                .containsExactly(
                        Tolerance.DEFAULTS,
                        new Fallback(0),
                        new CompleteData(),
                        new Coverage(0.9),
                        new Healthy(),
                        new ClockJump(),
                        Behavior.up(),
                        Behavior.down(),
                        new FlapDamping(),
                        new ToZero(),
                        PendingCap.forMax(80),
                        new Bounds(1, 80));
        assertThat(Guardrails.builder().flapDamping(null).build()).noneMatch(FlapDamping.class::isInstance);
    }

    @Test
    void build_ownThatTakesAll_isHeldByTheOthers() {
        PoolModel pool = new PoolModel(
                Guardrails.builder().bounds(0, 9).guardrail(named("mine")).build(), 0, 5);
        pool.hold(300, 10, 5);
        assertThat(pool.current).isEqualTo(5);
        pool.history = pool.history.withProposal(pool.now, 5, History.HORIZON.toNanos());
        pool.step(10, 5);
        assertThat(pool.current).isEqualTo(5);
    }

    @Test
    void build_sameNameTwice_isRejected() {
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> Guardrails.builder().guardrail(named("bounds")).build())
                .withMessage("there are two guardrails named \"bounds\"");
    }

    @Test
    void build_capBelowTheMinimum_isRejected() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Guardrails.builder()
                        .bounds(4, 9)
                        .spend(new SpendCap(9, 3))
                        .build())
                .withMessage("the spend cap must pay for the minimum of 4 replicas but pays for 3");
    }

    @Test
    void up_thatGoesDown_isRejected() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Guardrails.builder().up(Behavior.down()))
                .withMessage("this behavior must go UP but goes DOWN");
    }

    @Test
    void chain_aboveTheMaximum_goesToItAtOnceAsTheHpaDoes() {
        PoolModel pool = new PoolModel(Guardrails.builder().bounds(2, 9).build(), 0, 20);
        assertThat(pool.step(1, 20)).isEqualTo(9);
        PoolModel few = new PoolModel(Guardrails.builder().bounds(2, 9).build(), 0, 0);
        assertThat(few.step(1, 0)).isEqualTo(2);
    }
}
