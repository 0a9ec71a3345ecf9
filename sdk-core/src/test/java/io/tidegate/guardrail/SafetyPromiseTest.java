/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

import static io.tidegate.guardrail.PoolModel.MINUTE;
import static io.tidegate.guardrail.PoolModel.without;
import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.guardrail.Behavior.Direction;
import io.tidegate.guardrail.Behavior.Select;
import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.pool.Evidence;
import io.tidegate.pool.LatencySnapshot;
import io.tidegate.pool.PoolView.ServedView;
import io.tidegate.pool.PoolView.TierView;
import io.tidegate.pool.Tier;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * What the whole chain promises when data, replicas or the service fail. Each promise is shown twice: kept by the chain, and broken
 * by the same chain without the guardrail that keeps it.
 */
class SafetyPromiseTest {

    private static final long START = Long.MAX_VALUE - 20 * MINUTE;
    private static final long HOUR = 3_600;

    private static Guardrails.Builder builder() {
        return Guardrails.builder().bounds(1, 100).fallback(new Fallback(8));
    }

    /** A pool of so many that has been well, and as busy as it should be, for longer than any window. */
    private static PoolModel settled(List<Guardrail> chain, int replicas) {
        PoolModel pool = new PoolModel(chain, START, replicas);
        pool.hold(HOUR, 30, replicas);
        assertThat(pool.current).isEqualTo(replicas);
        return pool;
    }

    static TierView tier(Tier tier, long completed, long failed, long evaluated, long broken) {
        ServedView served = new ServedView(
                0,
                0,
                0,
                completed,
                failed,
                evaluated,
                broken,
                LatencySnapshot.EMPTY,
                LatencySnapshot.EMPTY,
                LatencySnapshot.EMPTY);
        return new TierView(tier, 1, 0, Duration.ZERO, 1, 0, 1, 100, served);
    }

    // ---- E1 --------------------------------------------------------------------------------------------------------

    private static final List<String> SOURCES = List.of("backend", "vllm", "dcgm", "prometheus", "gateway b");

    private static Evidence missing(int subset) {
        List<String> gaps = new ArrayList<>();
        for (int i = 0; i < SOURCES.size(); i++) {
            if ((subset & 1 << i) != 0) {
                gaps.add(SOURCES.get(i) + " is missing");
            }
        }
        return new Evidence(gaps, 1, gaps.size() == SOURCES.size());
    }

    @Test
    @DisplayName("E1: whichever sources are missing, nothing goes down, and the others may raise")
    void chain_anySubsetMissing_neverGoesDownAndMayGoUp() {
        for (int subset = 1; subset < 1 << SOURCES.size(); subset++) {
            PoolModel pool = settled(builder().build(), 10);
            pool.evidence = missing(subset);
            pool.hold(HOUR, 30, 2);
            assertThat(pool.current).as("missing %d", subset).isEqualTo(10);
            if (!pool.evidence.blind()) {
                assertThat(pool.narrowings)
                        .filteredOn(Narrowing::narrowed)
                        .singleElement()
                        .satisfies(each -> assertThat(each.why()).contains(" is missing"));
                pool.step(30, 13);
                assertThat(pool.current).as("missing %d", subset).isEqualTo(13);
            }
        }
    }

    @Test
    @DisplayName("E1: with the other nets down, complete data alone holds it")
    void chain_otherNetsDown_completeDataHolds() {
        List<Guardrail> alone = builder()
                .fallback(new Fallback(0, Duration.ofMinutes(5), 0))
                .down(new Behavior(Direction.DOWN, Duration.ZERO, List.of(), Select.MAX))
                .build();
        PoolModel held = settled(alone, 10);
        held.evidence = missing(2);
        held.hold(60, 30, 2);
        assertThat(held.current).isEqualTo(10);

        PoolModel fallen = settled(without(alone, CompleteData.class), 10);
        fallen.evidence = missing(2);
        fallen.hold(60, 30, 2);
        assertThat(fallen.current).isEqualTo(2);
    }

    // ---- E7 --------------------------------------------------------------------------------------------------------

    private static int afterAnHourAtCoverage(List<Guardrail> chain, double coverage) {
        PoolModel pool = settled(chain, 10);
        pool.evidence = new Evidence(List.of(), coverage, false);
        pool.hold(HOUR, 30, 2);
        return pool.current;
    }

    @Test
    @DisplayName("E7: while one of several gateways reports, nothing goes down")
    void chain_coverageBelow_neverGoesDown() {
        assertThat(afterAnHourAtCoverage(builder().build(), 0.33)).isEqualTo(10);
        assertThat(afterAnHourAtCoverage(builder().build(), 0.89)).isEqualTo(10);
        assertThat(afterAnHourAtCoverage(builder().build(), 0.9)).isEqualTo(2);
        assertThat(afterAnHourAtCoverage(without(builder().build(), Coverage.class), 0.33))
                .isEqualTo(2);
    }

    // ---- E8 --------------------------------------------------------------------------------------------------------

    private static PoolModel blind(List<Guardrail> chain, int replicas, long seconds) {
        PoolModel pool = settled(chain, replicas);
        pool.evidence = new Evidence(List.of("nothing is heard of"), 0, true);
        pool.hold(seconds, 1, replicas);
        return pool;
    }

    @Test
    @DisplayName("E8: blind for 5 minutes raises to what is configured, never below what there is")
    void chain_blindForFiveMinutes_fallsBack() {
        assertThat(blind(builder().build(), 3, 299).current).isEqualTo(3);
        assertThat(blind(builder().build(), 3, 300).current).isEqualTo(7);
        assertThat(blind(builder().build(), 3, 330).current).isEqualTo(8);
        assertThat(blind(builder().build(), 30, 600).current).isEqualTo(30);
        assertThat(blind(without(builder().build(), Fallback.class), 3, 600).current)
                .isEqualTo(3);
    }

    @Test
    @DisplayName("E8: an up that has to be wanted for a while does not keep the fallback away")
    void chain_blindWithUpStabilization_fallsBack() {
        Behavior slow =
                new Behavior(Direction.UP, Duration.ofMinutes(30), Behavior.up().rates(), Select.MAX);
        assertThat(blind(builder().up(slow).build(), 3, 330).current).isEqualTo(8);
    }

    private static int goodPollsBeforeDown(List<Guardrail> chain) {
        PoolModel pool = blind(chain, 12, 400);
        // The stabilization window is over at the next round, so that only good polls are left to wait for.
        pool.now += 6 * MINUTE;
        pool.evidence = Evidence.COMPLETE;
        for (int polls = 1; polls <= 10; polls++) {
            pool.step(1, 2);
            if (pool.current < 12) {
                return polls;
            }
        }
        return 99;
    }

    @Test
    @DisplayName("E8: the fallback is left only after 3 good polls")
    void chain_heardAgain_goesDownOnlyAfterThreeGoodPolls() {
        assertThat(goodPollsBeforeDown(builder().build())).isEqualTo(3);
        assertThat(goodPollsBeforeDown(without(builder().build(), Fallback.class)))
                .isEqualTo(1);
    }

    // ---- E9 --------------------------------------------------------------------------------------------------------

    private static int afterAnHourWith(List<Guardrail> chain, TierView tier) {
        PoolModel pool = settled(chain, 10);
        pool.look = views -> views.tier(tier);
        pool.hold(HOUR, 30, 2);
        return pool.current;
    }

    @Test
    @DisplayName("E9: while errors are many or an SLO is broken, nothing goes down however low the load looks")
    void chain_unwell_neverGoesDown() {
        Tier tier = Tier.builder("premium").build();
        List<Guardrail> chain = builder().build();
        TierView failing = tier(tier, 94, 6, 0, 0);
        TierView slow = tier(tier, 100, 0, 100, 2);
        assertThat(afterAnHourWith(chain, failing)).isEqualTo(10);
        assertThat(afterAnHourWith(chain, slow)).isEqualTo(10);
        assertThat(afterAnHourWith(chain, tier(tier, 95, 5, 100, 1))).isEqualTo(2);
        assertThat(afterAnHourWith(without(chain, Healthy.class), failing)).isEqualTo(2);
        assertThat(afterAnHourWith(without(chain, Healthy.class), slow)).isEqualTo(2);
    }

    // ---- F5 --------------------------------------------------------------------------------------------------------

    /** The account of a pool whose last request comes at the 300th second, and of which nothing is wanted from the start. */
    private static PoolModel emptied(List<Guardrail> chain, int replicas) {
        PoolModel pool = settled(chain, replicas);
        for (long second = 0; second < 3 * HOUR; second += 10) {
            boolean traffic = second <= 300;
            pool.look = views -> traffic ? views.tier(0.1, 1, 0) : views;
            pool.step(10, 0);
        }
        return pool;
    }

    @Test
    @DisplayName("F5: to none only from one, and only after a whole window without traffic")
    void chain_emptied_goesToNoneByStepsAndOnProof() {
        for (int replicas = 1; replicas <= 12; replicas++) {
            PoolModel pool = emptied(builder().bounds(0, 100).build(), replicas);
            History.Change last = pool.log.get(pool.log.size() - 1);
            assertThat(last.from()).isEqualTo(1);
            assertThat(last.to()).isZero();
            assertThat(pool.log).filteredOn(change -> change.to() == 0).hasSize(1);
            assertThat(last.atNanos() - pool.history.marks().trafficNanos()).isGreaterThanOrEqualTo(10 * MINUTE);
        }
    }

    @Test
    @DisplayName("F5: without its guardrail, none comes from many and too soon")
    void chain_emptiedWithoutToZero_isTooSoon() {
        PoolModel soon = emptied(without(builder().bounds(0, 100).build(), ToZero.class), 1);
        assertThat(soon.log.get(0).atNanos() - soon.history.marks().trafficNanos())
                .isLessThan(10 * MINUTE);

        List<Guardrail> unlimited = builder()
                .bounds(0, 100)
                .down(new Behavior(Direction.DOWN, Duration.ZERO, List.of(), Select.MAX))
                .build();
        assertThat(emptied(unlimited, 12).log.get(0).to()).isEqualTo(1);
        assertThat(emptied(without(unlimited, ToZero.class), 12).log.get(0).to())
                .isZero();
    }

    @Test
    @DisplayName("F5: a source that is missing keeps the last replica for a whole window")
    void chain_dataMissing_keepsTheLast() {
        PoolModel pool = settled(builder().bounds(0, 100).build(), 1);
        for (int i = 0; i < 100; i++) {
            pool.evidence = i % 18 == 0 ? missing(2) : Evidence.COMPLETE;
            pool.step(30, 0);
            assertThat(pool.current).isEqualTo(1);
        }
    }

    // ---- F10 -------------------------------------------------------------------------------------------------------

    private static PoolModel neverReady(List<Guardrail> chain) {
        PoolModel pool = settled(chain, 1);
        pool.becomeReady = false;
        return pool;
    }

    @Test
    @DisplayName("F10: replicas that never become ready stop at the pending cap")
    void chain_neverReady_stopsAtTheCap() {
        PoolModel pool = neverReady(builder().build());
        pool.hold(6 * HOUR, 5, 1_000);
        assertThat(pool.current).isEqualTo(26);
        assertThat(pool.asked).hasSize(25);

        PoolModel small = neverReady(builder().bounds(1, 12).build());
        small.hold(6 * HOUR, 5, 1_000);
        assertThat(small.current).isEqualTo(11);

        PoolModel endless = neverReady(without(builder().build(), PendingCap.class));
        endless.hold(HOUR, 5, 1_000);
        assertThat(endless.current).isEqualTo(100);
    }

    /** Minutes between raises of a pool that is always asked for one more, from when its first replica is overdue. */
    private static List<Double> waits(PoolModel pool, long seconds) {
        pool.hold(60, 5, 2);
        pool.hold(40, 5, 3);
        for (long second = 0; second < seconds; second += 5) {
            pool.step(5, pool.current + 1);
        }
        List<Double> waits = new ArrayList<>();
        for (int i = 2; i < pool.log.size(); i++) {
            waits.add((pool.log.get(i).atNanos() - pool.log.get(i - 1).atNanos()) / (double) MINUTE);
        }
        return waits;
    }

    @Test
    @DisplayName("F10: while they do not come, raises wait 1, 2, 4, 8, 16, 30 and 30 minutes")
    void chain_overdue_backsOff() {
        PoolModel pool = neverReady(builder().build());
        assertThat(waits(pool, 3 * HOUR)).startsWith(1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0);
        assertThat(pool.narrowings).anySatisfy(each -> assertThat(each.why()).contains("the next try is in"));
        assertThat(pool.log).allMatch(change -> change.to() > change.from());
    }

    @Test
    @DisplayName("F10: without the pending cap they do not wait")
    void chain_overdueWithoutPendingCap_doesNotBackOff() {
        assertThat(waits(neverReady(without(builder().build(), PendingCap.class)), 300))
                .allMatch(wait -> wait < 1);
    }

    @Test
    @DisplayName("F10: one that becomes ready ends the waiting")
    void chain_oneReady_raisesAtOnce() {
        PoolModel pool = neverReady(builder().build());
        waits(pool, 20 * 60);
        int before = pool.current;
        pool.step(5, before + 1);
        assertThat(pool.current).isEqualTo(before);

        pool.asked.remove(0);
        pool.history = pool.history.withMarks(pool.history.marks().withReady(pool.now));
        pool.step(5, before + 1);
        assertThat(pool.current).isEqualTo(before + 1);
    }

    // ---- D1, F9 ----------------------------------------------------------------------------------------------------

    @Test
    @DisplayName("D1: a jump of the clock holds down for one window and changes nothing else")
    void chain_clockJump_holdsDownOnly() {
        for (boolean guarded : new boolean[] {true, false}) {
            List<Guardrail> whole = builder().build();
            PoolModel pool = settled(guarded ? whole : without(whole, ClockJump.class), 10);
            pool.hold(290, 10, 2);
            pool.history = pool.history.withMarks(pool.history.marks().withJump(pool.now));
            pool.hold(300, 10, 2);
            assertThat(pool.current).isEqualTo(guarded ? 10 : 5);
            pool.hold(20, 10, 2);
            assertThat(pool.current).isLessThan(10);
            pool.history = pool.history.withMarks(pool.history.marks().withJump(pool.now));
            int before = pool.current;
            pool.step(10, 13);
            assertThat(pool.current).isGreaterThan(before);
        }
    }

    @Test
    @DisplayName("beyond the spend cap a raise is refused and nothing is forced down")
    void chain_spendCap_refusesAndNeverForcesDown() {
        List<Guardrail> chain = builder().spend(new SpendCap(30, 2.5)).build();
        PoolModel pool = settled(chain, 10);
        pool.hold(300, 10, 40);
        assertThat(pool.current).isEqualTo(12);
        assertThat(settled(without(chain, Spend.class), 10).step(10, 40)).isEqualTo(20);

        PoolModel dear = settled(builder().spend(new SpendCap(5, 2.5)).build(), 10);
        dear.hold(HOUR, 10, 11);
        assertThat(dear.current).isEqualTo(10);
    }
}
