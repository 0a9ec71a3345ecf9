/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.supply.Supply;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Faults made on purpose. A tool that no longer finds them proves nothing by finding none elsewhere. */
@Tag("lincheck")
class CanaryTest {

    /** That of jcstress is in the module of the benchmarks, beside the stress tests that it vouches for: LookThenSetCanary. */
    @Nested
    @DisplayName("L10: the tools of the tests find code that is known to be bad")
    class Tools {

        @Test
        void lincheck_modelChecksALostUpdate_findsIt() {
            assertThatThrownBy(() -> new ModelCheckingOptions()
                            .iterations(3)
                            .invocationsPerIteration(200)
                            .threads(2)
                            .actorsPerThread(2)
                            .sequentialSpecification(PlainCount.class)
                            .check(LostUpdate.class))
                    .isInstanceOf(LincheckAssertionError.class);
        }

        @Test
        void lincheck_stressesALostUpdate_findsIt() {
            assertThatThrownBy(() -> new StressOptions()
                            .iterations(20)
                            .invocationsPerIteration(2_000)
                            .threads(2)
                            .actorsPerThread(3)
                            .minimizeFailedScenario(false)
                            .sequentialSpecification(PlainCount.class)
                            .check(LostUpdate.class))
                    .isInstanceOf(LincheckAssertionError.class);
        }

        @Test
        void model_comparedWithTheGateItself_neverDiffers() {
            for (int seed = 0; seed < SEEDS; seed++) {
                assertThat(differs(seed, Fault.NONE)).as("seed %d", seed).isFalse();
            }
        }

        @ParameterizedTest
        @EnumSource(value = Fault.class, mode = EnumSource.Mode.EXCLUDE, names = "NONE")
        void model_comparedWithAFaultyGate_differs(Fault fault) {
            int found = 0;
            for (int seed = 0; seed < SEEDS; seed++) {
                found += differs(seed, fault) ? 1 : 0;
            }

            assertThat(found).as("seeds of %d that find it", SEEDS).isPositive();
        }
    }

    // ---- the comparison with a plain gate --------------------------------------------------------------------------

    private static final int SEEDS = 20;

    /** What the gate under test does otherwise than it should. */
    private enum Fault {
        NONE,
        /** It takes one more than its limit. */
        ONE_TOO_MANY,
        /** A return that comes in the instant of an expiry is lost. */
        EXPIRY_SWALLOWS_A_RETURN,
        /** A permit closed twice makes room twice. */
        DOUBLE_RETURN,
        /** Who gives up keeps its place. */
        CANCELLED_STAYS
    }

    private static boolean differs(long seed, Fault fault) {
        SplittableRandom random = new SplittableRandom(seed);
        Tier tier = Tier.builder("standard")
                .floor(0)
                .maxQueued(10)
                .maxQueueTime(Duration.ofMillis(20))
                .build();
        ManualTime time = new ManualTime();
        Supply supply = Supply.fixed(1, Work.slots(2));
        int more = fault == Fault.ONE_TOO_MANY ? 1 : 0;
        Gate gate = Gate.builder("chat")
                .tier(tier)
                .time(time)
                .callbackExecutor(Runnable::run)
                .limit(Work.slots(2 + more))
                .build();
        PlainGate plain = new PlainGate(List.of(tier), 1024, TierOrder.weighted(), supply);
        List<String> answers = new ArrayList<>();
        Map<Integer, Permit> permits = new HashMap<>();
        Map<Integer, Ticket> tickets = new HashMap<>();
        int bonus = 0;
        for (int step = 0; step < 300; step++) {
            int id = step;
            switch (random.nextInt(5)) {
                case 0, 1 -> {
                    tickets.put(id, gate.acquire(Request.of(tier), answer -> {
                        answers.add(id + " " + kind(answer));
                        if (answer instanceof Permit permit) {
                            permits.put(id, permit);
                        }
                    }));
                    plain.ask(id, Request.of(tier), true, 0);
                }
                case 2 -> {
                    int back = permits.keySet().stream()
                            .mapToInt(each -> each)
                            .min()
                            .orElse(-1);
                    boolean swallowed = fault == Fault.EXPIRY_SWALLOWS_A_RETURN
                            && answers.stream().anyMatch(line -> line.endsWith("expired"));
                    if (back >= 0 && !swallowed) {
                        permits.remove(back).close(Outcome.CANCELLED, Usage.NONE);
                        if (fault == Fault.DOUBLE_RETURN) {
                            gate.supply(Supply.fixed(1, Work.slots(2 + ++bonus)));
                        }
                    }
                    plain.giveBack(back, Outcome.CANCELLED);
                }
                case 3 -> {
                    int given = Math.max(0, id - random.nextInt(8));
                    Ticket ticket = tickets.get(given);
                    if (fault != Fault.CANCELLED_STAYS && ticket != null) {
                        ticket.cancel();
                    }
                    plain.cancel(given);
                }
                default -> {
                    Duration tick = Duration.ofMillis(random.nextInt(8));
                    time.advance(tick);
                    plain.advance(tick.toNanos());
                }
            }
            List<String> expected = plain.answers.stream().map(CanaryTest::kind).toList();
            if (!answers.equals(expected)
                    || gate.queued() != plain.queued()
                    || !gate.inFlight().equals(plain.inFlight())) {
                return true;
            }
        }
        return false;
    }

    private static String kind(Admission answer) {
        return answer instanceof Permit
                ? "admitted"
                : answer instanceof Admission.Shed
                        ? "shed"
                        : answer instanceof Admission.Expired ? "expired" : "cancelled";
    }

    /** The number and the kind of a line of the plain gate. */
    private static String kind(String line) {
        String[] words = line.split(" ", -1);
        return words[0] + " " + words[1];
    }

    // ---- for Lincheck ----------------------------------------------------------------------------------------------

    /** A count. */
    abstract static class Count {

        @Operation
        public abstract int increment();
    }

    /** What it must look like. */
    public static final class PlainCount extends Count {

        private int count;

        @Override
        public int increment() {
            return ++count;
        }
    }

    /** Reads, lets others run, and writes. */
    public static final class LostUpdate extends Count {

        private volatile int count;

        @Override
        @SuppressWarnings("ThreadPriorityCheck") // to be found sooner
        public int increment() {
            int next = count + 1;
            Thread.yield();
            count = next;
            return next;
        }
    }
}
