/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.guardrail.Decision;
import io.tidegate.time.ManualTime;
import io.tidegate.time.QueueExecutor;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Its life, its period, being woken. */
class EngineTest {

    @Test
    void start_firstRound_readsTheStatusAndDecidesOnIt() {
        Rig rig = new Rig(1);
        rig.want = 3;
        rig.start();

        assertThat(rig.backend.lastRequest().from()).isEqualTo(1);
        assertThat(rig.backend.lastRequest().to()).isEqualTo(3);
        assertThat(rig.backend.lastRequest().pool()).isEqualTo("chat");
        assertThat(rig.backend.lastRequest().reason()).startsWith("chat: from 1 to 3 replicas.");
        assertThat(rig.decisions).hasSize(1);
        assertThat(rig.backend.lastRequest().decisionId())
                .isEqualTo(rig.decisions.get(0).id());
    }

    @Test
    void start_decidesOncePerPeriod() {
        Rig rig = new Rig(1).start();
        rig.advance(Rig.PERIOD.multipliedBy(8));
        assertThat(rig.views).hasSize(9);
    }

    @Test
    void start_twice_isOneLoop() {
        Rig rig = new Rig(1).start();
        rig.engine().start();
        rig.advance(Rig.PERIOD.multipliedBy(8));
        assertThat(rig.views).hasSize(9);
    }

    @Test
    void round_sameTickTwice_writesOnce() {
        Rig rig = new Rig(1);
        rig.want = 3;
        rig.start();
        rig.engine().wake("chat");
        assertThat(rig.backend.requests).hasSize(1);
        assertThat(rig.state().events()).hasSize(1);
    }

    @Test
    void wake_beforeStart_isIgnored() {
        Rig rig = new Rig(1);
        Engine engine = Engine.builder()
                .time(rig.time)
                .executor(Runnable::run)
                .pool(rig.pool.build())
                .build();
        engine.wake("chat");
        assertThat(rig.views).isEmpty();
        assertThat(rig.backend.statusCalls).isZero();
        assertThat(rig.time.scheduled()).isZero();
    }

    @Test
    void wake_unknownPool_isIgnored() {
        Rig rig = new Rig(1).start();
        assertThatCode(() -> rig.engine().wake("nobody")).doesNotThrowAnyException();
    }

    @Test
    void wake_betweenPeriods_decidesAtOnce() {
        Rig rig = new Rig(0).start();
        rig.advance(Duration.ofMillis(100));
        rig.want = 1;

        rig.engine().wake("chat");

        assertThat(rig.backend.lastRequest().to()).isEqualTo(1);
    }

    @Test
    void wake_manyTimes_isBounded_andTheLastIsNotLost() {
        Rig rig = new Rig(1).start();
        rig.advance(Duration.ofMillis(10));
        int before = rig.views.size();

        for (int i = 0; i < 1000; i++) {
            rig.engine().wake("chat");
        }
        assertThat(rig.views).as("the first at once").hasSize(before + 1);
        rig.want = 4;
        rig.engine().wake("chat");

        // Before the next period.
        rig.advance(Duration.ofMillis(100));
        assertThat(rig.backend.lastRequest().to()).isEqualTo(4);
        assertThat(rig.views).hasSize(before + 2);
    }

    @Test
    void wake_queuedRoundNotYetRun_isOneRound() {
        Rig rig = new Rig(1);
        QueueExecutor executor = new QueueExecutor();
        rig.start(executor, builder -> {});
        for (int i = 0; i < 10; i++) {
            rig.engine().wake("chat");
        }
        assertThat(executor.size()).isEqualTo(1);
    }

    @Test
    void close_stopsDeciding_twiceIsHarmless() {
        Rig rig = new Rig(1).start();
        int before = rig.views.size();
        rig.engine().close();
        rig.engine().close();
        rig.want = 5;

        rig.advance(Duration.ofMinutes(1));
        rig.engine().wake("chat");
        rig.engine().start();

        assertThat(rig.views).hasSize(before);
        assertThat(rig.backend.requests).isEmpty();
        assertThat(rig.time.scheduled()).isZero();
        assertThat(rig.backend.closes).as("whoever made the backend closes it").isZero();
    }

    @Test
    void close_roundAlreadyHandedToTheExecutor_doesNotActAnyMore() {
        Rig rig = new Rig(1);
        QueueExecutor executor = new QueueExecutor();
        rig.start(executor, builder -> {});
        executor.runAll();
        rig.want = 5;
        rig.advance(Rig.PERIOD);

        rig.engine().close();
        executor.runAll();

        assertThat(rig.backend.requests).isEmpty();
    }

    @Test
    void request_executorRejectsOnce_theLoopGoesOn() {
        Rig rig = new Rig(1);
        QueueExecutor executor = new QueueExecutor();
        rig.start(executor, builder -> {});
        executor.runAll();
        executor.reject(true);
        rig.advance(Rig.PERIOD);
        executor.reject(false);
        rig.want = 2;

        rig.advance(Rig.PERIOD);
        executor.runAll();

        assertThat(rig.backend.requests).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(longs = {Long.MIN_VALUE, -1_000_000_000_000L, -1, Long.MAX_VALUE - 2_000_000_000L})
    void clock_negativeOrWrapping_isAsGoodAsAny(long startNanos) {
        Rig rig = new Rig(1, new ManualTime(startNanos, Instant.EPOCH));
        rig.start();
        rig.want = 3;
        rig.advance(Rig.PERIOD);
        assertThat(rig.backend.requests).hasSize(1);

        rig.backend.all(3);
        rig.advance(Duration.ofSeconds(5));
        assertThat(rig.event(0).open()).isFalse();

        rig.backend.all(5);
        rig.want = 5;
        rig.nextStatus();
        assertThat(rig.view().replicas().desired()).isEqualTo(5);
    }

    @Test
    void state_unknownPool_namesThoseThereAre() {
        Rig rig = new Rig(1).start();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> rig.engine().state("code"))
                .withMessage("no pool \"code\", only [chat]");
        assertThat(rig.engine().pools()).containsExactly("chat");
    }

    @Test
    void state_beforeTheFirstStatus_isEmpty() {
        Rig rig = new Rig(1);
        Engine engine = Engine.builder()
                .time(rig.time)
                .executor(Runnable::run)
                .pool(rig.pool.build())
                .build();
        PoolState state = engine.state("chat");
        assertThat(state.view()).isEmpty();
        assertThat(state.latest()).isEmpty();
        assertThat(state.decisions()).isEmpty();
        assertThat(state.events()).isEmpty();
        assertThat(state.running()).isZero();
        assertThat(state.replicaSeconds()).isZero();
        assertThat(state.failures()).isZero();
    }

    @Test
    void state_latest_isAlsoADecisionThatChangedNothing() {
        Rig rig = new Rig(1).start();
        assertThat(rig.state().latest()).isPresent();
        assertThat(rig.state().latest().orElseThrow().direction()).isEqualTo(Decision.Direction.HOLD);
        assertThat(rig.state().decisions()).isEmpty();
        assertThat(rig.state().view()).isPresent();
    }

    @Test
    void state_keepsTheLast256() {
        Rig rig = new Rig(1);
        rig.backend.instant = true;
        rig.start();
        for (int i = 0; i < 600; i++) {
            rig.want = rig.want == 1 ? 2 : 1;
            rig.nextStatus();
        }
        assertThat(rig.decisions).hasSizeGreaterThan(300);
        assertThat(rig.state().decisions()).hasSize(256).last().isEqualTo(rig.decisions.get(rig.decisions.size() - 1));
        assertThat(rig.state().events()).hasSize(256);
    }

    @Test
    void state_replicaSeconds_areWhatRan() {
        Rig rig = new Rig(2).start();
        rig.advance(Duration.ofSeconds(10));
        assertThat(rig.state().replicaSeconds()).isEqualTo(20);

        // From 11 s on three run; the status of 11 s says so.
        rig.backend.running = 3;
        rig.advance(Duration.ofSeconds(10));
        assertThat(rig.state().replicaSeconds()).isEqualTo(22 + 27);
        assertThat(rig.state().running()).isEqualTo(3);
    }

    @Test
    void decisionIds_grow() {
        Rig rig = new Rig(1);
        rig.backend.instant = true;
        rig.start();
        for (int i = 2; i < 6; i++) {
            rig.want = i;
            rig.nextStatus();
        }
        assertThat(rig.decisions)
                .extracting(Decision::id)
                .doesNotHaveDuplicates()
                .isSorted();
    }

    @Test
    void severalPools_areApart() {
        Rig rig = new Rig(1);
        FakeBackend other = FakeBackend.with(4);
        rig.start(
                Runnable::run,
                builder -> builder.pool(ScaledPool.builder("code")
                        .load(new FakeLoad(rig.time))
                        .backend(other)
                        .bounds(2, 8)
                        .build()));
        rig.want = 3;
        rig.advance(Rig.PERIOD);

        assertThat(rig.engine().pools()).containsExactlyInAnyOrder("chat", "code");
        assertThat(rig.backend.requests).hasSize(1);
        assertThat(other.requests).isEmpty();
        assertThat(rig.engine().state("code").view().orElseThrow().replicas().ready())
                .isEqualTo(4);
    }

    @Test
    void build_withoutWhatIsRequired_saysSo() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Engine.builder().build())
                .withMessageStartingWith("time is required");
        Rig rig = new Rig(1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Engine.builder()
                        .time(rig.time)
                        .pool(rig.pool.build())
                        .pool(rig.pool.build())
                        .build())
                .withMessage("two pools are named \"chat\"");
    }
}
