/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidegate.log.BoundedLog;
import io.tidegate.pool.PoolLoad.TierLoad;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.time.ManualTime;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Permits that are dropped are found once they are collected, and nothing else is. */
class LeakDetectorTest {

    private static final Duration SWEEP = Duration.ofNanos(LeakDetector.SWEEP_NANOS);

    private final ManualTime time = new ManualTime();
    private final Tier tier = Tier.builder("standard")
            .maxQueueTime(Duration.ofDays(1))
            .maxQueued(10_000)
            .build();

    private Gate.Builder builder(int slots) {
        return Gate.builder("chat")
                .tier(tier)
                .time(time)
                .callbackExecutor(Runnable::run)
                .maxQueued(10_000)
                .limit(new Work(slots, 1_000_000));
    }

    private Permit take(Gate gate) {
        return Answers.permit(gate.tryAcquire(Request.of(tier).withTokens(100, 0)));
    }

    /** In a method of its own, so that no local variable keeps them. */
    private void takeAndDrop(Gate gate, int count) {
        for (int i = 0; i < count; i++) {
            take(gate);
        }
    }

    private void collectAndSweep() {
        System.gc();
        time.advance(SWEEP);
    }

    private void awaitLeaks(Gate gate, long count) {
        await().until(() -> {
            collectAndSweep();
            return gate.leakedPermits() >= count;
        });
        // Once each: more collections find no more.
        collectAndSweep();
        collectAndSweep();
        assertThat(gate.leakedPermits()).isEqualTo(count);
    }

    @Test
    void sweep_permitDropped_givesItsRoomBackOnceAndCountsIt() {
        Gate gate = builder(2).build();
        Permit held = take(gate);
        takeAndDrop(gate, 1);
        assertThat(gate.inFlight()).isEqualTo(new Work(2, 224));

        awaitLeaks(gate, 1);

        assertThat(gate.inFlight()).isEqualTo(new Work(1, 112));
        TierLoad load = gate.load().tiers().get(0);
        assertThat(load.inFlight()).isOne();
        assertThat(load.admitted()).isEqualTo(2);
        assertThat(load.closed()).as("it was not closed").isZero();
        assertThat(held.close(Outcome.COMPLETED, Usage.NONE)).isTrue();
        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
    }

    @Test
    void sweep_permitStillHeld_isNeverTaken() {
        Gate gate = builder(1).build();
        Permit held = take(gate);

        for (int i = 0; i < 5; i++) {
            collectAndSweep();
        }

        assertThat(gate.leakedPermits()).isZero();
        assertThat(gate.inFlight().slots()).isOne();
        assertThat(held.close(Outcome.COMPLETED, Usage.NONE)).isTrue();
    }

    @Test
    void sweep_permitsClosedBeforeOrBetweenSweeps_areNoLeaks() {
        Gate gate = builder(2000).build();
        takeAndClose(gate, 1000, false);
        takeAndClose(gate, 1000, true);

        for (int i = 0; i < 5; i++) {
            collectAndSweep();
        }

        assertThat(gate.leakedPermits()).isZero();
        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
    }

    private void takeAndClose(Gate gate, int count, boolean sweptBetween) {
        List<Permit> permits = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            permits.add(take(gate));
        }
        if (sweptBetween) {
            collectAndSweep();
        }
        permits.forEach(Permit::close);
    }

    /** More than the ring of recent ones of a stripe holds. */
    @Test
    void sweep_manyDroppedAmongManyHeld_findsThoseDropped() {
        Gate gate = builder(10_000).build();
        List<Permit> held = new ArrayList<>();
        for (int i = 0; i < 5 * TierLane.RECENT; i++) {
            held.add(take(gate));
            takeAndDrop(gate, i % 2);
        }
        int dropped = 5 * TierLane.RECENT / 2;

        awaitLeaks(gate, dropped);

        assertThat(gate.inFlight().slots()).isEqualTo(held.size());
        assertThat(held).allMatch(permit -> permit.close(Outcome.COMPLETED, Usage.NONE));
        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
        assertThat(gate.load().tiers().get(0).inFlight()).isZero();
    }

    @Test
    void sweep_waiterGrantedAndDropped_isFoundAndGrantsTheNext() {
        Gate gate = builder(1).build();
        Permit held = take(gate);
        askAndIgnore(gate);
        Answers next = new Answers();
        gate.acquire(Request.of(tier), next);
        held.close();
        assertThat(next.told()).isEmpty();

        awaitLeaks(gate, 1);

        assertThat(gate.inFlight().slots()).isOne();
        assertThat(next.permit().close(Outcome.COMPLETED, Usage.NONE)).isTrue();
        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
    }

    private void askAndIgnore(Gate gate) {
        gate.acquire(Request.of(tier), answer -> {});
    }

    /** Nobody but the gate knows it any more, and it is granted all the same. */
    @Test
    void sweep_ticketDroppedWhileItWaits_isNoLeak() {
        Gate gate = builder(1).build();
        Permit held = take(gate);
        List<Boolean> closed = new ArrayList<>();
        gate.acquire(Request.of(tier), answer -> closed.add(((Permit) answer).close(Outcome.COMPLETED, Usage.NONE)));

        for (int i = 0; i < 4; i++) {
            collectAndSweep();
        }
        held.close();

        assertThat(closed).containsExactly(true);
        assertThat(gate.leakedPermits()).isZero();
        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
    }

    @Test
    void sweep_ticketsThatGaveUpOrWereRefused_areNoLeaks() {
        Gate gate = builder(1).leakSites(1).build();
        Permit held = take(gate);
        for (int i = 0; i < 300; i++) {
            assertThat(gate.acquire(Request.of(tier), answer -> {}).cancel()).isTrue();
            gate.acquire(Request.of(tier).withTimeout(Duration.ZERO), answer -> {});
            gate.tryAcquire(Request.of(tier));
        }

        for (int i = 0; i < 4; i++) {
            collectAndSweep();
        }

        assertThat(gate.leakedPermits()).isZero();
        assertThat(gate.inFlight().slots()).isOne();
        held.close();
    }

    @Test
    void sweep_nothingOpen_endsAndBeginsAgainWithTheNext() {
        Gate gate = builder(10).build();
        Permit held = take(gate);
        for (int i = 0; i < 3; i++) {
            time.advance(SWEEP);
            assertThat(time.scheduled()).as("while one is open").isOne();
        }

        held.close();
        time.advance(SWEEP);
        time.advance(SWEEP);
        assertThat(time.scheduled()).isZero();

        takeAndDrop(gate, 1);
        awaitLeaks(gate, 1);
    }

    @Test
    void sweep_gateClosed_endsAsWell() {
        Gate gate = builder(10).build();
        Permit held = take(gate);
        time.advance(SWEEP);

        gate.close();
        time.advance(SWEEP);

        assertThat(time.scheduled()).isZero();
        assertThat(held.close(Outcome.COMPLETED, Usage.NONE)).isTrue();
    }

    @Test
    void leakDetection_off_findsAndSchedulesNothing() {
        Gate gate = builder(2).leakDetection(false).build();
        takeAndDrop(gate, 1);

        assertThat(time.scheduled()).isZero();
        for (int i = 0; i < 3; i++) {
            collectAndSweep();
        }

        assertThat(gate.leakedPermits()).isZero();
        assertThat(gate.inFlight().slots()).isOne();
    }

    @Test
    void leakSites_oneInSoMany_areNotedWhereTheyWereAskedFor() {
        Gate gate = builder(100).leakSites(3).build();
        List<Permit> permits = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            permits.add(take(gate));
        }

        List<LeakDetector.Tracked> noted = permits.stream()
                .map(Permit::tracked)
                .filter(tracked -> tracked != null)
                .toList();

        assertThat(noted).hasSize(10);
        assertThat(noted)
                .allSatisfy(tracked -> assertThat(tracked.site)
                        .isNotNull()
                        .satisfies(site -> assertThat(site.getStackTrace())
                                .anyMatch(each -> each.getClassName().equals(LeakDetectorTest.class.getName())
                                        && each.getMethodName().equals("take"))));
    }

    @Test
    void leakSites_waiterGrantedAndDropped_givesBackWhatItTookWhenGranted() {
        Gate gate = builder(1).leakSites(1).build();
        Permit held = take(gate);
        gate.acquire(Request.of(tier).withTokens(320, 0), answer -> {});
        held.close();
        assertThat(gate.inFlight()).isEqualTo(new Work(1, 320));

        awaitLeaks(gate, 1);

        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
    }

    @ParameterizedTest
    @CsvSource({"0, false", "0, true", "1, false", "1, true"})
    void sweep_grewAndWasDropped_givesBackAllThatItHeld(int sites, boolean followedBefore) {
        Gate gate = builder(2).leakSites(sites).build();
        growAndDrop(gate, followedBefore);
        assertThat(gate.inFlight().tokens()).isGreaterThanOrEqualTo(100 + 5_000);

        awaitLeaks(gate, 1);

        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
        assertThat(gate.load().tiers().get(0).tokensInFlight()).isZero();
    }

    /** Grows before it is known to the sweep, or afterwards. */
    private void growAndDrop(Gate gate, boolean followedBefore) {
        Permit permit = take(gate);
        permit.progress(1_000);
        if (followedBefore) {
            time.advance(SWEEP);
            time.advance(SWEEP);
        }
        permit.progress(5_000);
    }

    @Test
    void log_firstLeakOfAGate_saysWhereItWasAskedFor() {
        String logged = logOf(() -> {
            Gate gate = builder(10).leakSites(1).build();
            takeAndDrop(gate, 5);
            awaitLeaks(gate, 5);
        });

        assertThat(logged)
                .containsOnlyOnce("was dropped without being closed")
                .contains("pool chat tier standard", "It was asked for here", "LeakDetectorTest.takeAndDrop");
    }

    @Test
    void log_noSites_saysHowToNoteThem() {
        String logged = logOf(() -> {
            Gate gate = builder(10).build();
            takeAndDrop(gate, 2);
            awaitLeaks(gate, 2);
        });

        assertThat(logged)
                .containsOnlyOnce("was dropped without being closed")
                .contains("leakSites(1)")
                .doesNotContain("LeakDetectorTest");
    }

    /** What slf4j-simple writes. */
    private static String logOf(Runnable code) {
        PrintStream before = System.err;
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        System.setErr(new PrintStream(written, true, StandardCharsets.UTF_8));
        try {
            code.run();
        } finally {
            BoundedLog.flush(Duration.ofSeconds(30));
            System.setErr(before);
        }
        return written.toString(StandardCharsets.UTF_8);
    }
}
