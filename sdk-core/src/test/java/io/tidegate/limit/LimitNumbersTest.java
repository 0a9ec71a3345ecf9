/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.limit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tidegate.pool.Replicas;
import io.tidegate.pool.Signal;
import io.tidegate.pool.Work;
import io.tidegate.supply.Supply;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The worked examples of {@code docs/limits.md}. */
class LimitNumbersTest {

    private static final double UNKNOWN = Double.NaN;
    private static final LimitSettings ENGINE = LimitSettings.of(LimitMode.ENGINE);

    private final ManualTime time = new ManualTime();
    private Work inFlight = Work.NONE;

    private LimitController controller(LimitSettings settings) {
        return LimitController.builder(time, supply -> {}, () -> inFlight)
                .settings(settings)
                .build();
    }

    private static Supply supply(int ready, Work replica) {
        return new Supply(Replicas.ready(ready), replica, false);
    }

    private Signal known(double value, String unit) {
        return new Signal.Known(value, unit, time.nanos(), "engine");
    }

    private EngineReading reading(double running, double waiting) {
        return EngineReading.of("a", known(running, "requests"), known(waiting, "requests"));
    }

    private static EngineLaw.Look look(double factor, double inFlight, double running, double waiting) {
        return new EngineLaw.Look(
                256, factor, 0, inFlight, 0, running, waiting, waiting, UNKNOWN, false, false, true, true);
    }

    @Test
    void fixed_threeReplicasOf256SlotsAnd400000Tokens_areAddedUp() {
        LimitController limit = controller(LimitSettings.defaults());
        limit.accept(supply(3, new Work(256, 400_000)));

        assertThat(limit.limit()).isEqualTo(new Work(768, 1_200_000));
    }

    @Test
    void tokens_cacheOf27000BlocksOf16_promisesNineTenthsOfIt() {
        LimitController limit = controller(LimitSettings.of(LimitMode.TOKENS));
        limit.accept(supply(3, new Work(256, 400_000)));
        limit.readings(List.of(EngineReading.none("a", "busy").withKvCacheTokens(known(16 * 27_000, "tokens"))));

        assertThat(limit.limit()).isEqualTo(new Work(768, 3 * 388_800));
    }

    @Test
    void engine_64RunAnd36Wait_isCutIn4StepsTo66Slots() {
        List<Long> slots = new ArrayList<>();
        double factor = 1;
        double inFlight = 100;
        for (int cut = 0; cut < 4; cut++) {
            // The engine holds 64; the rest waits.
            factor = EngineLaw.decide(ENGINE, look(factor, inFlight, 64, inFlight - 64))
                    .factor();
            slots.add(Math.round(factor * 256));
            inFlight = Math.min(inFlight, Math.floor(factor * 256));
        }

        assertThat(slots).containsExactly(179L, 125L, 88L, 66L);
    }

    @Test
    void engine_twoGatewaysOf60And40InFlight_eachGivesUpTheSamePart() {
        double larger = EngineLaw.decide(ENGINE, look(0.25, 60, 64, 36)).factor() * 256;
        double smaller = EngineLaw.decide(ENGINE, look(0.17, 40, 64, 36)).factor() * 256;

        // 60 × 0.66 = 39.6 and 40 × 0.66 = 26.4, but at most 30 % of the limit at once.
        assertThat(larger).isCloseTo(0.7 * 64, within(0.01));
        assertThat(smaller).isCloseTo(0.7 * 43.52, within(0.01));
    }

    @Test
    void engine_cacheAt96Percent_isCutTo90Over96() {
        EngineLaw.Look full = new EngineLaw.Look(256, 0.5, 3, 128, 0, 128, 0, 0, 0.96, false, false, true, true);

        assertThat(EngineLaw.decide(ENGINE, full)).isEqualTo(new EngineLaw.Verdict(0.5 * 0.9 / 0.96, 0));
    }

    @Test
    void engine_raises_doubleFrom1PercentTo10() {
        List<Long> percent = new ArrayList<>();
        EngineLaw.Verdict verdict = new EngineLaw.Verdict(0.05, 0);
        for (int raise = 0; raise < 13; raise++) {
            EngineLaw.Look look = new EngineLaw.Look(
                    256, verdict.factor(), verdict.raises(), 100, 0, 100, 0, 0, UNKNOWN, false, false, true, true);
            verdict = EngineLaw.decide(ENGINE, look);
            percent.add(Math.round(verdict.factor() * 100));
        }

        assertThat(percent).containsExactly(6L, 8L, 12L, 20L, 30L, 40L, 50L, 60L, 70L, 80L, 90L, 100L, 100L);
    }

    @Test
    void engine_creditOf10_isAddedToThe20ThatWait() {
        LimitController limit = controller(ENGINE);
        inFlight = Work.slots(84);
        limit.accept(supply(1, Work.slots(84)));
        time.advance(Duration.ofMillis(100));
        EngineReading read = reading(64, 9);
        time.advance(Duration.ofMillis(100));
        inFlight = Work.slots(84);
        limit.readings(List.of(read));
        time.advance(Duration.ofSeconds(1));
        inFlight = Work.slots(74);
        limit.accept(supply(1, Work.slots(84)));
        EngineReading second = reading(64, 10);
        time.advance(Duration.ofMillis(100));
        // Ten have been sent since that reading was taken: 20 wait, though it says 10.
        inFlight = Work.slots(84);
        limit.readings(List.of(second));

        // 84 × (64 + 2) ÷ (64 + min(9, 20)) = 75.9
        assertThat(limit.limit().slots()).isEqualTo(76);
    }

    @Test
    void stale_factorOf40Percent_isHeld10SecondsAndThenMovesTo80() {
        LimitController limit = controller(
                LimitSettings.builder().mode(LimitMode.ENGINE).largestCut(0.9).build());
        inFlight = Work.slots(44);
        limit.accept(supply(1, Work.slots(100)));
        // 44 × 0.90 ÷ 0.99 = 40
        limit.readings(List.of(reading(44, 0).withKvCache(known(0.99, "ratio"), known(0, "requests"))));
        List<Integer> limits = new ArrayList<>();
        for (int seconds : new int[] {5, 10, 15, 15, 30}) {
            time.advance(Duration.ofSeconds(seconds));
            limit.refresh();
            limits.add(limit.limit().slots());
        }

        // After 5, 15, 30, 45 and 75 s.
        assertThat(limits).containsExactly(40, 40, 60, 80, 80);
    }

    @Test
    void slowStart_oneOfTwoIsNew_countsAQuarterAtFirst() {
        LimitController limit = controller(LimitSettings.defaults());
        limit.accept(supply(1, Work.slots(256)));
        List<Integer> limits = new ArrayList<>();
        for (int step = 0; step < 4; step++) {
            limit.accept(supply(2, Work.slots(256)));
            limits.add(limit.limit().slots());
            time.advance(Duration.ofSeconds(10));
        }

        assertThat(limits).containsExactly(256 + 64, 256 + 128, 256 + 192, 512);
    }

    @Test
    void rejections_twoInTwoSeconds_leaveAQuarterOfThatReplica() {
        LimitController limit = controller(LimitSettings.defaults());
        limit.accept(supply(2, Work.slots(256)));
        limit.rejected("a", Duration.ofSeconds(5));
        time.advance(Duration.ofSeconds(2));
        limit.rejected("a", Duration.ofSeconds(5));

        assertThat(limit.limit()).isEqualTo(Work.slots(256 + 64));
        time.advance(Duration.ofSeconds(10));
        limit.refresh();
        // Half of the way back, 5 s after Retry-After was over.
        assertThat(limit.limit()).isEqualTo(Work.slots(256 + 160));
    }
}
