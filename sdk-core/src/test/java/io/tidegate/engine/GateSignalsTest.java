/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.pool.LatencySnapshot;
import io.tidegate.pool.PoolLoad.Served;
import io.tidegate.pool.PoolView.ServedView;
import io.tidegate.pool.PoolView.TierView;
import io.tidegate.pool.Signal;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GateSignalsTest {

    private static TierView tier(
            String name, long inFlight, long queued, int age, double arrivals, double refused, ServedView served) {
        return new TierView(
                Tier.builder(name).build(),
                inFlight,
                queued,
                Duration.ofSeconds(age),
                arrivals,
                refused,
                Double.NaN,
                Double.NaN,
                served);
    }

    private static LatencySnapshot times(Duration each, int count) {
        long[] counts = new long[LatencySnapshot.BUCKETS];
        counts[LatencySnapshot.bucket(each.toNanos())] = count;
        return LatencySnapshot.of(counts);
    }

    private static Map<String, Signal> of(TierView... tiers) {
        return GateSignals.of(List.of(tiers), 2, Work.slots(10), 77);
    }

    private static double value(Map<String, Signal> signals, String name) {
        assertThat(signals.get(name)).as(name).isInstanceOf(Signal.Known.class);
        return ((Signal.Known) signals.get(name)).value();
    }

    @Test
    void of_twoTiers_sumsAndNames() {
        ServedView gold = new ServedView(
                2,
                100,
                50,
                30,
                10,
                20,
                5,
                times(Duration.ofSeconds(1), 3),
                LatencySnapshot.EMPTY,
                LatencySnapshot.EMPTY);
        ServedView free = new ServedView(
                1, 10, 5, 10, 0, 0, 0, times(Duration.ofSeconds(8), 1), LatencySnapshot.EMPTY, LatencySnapshot.EMPTY);
        Map<String, Signal> signals = of(tier("gold", 4, 2, 3, 5, 0.5, gold), tier("free", 1, 3, 9, 2, 1, free));
        assertThat(value(signals, "gate.requests.in.flight")).isEqualTo(5);
        assertThat(value(signals, "gate.queue.depth")).isEqualTo(5);
        assertThat(value(signals, "gate.concurrency")).isEqualTo(10);
        assertThat(value(signals, "gate.queue.oldest.age")).isEqualTo(9);
        assertThat(value(signals, "gate.utilization")).isEqualTo(0.25);
        assertThat(value(signals, "gate.arrivals")).isEqualTo(7);
        assertThat(value(signals, "gate.refused")).isEqualTo(1.5);
        assertThat(value(signals, "gate.completed")).isEqualTo(3);
        assertThat(value(signals, "gate.tokens")).isEqualTo(165);
        assertThat(value(signals, "gate.failed.share")).isEqualTo(0.2);
        assertThat(value(signals, "gate.slo.broken.share")).isEqualTo(0.25);
        assertThat(value(signals, "gate.ttft.p50")).isBetween(0.96, 1.04);
        assertThat(value(signals, "gate.ttft.p99")).isBetween(7.7, 8.3);
        assertThat(value(signals, "gate.tier.gold.queue.depth")).isEqualTo(2);
        assertThat(value(signals, "gate.tier.free.concurrency")).isEqualTo(4);
        assertThat(value(signals, "gate.tier.gold.ttft.p99")).isBetween(0.96, 1.04);
        assertThat(signals.get("gate.duration.p95")).isInstanceOf(Signal.Missing.class);
        assertThat(signals).containsKeys("gate.queue.time.p95", "gate.queue.time.p99", "gate.duration.p50");
        assertThat(signals.values()).allMatch(each -> each.source().equals("gate"));
        assertThat(((Signal.Known) signals.get("gate.arrivals")).atNanos()).isEqualTo(77);
    }

    @Test
    void of_noTraffic_latenciesAreZero() {
        Map<String, Signal> signals = of(tier("gold", 0, 0, 0, 0, 0, ServedView.NOTHING));
        for (String name : List.of("ttft.p50", "ttft.p95", "ttft.p99", "queue.time.p95", "duration.p99")) {
            assertThat(value(signals, "gate." + name)).isZero();
            assertThat(value(signals, "gate.tier.gold." + name)).isZero();
        }
        assertThat(signals.values()).allMatch(Signal.Known.class::isInstance);
        assertThat(GateSignals.of(List.of(), 0, Work.slots(1), 0).values()).allMatch(Signal.Known.class::isInstance);
    }

    @Test
    void of_trafficButNothingEnded_latenciesAreMissing() {
        for (TierView each : List.of(
                tier("gold", 1, 0, 0, 0, 0, ServedView.NOTHING),
                tier("gold", 0, 1, 0, 0, 0, ServedView.NOTHING),
                // All are refused, so that nobody is in flight or waits, but somebody asks.
                tier("gold", 0, 0, 0, 5, 5, ServedView.NOTHING))) {
            Map<String, Signal> signals = of(each);
            assertThat(signals.get("gate.ttft.p95")).isInstanceOf(Signal.Missing.class);
            assertThat(signals.get("gate.tier.gold.duration.p95")).isInstanceOf(Signal.Missing.class);
        }
    }

    @Test
    void of_longAfterTheLastRequest_latenciesAreZeroAgain() {
        Map<String, Signal> signals = of(tier("gold", 0, 0, 0, 9e-4, 0, ServedView.NOTHING));
        assertThat(value(signals, "gate.ttft.p95")).isZero();
    }

    @Test
    void of_noReplicaReady_utilizationIsZeroOnlyWithoutRequests() {
        TierView busy = tier("gold", 0, 3, 0, 0, 0, ServedView.NOTHING);
        TierView idle = tier("gold", 0, 0, 0, 0, 0, ServedView.NOTHING);
        assertThat(GateSignals.of(List.of(busy), 0, Work.slots(10), 0).get("gate.utilization"))
                .isInstanceOf(Signal.Missing.class);
        assertThat(value(GateSignals.of(List.of(idle), 0, Work.slots(10), 0), "gate.utilization"))
                .isZero();
    }

    // ---- what LoadRates says was served ----------------------------------------------------------------------------

    private static Served served(long completed, long prompt, long output) {
        return new Served(
                completed,
                completed / 10,
                completed,
                completed / 4,
                prompt,
                output,
                times(Duration.ofSeconds(1), (int) completed),
                LatencySnapshot.EMPTY,
                LatencySnapshot.EMPTY);
    }

    @Test
    void served_isCountedOverTheLatencyWindow_andForgotten() {
        ManualTime time = new ManualTime(Long.MAX_VALUE - 5_000_000_000L, java.time.Instant.EPOCH);
        FakeLoad load = new FakeLoad(time);
        LoadRates rates = new LoadRates(Duration.ofSeconds(15), Duration.ofMinutes(1));
        load.served = served(1_000, 0, 0);
        assertThat(rates.update(load.get()).get(0).served().completed())
                .as("before it looked")
                .isZero();
        load.served = served(1_040, 400, 80);
        time.advance(Duration.ofSeconds(1));
        ServedView now = rates.update(load.get()).get(0).served();
        assertThat(now.completed()).isEqualTo(40);
        assertThat(now.failed()).isEqualTo(4);
        assertThat(now.sloBroken()).isEqualTo(10);
        assertThat(now.timeToFirstToken().count()).isEqualTo(40);
        assertThat(now.completedPerSecond()).isPositive();
        assertThat(now.promptTokensPerSecond()).isEqualTo(5 * now.outputTokensPerSecond());
        for (int i = 1; i <= 70; i++) {
            time.advance(Duration.ofSeconds(1));
            now = rates.update(load.get()).get(0).served();
            if (i < 59) {
                assertThat(now.completed()).as("after %d s", i).isEqualTo(40);
            }
        }
        assertThat(now.completed()).isZero();
        assertThat(now.timeToFirstToken().count()).isZero();
    }

    @Test
    void served_nobodyLookedForLong_isOfTheTimeSince() {
        ManualTime time = new ManualTime();
        FakeLoad load = new FakeLoad(time);
        LoadRates rates = new LoadRates(Duration.ofSeconds(15), Duration.ofMinutes(1));
        rates.update(load.get());
        load.served = served(20, 0, 0);
        time.advance(Duration.ofHours(1));
        assertThat(rates.update(load.get()).get(0).served().completed()).isEqualTo(20);
        time.advance(Duration.ofSeconds(61));
        assertThat(rates.update(load.get()).get(0).served().completed()).isZero();
    }

    @Test
    void anotherGate_thatHasCountedFromItsOwnBeginning_isNoBurst() {
        ManualTime time = new ManualTime();
        FakeLoad load = new FakeLoad(time);
        LoadRates rates = new LoadRates(Duration.ofSeconds(15), Duration.ofMinutes(1));
        load.admit(1_000, 100);
        load.close(1_000, Duration.ofSeconds(2));
        load.served = served(1_000, 9_000, 9_000);
        rates.update(load.get());
        FakeLoad other = new FakeLoad(time);
        other.shed(500);
        other.admit(900, 100);
        other.close(900, Duration.ofSeconds(9));
        other.served = served(900, 8_000, 8_000);
        time.advance(Duration.ofSeconds(1));
        TierView now = rates.update(other.get()).get(0);
        assertThat(now.refusedPerSecond()).isZero();
        assertThat(now.inFlightSeconds()).isNaN();
        assertThat(now.served().completed()).isZero();
        other.served = served(910, 8_000, 8_000);
        time.advance(Duration.ofSeconds(1));
        assertThat(rates.update(other.get()).get(0).served().completed()).isEqualTo(10);
    }
}
