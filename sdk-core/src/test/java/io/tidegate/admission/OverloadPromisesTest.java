/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.pool.PoolLoad.TierLoad;
import io.tidegate.pool.Replicas;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.supply.Supply;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleSupplier;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is promised while far more arrives than can be served, and when that is over. */
class OverloadPromisesTest {

    private static final int SLOTS = 32;
    private static final double HOLD = 2;
    /** Requests a second that the pool serves. */
    private static final double CAPACITY = SLOTS / HOLD;

    private final ManualTime time = new ManualTime();
    private final Tier premium = Tier.builder("premium")
            .weight(8)
            .maxQueueTime(Duration.ofSeconds(5))
            .build();
    private final Tier standard = Tier.builder("standard")
            .weight(4)
            .ceiling(0.9)
            .maxQueueTime(Duration.ofSeconds(10))
            .build();
    private final Tier batch = Tier.builder("batch")
            .weight(1)
            .ceiling(0.9)
            .maxQueueTime(Duration.ofSeconds(20))
            .build();

    private Gate.Builder gate() {
        return Gate.builder("chat")
                .tier(premium)
                .tier(standard)
                .tier(batch)
                .time(time)
                .seed(1)
                .callbackExecutor(Runnable::run)
                .limit(Work.slots(SLOTS));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    @DisplayName("B1: ten times the load for ten minutes costs no goodput, and is over 30 s after it")
    void tenTimesTheLoad_keepsGoodputAndRecovers(long seed) {
        Gate gate = gate().build();
        VirtualLoad load = new VirtualLoad(time, seed);
        double[] factor = {0.8};
        Tier[] tiers = {premium, standard, batch};
        load.arrivals(() -> factor[0] * CAPACITY, 900, () -> {
            Tier tier = tiers[load.random.nextInt(3)];
            Request request = Request.of(tier).withTenant("tenant-" + load.random.nextInt(100));
            boolean low = tier == batch;
            load.ask(gate, low ? phase() + " low" : phase(), request, load.exponential(HOLD));
        });
        load.run(60);
        factor[0] = 10;
        int before = ended(load);
        load.run(600);
        int during = ended(load) - before;
        factor[0] = 0.8;
        load.run(30);
        load.run(200);

        VirtualLoad.Notes after = load.of("after");
        VirtualLoad.Notes low = load.of("after low");
        double goodput = during / (600 * CAPACITY);
        System.out.printf(
                "B1: goodput %.3f of capacity at 10x; from 30 s after it: %d of %d refused, p99 in queue %.2f s; of the"
                        + " lowest tier %d of %d, %.2f s%n",
                goodput, after.refused(), after.asked, after.p99Queue(), low.refused(), low.asked, low.p99Queue());
        assertThat(goodput).isGreaterThan(0.9);
        assertThat(gate.openRanks()).isEqualTo(1);
        assertThat(after.refused()).isZero();
        assertThat(after.p99Queue()).isLessThan(2);
        assertThat((double) low.refused() / low.asked).isLessThan(0.005);
        assertThat(load.of("high").refused).containsKey("overloaded");
    }

    /** 60 s of calm, ten minutes of overload, 30 s to recover in. */
    private String phase() {
        double second = (double) time.nanos() / VirtualLoad.SECOND;
        return second < 60 ? "before" : second < 660 ? "high" : second < 690 ? "recovering" : "after";
    }

    private static int ended(VirtualLoad load) {
        return List.of("before", "high", "recovering", "after").stream()
                .mapToInt(phase -> load.of(phase).ended + load.of(phase + " low").ended)
                .sum();
    }

    @Test
    @DisplayName("B1: in standing overload the same tenants are served, highest tiers first, and not each a little")
    void standingOverload_shedsByRank() {
        Gate gate = gate().build();
        VirtualLoad load = new VirtualLoad(time, 4);
        for (Tier tier : List.of(premium, standard, batch)) {
            load.arrivals(
                    () -> CAPACITY / 2,
                    600,
                    () -> load.ask(
                            gate,
                            tier.name(),
                            Request.of(tier).withTenant("tenant-" + load.random.nextInt(200)),
                            load.exponential(HOLD)));
        }
        load.run(600);

        double high = (double) load.of("premium").admitted / load.of("premium").asked;
        double middle = (double) load.of("standard").admitted / load.of("standard").asked;
        double low = (double) load.of("batch").admitted / load.of("batch").asked;
        System.out.printf(
                "B1: at 1.5x, half of capacity by each tier: premium %.3f, standard %.3f, batch %.3f admitted%n",
                high, middle, low);
        assertThat(high).isGreaterThan(0.98);
        assertThat(middle).isGreaterThan(low + 0.2);
        assertThat(low).isGreaterThan(0.05);
    }

    @Test
    @DisplayName(
            "B4: 5,000 in queue when capacity comes back are released as it has room, and nobody whose time is over")
    void manyQueued_capacityReturns_releasedByRoom() {
        Tier patient = Tier.builder("patient")
                .maxQueued(10_000)
                .maxQueueTime(Duration.ofMinutes(5))
                .build();
        Gate gate = Gate.builder("chat")
                .tier(patient)
                .time(time)
                .seed(1)
                .maxQueued(10_000)
                .callbackExecutor(Runnable::run)
                .build();
        VirtualLoad load = new VirtualLoad(time, 5);
        List<Double> waited = new ArrayList<>();
        int[] dead = new int[1];
        int[] mostAtOnce = new int[1];
        for (int i = 0; i < 5_000; i++) {
            // One in five gives up in the 30 s before capacity comes back.
            double bound = i % 5 == 0 ? 1 + load.random.nextDouble() * 28 : 300;
            long came = time.nanos();
            Request request = Request.of(patient).withTimeout(Duration.ofNanos((long) (bound * VirtualLoad.SECOND)));
            gate.acquire(request, answer -> {
                if (answer instanceof Permit permit) {
                    double queued = (double) (time.nanos() - came) / VirtualLoad.SECOND;
                    waited.add(queued);
                    dead[0] += queued > bound ? 1 : 0;
                    mostAtOnce[0] = Math.max(mostAtOnce[0], gate.inFlight().slots());
                    load.after(load.exponential(HOLD), () -> permit.close(Outcome.COMPLETED, Usage.NONE));
                }
            });
        }
        assertThat(gate.queued()).isEqualTo(5_000);
        load.run(30);
        assertThat(gate.queued())
                .as("those whose time was over left before anybody was served")
                .isEqualTo(4_000);

        gate.supply(Supply.fixed(1, Work.slots(SLOTS)));
        load.run(1);
        assertThat(waited.size()).as("served in the first second").isLessThan(SLOTS + 2 * (int) CAPACITY);
        load.run(299);

        assertThat(dead[0]).isZero();
        assertThat(mostAtOnce[0]).isEqualTo(SLOTS);
        assertThat(waited).hasSize(4_000);
    }

    // ---- coming back -----------------------------------------------------------------------------------------------

    @ParameterizedTest
    @ValueSource(longs = {21, 22, 23})
    @DisplayName(
            "B2: of clients that come back when they were told to, at least nine in ten are admitted, while load rises")
    void comeBackWhenTold_rising_areAdmitted(long seed) {
        // From 0.7 of capacity to 1.6 times of it in two minutes, and a second replica after four.
        Honesty found = honesty("rising", seed, second -> second < 120 ? 0.7 + 0.9 * second / 120 : 1.6, 180, 600);

        assertThat(found.share()).isGreaterThan(0.9);
        assertThat(found.cameBack()).isGreaterThan(200);
    }

    @ParameterizedTest
    @ValueSource(longs = {31, 32, 33})
    @DisplayName(
            "B2: of clients that come back when they were told to, at least nine in ten are admitted, while load falls")
    void comeBackWhenTold_falling_areAdmitted(long seed) {
        // 1.8 times capacity for a minute, then down to 0.4 in three.
        Honesty found = honesty(
                "falling",
                seed,
                second -> second < 60 ? 1.8 : Math.max(0.4, 1.8 - 1.4 * (second - 60) / 180),
                Double.POSITIVE_INFINITY,
                600);

        assertThat(found.share()).isGreaterThan(0.9);
        assertThat(found.cameBack()).isGreaterThan(200);
    }

    private record Honesty(int cameBack, int admitted) {
        double share() {
            return (double) admitted / cameBack;
        }
    }

    private interface Factor {
        double at(double second);
    }

    private Honesty honesty(String name, long seed, Factor factor, double readyAt, double seconds) {
        Tier tier =
                Tier.builder("standard").maxQueueTime(Duration.ofSeconds(10)).build();
        Gate gate = Gate.builder("chat")
                .tier(tier)
                .time(time)
                .seed(seed)
                .callbackExecutor(Runnable::run)
                .limit(Work.slots(SLOTS))
                .build();
        VirtualLoad load = new VirtualLoad(time, seed);
        long start = time.nanos();
        if (Double.isFinite(readyAt)) {
            // Asked for half a minute before; admission knows when it is due.
            load.after(
                    readyAt - 30,
                    () -> gate.supply(new Supply(
                            new Replicas(2, 1, List.of(start + (long) (readyAt * VirtualLoad.SECOND))),
                            Work.slots(SLOTS),
                            true)));
            load.after(readyAt, () -> gate.supply(Supply.fixed(2, Work.slots(SLOTS))));
        }
        int[] cameBack = new int[1];
        int[] admitted = new int[1];
        int[] number = new int[1];
        DoubleSupplier rate = () -> CAPACITY * factor.at((double) (time.nanos() - start) / VirtualLoad.SECOND);
        load.arrivals(rate, seconds, () -> {
            Request request = Request.of(tier)
                    .withTenant("tenant-" + load.random.nextInt(50))
                    .withKey("request-" + number[0]++);
            load.ask(gate, "first", request, () -> load.exponential(HOLD), () -> Usage.NONE, refusal -> {
                double told = (double) VirtualLoad.retryAfter(refusal).toNanos() / VirtualLoad.SECOND;
                // As HTTP tells it: in whole seconds, rounded up.
                load.after(Math.ceil(told), () -> {
                    cameBack[0]++;
                    gate.acquire(request.withAttempt(2), answer -> {
                        if (answer instanceof Permit permit) {
                            admitted[0]++;
                            load.after(load.exponential(HOLD), () -> permit.close(Outcome.COMPLETED, Usage.NONE));
                        } else {
                            load.of("back").refused.merge(VirtualLoad.reason(answer), 1, Integer::sum);
                        }
                    });
                });
            });
        });
        load.run(seconds + 400);
        Honesty found = new Honesty(cameBack[0], admitted[0]);
        System.out.printf(
                "Retry-After, %s load, seed %d: %d of %d first attempts refused; of %d that came back when told %.1f %% admitted, %s%n",
                name,
                seed,
                load.of("first").refused(),
                load.of("first").asked,
                found.cameBack,
                100 * found.share(),
                load.of("back").refused);
        return found;
    }

    @ParameterizedTest
    @ValueSource(longs = {41, 42})
    @DisplayName("B2: a storm of retries that do not wait is told the same time again, and counts once as demand")
    void retryStorm_isDampedAndNoDemand(long seed) {
        Tier tier = Tier.builder("standard").maxQueueTime(Duration.ofSeconds(5)).build();
        Gate gate = Gate.builder("chat")
                .tier(tier)
                .time(time)
                .seed(seed)
                .callbackExecutor(Runnable::run)
                .limit(Work.slots(SLOTS))
                .build();
        VirtualLoad load = new VirtualLoad(time, seed);
        int[] number = new int[1];
        int[] attempts = new int[1];
        double seconds = 300;
        // Twice of what can be served, and whoever is refused asks three times more, 100 ms apart.
        load.arrivals(() -> 2 * CAPACITY, seconds, () -> {
            Request request = Request.of(tier).withKey("request-" + number[0]++);
            insist(load, gate, request, 1, attempts);
        });
        load.run(seconds);
        TierLoad counted = gate.load().tiers().get(0);
        double goodput = (double) load.of("insisting").ended / (seconds * CAPACITY);
        System.out.printf(
                "B2: %d requests in %d attempts, counted as %d arrivals and %d retries; goodput %.3f; refused %s%n",
                number[0], attempts[0], counted.arrivals(), counted.retries(), goodput, load.of("insisting").refused);

        assertThat(attempts[0]).isGreaterThan(2 * number[0]);
        assertThat((double) counted.arrivals() / number[0]).isBetween(0.98, 1.02);
        assertThat(counted.arrivals() + counted.retries()).isEqualTo(attempts[0]);
        assertThat(load.of("insisting").refused.get("retry_too_soon")).isGreaterThan(attempts[0] / 4);
        assertThat(goodput).isGreaterThan(0.95);
    }

    private static void insist(VirtualLoad load, Gate gate, Request request, int attempt, int[] attempts) {
        attempts[0]++;
        load.ask(
                gate,
                "insisting",
                request.withAttempt(attempt),
                () -> load.exponential(HOLD),
                () -> Usage.NONE,
                refusal -> {
                    if (attempt < 4) {
                        load.after(0.1, () -> insist(load, gate, request, attempt + 1, attempts));
                    }
                });
    }
}
