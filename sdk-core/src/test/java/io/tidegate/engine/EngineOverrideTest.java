/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.guardrail.Behavior;
import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.Decision.Trigger;
import io.tidegate.policy.Proposal.Cause;
import io.tidegate.pool.Signal;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a person says of a pool. */
class EngineOverrideTest {

    private static final Duration HOUR = Duration.ofHours(1);

    private static ManualOverride pin(int replicas, Duration lifetime) {
        return ManualOverride.pin(replicas, lifetime, "ann", "launch day");
    }

    private static Rig guarded(int replicas) {
        Rig rig = new Rig(replicas);
        rig.backend.instant = true;
        rig.pool
                .stepUp(TestPool.step(Behavior.Direction.UP, 1, 0, Duration.ofMinutes(10)))
                .stepDown(TestPool.step(Behavior.Direction.DOWN, 1, 0, Duration.ofMinutes(10)))
                .stabilizationWindow(Duration.ofMinutes(5))
                .bounds(1, 10);
        return rig;
    }

    @Test
    void pin_actsAtOnceBeyondStepsStabilizationAndMissingData() {
        Rig rig = guarded(5);
        rig.pool.signals(() -> Map.of("gpu", new Signal.Missing("dcgm", "told to")));
        rig.start();
        rig.engine().override("chat", pin(9, HOUR));
        assertThat(rig.backend.lastRequest().to()).isEqualTo(9);
        rig.engine().override("chat", pin(2, HOUR));
        rig.nextStatus();
        assertThat(rig.backend.lastRequest().to()).isEqualTo(2);
        assertThat(rig.backend.requests).hasSize(2);
        Decision decision = rig.decisions.get(1);
        assertThat(decision.cause()).isEqualTo(Cause.OVERRIDE);
        assertThat(decision.origin().trigger()).isEqualTo(Trigger.OVERRIDE);
        assertThat(decision.explain())
                .contains("A person decides: pinned to 2 by ann for 1 h: launch day.")
                .contains("Not 1: the override decides. Not 3: the override decides.");
    }

    @Test
    void pin_isBoundedByBounds() {
        Rig rig = guarded(5).start();
        rig.engine().override("chat", pin(50, HOUR));
        assertThat(rig.backend.lastRequest().to()).isEqualTo(10);
        assertThat(rig.decisions.get(0).explain()).contains("Guardrail bounds makes it 10: the maximum is 10.");
        rig.engine().override("chat", pin(0, HOUR));
        rig.nextStatus();
        assertThat(rig.backend.lastRequest().to()).isEqualTo(1);
    }

    @Test
    void pin_statusIsStale_stillActs() {
        Rig rig = guarded(5).start();
        rig.backend.statusFailure = new IOException("connection refused");
        rig.advance(Duration.ofMinutes(2));
        rig.engine().override("chat", pin(2, HOUR));
        rig.advance(Rig.PERIOD);
        assertThat(rig.backend.lastRequest().to()).isEqualTo(2);
    }

    @Test
    void pause_holdsAlsoOutsideOfBounds() {
        Rig rig = guarded(15);
        rig.want = 3;
        rig.start(Runnable::run, builder -> {});
        int before = rig.backend.requests.size();
        rig.backend.all(15);
        rig.engine().override("chat", ManualOverride.pause(HOUR, "ann", ""));
        rig.nextStatus();
        rig.advance(Duration.ofMinutes(30));
        assertThat(rig.backend.requests).hasSize(before);
        Decision latest = rig.state().latest().orElseThrow();
        assertThat(latest.to()).isEqualTo(15);
        assertThat(latest.cause()).isEqualTo(Cause.OVERRIDE);
        assertThat(latest.explain()).contains("A person decides: paused by ann for 1 h.");
    }

    @Test
    void pin_endsByItself_atTheVeryInstant_alsoWithALongPeriod() {
        Rig rig = new Rig(1);
        rig.backend.instant = true;
        rig.pool.period(HOUR);
        rig.start();
        rig.advance(Duration.ofSeconds(7));
        rig.engine().override("chat", pin(6, Duration.ofMinutes(20)));
        assertThat(rig.backend.lastRequest().to()).isEqualTo(6);
        rig.advance(Duration.ofMinutes(20).minusNanos(1));
        assertThat(rig.backend.requests).hasSize(1);
        assertThat(rig.state().override()).isPresent();

        rig.advance(Duration.ofNanos(1));

        assertThat(rig.backend.lastRequest().to()).isEqualTo(1);
        assertThat(rig.state().override()).isEmpty();
        assertThat(rig.decisions.get(1).cause()).isEqualTo(Cause.SIGNAL);
    }

    @Test
    void resume_endsIt_andItsAlarm() {
        Rig rig = guarded(5).start();
        rig.engine().override("chat", pin(7, HOUR));
        int scheduled = rig.time.scheduled();
        rig.engine().resume("chat");
        rig.advance(Duration.ofSeconds(2));
        assertThat(rig.state().override()).isEmpty();
        assertThat(rig.time.scheduled()).isLessThan(scheduled);
        assertThat(rig.backend.lastRequest().to())
                .as("what was added just now may go at once")
                .isEqualTo(5);
        rig.engine().resume("chat");
        assertThat(rig.state().failures()).isZero();
    }

    @Test
    void pin_replaced_theFirstsEndEndsNothing() {
        Rig rig = new Rig(1);
        rig.backend.instant = true;
        rig.start();
        rig.engine().override("chat", pin(6, Duration.ofMinutes(1)));
        rig.nextStatus();
        rig.engine().override("chat", pin(4, HOUR));
        rig.advance(Duration.ofMinutes(10));
        assertThat(rig.backend.desired).isEqualTo(4);
        assertThat(rig.state().override().orElseThrow().replicas()).hasValue(4);
        rig.advance(HOUR);
        assertThat(rig.backend.desired).isEqualTo(1);
    }

    @Test
    void pin_survivesAReload() {
        Rig rig = new Rig(1);
        rig.backend.instant = true;
        rig.start();
        rig.engine().override("chat", pin(6, HOUR));
        rig.engine().reconfigure(rig.pool.bounds(0, 5).build());
        rig.advance(Duration.ofMinutes(1));
        assertThat(rig.backend.desired).isEqualTo(5);
        assertThat(rig.state().override()).isPresent();
    }

    @Test
    void pin_beforeTheStart_waitsForIt() {
        Rig rig = new Rig(1);
        Engine engine = Engine.builder()
                .time(rig.time)
                .executor(Runnable::run)
                .pool(rig.pool.build())
                .build();
        engine.override("chat", pin(6, HOUR));
        engine.reconfigure(rig.pool.bounds(0, 9).build());
        rig.advance(Duration.ofSeconds(1));
        assertThat(rig.backend.statusCalls).isZero();
        assertThat(rig.backend.requests).isEmpty();
        engine.start();
        assertThat(rig.backend.lastRequest().to()).isEqualTo(6);
        engine.close();
        assertThat(rig.time.scheduled()).isLessThanOrEqualTo(2);
        rig.advance(Duration.ofDays(1));
        assertThat(rig.time.scheduled()).isZero();
    }

    @Test
    void pin_killedAtOnce_isRememberedForTheRestOfItsTime() {
        MapMemory memory = new MapMemory();
        Rig before = new Rig(1);
        before.backend.instant = true;
        before.start(Runnable::run, builder -> builder.memory(memory));
        before.advance(Duration.ofSeconds(3));
        before.engine().override("chat", pin(6, HOUR));
        // No close: as if killed. Half an hour later by the wall clock:
        Rig after = new Rig(6);
        after.time.advance(Duration.ofMinutes(30));
        after.backend.instant = true;
        after.want = 1;
        after.start(Runnable::run, builder -> builder.memory(memory));
        after.advance(Duration.ofMinutes(29));
        assertThat(after.backend.desired).isEqualTo(6);
        assertThat(after.state().override()).contains(pin(6, HOUR));
        after.advance(Duration.ofMinutes(2));
        assertThat(after.backend.desired).isEqualTo(1);
    }

    @Test
    void pin_restartedAfterItsEnd_isOver_andWallClockThatWentBackMakesItNoLonger() {
        MapMemory memory = new MapMemory();
        Rig before = new Rig(1);
        before.time.advance(Duration.ofHours(5));
        before.backend.instant = true;
        before.start(Runnable::run, builder -> builder.memory(memory));
        before.engine().override("chat", pin(6, HOUR));

        Rig late = new Rig(6);
        late.time.advance(Duration.ofHours(7));
        late.want = 1;
        late.start(Runnable::run, builder -> builder.memory(memory));
        assertThat(late.state().override()).isEmpty();

        Rig back = new Rig(6);
        back.backend.instant = true;
        back.want = 1;
        back.start(Runnable::run, builder -> builder.memory(memory));
        assertThat(back.state().override()).isPresent();
        back.advance(HOUR.plusSeconds(1));
        assertThat(back.state().override()).isEmpty();
    }

    @Test
    void pin_meanwhileWhatPoliciesWantIsKept_soThatNothingJumpsAtItsEnd() {
        Rig rig = new Rig(4);
        rig.backend.instant = true;
        rig.pool.stabilizationWindow(Duration.ofMinutes(5));
        rig.start();
        rig.engine().override("chat", pin(8, Duration.ofMinutes(20)));
        rig.want = 6;
        rig.advance(Duration.ofMinutes(18));
        rig.want = 1;
        rig.advance(Duration.ofMinutes(2));
        assertThat(rig.backend.desired).isEqualTo(6);
        rig.advance(Duration.ofMinutes(4));
        assertThat(rig.backend.desired).isEqualTo(1);
        assertThat(rig.state().latest().orElseThrow().proposals()).hasSize(1);
    }

    @Test
    void pin_inADryRun_changesNothing() {
        Rig rig = new Rig(1);
        rig.pool.mode(Decision.Mode.DRY_RUN);
        rig.start();
        rig.engine().override("chat", pin(6, HOUR));
        assertThat(rig.decisions).hasSize(1);
        assertThat(rig.backend.requests).isEmpty();
    }

    @Test
    void settings_areChecked_andWordsAreOneLine() {
        assertThatIllegalArgumentException().isThrownBy(() -> pin(-1, HOUR)).withMessageContaining("replicas");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> pin(1, Duration.ZERO))
                .withMessageContaining("lifetime");
        assertThatIllegalArgumentException().isThrownBy(() -> pin(1, Duration.ofDays(8)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ManualOverride.pause(HOUR, " ", ""))
                .withMessageContaining("by must name");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ManualOverride.pause(HOUR, "a".repeat(201), ""))
                .withMessageContaining("at most 200");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ManualOverride.pause(HOUR, "a", "b".repeat(1001)))
                .withMessageContaining("at most 1000");
        assertThat(ManualOverride.pause(Duration.ofMinutes(90), "ann\r\nWARN", "no\u001b[31m\u2028x"))
                .hasToString("paused by ann WARN for 1 h 30 min: no [31m x");
        assertThat(pin(1, Duration.ofMillis(3))).hasToString("pinned to 1 by ann for less than 1 s: launch day");
    }
}
