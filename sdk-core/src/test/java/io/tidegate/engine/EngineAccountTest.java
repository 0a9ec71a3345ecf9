/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tidegate.engine.spi.Birth;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.guardrail.Decision.Trigger;
import io.tidegate.ledger.Account;
import io.tidegate.ledger.Account.Kept;
import io.tidegate.ledger.Account.Stage;
import io.tidegate.ledger.Entry;
import io.tidegate.ledger.ScaleEvent.Phase;
import io.tidegate.pool.LatencySnapshot;
import io.tidegate.pool.PoolLoad.Served;
import io.tidegate.pool.Work;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What scale events come to: time by stage, use, money, promises. */
class EngineAccountTest {

    private final MemoryLedger ledger = new MemoryLedger();

    private Rig started(Rig rig) {
        return rig.start(Runnable::run, builder -> builder.ledger(ledger));
    }

    private List<Account> accounts() {
        return ledger.of(Entry.Accounted.class).stream()
                .map(Entry.Accounted::account)
                .toList();
    }

    private static Served served(long completed, long evaluated, long broken) {
        return new Served(
                completed,
                0,
                evaluated,
                broken,
                0,
                0,
                LatencySnapshot.EMPTY,
                LatencySnapshot.EMPTY,
                LatencySnapshot.EMPTY);
    }

    private static void ready(Rig rig, int replicas) {
        rig.backend.running = replicas;
        rig.backend.ready = replicas;
    }

    @Test
    void account_isDrawnUpAMinuteAfterTheEnd() {
        Rig rig = started(new Rig(1));
        rig.want = 3;
        rig.advance(Duration.ofSeconds(30));
        ready(rig, 3);
        rig.nextStatus();
        assertThat(rig.event(0).phase()).isEqualTo(Phase.READY);

        rig.advance(Duration.ofSeconds(59));
        assertThat(accounts()).isEmpty();
        rig.advance(Duration.ofSeconds(2));
        Account account = accounts().get(0);
        assertThat(account.event()).isEqualTo(rig.event(0).id());
        assertThat(account.outcome()).isEqualTo(Phase.READY);
        assertThat(account.lasted()).isEqualTo(rig.event(0).timeTo(Phase.READY).orElseThrow());
        rig.advance(Duration.ofHours(1));
        assertThat(accounts()).hasSize(1);
    }

    @Test
    void account_engineStopsBefore_isDrawnUpWithoutTheMinuteAfter() {
        Rig rig = started(new Rig(1));
        rig.want = 2;
        rig.advance(Duration.ofSeconds(3));
        ready(rig, 2);
        rig.nextStatus();
        rig.close();

        assertThat(accounts()).hasSize(1);
        assertThat(accounts().get(0).usedAfter()).isNaN();
    }

    @Test
    void account_moneyAndTime_areThoseOfTheReplicasThatRan() {
        Rig rig = new Rig(2);
        rig.pool.pricePerHour(3.6);
        started(rig);
        rig.want = 4;
        rig.advance(Duration.ofSeconds(10));
        rig.backend.running = 4; // 2 that serve and 2 that begin
        long begun = rig.event(0).steps().get(0).atNanos();
        rig.advance(Duration.ofSeconds(40));
        rig.load.served = served(500, 0, 0);
        rig.advance(Duration.ofSeconds(50));
        rig.backend.ready = 4;
        rig.nextStatus();
        double lasted = rig.event(0).timeTo(Phase.READY).orElseThrow().toNanos() / 1e9;
        assertThat(lasted).isBetween(99.0, 102.0);
        rig.advance(Duration.ofMinutes(2));

        Account account = accounts().get(0);
        double added = account.addedReplicaSeconds();
        // Two replicas more from the status at which they were seen on.
        assertThat(added).isCloseTo((lasted - 10) * 2, within(2.5));
        assertThat(account.replicaSeconds()).isCloseTo(lasted * 2 + added, within(1e-6));
        // 3.60 an hour are 0.001 a second.
        assertThat(account.cost()).isCloseTo(account.replicaSeconds() * 0.001, within(1e-9));
        assertThat(account.addedCost()).isCloseTo(added * 0.001, within(1e-9));
        assertThat(account.completed()).isEqualTo(500);
        assertThat(account.costPerRequest()).isCloseTo(account.cost() / 500, within(1e-12));
        assertThat(begun).isEqualTo(rig.event(0).steps().get(0).atNanos());
    }

    @Test
    void account_priceUnknown_costIsUnknownAndNotZero() {
        Rig rig = started(new Rig(1));
        rig.want = 2;
        rig.advance(Duration.ofSeconds(2));
        ready(rig, 2);
        rig.advance(Duration.ofMinutes(2));
        assertThat(accounts().get(0).cost()).isNaN();
        assertThat(accounts().get(0).costPerRequest()).isNaN();
    }

    @Test
    void account_use_isTheShareOfSlotsBeforeAndAfter() {
        Rig rig = new Rig(1);
        rig.pool.replicaWork(Work.slots(10));
        rig.load.inFlight = 9;
        started(rig);
        rig.advance(Duration.ofMinutes(2));
        rig.want = 3;
        rig.advance(Duration.ofSeconds(20));
        ready(rig, 3);
        rig.nextStatus();
        rig.load.inFlight = 12;
        rig.advance(Duration.ofMinutes(2));

        assertThat(accounts().get(0).usedBefore()).isCloseTo(0.9, within(0.01));
        assertThat(accounts().get(0).usedAfter()).isCloseTo(0.4, within(0.02));
    }

    @Test
    void account_promisesBroken_areCountedWhileItLastsAndOnce() {
        Rig rig = started(new Rig(1));
        rig.load.served = served(0, 100, 5);
        rig.advance(Duration.ofSeconds(5));
        rig.want = 2;
        rig.advance(Duration.ofSeconds(10));
        rig.load.served = served(0, 150, 15);
        rig.advance(Duration.ofSeconds(1));
        // A second event begins before the first is over: what breaks now is the first one's.
        rig.want = 3;
        rig.advance(Duration.ofSeconds(10));
        rig.load.served = served(0, 170, 18);
        rig.advance(Duration.ofSeconds(1));
        ready(rig, 2);
        rig.nextStatus();
        rig.load.served = served(0, 180, 20);
        rig.advance(Duration.ofSeconds(1));
        ready(rig, 3);
        rig.nextStatus();
        rig.load.served = served(0, 300, 40); // after both
        rig.advance(Duration.ofMinutes(3));

        assertThat(accounts()).hasSize(2);
        assertThat(accounts().get(0).tiers()).containsEntry("standard", new Kept(70, 13));
        assertThat(accounts().get(1).tiers()).containsEntry("standard", new Kept(10, 2));
        assertThat(accounts().get(0).brokenByStage()).containsEntry(Stage.READY, 13L);
    }

    @Test
    void account_backendTellsHowReplicasCameToBe_timeIsToldApart() {
        Rig rig = new Rig(1);
        BornBackend backend = new BornBackend(rig);
        rig.pool.backend(backend);
        started(rig);
        rig.advance(Duration.ofSeconds(10));
        rig.want = 2;
        rig.engine().wake("chat", Trigger.QUEUE);
        rig.advance(Duration.ofSeconds(5));
        backend.scheduledAfter = Duration.ofSeconds(20);
        backend.startedAfter = Duration.ofSeconds(50);
        backend.readyAfter = Duration.ofSeconds(110);
        rig.advance(Duration.ofSeconds(100));
        rig.load.served = served(0, 10, 4); // while the model is loaded
        rig.advance(Duration.ofSeconds(28));
        rig.engine().firstToken("chat", "replica-0");
        rig.engine().firstToken("chat", "replica-1");
        rig.advance(Duration.ofMinutes(2));

        Account account = accounts().get(0);
        assertThat(account.stages().get(Stage.DECIDE)).isLessThan(Duration.ofMillis(300));
        assertThat(account.stages()).containsEntry(Stage.API, Duration.ZERO);
        assertThat(account.stages().get(Stage.SCHEDULE)).isEqualTo(Duration.ofSeconds(20));
        assertThat(account.stages().get(Stage.PULL)).isEqualTo(Duration.ofSeconds(30));
        assertThat(account.stages().get(Stage.LOAD)).isEqualTo(Duration.ofSeconds(60));
        assertThat(account.stages().get(Stage.READY)).isBetween(Duration.ZERO, Duration.ofSeconds(1));
        assertThat(account.stages().get(Stage.FIRST_TOKEN)).isBetween(Duration.ofSeconds(15), Duration.ofSeconds(25));
        assertThat(account.brokenByStage()).containsEntry(Stage.LOAD, 4L);
        Duration sum = account.stages().entrySet().stream()
                .filter(each -> each.getKey() != Stage.DECIDE && each.getKey() != Stage.FIRST_TOKEN)
                .map(each -> each.getValue())
                .reduce(Duration.ZERO, Duration::plus);
        assertThat(sum).isEqualTo(account.lasted());
        assertThat(rig.state().scaleTimes().stages()).containsEntry(Stage.LOAD, Duration.ofSeconds(60));
    }

    @Test
    void account_eventFails_saysSoWithoutTimesThatNeverWere() {
        Rig rig = started(new Rig(1));
        rig.backend.scaleFailure = new BackendException(io.tidegate.ledger.Refusal.CAPACITY, "none left");
        rig.want = 2;
        rig.advance(Duration.ofMillis(300));
        rig.want = Rig.HOLD;
        rig.advance(Duration.ofMinutes(2));

        assertThat(accounts().get(0).outcome()).isEqualTo(Phase.FAILED);
        assertThat(accounts().get(0).stages()).containsOnlyKeys(Stage.DECIDE);
    }

    @Test
    void scaleTimes_areTheDistributionOfWhatWasMeasured() {
        Rig rig = started(new Rig(0));
        assertThat(rig.state().scaleTimes().median()).isEmpty();
        for (int i = 1; i <= 10; i++) {
            rig.want = i;
            rig.advance(Duration.ofSeconds(10L * i));
            ready(rig, i);
            rig.nextStatus();
        }
        ScaleTimes times = rig.state().scaleTimes();
        assertThat(times.count()).isEqualTo(10);
        assertThat(times.median().orElseThrow().toSeconds()).isBetween(50L, 62L);
        assertThat(times.p90().orElseThrow().toSeconds()).isBetween(90L, 102L);
        assertThat(times.longest().orElseThrow().toSeconds()).isBetween(99L, 102L);
        assertThat(rig.view().timeToReady()).isEqualTo(times.median().orElseThrow());
    }

    /** A backend whose replicas say how they came to be. */
    private static final class BornBackend implements ScalerBackend {
        private final Rig rig;
        private int desired = 1;
        private java.time.Instant asked = java.time.Instant.EPOCH;
        private Duration scheduledAfter = Duration.ofDays(1);
        private Duration startedAfter = Duration.ofDays(1);
        private Duration readyAfter = Duration.ofDays(1);

        BornBackend(Rig rig) {
            this.rig = rig;
        }

        private java.time.@org.jspecify.annotations.Nullable Instant past(Duration after) {
            java.time.Instant at = asked.plus(after);
            return at.isAfter(rig.time.wallTime()) ? null : at;
        }

        @Override
        public ReplicaStatus status(String pool) {
            if (desired == 1) {
                return new ReplicaStatus(1, 1, 1);
            }
            java.time.Instant ready = past(readyAfter);
            Birth old = new Birth("replica-0", java.time.Instant.EPOCH, null, null, java.time.Instant.EPOCH);
            Birth added = new Birth("replica-1", asked, past(scheduledAfter), past(startedAfter), ready);
            return new ReplicaStatus(2, 2, ready == null ? 1 : 2, List.of(old, added));
        }

        @Override
        public void scale(ScaleRequest request) {
            desired = request.to();
            asked = rig.time.wallTime();
        }
    }
}
