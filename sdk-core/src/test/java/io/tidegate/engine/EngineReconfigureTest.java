/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.guardrail.Decision.Trigger;
import io.tidegate.guardrail.History;
import io.tidegate.guardrail.Narrowing;
import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.ledger.ScaleEvent.Phase;
import io.tidegate.policy.Learned;
import io.tidegate.policy.Proposal;
import io.tidegate.policy.Proposal.Cause;
import io.tidegate.policy.spi.LearningPolicy;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.PoolView;
import io.tidegate.time.QueueExecutor;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Other settings while it runs. */
class EngineReconfigureTest {

    private final List<Long> jumps = new ArrayList<>();

    private Guardrail watching() {
        return new Guardrail() {
            @Override
            public String name() {
                return "watching";
            }

            @Override
            public Narrowing narrow(PoolView view, History history, int proposed) {
                jumps.add(history.marks().jumpNanos());
                return Narrowing.none(name(), proposed);
            }
        };
    }

    @Test
    void reconfigure_bounds_actAtOnce_withTheTriggerReload() {
        Rig rig = new Rig(5).start();
        rig.advance(Duration.ofMillis(100));
        rig.engine().reconfigure(rig.pool.bounds(7, 10).build());
        assertThat(rig.backend.lastRequest().to()).isEqualTo(7);
        assertThat(rig.decisions.get(0).origin().trigger()).isEqualTo(Trigger.RELOAD);
    }

    @Test
    void reconfigure_unknownPool_saysSo() {
        Rig rig = new Rig(5).start();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> rig.engine()
                        .reconfigure(ScaledPool.builder("code")
                                .load(rig.load)
                                .backend(rig.backend)
                                .build()));
    }

    @Test
    void reconfigure_policyWhoseNameThrows_isContained() {
        Rig rig = new Rig(5).start();
        int[] calls = {0};
        rig.pool.bounds(7, 10).policy(new Policy() {
            @Override
            public String name() {
                if (calls[0]++ > 0) {
                    throw new IllegalStateException("told to");
                }
                return "bad";
            }

            @Override
            public Proposal propose(PoolView view) {
                return new Proposal.Abstains("bad", "");
            }
        });
        rig.engine().reconfigure(rig.pool.build());
        rig.nextStatus();
        assertThat(rig.backend.lastRequest().to()).isEqualTo(7);
    }

    @Test
    void reconfigure_keepsHistoryAndOpenEvents() {
        Rig rig = new Rig(3);
        rig.pool.stabilizationWindow(Duration.ofMinutes(5));
        rig.start();
        rig.want = 6;
        rig.nextStatus();
        assertThat(rig.event(0).phase()).isEqualTo(Phase.ACCEPTED);
        rig.want = 1;
        rig.engine().reconfigure(rig.pool.rateWindow(Duration.ofSeconds(3)).build());
        rig.advance(Duration.ofMinutes(4));
        assertThat(rig.backend.requests).as("6 were wanted within the window").hasSize(1);
        assertThat(rig.event(0).open()).isTrue();
        rig.backend.all(6);
        rig.nextStatus();
        assertThat(rig.event(0).phase()).isEqualTo(Phase.READY);
        rig.advance(Duration.ofMinutes(2));
        assertThat(rig.backend.lastRequest().to()).isEqualTo(1);
    }

    @Test
    void reconfigure_keepsWhatWasLearned() {
        Rig rig = new Rig(3);
        rig.pool.policy(new LearningPolicy() {
            @Override
            public String name() {
                return "counting";
            }

            @Override
            public Learned learn(PoolView view, Learned before) {
                return new Learned(Map.of("rounds", before.get("rounds", 0) + 1));
            }

            @Override
            public Proposal propose(PoolView view, Learned learned) {
                return new Proposal.Wants(name(), 0, Cause.SIGNAL, "");
            }
        });
        rig.start();
        rig.engine().reconfigure(rig.pool.build());
        rig.advance(Rig.PERIOD);
        assertThat(rig.state().learned().get("counting").get("rounds", 0)).isEqualTo(3);
    }

    @Test
    void reconfigure_whileARoundWaits_holdsFromTheNextOne() {
        Rig rig = new Rig(5);
        QueueExecutor executor = new QueueExecutor();
        rig.start(executor, builder -> {});
        executor.runAll();
        rig.advance(Rig.PERIOD);
        rig.engine().reconfigure(rig.pool.bounds(7, 10).build());
        executor.run(0);
        assertThat(rig.backend.requests).isEmpty();
        executor.runAll();
        assertThat(rig.state().latest().orElseThrow().to()).isEqualTo(5);
        rig.advance(Rig.PERIOD);
        executor.runAll();
        assertThat(rig.backend.lastRequest().to()).isEqualTo(7);
    }

    // ---- another backend -------------------------------------------------------------------------------------------

    @Test
    void exchange_nothingIsDecidedUntilTheOtherIsHeardOf() {
        Rig rig = new Rig(2);
        rig.want = 2;
        rig.start();
        rig.want = 3;
        FakeBackend other = FakeBackend.with(9);
        other.statusFailure = new IOException("not yet");
        rig.pool.stabilizationWindow(Duration.ofMinutes(5));
        rig.engine().reconfigure(rig.pool.backend(other).build());
        rig.advance(Duration.ofSeconds(10));
        assertThat(other.requests).as("what it has is not known").isEmpty();
        assertThat(rig.backend.requests).isEmpty();

        other.statusFailure = null;
        rig.advance(Duration.ofSeconds(6));
        assertThat(rig.view().replicas().desired()).isEqualTo(9);
        assertThat(other.requests).as("nine may be needed for a window").isEmpty();
        rig.advance(Duration.ofMinutes(6));
        assertThat(other.lastRequest().from()).isEqualTo(9);
        assertThat(other.lastRequest().to()).isEqualTo(3);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void exchange_lateScaleAnswerOfTheOldOne_changesNothing(boolean success) {
        Rig rig = new Rig(2);
        QueueExecutor executor = new QueueExecutor();
        rig.start(executor, builder -> {});
        executor.runAll();
        rig.want = 5;
        rig.advance(Rig.PERIOD);
        executor.run(0);
        assertThat(executor.size()).as("the scale call").isEqualTo(1);
        if (!success) {
            rig.backend.scaleFailure = new IOException("told to");
        }
        FakeBackend other = FakeBackend.with(2);
        rig.want = Rig.HOLD;
        rig.engine().reconfigure(rig.pool.backend(other).build());
        // Settings, round and what follows first; the old call and its answer last.
        while (executor.size() > 1) {
            executor.run(1);
        }
        int steps = rig.steps.size();
        assertThat(rig.event(0).phase()).isEqualTo(Phase.SUPERSEDED);
        assertThat(rig.event(0).latest().detail()).isEqualTo("the backend was exchanged");
        executor.runAll();
        assertThat(rig.backend.requests).hasSize(1);
        assertThat(rig.steps).hasSize(steps);
        rig.advance(Rig.PERIOD);
        executor.runAll();
        assertThat(rig.view().replicas().desired()).isEqualTo(2);
        assertThat(rig.event(0).steps()).hasSize(3);

        // The other works at once: neither back-off nor a call under way is left.
        rig.want = 4;
        rig.advance(Rig.PERIOD);
        executor.runAll();
        assertThat(other.lastRequest().to()).isEqualTo(4);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void exchange_lateStatusOfTheOldOne_changesNothing(boolean success) {
        Rig rig = new Rig(2);
        QueueExecutor executor = new QueueExecutor();
        rig.start(executor, builder -> {});
        executor.runAll();
        rig.want = Rig.HOLD;
        rig.nextStatus();
        executor.run(0);
        executor.run(0);
        assertThat(executor.size()).as("the status call").isEqualTo(1);
        rig.backend.all(8);
        if (!success) {
            rig.backend.statusFailure = new IOException("told to");
        }
        FakeBackend other = FakeBackend.with(3);
        rig.engine().reconfigure(rig.pool.backend(other).build());
        while (executor.size() > 1) {
            executor.run(1);
        }
        rig.advance(Rig.PERIOD);
        while (executor.size() > 1) {
            executor.run(1);
        }
        assertThat(rig.view().replicas().desired()).isEqualTo(3);
        executor.runAll();
        rig.advance(Rig.PERIOD);
        executor.runAll();
        assertThat(rig.view().replicas().desired()).isEqualTo(3);
        assertThat(rig.view().replicas().ready()).isEqualTo(3);
        assertThat(rig.state().failures()).isZero();
    }

    @Test
    void exchange_backOffOfTheOldOne_isNotOfTheOther() {
        Rig rig = new Rig(2);
        rig.backend.scaleFailure = new IOException("told to");
        rig.start();
        rig.want = 5;
        rig.advance(Duration.ofMinutes(10));
        FakeBackend other = FakeBackend.with(2);
        rig.engine().reconfigure(rig.pool.backend(other).build());
        rig.advance(Rig.PERIOD);
        assertThat(other.lastRequest().to()).isEqualTo(5);
    }

    // ---- period ----------------------------------------------------------------------------------------------------

    @Test
    void period_shortened_holdsAtOnce_andIsNoJump() {
        Rig rig = new Rig(2);
        rig.pool.period(Duration.ofHours(10)).statusPeriod(Duration.ofHours(10)).guardrail(watching());
        rig.start();
        rig.advance(Duration.ofHours(9));
        int statuses = rig.backend.statusCalls;
        int rounds = rig.views.size();
        rig.engine()
                .reconfigure(rig.pool
                        .period(Duration.ofMillis(250))
                        .statusPeriod(Duration.ofSeconds(1))
                        .build());
        rig.advance(Duration.ofSeconds(10));
        assertThat(rig.views.size() - rounds).isBetween(40, 42);
        assertThat(rig.backend.statusCalls - statuses).isBetween(9, 11);
        assertThat(jumps).containsOnly(0L);
        rig.engine().close();
        rig.advance(Duration.ofDays(2));
        assertThat(rig.time.scheduled()).isZero();
    }

    @Test
    void period_lengthened_holdsAtOnce() {
        Rig rig = new Rig(2).start();
        rig.engine().reconfigure(rig.pool.period(Duration.ofSeconds(100)).build());
        int rounds = rig.views.size();
        rig.advance(Duration.ofSeconds(199));
        assertThat(rig.views.size() - rounds).isEqualTo(1);
        rig.advance(Duration.ofSeconds(1));
        assertThat(rig.views.size() - rounds).isEqualTo(2);
    }

    @Test
    void period_reloadedOftenWithTheSame_roundsGoOn() {
        Rig rig = new Rig(2);
        rig.pool.period(Duration.ofSeconds(2));
        rig.start();
        int[] periodic = {0};
        for (int i = 0; i < 100; i++) {
            rig.advance(Duration.ofMillis(500));
            if (rig.state().latest().orElseThrow().origin().trigger() == Trigger.PERIOD) {
                periodic[0]++;
            }
            rig.engine().reconfigure(rig.pool.build());
        }
        assertThat(periodic[0]).isGreaterThanOrEqualTo(20);
    }
}
