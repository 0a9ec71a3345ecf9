/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.ledger.Refusal;
import io.tidegate.ledger.ScaleEvent;
import io.tidegate.ledger.ScaleEvent.Phase;
import io.tidegate.ledger.ScaleEvent.Step;
import io.tidegate.time.QueueExecutor;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What becomes of decisions. */
class EngineScaleTest {

    private static List<Phase> phases(ScaleEvent event) {
        return event.steps().stream().map(Step::phase).toList();
    }

    // ---- refused ---------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @MethodSource("io.tidegate.engine.EngineStatusTest#failures")
    void scale_throws_theEventFailsWhenTheStatusSaysSo_andIsTriedAgainLater(Throwable failure) {
        Rig rig = new Rig(1);
        rig.backend.scaleFailure = failure;
        rig.want = 3;
        rig.start();

        assertThat(phases(rig.event(0))).containsExactly(Phase.DECIDED, Phase.SENT, Phase.UNANSWERED);
        assertThat(rig.event(0).latest().detail()).isEqualTo(failure.getMessage());
        rig.advance(Rig.PERIOD);
        assertThat(phases(rig.event(0))).containsExactly(Phase.DECIDED, Phase.SENT, Phase.UNANSWERED, Phase.FAILED);
        assertThat(rig.event(0).latest().detail()).isEqualTo(failure.getMessage());
        assertThat(rig.view().replicas().desired()).isEqualTo(1);
        assertThat(rig.state().failures()).isEqualTo(1);

        rig.backend.scaleFailure = null;
        rig.advance(Duration.ofSeconds(1));
        assertThat(rig.event(1).phase()).isEqualTo(Phase.ACCEPTED);
    }

    @Test
    void scale_backendWasOutOfReach_isTriedAsSoonAsItIsHeardAgain() {
        Rig rig = new Rig(1);
        rig.start();
        rig.want = 3;
        rig.backend.scaleFailure = new IOException("out of reach");
        rig.backend.statusFailure = rig.backend.scaleFailure;
        rig.advance(Duration.ofSeconds(100));
        int tries = rig.backend.requests.size();
        rig.backend.scaleFailure = null;
        rig.backend.statusFailure = null;

        rig.advance(Duration.ofSeconds(6));

        assertThat(rig.backend.requests).hasSize(tries + 1);
        assertThat(rig.backend.desired).isEqualTo(3);
    }

    @Test
    void scale_throwsWithoutAMessage_theDetailSaysWhat() {
        Rig rig = new Rig(1);
        rig.backend.scaleFailure = new IllegalStateException();
        rig.want = 3;
        rig.start();
        assertThat(rig.event(0).latest().detail()).isEqualTo("java.lang.IllegalStateException");
    }

    @Test
    void scale_keepsFailing_backsOffByDoublingUpToAMinute() {
        Rig rig = new Rig(1);
        rig.backend.scaleFailure = new IOException("quota");
        rig.want = 3;
        rig.start();

        int[] secondsUntilNext = {1, 2, 4, 8, 16, 32, 60, 60, 60};
        for (int i = 0; i < secondsUntilNext.length; i++) {
            int calls = rig.backend.requests.size();
            rig.advance(Duration.ofSeconds(secondsUntilNext[i]).minusNanos(1));
            assertThat(rig.backend.requests).as("before attempt %s", i + 2).hasSize(calls);
            rig.advance(Duration.ofNanos(1));
            assertThat(rig.backend.requests).as("attempt %s", i + 2).hasSize(calls + 1);
        }
    }

    @Test
    void scale_worksAgain_theBackoffBeginsAnew() {
        Rig rig = new Rig(1);
        rig.backend.scaleFailure = new IOException("quota");
        rig.want = 3;
        rig.start();
        rig.advance(Duration.ofSeconds(31));
        rig.backend.scaleFailure = null;
        rig.advance(Duration.ofMinutes(1));
        rig.backend.scaleFailure = new IOException("quota");
        rig.want = 4;
        rig.advance(Rig.PERIOD);
        int calls = rig.backend.requests.size();
        rig.advance(Duration.ofSeconds(1));
        assertThat(rig.backend.requests).hasSize(calls + 1);
    }

    @Test
    void scale_afterAFailure_isDecidedAnewAndNotRepeated() {
        Rig rig = new Rig(1);
        rig.backend.scaleFailure = new IOException("quota");
        rig.want = 3;
        rig.start();
        rig.want = 2;
        rig.backend.scaleFailure = null;
        rig.advance(Duration.ofSeconds(1));
        assertThat(rig.backend.lastRequest().to()).isEqualTo(2);
    }

    @Test
    void scale_answerLost_isRecognisedAtTheNextLook() {
        Rig rig = new Rig(1);
        rig.backend.scaleFailure = new IOException("connection reset");
        rig.want = 3;
        rig.start();
        rig.backend.desired = 3;
        rig.backend.scaleFailure = null;
        rig.nextStatus();
        assertThat(rig.view().replicas().desired()).isEqualTo(3);
        assertThat(rig.backend.requests).hasSize(1);
        assertThat(phases(rig.event(0))).containsExactly(Phase.DECIDED, Phase.SENT, Phase.UNANSWERED, Phase.ACCEPTED);
        assertThat(rig.state().events()).hasSize(1);
    }

    @ParameterizedTest
    @EnumSource(value = Refusal.class, mode = EnumSource.Mode.EXCLUDE, names = "UNANSWERED")
    void scale_backendSaysWhyNot_theEventFailsAtOnce(Refusal refusal) {
        Rig rig = new Rig(1);
        rig.backend.scaleFailure = new BackendException(refusal, "no");
        rig.want = 3;
        rig.start();

        assertThat(phases(rig.event(0))).containsExactly(Phase.DECIDED, Phase.SENT, Phase.FAILED);
        assertThat(rig.event(0).latest().refusal()).contains(refusal);
    }

    @Test
    void scale_backendAsksForTime_isLeftAloneForIt() {
        Rig rig = new Rig(1);
        rig.backend.scaleFailure = new BackendException(Refusal.THROTTLED, "slow down", null, Duration.ofSeconds(20));
        rig.want = 3;
        rig.start();
        rig.advance(Duration.ofMillis(19_900));
        assertThat(rig.backend.requests).hasSize(1);
        rig.advance(Rig.PERIOD);
        assertThat(rig.backend.requests).hasSize(2);
    }

    @Test
    void scale_answerLostAndNoStatus_isGivenUpAfterHalfAMinuteAndTriedAgain() {
        Rig rig = new Rig(1);
        rig.want = 3;
        rig.backend.scaleFailure = new IOException("connection reset");
        rig.start();
        rig.backend.statusFailure = new IOException("no status");
        rig.advance(Duration.ofSeconds(29));
        assertThat(rig.backend.requests).hasSize(1);
        rig.advance(Duration.ofSeconds(2));
        assertThat(rig.event(0).phase()).isEqualTo(Phase.FAILED);
        assertThat(rig.backend.requests).hasSize(2);
    }

    @Test
    void scale_underWay_nothingElseIsSent() {
        Rig rig = new Rig(1);
        QueueExecutor executor = new QueueExecutor();
        rig.start(executor, builder -> {});
        executor.runAll();
        rig.want = 3;
        rig.advance(Rig.PERIOD);
        executor.run(0);
        assertThat(executor.size()).as("the scale call").isEqualTo(1);
        rig.want = 5;
        rig.advance(Rig.PERIOD);
        executor.run(1);
        assertThat(executor.size()).isEqualTo(1);

        executor.runAll();
        rig.advance(Rig.PERIOD);
        executor.runAll();
        assertThat(rig.backend.requests).extracting(ScaleRequest::to).containsExactly(3, 5);
        assertThat(rig.backend.requests).extracting(ScaleRequest::from).containsExactly(1, 3);
    }

    @Test
    void scale_executorRejectsTheCall_theEventEnds() {
        Rig rig = new Rig(1);
        boolean[] rejecting = {false};
        rig.start(
                task -> {
                    if (rejecting[0] && task.toString().contains("GuardedBackend")) {
                        throw new java.util.concurrent.RejectedExecutionException("full");
                    }
                    task.run();
                },
                builder -> {});
        rejecting[0] = true;
        rig.want = 3;
        rig.advance(Rig.PERIOD);
        assertThat(rig.event(0).open()).isFalse();

        rejecting[0] = false;
        rig.advance(Duration.ofSeconds(2));
        assertThat(rig.backend.lastRequest().to()).isEqualTo(3);
        assertThat(rig.event(1).phase()).isEqualTo(Phase.ACCEPTED);
    }

    // ---- the life of an event --------------------------------------------------------------------------------------

    @Test
    void event_up_goesThroughItsPhasesWithTheirTimes() {
        Rig rig = new Rig(1);
        rig.want = 3;
        rig.start();
        rig.advance(Duration.ofSeconds(40));
        rig.backend.ready = 2;
        rig.nextStatus();
        assertThat(rig.event(0).phase()).isEqualTo(Phase.FIRST_READY);
        rig.advance(Duration.ofSeconds(10));
        rig.backend.ready = 3;
        rig.nextStatus();

        ScaleEvent event = rig.event(0);
        assertThat(phases(event))
                .containsExactly(Phase.DECIDED, Phase.SENT, Phase.ACCEPTED, Phase.FIRST_READY, Phase.READY);
        assertThat(event.timeTo(Phase.ACCEPTED)).contains(Duration.ZERO);
        assertThat(event.timeTo(Phase.FIRST_READY)).contains(Duration.ofSeconds(41));
        assertThat(event.timeTo(Phase.READY)).contains(Duration.ofSeconds(52));
        assertThat(event.id()).isEqualTo("chat-" + event.decisionId());
        assertThat(rig.steps).extracting(ScaleEvent::phase).containsExactlyElementsOf(phases(event));
        assertThat(rig.state().events()).hasSize(1);
    }

    @Test
    void event_down_isReadyWhenNoMoreRun() {
        Rig rig = new Rig(3);
        rig.start();
        rig.want = 1;
        rig.advance(Rig.PERIOD);
        rig.backend.ready = 1;
        rig.nextStatus();
        assertThat(rig.event(0).phase()).as("two drain").isEqualTo(Phase.ACCEPTED);
        rig.backend.running = 1;
        rig.nextStatus();
        assertThat(phases(rig.event(0))).containsExactly(Phase.DECIDED, Phase.SENT, Phase.ACCEPTED, Phase.READY);
    }

    @Test
    void event_twoUp_eachEndsByItself() {
        Rig rig = new Rig(1);
        rig.want = 2;
        rig.start();
        rig.advance(Duration.ofSeconds(10));
        rig.want = 3;
        rig.advance(Duration.ofSeconds(10));
        rig.backend.ready = 2;
        rig.nextStatus();
        assertThat(rig.event(0).phase()).isEqualTo(Phase.READY);
        assertThat(rig.event(1).phase()).as("its own is not there yet").isEqualTo(Phase.ACCEPTED);
        rig.backend.ready = 3;
        rig.nextStatus();
        assertThat(rig.event(1).phase()).isEqualTo(Phase.READY);
    }

    @Test
    void event_decidedTheOtherWay_isSuperseded() {
        Rig rig = new Rig(1);
        rig.want = 4;
        rig.start();
        rig.advance(Duration.ofSeconds(10));
        rig.want = 2;
        rig.advance(Rig.PERIOD);

        assertThat(rig.event(0).phase()).isEqualTo(Phase.SUPERSEDED);
        assertThat(rig.event(0).latest().detail())
                .isEqualTo("by decision " + rig.event(1).decisionId());
        rig.backend.all(2);
        rig.nextStatus();
        assertThat(rig.event(1).phase()).isEqualTo(Phase.READY);
        assertThat(rig.state().events()).noneMatch(ScaleEvent::open);
    }

    @Test
    void event_somebodyElseUndoesIt_isSupersededAndDoesNotStayOpenForever() {
        Rig rig = new Rig(1);
        rig.want = 4;
        rig.start();
        rig.advance(Duration.ofSeconds(10));
        rig.want = Rig.HOLD;
        rig.backend.all(2);
        rig.nextStatus();

        assertThat(rig.event(0).phase()).isEqualTo(Phase.SUPERSEDED);
        assertThat(rig.event(0).latest().detail()).isEqualTo("somebody else set 2 replicas");
        assertThat(rig.state().events()).hasSize(1);
        assertThat(rig.supply().scaling()).isFalse();
    }

    @Test
    void event_decidedWhileAnOldReplicaStillDrains_firstReadyIsANewOne() {
        // Three ready while two are wanted: one drains. Of five wanted, the third is not news.
        Rig rig = new Rig(3);
        rig.start();
        rig.want = 2;
        rig.advance(Rig.PERIOD);
        rig.want = 5;
        rig.nextStatus();
        rig.nextStatus();
        assertThat(rig.event(1).phase()).isEqualTo(Phase.ACCEPTED);
        rig.backend.ready = 4;
        rig.nextStatus();
        assertThat(rig.event(1).phase()).isEqualTo(Phase.FIRST_READY);
    }

    // ---- somebody else ---------------------------------------------------------------------------------------------

    @Test
    void external_change_isTakenOver() {
        Rig rig = new Rig(2).start();
        rig.backend.all(6);
        rig.want = Rig.HOLD;
        rig.nextStatus();
        assertThat(rig.view().replicas().desired()).isEqualTo(6);
        assertThat(rig.backend.requests).isEmpty();
        rig.want = 7;
        rig.advance(Rig.PERIOD);
        assertThat(rig.backend.lastRequest().from()).isEqualTo(6);
    }

    @Test
    void external_raise_holdsForAStabilizationWindow() {
        Rig rig = new Rig(2);
        rig.pool.stabilizationWindow(Duration.ofMinutes(5));
        rig.start();
        rig.advance(Duration.ofMinutes(10));
        rig.backend.all(6);
        rig.nextStatus();
        rig.advance(Duration.ofMinutes(5));
        assertThat(rig.backend.requests).isEmpty();
        rig.advance(Duration.ofSeconds(1));
        assertThat(rig.backend.lastRequest().to()).isEqualTo(2);
    }

    @Test
    void external_removal_isMadeUpForAtOnce() {
        Rig rig = new Rig(4).start();
        rig.backend.all(1);
        rig.nextStatus();
        assertThat(rig.backend.lastRequest().from()).isEqualTo(1);
        assertThat(rig.backend.lastRequest().to()).isEqualTo(4);
    }

    @Test
    void restart_holdsForOneWindowWhateverIsWanted() {
        Rig rig = new Rig(6);
        rig.pool.stabilizationWindow(Duration.ofMinutes(5));
        rig.want = 0;
        rig.start();
        rig.advance(Duration.ofMinutes(5));
        assertThat(rig.backend.requests).isEmpty();
        rig.advance(Rig.PERIOD);
        assertThat(rig.backend.requests).hasSize(1);
    }

    // ---- time to ready ---------------------------------------------------------------------------------------------

    @Test
    void timeToReady_configuredUntilMeasured() {
        Rig rig = new Rig(1);
        rig.pool.timeToReady(Duration.ofMinutes(3));
        rig.want = 2;
        rig.start();
        assertThat(rig.view().timeToReady()).isEqualTo(Duration.ofMinutes(3));
        rig.advance(Duration.ofSeconds(59));
        rig.backend.ready = 2;
        rig.nextStatus();
        rig.advance(Rig.PERIOD);
        assertThat(rig.view().timeToReady()).isEqualTo(Duration.ofMinutes(1));
    }

    @Test
    void timeToReady_notLearnedFromADecisionToScaleDown() {
        Rig rig = new Rig(3).start();
        rig.want = 1;
        rig.advance(Rig.PERIOD);
        rig.backend.all(1);
        rig.nextStatus();
        rig.nextStatus();
        assertThat(rig.event(0).phase()).isEqualTo(Phase.READY);
        assertThat(rig.view().timeToReady()).isEqualTo(Duration.ofMinutes(2));
    }

    @Test
    void timeToReady_notLearnedWhenAsManyWereReadyAlready() {
        // The one that was to go had not gone yet: that it is ready a second later says nothing of a cold start.
        Rig rig = new Rig(3).start();
        rig.want = 2;
        rig.advance(Rig.PERIOD);
        rig.want = 3;
        rig.nextStatus();
        rig.nextStatus();
        rig.nextStatus();
        assertThat(rig.event(1).phase()).isEqualTo(Phase.READY);
        assertThat(rig.view().timeToReady()).isEqualTo(Duration.ofMinutes(2));
    }

    @Test
    void timeToReady_notLearnedFromWhatWasSuperseded() {
        Rig rig = new Rig(1);
        rig.want = 3;
        rig.start();
        rig.advance(Duration.ofSeconds(10));
        rig.want = Rig.HOLD;
        rig.backend.all(1);
        rig.nextStatus();
        rig.backend.all(3);
        rig.advance(Duration.ofSeconds(5));
        assertThat(rig.view().timeToReady()).isEqualTo(Duration.ofMinutes(2));
    }

    @Test
    void timeToReady_learnedFromABackendThatIsQuickerThanAStatusPeriod() {
        Rig rig = new Rig(1);
        rig.backend.instant = true;
        rig.want = 2;
        rig.start();
        rig.nextStatus();
        rig.advance(Rig.PERIOD);
        assertThat(rig.view().timeToReady()).isEqualTo(Rig.STATUS_PERIOD);
    }
}
