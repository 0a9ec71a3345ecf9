/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.alert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.alert.Alert.Severity;
import io.tidegate.alert.Situation.Money;
import io.tidegate.alert.Situation.Promise;
import io.tidegate.alert.spi.AlertListener;
import io.tidegate.alert.spi.AlertListenerFactory;
import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.History.Change;
import io.tidegate.guardrail.Narrowing;
import io.tidegate.ledger.LedgerStatus;
import io.tidegate.ledger.Refusal;
import io.tidegate.ledger.ScaleEvent;
import io.tidegate.ledger.ScaleEvent.Phase;
import io.tidegate.ledger.ScaleEvent.Step;
import io.tidegate.policy.Proposal;
import io.tidegate.policy.Proposal.Cause;
import io.tidegate.pool.Evidence;
import io.tidegate.pool.PoolView.ServedView;
import io.tidegate.pool.PoolView.TierView;
import io.tidegate.pool.PoolViews;
import io.tidegate.pool.Tier;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What makes an alert of a finding: time, hysteresis, missing data, jumps of the clock. A cost above 22 stands for all of them. */
class AlertsTest {

    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final AlertSettings LIMITED =
            AlertSettings.builder().costPerHour(22).build();

    private final Situations situation = new Situations();
    private final Alerts alerts = new Alerts(LIMITED);
    private final List<Alert> told = new ArrayList<>();

    private void seconds(int count, int running) {
        situation.running = running;
        for (int i = 0; i < count; i++) {
            told.addAll(alerts.update(situation.after(SECOND)));
        }
    }

    @Test
    void spike_shorterThanItMustHold_firesNothing() {
        for (int i = 0; i < 50; i++) {
            seconds(59, 6);
            seconds(1, 4);
        }
        assertThat(told).isEmpty();
        seconds(61, 6);
        assertThat(told).hasSize(1);
    }

    @Test
    void value_fluttersAroundTheThreshold_firesOnceAndStays() {
        // 24 and 20 around 22; 18 and less would be fine.
        for (int i = 0; i < 1800; i++) {
            seconds(1, 6);
            seconds(1, 5);
        }
        assertThat(told).hasSize(1);
        assertThat(alerts.active()).hasSize(1);
    }

    @Test
    void value_wellBelowForLessThanItTakesToClear_doesNotEnd() {
        for (int i = 0; i < 20; i++) {
            seconds(120, 6);
            seconds(240, 1);
        }
        assertThat(told).hasSize(1);
        seconds(301, 1);
        assertThat(told).hasSize(2);
        assertThat(told.get(1).firing()).isFalse();
        assertThat(told.get(1).since()).isEqualTo(told.get(0).since());
    }

    @Test
    void value_comesAndGoes_beginsAgainOnlyAfterThePause() {
        seconds(70, 6);
        seconds(310, 1);
        assertThat(told).hasSize(2);
        // Ended 9 s or so ago, and may begin again 10 min after its end.
        seconds(580, 6);
        assertThat(told).hasSize(2);
        seconds(20, 6);
        assertThat(told).hasSize(3);
    }

    @Test
    void value_criticalAfterTheEnd_isNotHeldBackByThePause() {
        seconds(70, 6);
        seconds(310, 1);
        seconds(62, 9);
        assertThat(told).hasSize(3);
        assertThat(told.get(2).severity()).isEqualTo(Severity.CRITICAL);
    }

    @Test
    void severity_goesUpAfterTheHoldAndDownAfterTheClearTime() {
        seconds(70, 6);
        seconds(59, 9);
        assertThat(told).extracting(Alert::severity).containsExactly(Severity.WARNING);
        seconds(2, 9);
        assertThat(told).extracting(Alert::severity).containsExactly(Severity.WARNING, Severity.CRITICAL);
        seconds(299, 6);
        assertThat(told).hasSize(2);
        seconds(2, 6);
        assertThat(told)
                .extracting(Alert::severity)
                .containsExactly(Severity.WARNING, Severity.CRITICAL, Severity.WARNING);
    }

    @Test
    void unknown_neitherBeginsNorEnds() {
        situation.price = Double.NaN;
        seconds(600, 6);
        assertThat(told).isEmpty();
        situation.price = 4;
        seconds(61, 6);
        assertThat(told).hasSize(1);
        situation.price = Double.NaN;
        seconds(3600, 1);
        assertThat(told).hasSize(1);
        assertThat(alerts.active()).hasSize(1);
    }

    @Test
    void clock_jumpsAheadByAnHour_countsAsOneStep() {
        seconds(1, 6);
        told.addAll(alerts.update(situation.after(Duration.ofHours(1))));
        assertThat(told).isEmpty();
        seconds(54, 6);
        assertThat(told).isEmpty();
        seconds(2, 6);
        assertThat(told).hasSize(1);
        told.addAll(alerts.update(situation.after(Duration.ofHours(-2))));
        seconds(1, 1);
        told.addAll(alerts.update(situation.after(Duration.ofHours(5))));
        assertThat(told).as("an hour of calm nobody saw").hasSize(1);
    }

    @Test
    void unanswered_callForLongerThanAMinute_fires() {
        Instant at = Instant.EPOCH;
        situation.events = List.of(new ScaleEvent(
                "chat-1",
                "chat",
                1,
                1,
                3,
                Cause.SIGNAL,
                List.of(new Step(Phase.DECIDED, at, 0, ""), new Step(Phase.SENT, at, 0, ""))));
        seconds(60, 1);
        assertThat(told).isEmpty();
        seconds(1, 1);
        assertThat(told).extracting(Alert::kind).containsExactly(AlertKind.SCALING_FAILING);
        assertThat(told.get(0).what()).contains("from 1 to 3 replicas and has not answered for 61 s");
    }

    @Test
    void counters_thatBeginAnew_burnNothing() {
        situation.tiers = List.of(new Promise("a", 0.99, 1_000_000, 900_000));
        seconds(2, 1);
        situation.tiers = List.of(new Promise("a", 0.99, 50, 50));
        seconds(2, 1);
        situation.tiers = List.of(new Promise("a", 0.99, 149, 149));
        seconds(2, 1);
        assertThat(told).as("99 of 99 are too few").isEmpty();
        situation.tiers = List.of(new Promise("a", 0.99, 150, 150));
        seconds(1, 1);
        assertThat(told).extracting(Alert::kind).containsExactly(AlertKind.SLO_BURN);
    }

    @Test
    void kindSwitchedOff_isNotJudged() {
        alerts.use(AlertSettings.builder()
                .costPerHour(22)
                .on(AlertKind.COST_RATE, false)
                .build());
        seconds(600, 9);
        assertThat(told).isEmpty();
    }

    private static double any(Random random) {
        double[] odd = {Double.NaN, Double.POSITIVE_INFINITY, -1, 0, 1e-300, 1e300, -0.0, 3};
        return random.nextBoolean() ? odd[random.nextInt(odd.length)] : random.nextGaussian() * 1e6;
    }

    private static long anyLong(Random random) {
        long[] odd = {Long.MIN_VALUE, Long.MAX_VALUE, -1, 0, 1, 1_000_000_000L};
        return random.nextBoolean() ? odd[random.nextInt(odd.length)] : random.nextLong() >> random.nextInt(60);
    }

    private static <T> T one(Random random, List<T> of) {
        return of.get(random.nextInt(of.size()));
    }

    private static String anyText(Random random) {
        String[] odd = {"", "bounds", "pending cap", "spend cap", "\n\u2028\u001b[31m", "x".repeat(10_000)};
        return odd[random.nextInt(odd.length)];
    }

    private static Situation anySituation(Random random) {
        List<Step> steps = new ArrayList<>();
        steps.add(new Step(Phase.DECIDED, Instant.EPOCH, anyLong(random), ""));
        for (int i = random.nextInt(3); i > 0; i--) {
            steps.add(new Step(
                    one(random, List.of(Phase.values())),
                    Instant.EPOCH,
                    anyLong(random),
                    anyText(random),
                    random.nextBoolean() ? Optional.empty() : Optional.of(one(random, List.of(Refusal.values())))));
        }
        List<ScaleEvent> events = random.nextInt(3) == 0
                ? List.of()
                : List.of(new ScaleEvent(
                        anyText(random), "chat", 1, random.nextInt(), random.nextInt(), Cause.SIGNAL, steps));
        List<Change> changes = new ArrayList<>();
        for (int i = random.nextInt(60); i > 0; i--) {
            changes.add(new Change(anyLong(random), random.nextInt(), random.nextInt()));
        }
        List<Long> takeovers = new ArrayList<>();
        for (int i = random.nextInt(6); i > 0; i--) {
            takeovers.add(anyLong(random));
        }
        List<Promise> tiers = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            tiers.add(new Promise(anyText(random), any(random), anyLong(random), anyLong(random)));
        }
        long now = anyLong(random);
        PoolViews view = PoolViews.view()
                .atNanos(random.nextBoolean() ? now : anyLong(random))
                .ready(random.nextInt(5))
                .timeToReady(random.nextInt(100_000))
                .due(random.nextBoolean() ? new Long[0] : new Long[] {anyLong(random), anyLong(random)})
                .evidence(new Evidence(
                        random.nextBoolean() ? List.of() : List.of(anyText(random)),
                        random.nextDouble(),
                        random.nextBoolean()));
        if (random.nextBoolean()) {
            view.tier(new TierView(
                    Tier.builder("t").build(),
                    anyLong(random),
                    anyLong(random),
                    Duration.ZERO,
                    any(random),
                    any(random),
                    any(random),
                    any(random),
                    ServedView.NOTHING));
        }
        Decision decision = new Decision(
                1,
                "chat",
                Instant.EPOCH,
                now,
                random.nextInt(),
                random.nextInt(),
                Cause.SIGNAL,
                random.nextBoolean()
                        ? List.of()
                        : List.of(new Proposal.Wants("p", random.nextInt(1_000_000), Cause.SIGNAL, "")),
                List.of(new Narrowing(anyText(random), random.nextInt(), anyText(random))));
        return new Situation(
                "chat",
                now,
                Instant.ofEpochSecond(random.nextLong() % 100_000_000_000L),
                Duration.ofMillis(1 + random.nextInt(86_400_000)),
                random.nextInt(4) == 0 ? Optional.empty() : Optional.of(view.build()),
                random.nextInt(4) == 0 ? Optional.empty() : Optional.of(decision),
                random.nextBoolean(),
                random.nextDouble(),
                events,
                changes,
                takeovers,
                random.nextInt(),
                new Money(any(random), any(random), any(random)),
                tiers,
                new LedgerStatus(anyLong(random), anyLong(random), anyLong(random), anyText(random)));
    }

    @Test
    void update_anySituation_throwsNothingAndKeepsItsBounds() {
        Random random = new Random(7);
        int changes = 0;
        for (int run = 0; run < 200; run++) {
            Alerts any = new Alerts(AlertSettings.builder()
                    .holdFor(Duration.ZERO)
                    .costPerHour(10)
                    .budgetPerDay(10)
                    .budgetPerMonth(10)
                    .build());
            for (int i = 0; i < 100; i++) {
                for (Alert alert : any.update(anySituation(random))) {
                    changes++;
                    assertThat(LogAlerts.line(alert)).doesNotContain("\n", "\u2028", "\u001b");
                    assertThat(alert.what()).isNotBlank().hasSizeLessThan(3_000);
                    assertThat(alert.todo()).isNotBlank();
                }
                assertThat(any.active()).hasSizeLessThanOrEqualTo(AlertKind.values().length);
            }
        }
        assertThat(changes).isGreaterThan(1_000);
    }

    @Test
    void settings_outOfRange_areNamed() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> AlertSettings.builder().holdFor(Duration.ofHours(2)))
                .withMessage("holdFor must be PT0S to PT1H but was PT2H");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> AlertSettings.builder().clearShare(Double.NaN))
                .withMessageContaining("clearShare must be above 0 and at most 1.0 but was NaN");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> AlertSettings.builder().failures(0))
                .withMessage("failures must be 1 to 100 but was 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> AlertSettings.builder()
                        .fastShort(Duration.ofSeconds(59))
                        .build())
                .withMessageContaining("fastShort must be from a 60th of fastLong");
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        AlertSettings.builder().slowShort(Duration.ofHours(7)).build())
                .withMessageContaining("slowShort");
    }

    @Test
    void line_ofAnAlert_isOneLineWithWhatToDo() {
        Alert alert = new Alert(
                AlertKind.SCALING_FAILING,
                "chat",
                true,
                Severity.CRITICAL,
                Instant.EPOCH,
                Instant.EPOCH,
                "it said: a\r\nb \u001b[31mred\u2028",
                "look");
        assertThat(LogAlerts.line(alert))
                .isEqualTo("pool chat: alert scaling-failing critical: it said: a\\u000d\\u000ab"
                        + " \\u001b[31mred\\u2028. To do: look");
    }

    @Test
    void listeners_areFoundByTheirType() {
        assertThat(AlertListeners.create("log", Map.of())).isInstanceOf(LogAlerts.class);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> AlertListeners.create("log", Map.of("level", "warn")))
                .withMessageContaining("takes no settings but was given [level]");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> AlertListeners.create("pigeon", Map.of()))
                .withMessageContaining("no alert listener of type \"pigeon\"")
                .withMessageContaining("log");
        AlertListenerFactory factory = new LogAlerts.Factory();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> AlertListeners.create("log", Map.of(), List.of(factory, factory)))
                .withMessageContaining("is claimed by");
        AlertListener named = AlertListeners.named("second", new LogAlerts());
        assertThat(named.name()).isEqualTo("second");
    }
}
