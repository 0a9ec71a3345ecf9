/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.ledger.Refusal;
import io.tidegate.pool.Work;
import io.tidegate.time.QueueExecutor;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What admission is told of supply, and when. */
class EngineSupplyTest {

    private static final long TIME_TO_READY = Duration.ofMinutes(2).toNanos();

    @Test
    void supply_firstStatus_isToldAtOnce() {
        Rig rig = new Rig(2);
        rig.pool.replicaWork(Work.slots(8));
        rig.start();
        assertThat(rig.supplies.get(0).replicas().ready()).isEqualTo(2);
        assertThat(rig.supply().limit().slots()).isEqualTo(16);
        assertThat(rig.supply().scaling()).isFalse();
    }

    @Test
    void supply_answersComeLater_isToldWithTheAnswerAndNotWithTheNextRound() {
        Rig rig = new Rig(2);
        QueueExecutor executor = new QueueExecutor();
        rig.start(executor, builder -> {});
        executor.runAll();
        assertThat(rig.supply().replicas().ready()).isEqualTo(2);
        rig.backend.all(3);
        rig.want = 3;
        rig.nextStatus();
        executor.runAll();
        assertThat(rig.supply().replicas().ready()).isEqualTo(3);
    }

    @Test
    void supply_scaleAccepted_dueReplicasAreToldAtOnce() {
        Rig rig = new Rig(1);
        QueueExecutor executor = new QueueExecutor();
        rig.start(executor, builder -> {});
        executor.runAll();
        rig.want = 3;
        rig.advance(Rig.PERIOD);
        long askedNanos = rig.time.nanos();
        executor.runAll();

        assertThat(rig.supply().replicas().due()).isEqualTo(2);
        assertThat(rig.supply().replicas().desired()).isEqualTo(3);
        assertThat(rig.supply().replicas().dueNanos())
                .containsExactly(askedNanos + TIME_TO_READY, askedNanos + TIME_TO_READY);
        assertThat(rig.supply().scaling()).isTrue();
    }

    @Test
    void supply_scaleRefused_nothingIsDueAndNothingUnderWay() {
        Rig rig = new Rig(1);
        QueueExecutor executor = new QueueExecutor();
        rig.start(executor, builder -> {});
        executor.runAll();
        rig.backend.scaleFailure = new BackendException(Refusal.QUOTA, "quota");
        rig.want = 3;
        rig.advance(Rig.PERIOD);
        executor.runAll();
        assertThat(rig.supply().replicas().due()).isZero();
        assertThat(rig.supply().scaling()).isFalse();
    }

    @Test
    void supply_oneBecomesReady_theOldestDueIsTheOneThatWent() {
        Rig rig = new Rig(1);
        rig.want = 2;
        rig.start();
        rig.advance(Duration.ofSeconds(30));
        rig.want = 3;
        rig.advance(Rig.PERIOD);
        long second = rig.time.nanos();
        assertThat(rig.supply().replicas().dueNanos()).containsExactly(TIME_TO_READY, second + TIME_TO_READY);

        rig.backend.ready = 2;
        rig.nextStatus();
        // One measurement now says how long the other will take.
        long measured = rig.state().view().orElseThrow().timeToReady().toNanos();
        assertThat(rig.supply().replicas().dueNanos()).containsExactly(second + measured);
        rig.backend.ready = 3;
        rig.nextStatus();
        assertThat(rig.supply().replicas().due()).isZero();
        assertThat(rig.supply().scaling()).isFalse();
    }

    @Test
    void supply_scaledDownWhileSomeAreDue_theYoungestIsNotAwaitedAnyMore() {
        Rig rig = new Rig(1);
        rig.want = 3;
        rig.start();
        rig.advance(Duration.ofSeconds(30));
        rig.want = 2;
        rig.advance(Rig.PERIOD);
        assertThat(rig.supply().replicas().dueNanos()).containsExactly(TIME_TO_READY);
    }

    @Test
    void supply_replicaLost_isDueAgain() {
        Rig rig = new Rig(3).start();
        rig.advance(Duration.ofMinutes(1));
        rig.backend.ready = 2;
        rig.nextStatus();
        assertThat(rig.supply().replicas().ready()).isEqualTo(2);
        assertThat(rig.supply().replicas().dueNanos()).containsExactly(rig.time.nanos() + TIME_TO_READY);
    }

    @Test
    void supply_restartedWhileReplicasStart_theyAreDue() {
        Rig rig = new Rig(1);
        rig.backend.desired = 4;
        rig.want = 4;
        rig.start();
        assertThat(rig.supply().replicas().due()).isEqualTo(3);
    }

    @Test
    void supply_moreReadyThanWanted_isWhatIsReady() {
        Rig rig = new Rig(4).start();
        rig.want = 2;
        rig.advance(Rig.PERIOD);
        assertThat(rig.supply().replicas().ready())
                .as("two drain and still serve")
                .isEqualTo(4);
        assertThat(rig.supply().replicas().due()).isZero();
    }

    @Test
    void supply_statusStops_theLastOneStands() {
        Rig rig = new Rig(3).start();
        rig.backend.statusFailure = new IOException("connection refused");
        rig.advance(Duration.ofHours(1));
        assertThat(rig.supply().replicas().ready()).isEqualTo(3);
    }
}
