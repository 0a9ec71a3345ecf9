/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.engine.spi.Leadership;
import io.tidegate.guardrail.Decision.Mode;
import io.tidegate.ledger.Entry;
import io.tidegate.ledger.Ledger;
import io.tidegate.ledger.ScaleEvent.Phase;
import io.tidegate.pool.Capacity;
import io.tidegate.time.QueueExecutor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Of several gateways one acts; the others know, and go on where it stopped. */
class EngineLeadershipTest {

    private static final Duration WINDOW = Duration.ofMinutes(1);

    /** Says what it is told to. */
    private static final class Told implements Leadership {

        private Term term = new Term(false, 1, "other");
        private final List<Runnable> changed = new ArrayList<>();

        @Override
        public Term term() {
            return term;
        }

        @Override
        public void onChange(Runnable run) {
            changed.add(run);
        }

        void lead(long epoch) {
            become(new Term(true, epoch, "this"));
        }

        void follow(long epoch) {
            become(new Term(false, epoch, "other"));
        }

        private void become(Term next) {
            term = next;
            changed.forEach(Runnable::run);
        }
    }

    /** Whose entries are all written when one future says so. */
    private record Slow(CompletableFuture<Void> written) implements Ledger {

        @Override
        public CompletableFuture<Void> append(Entry entry) {
            return written;
        }

        @Override
        public void close() {}
    }

    private final Told told = new Told();

    private Rig rig(int replicas) {
        Rig rig = new Rig(replicas);
        rig.backend.instant = true;
        return rig;
    }

    private Rig started(Rig rig) {
        return rig.start(Runnable::run, builder -> builder.leadership(told));
    }

    @Test
    void follower_wantsMore_asksTheBackendForNothingAndSaysSo() {
        Rig rig = started(rig(2));
        rig.want = 5;
        rig.advance(Duration.ofMinutes(2));

        assertThat(rig.backend.requests).isEmpty();
        assertThat(rig.decisions).isEmpty();
        assertThat(rig.state().latest().orElseThrow())
                .satisfies(latest -> assertThat(latest.to()).isEqualTo(5))
                .satisfies(latest -> assertThat(latest.origin().mode()).isEqualTo(Mode.STANDBY))
                .satisfies(latest -> assertThat(latest.explain()).contains("Another gateway leads"));
    }

    @Test
    void follower_leaderScales_followsQuietlyAndAdmissionHearsOfIt() {
        Rig rig = started(rig(2));
        rig.nextStatus();
        rig.backend.desired = 4;
        rig.nextStatus();
        rig.nextStatus();

        assertThat(rig.supply().replicas().desired()).isEqualTo(4);
        assertThat(rig.supply().replicas().ready()).isEqualTo(2);
        assertThat(rig.supply().replicas().dueNanos()).hasSize(2);
    }

    @Test
    void becomesLeader_actsAtOnceInItsTerm() {
        Rig rig = started(rig(2));
        rig.want = 5;
        rig.nextStatus();
        told.lead(7);
        rig.advance(Rig.PERIOD.multipliedBy(2));

        assertThat(rig.backend.lastRequest().to()).isEqualTo(5);
        assertThat(rig.backend.lastRequest().epoch()).isEqualTo(7);
    }

    @Test
    void becomesLeader_goesOnWithWhatTheOneBeforeWroteDown() {
        Rig rig = rig(5);
        rig.pool.stabilizationWindow(WINDOW);
        MapMemory memory = new MapMemory();
        rig.start(Runnable::run, builder -> builder.leadership(told).memory(memory));
        rig.want = 1;
        // The follower itself has seen no reason for five for far longer than the window.
        rig.advance(WINDOW.multipliedBy(3));
        memory.kept.put(
                "chat",
                new PoolMemory(
                        rig.time.wallTime(),
                        5,
                        List.of(new PoolMemory.Wanted(Duration.ofSeconds(10), 4)),
                        List.of(),
                        Map.of(),
                        Capacity.UNKNOWN,
                        List.of(),
                        Optional.empty()));
        told.lead(2);
        rig.advance(Duration.ofSeconds(45));
        assertThat(rig.backend.requests)
                .as("no down for one full window after a change of leader")
                .isEmpty();
        rig.advance(Duration.ofSeconds(20));
        assertThat(rig.backend.lastRequest().to()).isEqualTo(1);
    }

    @Test
    void becomesLeader_decidesNothingBeforeTheBackendWasHeardInItsTerm() {
        Rig rig = rig(3);
        QueueExecutor executor = new QueueExecutor();
        rig.start(executor, builder -> builder.leadership(told));
        for (int i = 0; i < 8; i++) {
            rig.advance(Rig.PERIOD);
            executor.runAll();
        }
        rig.want = 6;
        // Scaled by the leader before, which this one has not heard of yet.
        rig.backend.all(5);
        told.lead(2);
        executor.runAll();
        rig.advance(Rig.PERIOD);
        executor.runAll();

        assertThat(rig.backend.lastRequest().from()).isEqualTo(5);
        assertThat(rig.backend.lastRequest().to()).isEqualTo(6);
    }

    @Test
    void losesTheLead_betweenDecisionAndCall_doesNotCall() {
        Rig rig = rig(2);
        told.lead(1);
        QueueExecutor executor = new QueueExecutor();
        CompletableFuture<Void> written = new CompletableFuture<>();
        rig.start(executor, builder -> builder.leadership(told).ledger(new Slow(written)));
        executor.runAll();
        rig.want = 4;
        rig.advance(Rig.PERIOD);
        executor.runAll();
        assertThat(rig.backend.requests).as("it waits for the ledger").isEmpty();
        told.term = new Leadership.Term(false, 2, "other");
        written.complete(null);
        executor.runAll();

        assertThat(rig.backend.requests).isEmpty();
        assertThat(rig.event(0).phase()).isIn(Phase.FAILED, Phase.SUPERSEDED);
    }

    @Test
    void losesTheLead_openEventsEndAndItsMemoryIsNotWrittenAnyMore() {
        Rig rig = new Rig(2);
        told.lead(1);
        MapMemory memory = new MapMemory();
        rig.start(Runnable::run, builder -> builder.leadership(told).memory(memory));
        rig.want = 4;
        rig.advance(Duration.ofSeconds(1));
        assertThat(rig.event(0).phase()).isEqualTo(Phase.ACCEPTED);
        told.follow(2);
        int saves = memory.saves;
        rig.advance(Duration.ofMinutes(1));
        rig.close();

        assertThat(rig.event(0).phase()).isEqualTo(Phase.SUPERSEDED);
        assertThat(rig.event(0).latest().detail()).contains("other leads");
        assertThat(memory.saves).isEqualTo(saves);
    }

    @Test
    void losesAndRegains_inAnotherTerm_writesWithItsEpoch() {
        Rig rig = rig(2);
        told.lead(1);
        started(rig);
        rig.want = 3;
        rig.nextStatus();
        told.follow(2);
        rig.want = 4;
        rig.nextStatus();
        told.lead(3);
        rig.nextStatus();

        assertThat(rig.backend.requests).extracting(each -> each.epoch()).containsExactly(1L, 3L);
        assertThat(rig.backend.lastRequest().to()).isEqualTo(4);
    }
}
