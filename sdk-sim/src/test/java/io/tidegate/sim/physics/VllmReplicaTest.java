/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.physics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VllmReplicaTest {

    private static final long SECOND = 1_000_000_000L;

    /** 10 ms a pass, 1 ms a sequence, 10 µs a token of context, 100 µs a prompt token. */
    private static EngineModel model(int sequences, int batched, long cache) {
        return new EngineModel("test", "", 10, 1, 0.01, 0.1, 0, 0, sequences, batched, cache);
    }

    static void drive(VllmReplica replica, List<Watched> requests) {
        int next = 0;
        while (next < requests.size() || replica.nextNanos() != VllmReplica.NEVER) {
            long arrival = next < requests.size() ? requests.get(next).arrived : VllmReplica.NEVER;
            // A pass that ends when a request arrives has ended before.
            if (replica.nextNanos() < arrival) {
                replica.advance(replica.nextNanos());
            } else {
                replica.arrive(requests.get(next), arrival);
                next++;
            }
        }
    }

    static List<Watched> poisson(long seed, int count, double perSecond, int mostPrompt, int mostOutput) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Watched> requests = new ArrayList<>();
        double at = 0;
        for (int i = 0; i < count; i++) {
            at += -Math.log(1 - random.nextDouble()) / perSecond;
            requests.add(
                    new Watched(Math.round(at * 1e9), 1 + random.nextInt(mostPrompt), 1 + random.nextInt(mostOutput)));
        }
        return requests;
    }

    @Nested
    class Alone {

        @Test
        void request_takesItsPassesAndNoMore() {
            Watched request = new Watched(SECOND, 100, 3);
            drive(new VllmReplica(model(8, 1000, 10_000), 1), List.of(request));
            // 10 + 1 + 100·0.1 = 21 ms; then 10 + 1 + 101·0.01 = 12.01 ms and 12.02 ms.
            assertThat(request.first - SECOND).isEqualTo(21_000_000);
            assertThat(request.last - request.first).isEqualTo(24_030_000);
        }

        @Test
        void promptBeyondTheBudget_isComputedInChunks() {
            Watched request = new Watched(0, 2500, 1);
            drive(new VllmReplica(model(8, 1000, 10_000), 1), List.of(request));
            assertThat(request.first).isEqualTo(3 * 11_000_000 + 250_000_000);
            assertThat(request.last).isEqualTo(request.first);
        }

        @Test
        void slowMachine_takesLongerForEverything() {
            Watched request = new Watched(0, 100, 3);
            drive(new VllmReplica(model(8, 1000, 10_000), 1.5), List.of(request));
            assertThat(request.last).isEqualTo(Math.round(1.5 * 45_030_000));
        }

        @Test
        void busyTime_isThatOfItsPasses() {
            VllmReplica replica = new VllmReplica(model(8, 1000, 10_000), 1);
            drive(replica, List.of(new Watched(0, 100, 3), new Watched(10 * SECOND, 100, 3)));
            assertThat(replica.busyNanos(20 * SECOND)).isEqualTo(2 * 45_030_000);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1, 2, 500, 300, 64, 2000, 1000000",
        "2, 8, 500, 300, 64, 2000, 1000000",
        "3, 30, 500, 300, 16, 500, 1000000",
        "4, 30, 900, 200, 16, 400, 8000",
        "5, 10, 2000, 500, 32, 1000, 12000",
        "6, 50, 50, 1000, 256, 8000, 60000",
        "7, 5, 8000, 20, 8, 2048, 20000"
    })
    void anyLoad_isServedAsPassByPass(
            long seed, double rate, int prompt, int output, int sequences, int batched, long cache) {
        EngineModel model = model(sequences, batched, cache);
        List<Watched> fast = poisson(seed, 400, rate, prompt, output);
        List<Watched> plain = poisson(seed, 400, rate, prompt, output);
        VllmReplica replica = new VllmReplica(model, 1);
        drive(replica, fast);
        PassByPass passes = new PassByPass(model);
        passes.run(plain);
        assertThat(replica.preemptions()).isEqualTo(passes.preemptions);
        for (int i = 0; i < fast.size(); i++) {
            // Each pass is rounded to a nanosecond there, each stretch here.
            assertThat(fast.get(i).first).isCloseTo(plain.get(i).first, within(100_000L));
            assertThat(fast.get(i).last).isCloseTo(plain.get(i).last, within(100_000L));
        }
    }

    @Test
    void tightCache_preempts() {
        VllmReplica replica = new VllmReplica(model(16, 400, 8000), 1);
        drive(replica, poisson(4, 400, 30, 900, 200));
        assertThat(replica.preemptions()).isPositive();
    }

    @Nested
    class Conserves {

        @ParameterizedTest
        @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
        void everyRequest_hasOneFirstTokenAndOneEnd(long seed) {
            List<Watched> requests = poisson(seed, 2000, 20, 900, 200);
            VllmReplica replica = new VllmReplica(model(32, 1000, 12_000), 1);
            drive(replica, requests);
            assertThat(requests).allSatisfy(each -> {
                assertThat(each.firsts).isEqualTo(1);
                assertThat(each.ends).isEqualTo(1);
                assertThat(each.arrived).isLessThan(each.first);
                assertThat(each.first).isLessThanOrEqualTo(each.last);
            });
            assertThat(replica.cacheUse()).isZero();
            assertThat(replica.held()).isZero();
        }

        @ParameterizedTest
        @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
        void abortsAndAFailure_leaveNothingBehind(long seed) {
            SplittableRandom random = new SplittableRandom(seed);
            List<Watched> requests = poisson(seed, 1000, 20, 900, 200);
            VllmReplica replica = new VllmReplica(model(32, 1000, 12_000), 1);
            int aborted = 0;
            for (Watched each : requests) {
                while (replica.nextNanos() < each.arrived) {
                    replica.advance(replica.nextNanos());
                }
                replica.arrive(each, each.arrived);
                Watched victim = requests.get(random.nextInt(requests.size()));
                if (victim.arrived <= each.arrived && random.nextInt(3) == 0 && replica.abort(victim, each.arrived)) {
                    aborted++;
                    victim.lost = -1;
                }
                assertThat(replica.cacheUse()).isBetween(0.0, 1.0);
            }
            replica.fail(requests.get(requests.size() - 1).arrived + 1);
            assertThat(aborted).isGreaterThan(20);
            assertThat(requests)
                    .allSatisfy(
                            each -> assertThat(each.ends + Math.abs(each.lost)).isEqualTo(1));
            assertThat(replica.cacheUse()).isZero();
            assertThat(replica.nextNanos()).isEqualTo(VllmReplica.NEVER);
        }

        @Test
        void littlesLaw_holds() {
            List<Watched> requests = poisson(11, 20_000, 12, 400, 100);
            VllmReplica replica = new VllmReplica(model(32, 1000, 50_000), 1);
            double held = 0;
            long before = 0;
            int next = 0;
            while (next < requests.size() || replica.nextNanos() != VllmReplica.NEVER) {
                long arrival = next < requests.size() ? requests.get(next).arrived : VllmReplica.NEVER;
                long at = Math.min(arrival, replica.nextNanos());
                held += (double) replica.held() * (at - before);
                before = at;
                if (replica.nextNanos() < arrival) {
                    replica.advance(at);
                } else {
                    replica.arrive(requests.get(next++), at);
                }
            }
            double inside = requests.stream()
                    .mapToDouble(each -> each.last - each.arrived)
                    .sum();
            assertThat(held / inside).isCloseTo(1, within(1e-9));
        }
    }

    /** One at a time, always as long: M/D/1, whose mean wait is ρ/(2μ(1 − ρ)) (Pollaczek and Khinchine). */
    @ParameterizedTest
    @ValueSource(doubles = {0.3, 0.6, 0.8})
    void oneServer_waitsAsPollaczekAndKhinchineSay(double use) {
        // 99 + 1 = 100 ms of service.
        EngineModel model = new EngineModel("test", "", 99, 1, 0, 0, 0, 0, 1, 1000, 10_000);
        SplittableRandom random = new SplittableRandom(42);
        List<Watched> requests = new ArrayList<>();
        double at = 0;
        for (int i = 0; i < 200_000; i++) {
            at += -Math.log(1 - random.nextDouble()) / (10 * use);
            requests.add(new Watched(Math.round(at * 1e9), 10, 1));
        }
        drive(new VllmReplica(model, 1), requests);
        double wait = requests.stream()
                .mapToDouble(each -> (each.last - each.arrived) / 1e9 - 0.1)
                .average()
                .orElseThrow();
        assertThat(wait).isCloseTo(use / (2 * 10 * (1 - use)), within(0.03 * use / (2 * 10 * (1 - use))));
    }

    @Test
    void advance_atAnotherTime_isRefused() {
        VllmReplica replica = new VllmReplica(model(8, 1000, 10_000), 1);
        replica.arrive(new Watched(0, 100, 3), 0);
        assertThatThrownBy(() -> replica.advance(5)).isInstanceOf(IllegalStateException.class);
    }
}
