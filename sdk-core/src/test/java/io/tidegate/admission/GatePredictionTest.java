/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tidegate.admission.Admission.Reason;
import io.tidegate.pool.Replicas;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.supply.Supply;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Looking ahead: predicted waits, refusal of those who would wait too long, and when to come back. */
class GatePredictionTest {

    private static final Duration SECOND = Duration.ofSeconds(1);

    private final ManualTime time = new ManualTime(Long.MAX_VALUE - 3_000_000_000L, Instant.EPOCH);
    private final Tier tier =
            Tier.builder("standard").maxQueueTime(Duration.ofSeconds(60)).build();

    private Gate gate(long seed, Work limit, Tier... tiers) {
        Gate.Builder builder = Gate.builder("chat")
                .time(time)
                .callbackExecutor(Runnable::run)
                .seed(seed)
                .limit(limit);
        for (Tier each : tiers) {
            builder.tier(each);
        }
        return builder.build();
    }

    /** To the nanosecond, but for the rounding of a division. */
    private static void assertWait(Gate gate, Tier of, Duration expected) {
        assertThat(gate.predictedWait(of).orElseThrow()).isCloseTo(expected, Duration.ofNanos(2));
    }

    /** Lets the gate see one request that was in flight this long. */
    private void learn(Gate gate, Tier of, Duration inFlight) {
        Permit permit = Answers.permit(gate.tryAcquire(Request.of(of)));
        time.advance(inFlight);
        permit.close();
    }

    private static List<Permit> fill(Gate gate, Tier of) {
        List<Permit> taken = new ArrayList<>();
        while (gate.tryAcquire(Request.of(of)) instanceof Permit permit) {
            taken.add(permit);
        }
        return taken;
    }

    // ---- predicted wait --------------------------------------------------------------------------------------------

    @Test
    void predictedWait_room_isZeroWhateverHasBeenLearned() {
        Gate gate = gate(1, Work.slots(2), tier);
        assertThat(gate.predictedWait(tier)).contains(Duration.ZERO);
        learn(gate, tier, Duration.ofSeconds(8));

        assertThat(gate.predictedWait(tier)).contains(Duration.ZERO);
    }

    @Test
    void predictedWait_fullAndNothingLearned_isUnknownAndNobodyIsRefusedForIt() {
        Gate gate = gate(1, Work.slots(1), tier);
        fill(gate, tier);

        assertThat(gate.predictedWait(tier)).isEmpty();
        Answers waiter = new Answers();
        gate.acquire(Request.of(tier).withTimeout(Duration.ofNanos(1)), waiter);
        assertThat(waiter.told()).isEmpty();
    }

    @Test
    void predictedWait_noTokensLeft_isNotZeroThoughSlotsAre() {
        Gate gate = gate(1, new Work(8, 160), tier);
        learn(gate, tier, Duration.ofSeconds(4));
        gate.tryAcquire(Request.of(tier).withTokens(160, 0));

        assertWait(gate, tier, Duration.ofSeconds(4));
    }

    @Test
    void predictedWait_queue_isWorkAheadOverTheRateOfReturns() {
        Gate gate = gate(1, Work.slots(4), tier);
        learn(gate, tier, Duration.ofSeconds(8));
        fill(gate, tier);
        for (int i = 0; i < 5; i++) {
            gate.acquire(Request.of(tier), new Answers());
        }

        // 4 in flight for 8 s each return one every 2 s; five and the newcomer.
        assertWait(gate, tier, Duration.ofSeconds(12));
    }

    /** The worked example of the estimator, through the gate. */
    @Test
    void predictedWait_replicaDue_countsItsRateFromThen() {
        Gate gate = gate(1, Work.slots(32), tier);
        learn(gate, tier, Duration.ofSeconds(8));
        fill(gate, tier);
        for (int i = 0; i < 29; i++) {
            gate.acquire(Request.of(tier), new Answers());
        }
        long due = time.nanos() + Duration.ofSeconds(5).toNanos();
        gate.supply(new Supply(new Replicas(2, 1, List.of(due)), Work.slots(32), true));

        assertWait(gate, tier, Duration.ofMillis(6250));
    }

    /**
     * What is predicted is what happens: a pool of ten, one permit returned each 100 ms, two tiers that wait, and a newcomer
     * of either.
     */
    @ParameterizedTest
    @CsvSource({
        "1, 1, 100, 5",
        "1, 1, 5, 100",
        "8, 1, 100, 5",
        "8, 1, 100, 100",
        "1, 8, 100, 5",
        "3, 1, 0, 20",
        "3, 1, 20, 0"
    })
    void predictedWait_twoTiersOfDifferentWeight_isWhatANewcomerThenWaits(
            double highWeight, double lowWeight, int highWaits, int lowWaits) {
        for (boolean newcomerIsHigh : new boolean[] {true, false}) {
            Tier high = Tier.builder("high")
                    .weight(highWeight)
                    .maxQueueTime(Duration.ofHours(1))
                    .build();
            Tier low = Tier.builder("low")
                    .weight(lowWeight)
                    .maxQueueTime(Duration.ofHours(1))
                    .build();
            Gate gate = gate(1, Work.slots(10), high, low);
            learn(gate, high, SECOND);
            ArrayDeque<Permit> running = new ArrayDeque<>(fill(gate, high));
            // In turns, as requests of two tiers come.
            for (int i = 0; i < Math.max(highWaits, lowWaits); i++) {
                if (i < highWaits) {
                    gate.acquire(Request.of(high), answer -> running.add((Permit) answer));
                }
                if (i < lowWaits) {
                    gate.acquire(Request.of(low), answer -> running.add((Permit) answer));
                }
            }
            Tier of = newcomerIsHigh ? high : low;
            Duration predicted = gate.predictedWait(of).orElseThrow();
            Answers newcomer = new Answers();
            gate.acquire(Request.of(of), newcomer);

            while (newcomer.told().isEmpty()) {
                time.advance(Duration.ofMillis(100));
                running.remove().close(Outcome.CANCELLED, Usage.NONE);
            }

            double actual = newcomer.permit().queueWait().toMillis();
            assertThat((double) predicted.toMillis()).isCloseTo(actual, within(Math.max(300, 0.1 * actual)));
        }
    }

    @Test
    void predictedWait_tierOfALowerCeiling_waitsForAllAboveItAndNeverHoldsThemUp() {
        Tier high = Tier.builder("high").maxQueueTime(Duration.ofHours(1)).build();
        Tier low = Tier.builder("low")
                .ceiling(0.5)
                .weight(100)
                .maxQueueTime(Duration.ofHours(1))
                .build();
        Gate gate = gate(1, Work.slots(4), high, low);
        learn(gate, high, Duration.ofSeconds(4));
        fill(gate, high);
        for (int i = 0; i < 6; i++) {
            gate.acquire(Request.of(low), new Answers());
        }
        assertWait(gate, high, SECOND);
        for (int i = 0; i < 3; i++) {
            gate.acquire(Request.of(high), new Answers());
        }

        assertWait(gate, high, Duration.ofSeconds(4));
        assertWait(gate, low, Duration.ofSeconds(10));
    }

    // ---- refusal ---------------------------------------------------------------------------------------------------

    @Test
    void acquire_wouldWaitLongerThanItMay_isShedAtOnceAndOthersAreNot() {
        Gate gate = gate(1, Work.slots(1), tier);
        learn(gate, tier, Duration.ofSeconds(8));
        fill(gate, tier);
        Answers impatient = new Answers();
        Answers patient = new Answers();

        gate.acquire(Request.of(tier).withTimeout(Duration.ofSeconds(8).minusNanos(100)), impatient);
        gate.acquire(Request.of(tier).withTimeout(Duration.ofSeconds(8)), patient);

        assertThat(impatient.shed().reason()).isEqualTo(Reason.WAIT_TOO_LONG);
        assertThat(impatient.shed().retryAfter()).isBetween(Duration.ofSeconds(8), Duration.ofMillis(10_400));
        assertThat(patient.told()).isEmpty();
    }

    @Test
    void acquire_replicaOnItsWay_isQueuedWhereItWouldHaveBeenShed() {
        Gate gate = gate(1, Work.slots(1), tier);
        learn(gate, tier, Duration.ofSeconds(8));
        fill(gate, tier);
        Request request = Request.of(tier).withTimeout(Duration.ofSeconds(5));
        Answers shed = new Answers();
        gate.acquire(request, shed);
        long due = time.nanos() + SECOND.toNanos();
        gate.supply(new Supply(new Replicas(2, 1, List.of(due)), Work.slots(1), true));
        Answers queued = new Answers();
        gate.acquire(request, queued);

        assertThat(shed.shed().reason()).isEqualTo(Reason.WAIT_TOO_LONG);
        assertThat(queued.told()).isEmpty();
    }

    /** A long queue of another tier must not close the gate to one whose weight entitles it to its share. */
    @Test
    void acquire_longQueueOfATierOfTheSameCeiling_isQueuedForItsShare() {
        Tier premium = Tier.builder("premium")
                .weight(8)
                .maxQueueTime(Duration.ofHours(1))
                .build();
        Tier batch = Tier.builder("batch")
                .weight(1)
                .maxQueueTime(Duration.ofSeconds(60))
                .build();
        Gate gate = gate(1, Work.slots(10), premium, batch);
        learn(gate, premium, Duration.ofSeconds(10));
        fill(gate, premium);
        for (int i = 0; i < 500; i++) {
            gate.acquire(Request.of(premium), new Answers());
        }
        Answers low = new Answers();

        gate.acquire(Request.of(batch), low);

        assertThat(low.told()).isEmpty();
        assertThat(gate.predictedWait(batch).orElseThrow()).isLessThan(Duration.ofSeconds(20));
    }

    // ---- when to come back -----------------------------------------------------------------------------------------

    @ParameterizedTest
    @ValueSource(longs = {1, 500, 1_000, 8_000, 29_000, 30_000, 3_600_000, 40_000_000})
    void retryAfter_isTheWaitWithinItsBoundsAndSpread(long inFlightMillis) {
        Gate gate = gate(7, Work.slots(1), tier);
        learn(gate, tier, Duration.ofMillis(inFlightMillis));
        fill(gate, tier);
        List<Duration> told = refusals(gate, 200);

        double wait = Math.min(Math.max((double) inFlightMillis, 1250.0), 25_000.0);
        assertThat(told)
                .allSatisfy(each ->
                        assertThat((double) each.toMillis()).isBetween(Math.floor(wait * 0.8), Math.ceil(wait * 1.2)));
        assertThat(told).allMatch(each -> each.compareTo(SECOND) >= 0 && each.compareTo(Duration.ofSeconds(30)) <= 0);
        // Those who are refused together do not come back together.
        assertThat(new HashSet<>(told)).hasSizeGreaterThan(190);
        double mean = told.stream().mapToLong(Duration::toMillis).average().orElseThrow();
        assertThat(mean).isCloseTo(wait, within(wait * 0.03));
    }

    @Test
    void retryAfter_nothingLearned_isAboutASecond() {
        Gate gate = gate(7, Work.slots(1), tier);
        fill(gate, tier);

        assertThat(refusals(gate, 50)).allMatch(each -> each.compareTo(Duration.ofMillis(1500)) <= 0);
    }

    @Test
    void retryAfter_sameSeed_isTheSame() {
        List<List<Duration>> told = new ArrayList<>();
        for (long seed : new long[] {5, 5, 6}) {
            Gate gate = gate(seed, Work.slots(1), tier);
            fill(gate, tier);
            told.add(refusals(gate, 20));
        }

        assertThat(told.get(0)).isEqualTo(told.get(1)).isNotEqualTo(told.get(2));
    }

    private List<Duration> refusals(Gate gate, int count) {
        List<Duration> told = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            told.add(((Admission.Shed) gate.tryAcquire(Request.of(tier))).retryAfter());
        }
        return told;
    }
}
