/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.ledger.ScaleEvent.Phase;
import io.tidegate.time.QueueExecutor;
import java.io.IOException;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What the backend says, and what it does not say. */
class EngineStatusTest {

    static Stream<Throwable> failures() {
        return Stream.of(
                new IOException("connection refused"),
                new IllegalStateException("told to"),
                new AssertionError("told to"),
                new NoClassDefFoundError("told/To"),
                new StackOverflowError("told to"),
                new OutOfMemoryError("told to"));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void status_failsAtFirst_nothingIsDecidedUntilItAnswers(Throwable failure) {
        Rig rig = new Rig(2);
        rig.backend.statusFailure = failure;
        rig.want = 5;
        rig.start();
        rig.advance(Duration.ofSeconds(30));
        assertThat(rig.views).isEmpty();
        assertThat(rig.backend.requests).isEmpty();
        assertThat(rig.supplies).isEmpty();
        assertThat(rig.state().failures()).isPositive();

        rig.backend.statusFailure = null;
        rig.advance(Duration.ofSeconds(6));
        assertThat(rig.backend.requests).hasSize(1);
        assertThat(rig.backend.lastRequest().from()).isEqualTo(2);
    }

    @Test
    void status_null_isAFailure() {
        Rig rig = new Rig(2);
        rig.backend.nullStatus = true;
        rig.start();
        assertThat(rig.views).isEmpty();
        assertThat(rig.state().failures()).isEqualTo(1);

        rig.backend.nullStatus = false;
        rig.nextStatus();
        assertThat(rig.views).isNotEmpty();
    }

    @ParameterizedTest
    @CsvSource({"-1, 0, 0", "0, -1, 0", "0, 0, -1"})
    void status_negative_isAFailureAndNeverACount(int desired, int running, int ready) {
        Rig rig = new Rig(2).start();
        rig.backend.desired = desired;
        rig.backend.running = running;
        rig.backend.ready = ready;
        rig.advance(Duration.ofSeconds(5));

        assertThat(rig.view().replicas().ready()).isEqualTo(2);
        assertThat(rig.view().replicas().desired()).isEqualTo(2);
        assertThat(rig.state().failures()).isPositive();
    }

    @Test
    void status_absurdCount_isRejectedBeforeItCostsMemory() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ReplicaStatus(Integer.MAX_VALUE, 0, 0))
                .withMessageContaining("0 to 1000000");
        assertThatIllegalArgumentException().isThrownBy(() -> new ReplicaStatus(0, 1_000_001, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> new ReplicaStatus(0, 0, 1_000_001));
        assertThat(new ReplicaStatus(1_000_000, 1_000_000, 1_000_000).ready()).isEqualTo(1_000_000);
        assertThatIllegalArgumentException().isThrownBy(() -> new ScaleRequest("chat", -1, 0, 1, ""));
        assertThatIllegalArgumentException().isThrownBy(() -> new ScaleRequest("chat", 0, -1, 1, ""));
    }

    @Test
    void status_stops_nothingScalesDownOnceItIsStale() {
        Rig rig = new Rig(5).start();
        rig.backend.statusFailure = new IOException("connection refused");
        rig.advance(Duration.ofSeconds(46));
        assertThat(rig.view().complete()).isFalse();

        rig.want = 1;
        rig.advance(Duration.ofHours(2));
        assertThat(rig.backend.requests).isEmpty();
        assertThat(rig.view().replicas().ready()).isEqualTo(5);
    }

    @Test
    void status_stops_scalingUpGoesOn() {
        Rig rig = new Rig(5).start();
        rig.backend.statusFailure = new IOException("connection refused");
        rig.advance(Duration.ofMinutes(10));
        rig.want = 8;
        rig.advance(Rig.PERIOD);
        assertThat(rig.backend.lastRequest().to()).isEqualTo(8);
    }

    @Test
    void status_freshAgain_downNeedsAFullWindowOfCompleteData() {
        Rig rig = new Rig(5);
        rig.pool.stabilizationWindow(Duration.ofMinutes(5));
        rig.start();
        rig.want = 1;
        rig.backend.statusFailure = new IOException("connection refused");
        rig.advance(Duration.ofMinutes(20));
        rig.backend.statusFailure = null;
        rig.advance(Duration.ofSeconds(10));
        assertThat(rig.view().complete()).isTrue();
        assertThat(rig.backend.requests).as("only just heard of again").isEmpty();

        rig.advance(Duration.ofMinutes(4));
        assertThat(rig.backend.requests).isEmpty();
        rig.advance(Duration.ofSeconds(61));
        assertThat(rig.backend.lastRequest().to()).isEqualTo(1);
    }

    @Test
    void status_isReadOncePerStatusPeriod() {
        Rig rig = new Rig(1).start();
        rig.advance(Duration.ofSeconds(10));
        assertThat(rig.backend.statusCalls).isEqualTo(11);
    }

    @Test
    void status_fiveFailuresInARow_isLeftAloneForFiveSecondsOfTheEnginesClock() {
        Rig rig = new Rig(1).start();
        rig.backend.statusFailure = new IOException("connection refused");
        rig.advance(Duration.ofSeconds(5));
        int calls = rig.backend.statusCalls;
        rig.advance(Duration.ofSeconds(4));
        assertThat(rig.backend.statusCalls).isEqualTo(calls);

        rig.backend.statusFailure = null;
        rig.advance(Duration.ofSeconds(1));
        assertThat(rig.backend.statusCalls).isEqualTo(calls + 1);
        rig.advance(Duration.ofSeconds(10));
        assertThat(rig.backend.statusCalls).isEqualTo(calls + 11);
    }

    @Test
    void status_longPeriodBetweenDecisions_isStillReadAndSuppliedOnItsOwn() {
        Rig rig = new Rig(1);
        rig.pool.period(Duration.ofMinutes(10));
        rig.start();
        rig.backend.all(3);
        rig.nextStatus();
        assertThat(rig.supply().replicas().ready()).isEqualTo(3);
        assertThat(rig.views).hasSize(1);
    }

    @Test
    void status_longPeriodBetweenDecisions_isFreshWhenOneIsMade() {
        // With answers that come later, as in production: each decision would rest on a status ten minutes old.
        Rig rig = new Rig(5);
        QueueExecutor executor = new QueueExecutor();
        rig.pool.period(Duration.ofMinutes(10));
        rig.start(executor, builder -> {});
        for (int second = 0; second < 3 * 600; second++) {
            executor.runAll();
            rig.advance(Duration.ofSeconds(1));
        }
        executor.runAll();
        assertThat(rig.view().complete()).isTrue();
    }

    @Test
    void status_beganBeforeAScaleCallWasAccepted_isNoExternalChange() {
        Rig rig = new Rig(1);
        QueueExecutor executor = new QueueExecutor();
        rig.start(executor, builder -> {});
        executor.runAll();
        rig.want = 3;
        rig.nextStatus();
        // A round at one instant: its look at the status comes first, the scale call second.
        executor.run(0);
        assertThat(executor.size()).isEqualTo(2);
        executor.run(0);
        executor.run(0);
        // The look saw 1 of 1; its answer arrives after the acceptance.
        executor.run(1);
        executor.run(0);

        assertThat(rig.event(0).phase()).isEqualTo(Phase.ACCEPTED);
        rig.advance(Rig.PERIOD);
        executor.runAll();
        assertThat(rig.view().replicas().desired()).isEqualTo(3);
        assertThat(rig.backend.requests).hasSize(1);
    }

    @Test
    void status_beganBeforeAScaleCallWasAccepted_endsNoEvent() {
        Rig rig = new Rig(3);
        QueueExecutor executor = new QueueExecutor();
        rig.start(executor, builder -> {});
        executor.runAll();
        rig.backend.running = 1;
        rig.backend.ready = 1;
        rig.want = 1;
        rig.nextStatus();
        executor.run(0);
        executor.run(0);
        rig.backend.running = 3;
        executor.run(0);
        executor.run(1);
        executor.run(0);
        assertThat(rig.event(0).phase()).isEqualTo(Phase.ACCEPTED);
    }

    @Test
    void status_beganBeforeAScaleCallFailed_isNoExternalChange() {
        // The call was applied and its answer lost; a look from before it says nothing of what is there now.
        Rig rig = new Rig(1);
        QueueExecutor executor = new QueueExecutor();
        rig.start(executor, builder -> {});
        executor.runAll();
        rig.want = 3;
        rig.backend.scaleFailure = new IOException("connection reset");
        rig.nextStatus();
        executor.run(0);
        executor.run(0);
        executor.run(0);
        rig.backend.desired = 3;
        executor.run(1);
        executor.run(0);
        assertThat(rig.view().replicas().desired()).isEqualTo(1);

        for (int i = 0; i < 8; i++) {
            rig.advance(Rig.PERIOD);
            executor.runAll();
        }
        assertThat(rig.view().replicas().desired())
                .as("recognised when looked at again")
                .isEqualTo(3);
        assertThat(rig.backend.requests).hasSize(1);
        assertThat(rig.state().events()).hasSize(1);
    }

    @Test
    void status_olderOneHangs_noSecondIsAskedMeanwhile() {
        Rig rig = new Rig(1);
        QueueExecutor executor = new QueueExecutor();
        rig.start(executor, builder -> {});
        executor.run(0);
        rig.advance(Rig.PERIOD);
        executor.run(1);
        assertThat(rig.backend.statusCalls).isZero();
        assertThat(executor.size()).isEqualTo(1);
    }
}
