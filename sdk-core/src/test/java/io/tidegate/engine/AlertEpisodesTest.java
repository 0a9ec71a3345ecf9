/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.alert.Alert;
import io.tidegate.alert.Alert.Severity;
import io.tidegate.alert.AlertKind;
import io.tidegate.alert.AlertSettings;
import io.tidegate.alert.spi.AlertListener;
import io.tidegate.guardrail.PendingCap;
import io.tidegate.ledger.Entry;
import io.tidegate.ledger.Ledger;
import io.tidegate.ledger.LedgerStatus;
import io.tidegate.ledger.Refusal;
import io.tidegate.pool.LatencySnapshot;
import io.tidegate.pool.PoolLoad.Served;
import io.tidegate.pool.Signal;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Each alert, driven through an engine: it fires when it should, says what to do, and ends. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AlertEpisodesTest {

    private static final Duration SECOND = Duration.ofSeconds(1);

    private final Set<AlertKind> shown = EnumSet.noneOf(AlertKind.class);

    /** An engine, and what it says. */
    private static final class Episode implements AutoCloseable {

        final Rig rig;
        final List<Alert> told = new ArrayList<>();
        final List<Entry.Alerted> written = new ArrayList<>();
        LedgerStatus ledger = LedgerStatus.UNKNOWN;

        Episode(int replicas) {
            rig = new Rig(replicas);
            rig.backend.instant = true;
        }

        Episode start() {
            rig.start(
                    Runnable::run,
                    builder -> builder.alerts(new Recording(told)).ledger(new Ledger() {
                        @Override
                        public CompletableFuture<Void> append(Entry entry) {
                            if (entry instanceof Entry.Alerted alerted) {
                                written.add(alerted);
                            }
                            return CompletableFuture.completedFuture(null);
                        }

                        @Override
                        public LedgerStatus status() {
                            return ledger;
                        }

                        @Override
                        public void close() {}
                    }));
            return this;
        }

        List<Alert> told(AlertKind kind) {
            return told.stream().filter(alert -> alert.kind() == kind).toList();
        }

        /** Goes on by the second until something is told of that kind; fails after so many. */
        long secondsUntil(AlertKind kind, int most) {
            int before = told(kind).size();
            for (int i = 1; i <= most; i++) {
                second();
                if (told(kind).size() > before) {
                    return i;
                }
            }
            throw new AssertionError("nothing of " + kind + " within " + most + " s, only " + told);
        }

        void seconds(long count, Runnable each) {
            for (long i = 0; i < count; i++) {
                each.run();
                second();
            }
        }

        private void second() {
            // The rig keeps all that policies were ever shown.
            rig.views.clear();
            rig.advance(SECOND);
        }

        /** So many requests held against their SLO, and so many of them broken. */
        void serve(long evaluated, long broken) {
            Served before = rig.load.served;
            rig.load.served = new Served(
                    before.completed() + evaluated,
                    before.failed(),
                    before.sloEvaluated() + evaluated,
                    before.sloBroken() + broken,
                    0,
                    0,
                    LatencySnapshot.EMPTY,
                    LatencySnapshot.EMPTY,
                    LatencySnapshot.EMPTY);
        }

        @Override
        public void close() {
            rig.close();
        }
    }

    private record Recording(List<Alert> told) implements AlertListener {
        @Override
        public String name() {
            return "recording";
        }

        @Override
        public void changed(Alert alert) {
            told.add(alert);
        }
    }

    private Alert fired(Episode episode, AlertKind kind, Severity severity) {
        List<Alert> told = episode.told(kind);
        assertThat(told).as("%s of %s", kind, episode.told).isNotEmpty();
        Alert last = told.get(told.size() - 1);
        assertThat(last.firing()).as("%s", last).isTrue();
        assertThat(last.severity()).as("%s", last).isEqualTo(severity);
        assertThat(last.pool()).isEqualTo("chat");
        assertThat(episode.rig.state().alerts()).extracting(Alert::kind).contains(kind);
        assertThat(episode.rig.state().alertsFired(kind)).isPositive();
        assertThat(episode.written)
                .anySatisfy(entry -> assertThat(entry)
                        .isEqualTo(
                                new Entry.Alerted("chat", last.at(), kind.code(), true, severity.code(), last.what())));
        return last;
    }

    private void resolved(Episode episode, AlertKind kind) {
        List<Alert> told = episode.told(kind);
        assertThat(told.get(told.size() - 1).firing()).as("%s", told).isFalse();
        assertThat(episode.rig.state().alerts()).extracting(Alert::kind).doesNotContain(kind);
        assertThat(episode.written)
                .anySatisfy(entry -> assertThat(entry.alert() + entry.firing()).isEqualTo(kind.code() + false));
        shown.add(kind);
    }

    @AfterAll
    void everyKind_hasAnEpisode() {
        assertThat(shown).containsExactlyInAnyOrder(AlertKind.values());
    }

    @Test
    void rapidScaling_turnsAroundASixthTime_firesUntilHalfAnHourHasPassed() {
        try (Episode episode = new Episode(2).start()) {
            for (int change = 1; change <= 6; change++) {
                episode.rig.want = change % 2 == 0 ? 2 : 4;
                episode.seconds(10, () -> {});
            }
            assertThat(episode.told).as("five turns").isEmpty();
            episode.rig.want = 4;
            assertThat(episode.secondsUntil(AlertKind.RAPID_SCALING, 2)).isEqualTo(1);

            Alert alert = fired(episode, AlertKind.RAPID_SCALING, Severity.WARNING);
            assertThat(alert.what()).contains("changed 7 times and turned around 6 times within 30 min");
            assertThat(alert.todo()).contains("pools.chat.scaling.down.stabilizationWindow");

            assertThat(episode.secondsUntil(AlertKind.RAPID_SCALING, 2200)).isBetween(2049L, 2052L);
            resolved(episode, AlertKind.RAPID_SCALING);
        }
    }

    @Test
    void rapidScaling_manySmallRaises_fires() {
        Episode started = new Episode(1);
        started.rig.pool.bounds(0, 100);
        try (Episode episode = started.start()) {
            for (int i = 0; i < 45; i++) {
                episode.rig.want++;
                episode.seconds(20, () -> {});
            }
            assertThat(episode.told).isEmpty();
            episode.rig.want++;
            episode.secondsUntil(AlertKind.RAPID_SCALING, 1);
            assertThat(fired(episode, AlertKind.RAPID_SCALING, Severity.WARNING).what())
                    .contains("changed 46 times");
        }
    }

    @Test
    void scalingFailing_thirdFailureInARow_firesUntilItWorks() {
        try (Episode episode = new Episode(1).start()) {
            episode.rig.backend.scaleFailure = new IOException("connection refused");
            episode.rig.want = 5;
            // At once, after 1 s and after 2 s more.
            assertThat(episode.secondsUntil(AlertKind.SCALING_FAILING, 10)).isBetween(4L, 5L);

            Alert alert = fired(episode, AlertKind.SCALING_FAILING, Severity.WARNING);
            assertThat(alert.what()).contains("failed 3 times in a row").contains("connection refused");
            assertThat(alert.todo()).contains("pools.chat.scaling.backend");

            episode.rig.load.queued = 7;
            episode.rig.load.oldestSinceNanos = episode.rig.time.nanos();
            episode.secondsUntil(AlertKind.SCALING_FAILING, 2);
            fired(episode, AlertKind.SCALING_FAILING, Severity.CRITICAL);

            episode.rig.load.queued = 0;
            episode.rig.backend.scaleFailure = null;
            episode.secondsUntil(AlertKind.SCALING_FAILING, 400);
            resolved(episode, AlertKind.SCALING_FAILING);
        }
    }

    @Test
    void scalingFailing_nobodyWantsItAnyMore_ends() {
        try (Episode episode = new Episode(1).start()) {
            episode.rig.backend.scaleFailure = new IOException("connection refused");
            episode.rig.want = 5;
            episode.secondsUntil(AlertKind.SCALING_FAILING, 10);
            episode.rig.want = 1;
            assertThat(episode.secondsUntil(AlertKind.SCALING_FAILING, 310)).isBetween(300L, 302L);
            assertThat(episode.rig.state().alerts()).isEmpty();
        }
    }

    private void refusal(Refusal refusal, AlertKind kind, Severity severity, String what, String todo) {
        try (Episode episode = new Episode(1).start()) {
            episode.rig.backend.scaleFailure = new BackendException(refusal, "the cloud says: no");
            episode.rig.want = 5;
            assertThat(episode.secondsUntil(kind, 70)).isBetween(60L, 62L);

            Alert alert = fired(episode, kind, severity);
            assertThat(alert.what())
                    .contains(what)
                    .contains("from 1 to 5 replicas")
                    .contains("the cloud says: no");
            assertThat(alert.todo()).contains(todo);
            assertThat(episode.told(AlertKind.SCALING_FAILING))
                    .as("one alert says it")
                    .isEmpty();

            episode.rig.backend.scaleFailure = null;
            episode.secondsUntil(kind, 400);
            resolved(episode, kind);
        }
    }

    @Test
    void refusals_stillWantedAfterAMinute_fireEachByItsKind() {
        refusal(
                Refusal.DENIED,
                AlertKind.SCALING_REFUSED,
                Severity.CRITICAL,
                "does not allow",
                "kubectl auth can-i update deployments/scale");
        refusal(
                Refusal.INVALID,
                AlertKind.SCALING_REFUSED,
                Severity.CRITICAL,
                "is wrong",
                "pools.chat.scaling.backend.settings");
        refusal(
                Refusal.QUOTA,
                AlertKind.QUOTA_EXHAUSTED,
                Severity.WARNING,
                "quota is used up",
                "kubectl describe resourcequota");
        refusal(
                Refusal.CAPACITY,
                AlertKind.CAPACITY_EXHAUSTED,
                Severity.WARNING,
                "no replicas of this kind",
                "kubectl describe nodes");
        refusal(
                Refusal.CONFLICT,
                AlertKind.OWNERSHIP_CONFLICT,
                Severity.WARNING,
                "somebody else owns",
                "kubectl get hpa,scaledobject");
    }

    @Test
    void refusal_onceAndThenTaken_firesNothing() {
        try (Episode episode = new Episode(1).start()) {
            episode.rig.backend.scaleFailure = new BackendException(Refusal.DENIED, "the token has just expired");
            episode.rig.want = 5;
            episode.seconds(20, () -> {});
            episode.rig.backend.scaleFailure = null;
            episode.seconds(600, () -> {});
            assertThat(episode.told).isEmpty();
        }
    }

    @Test
    void capacity_pendingCapReachedAndReplicasOverdue_fires() {
        Episode started = new Episode(1);
        started.rig.backend.instant = false;
        started.rig
                .pool
                .timeToReady(Duration.ofMinutes(1))
                .guardrail(new PendingCap(2, Duration.ofMinutes(1), Duration.ofMinutes(30)));
        try (Episode episode = started.start()) {
            episode.rig.want = 9;
            // The cap is met at once, but the replicas are late after a minute only; for a minute more.
            assertThat(episode.secondsUntil(AlertKind.CAPACITY_EXHAUSTED, 130)).isBetween(120L, 123L);
            Alert alert = fired(episode, AlertKind.CAPACITY_EXHAUSTED, Severity.WARNING);
            assertThat(alert.what()).contains("no more are asked for");
            assertThat(alert.todo()).contains("kubectl describe pod").contains("guardrails.pendingMost");

            episode.rig.backend.instant = true;
            episode.rig.want = Rig.HOLD;
            episode.rig.backend.all(episode.rig.backend.desired);
            episode.secondsUntil(AlertKind.CAPACITY_EXHAUSTED, 310);
            resolved(episode, AlertKind.CAPACITY_EXHAUSTED);
        }
    }

    @Test
    void replicasLate_pastTwiceTheTimeToReady_firesUntilTheyAreThere() {
        Episode started = new Episode(1);
        started.rig.backend.instant = false;
        try (Episode episode = started.start()) {
            episode.rig.want = 3;
            // Twice 2 min, and for a minute.
            assertThat(episode.secondsUntil(AlertKind.REPLICAS_LATE, 310)).isBetween(300L, 303L);
            Alert alert = fired(episode, AlertKind.REPLICAS_LATE, Severity.WARNING);
            assertThat(alert.what())
                    .contains("2 replicas asked for and not ready")
                    .contains("2 times the time to ready");
            assertThat(alert.todo()).contains("kubectl describe pod").contains("replica.timeToReady");

            episode.rig.backend.all(3);
            assertThat(episode.secondsUntil(AlertKind.REPLICAS_LATE, 310)).isBetween(300L, 303L);
            resolved(episode, AlertKind.REPLICAS_LATE);
        }
    }

    @Test
    void maxReached_wantsMoreWhileRequestsWait_fires() {
        try (Episode episode = new Episode(1).start()) {
            episode.rig.want = 14;
            episode.seconds(300, () -> {});
            assertThat(episode.told).as("nobody waits").isEmpty();
            episode.rig.load.queued = 3;
            episode.rig.load.oldestSinceNanos = episode.rig.time.nanos();
            assertThat(episode.secondsUntil(AlertKind.MAX_REACHED, 65)).isBetween(60L, 62L);
            Alert alert = fired(episode, AlertKind.MAX_REACHED, Severity.WARNING);
            assertThat(alert.what())
                    .contains("14 replicas wanted, and the maximum is 10")
                    .contains("3 requests wait");
            assertThat(alert.todo()).contains("pools.chat.scaling.max");

            episode.seconds(120, () -> episode.rig.load.shed(5));
            fired(episode, AlertKind.MAX_REACHED, Severity.CRITICAL);

            episode.rig.want = 5;
            episode.rig.load.queued = 0;
            episode.secondsUntil(AlertKind.MAX_REACHED, 310);
            resolved(episode, AlertKind.MAX_REACHED);
        }
    }

    @Test
    void costRate_aboveTheThreshold_firesUntilWellBelow() {
        Episode started = new Episode(1);
        started.rig
                .pool
                .pricePerHour(4)
                .alerts(AlertSettings.builder().costPerHour(22).build());
        try (Episode episode = started.start()) {
            episode.rig.want = 6;
            assertThat(episode.secondsUntil(AlertKind.COST_RATE, 65)).isBetween(60L, 63L);
            Alert alert = fired(episode, AlertKind.COST_RATE, Severity.WARNING);
            assertThat(alert.what()).contains("6 replicas at 4 cost 24 per hour, more than 22");
            assertThat(alert.todo()).contains("guardrails.maxCostPerHour").contains("alerts.costPerHour");

            episode.rig.want = 5;
            episode.seconds(900, () -> {});
            assertThat(episode.rig.state().alerts())
                    .as("20 is within a replica of 22")
                    .hasSize(1);
            episode.rig.want = 4;
            assertThat(episode.secondsUntil(AlertKind.COST_RATE, 310)).isBetween(300L, 303L);
            resolved(episode, AlertKind.COST_RATE);
        }
    }

    @Test
    void spendForecast_budgetWillNotLast_saysWhen_andThatItIsUsedUp() {
        Episode started = new Episode(6);
        started.rig
                .pool
                .period(SECOND)
                .pricePerHour(4)
                .alerts(AlertSettings.builder().budgetPerDay(100).build());
        try (Episode episode = started.start()) {
            // A quarter of an hour must be known of the rate, and it must hold for a minute.
            assertThat(episode.secondsUntil(AlertKind.SPEND_FORECAST, 970)).isBetween(959L, 964L);
            Alert alert = fired(episode, AlertKind.SPEND_FORECAST, Severity.WARNING);
            assertThat(alert.what())
                    .contains("at the present rate of 24 per hour the budget of the day of 100 will be used up at"
                            + " 1970-01-01T04:10Z");
            assertThat(alert.todo()).contains("alerts.budgetPerDay");

            episode.secondsUntil(AlertKind.SPEND_FORECAST, 4 * 3600);
            assertThat(fired(episode, AlertKind.SPEND_FORECAST, Severity.CRITICAL)
                            .what())
                    .contains("is used up");
            assertThat(episode.rig.time.wallTime())
                    .isBetween(Instant.parse("1970-01-01T04:10:00Z"), Instant.parse("1970-01-01T04:10:03Z"));

            episode.rig.want = 1;
            episode.seconds(19 * 3600, () -> {});
            assertThat(episode.told(AlertKind.SPEND_FORECAST)).hasSize(2);
            // 4 per hour are 96 a day: enough, but not well below; none at all is.
            episode.rig.want = 0;
            episode.seconds(3 * 3600, () -> {});
            resolved(episode, AlertKind.SPEND_FORECAST);
        }
    }

    @Test
    void sloBurn_bothWindowsFarTooFast_firesAndBecomesMilderAndEnds() {
        try (Episode episode = new Episode(1).start()) {
            // Only as the windows have seen 100 requests.
            episode.seconds(9, () -> episode.serve(10, 2));
            assertThat(episode.told).isEmpty();
            episode.seconds(2, () -> episode.serve(10, 2));
            Alert alert = fired(episode, AlertKind.SLO_BURN, Severity.CRITICAL);
            assertThat(alert.what())
                    .contains("tier standard uses up its error budget 20 times as fast")
                    .contains("over 60 min")
                    .contains("and 1 % may");
            assertThat(alert.todo()).contains("tidegate.slo.violations").contains("pools.chat.scaling.max");

            episode.seconds(300, () -> episode.serve(10, 2));
            assertThat(episode.told(AlertKind.SLO_BURN)).hasSize(1);
            // The windows of an hour and of six remember; the short ones let it go.
            episode.seconds(900, () -> episode.serve(10, 0));
            fired(episode, AlertKind.SLO_BURN, Severity.WARNING);
            episode.seconds(3000, () -> episode.serve(10, 0));
            resolved(episode, AlertKind.SLO_BURN);
            assertThat(episode.told(AlertKind.SLO_BURN)).hasSize(3);
        }
    }

    @Test
    void sloBurn_fewRequests_doesNotCryWolf() {
        try (Episode episode = new Episode(1).start()) {
            // Every other request of one a minute breaks its SLO for an hour: 30 of 60.
            for (int minute = 0; minute < 60; minute++) {
                episode.serve(1, minute % 2);
                episode.seconds(60, () -> {});
            }
            assertThat(episode.told).isEmpty();
        }
    }

    @Test
    void sloWhileScaling_brokenWhileAnEventIsOpen_namesTheEvent() {
        Episode started = new Episode(1);
        started.rig.backend.instant = false;
        started.rig.pool.alerts(
                AlertSettings.builder().on(AlertKind.SLO_BURN, false).build());
        try (Episode episode = started.start()) {
            episode.seconds(60, () -> episode.serve(10, 3));
            assertThat(episode.told).as("no event is open").isEmpty();
            episode.rig.want = 4;
            episode.seconds(5, () -> episode.serve(10, 2));
            assertThat(episode.told).as("too few").isEmpty();
            episode.seconds(3, () -> episode.serve(10, 2));
            Alert alert = fired(episode, AlertKind.SLO_WHILE_SCALING, Severity.WARNING);
            assertThat(alert.what())
                    .contains(episode.rig.event(0).id())
                    .contains("from 1 to 4 replicas")
                    .contains("(20 %)");
            assertThat(alert.todo()).contains("pools.chat.scaling.min");

            episode.rig.backend.all(4);
            episode.seconds(305, () -> episode.serve(10, 2));
            resolved(episode, AlertKind.SLO_WHILE_SCALING);
        }
    }

    @Test
    void signalsStale_oneGap_firesAfterTwoMinutesAndNamesIt() {
        Map<String, Signal> signals = new HashMap<>();
        Episode started = new Episode(1);
        started.rig.pool.signals(() -> Map.copyOf(signals));
        try (Episode episode = started.start()) {
            signals.put("kv.cache", new Signal.Missing("vllm", "connection refused"));
            signals.put("queue", new Signal.Known(1, "requests", 0, "vllm"));
            episode.seconds(100, () -> {});
            signals.put("kv.cache", new Signal.Known(0.5, "ratio", 0, "vllm"));
            episode.seconds(2, () -> {});
            signals.put("kv.cache", new Signal.Missing("vllm", "connection refused"));
            assertThat(episode.secondsUntil(AlertKind.SIGNALS_STALE, 130)).isBetween(120L, 122L);
            Alert alert = fired(episode, AlertKind.SIGNALS_STALE, Severity.WARNING);
            assertThat(alert.what()).contains("kv.cache: connection refused").contains("nothing scales down");
            assertThat(alert.todo()).contains("curl").contains("tidegate.evidence.gaps");

            signals.clear();
            episode.secondsUntil(AlertKind.SIGNALS_STALE, 310);
            resolved(episode, AlertKind.SIGNALS_STALE);
        }
    }

    @Test
    void signalsStale_lowCoverage_fires() {
        Episode started = new Episode(1);
        started.rig.pool.signals(() -> Map.of("queue", new Signal.Known(1, "requests", 0, "vllm", 0.5, List.of())));
        try (Episode episode = started.start()) {
            episode.secondsUntil(AlertKind.SIGNALS_STALE, 122);
            assertThat(fired(episode, AlertKind.SIGNALS_STALE, Severity.WARNING).what())
                    .contains("only 50 % of those heard of that should be, less than 90 %");
        }
    }

    @Test
    void signalsStale_backendNeverHeardOf_firesThoughNothingIsDecided() {
        Episode started = new Episode(1);
        started.rig.backend.statusFailure = new IOException("no route to host");
        try (Episode episode = started.start()) {
            assertThat(episode.secondsUntil(AlertKind.SIGNALS_STALE, 122)).isBetween(119L, 121L);
            assertThat(episode.rig.state().view()).isEmpty();
            Alert alert = fired(episode, AlertKind.SIGNALS_STALE, Severity.CRITICAL);
            assertThat(alert.what()).contains("the backend has not been heard of");
            assertThat(alert.todo()).contains("pools.chat.scaling.backend");

            episode.rig.backend.statusFailure = null;
            episode.secondsUntil(AlertKind.SIGNALS_STALE, 320);
            resolved(episode, AlertKind.SIGNALS_STALE);
        }
    }

    @Test
    void signalsStale_backendNoLongerHeardOf_firesAndEndsNoOther() {
        try (Episode episode = new Episode(1).start()) {
            episode.rig.want = 14;
            episode.rig.load.queued = 3;
            episode.secondsUntil(AlertKind.MAX_REACHED, 70);
            episode.rig.backend.statusFailure = new IOException("no route to host");
            episode.rig.want = 1;
            episode.rig.load.queued = 0;
            // Stale after 45 s, and for 2 min.
            assertThat(episode.secondsUntil(AlertKind.SIGNALS_STALE, 180)).isBetween(163L, 170L);
            episode.seconds(900, () -> {});
            assertThat(episode.rig.state().alerts())
                    .extracting(Alert::kind)
                    .containsExactly(AlertKind.MAX_REACHED, AlertKind.SIGNALS_STALE);
        }
    }

    @Test
    void signalsStale_everyRoundFails_fires() {
        Episode started = new Episode(1);
        boolean[] broken = {false};
        started.rig.pool.load(() -> {
            if (broken[0]) {
                throw new IllegalStateException("the gate is gone");
            }
            return started.rig.load.get();
        });
        try (Episode episode = started.start()) {
            episode.seconds(5, () -> {});
            broken[0] = true;
            assertThat(episode.secondsUntil(AlertKind.SIGNALS_STALE, 130)).isBetween(120L, 128L);
            assertThat(fired(episode, AlertKind.SIGNALS_STALE, Severity.CRITICAL)
                            .what())
                    .contains("every round fails");
        }
    }

    @Test
    void ownershipConflict_somebodyElseSetsTheCountThrice_fires() {
        try (Episode episode = new Episode(2).start()) {
            episode.rig.want = Rig.HOLD;
            for (int i = 0; i < 2; i++) {
                episode.rig.backend.all(3 + i);
                episode.seconds(60, () -> {});
            }
            assertThat(episode.told).isEmpty();
            episode.rig.backend.all(2);
            assertThat(episode.secondsUntil(AlertKind.OWNERSHIP_CONFLICT, 5)).isBetween(1L, 2L);
            Alert alert = fired(episode, AlertKind.OWNERSHIP_CONFLICT, Severity.WARNING);
            assertThat(alert.what()).contains("somebody else set the count 3 times within 15 min");
            assertThat(alert.todo()).contains("kubectl get hpa,scaledobject").contains("pools.chat.scaling.mode");

            episode.secondsUntil(AlertKind.OWNERSHIP_CONFLICT, 1300);
            resolved(episode, AlertKind.OWNERSHIP_CONFLICT);
        }
    }

    @Test
    void ledgerFailing_forAMinute_orEntriesLost_fires() {
        try (Episode episode = new Episode(1).start()) {
            episode.ledger = new LedgerStatus(10, 0, 7, "No space left on device");
            assertThat(episode.secondsUntil(AlertKind.LEDGER_FAILING, 65)).isBetween(60L, 62L);
            Alert alert = fired(episode, AlertKind.LEDGER_FAILING, Severity.WARNING);
            assertThat(alert.what()).contains("No space left on device").contains("7 entries wait");
            assertThat(alert.todo()).contains("df").contains("ledger.file");
            episode.ledger = new LedgerStatus(17, 0, 0, "");
            episode.secondsUntil(AlertKind.LEDGER_FAILING, 310);
            resolved(episode, AlertKind.LEDGER_FAILING);

            episode.seconds(600, () -> {});
            episode.ledger = new LedgerStatus(17, 3, 0, "");
            assertThat(episode.secondsUntil(AlertKind.LEDGER_FAILING, 3)).isEqualTo(1);
            assertThat(fired(episode, AlertKind.LEDGER_FAILING, Severity.WARNING)
                            .what())
                    .contains("lost 3 entries");
        }
    }

    @Test
    void looks_areOncePerSecond_whateverSetsRoundsOff() {
        Episode started = new Episode(1);
        int[] looks = {0};
        started.rig.start(
                Runnable::run,
                builder -> builder.ledger(new Ledger() {
                    @Override
                    public CompletableFuture<Void> append(Entry entry) {
                        return CompletableFuture.completedFuture(null);
                    }

                    @Override
                    public LedgerStatus status() {
                        looks[0]++;
                        throw new IllegalStateException("told to");
                    }

                    @Override
                    public void close() {}
                }));
        for (int i = 0; i < 100; i++) {
            started.rig.engine().wake("chat");
            started.rig.advance(Duration.ofMillis(100));
        }
        assertThat(looks[0]).isBetween(10, 11);
        started.rig.close();
    }

    @Test
    void reconfigure_otherThresholds_holdFromTheNextLook() {
        try (Episode episode = new Episode(6).start()) {
            episode.seconds(120, () -> {});
            episode.rig
                    .pool
                    .pricePerHour(4)
                    .alerts(AlertSettings.builder().costPerHour(20).build());
            episode.rig.engine().reconfigure(episode.rig.pool.build());
            episode.secondsUntil(AlertKind.COST_RATE, 65);
            episode.rig.pool.alerts(AlertSettings.builder()
                    .costPerHour(20)
                    .on(AlertKind.COST_RATE, false)
                    .build());
            episode.rig.engine().reconfigure(episode.rig.pool.build());
            episode.secondsUntil(AlertKind.COST_RATE, 3);
            assertThat(episode.told.get(1).firing()).isFalse();
            assertThat(episode.told.get(1).what()).contains("switched off");
        }
    }
}
