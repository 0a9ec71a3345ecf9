/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.limit;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.admission.Admission;
import io.tidegate.admission.Gate;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.pool.Replicas;
import io.tidegate.pool.Signal;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.supply.Supply;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A pool that is never overloaded, in which answers become six times as long for a while: nobody is to be refused. Limits led by
 * end-to-end latency refuse half or more here; the benchmarks have them in the same simulation ({@code FalseSheds}).
 */
class FalseShedTest {

    private static final int SLOTS = 256;
    private static final double OCCUPIED = 0.62;
    private static final int[] MEAN_OUTPUT = {150, 900, 150};
    private static final Duration PHASE = Duration.ofMinutes(20);
    private static final double MOST = 0.002;

    @ParameterizedTest
    @CsvSource({"FIXED, 1", "FIXED, 2", "FIXED, 3", "ENGINE, 1", "ENGINE, 2", "ENGINE, 3"})
    void answersGrowAndShrink_nobodyIsRefused(LimitMode mode, long seed) {
        double[] shed = new Replay(mode, seed).phases();

        System.out.printf(
                Locale.ROOT,
                "false sheds, %s, seed %d: chat %.2f %%, long %.2f %%, chat again %.2f %%%n",
                mode,
                seed,
                shed[0] * 100,
                shed[1] * 100,
                shed[2] * 100);
        assertThat(shed).hasSize(3);
        assertThat(Arrays.stream(shed).max().orElseThrow()).isLessThanOrEqualTo(MOST);
    }

    @ParameterizedTest
    @CsvSource({"ENGINE, 1", "ENGINE, 2", "ENGINE, 3"})
    void answersGrowAndShrinkOnAnEngineThatComputesInSteps_nobodyIsRefused(LimitMode mode, long seed) {
        // What arrives during a step waits for the next, and readings show it: that is no overload.
        Fleet fleet = new Fleet(seed, 1, Work.slots(SLOTS), SLOTS, 400_000, Duration.ZERO, Fleet.mode(mode));
        double[] perSecond = {27, 5.5, 27};
        for (int phase = 0; phase < MEAN_OUTPUT.length; phase++) {
            fleet.meanOutput = MEAN_OUTPUT[phase];
            fleet.perSecond = perSecond[phase];
            fleet.forget().run(PHASE);

            System.out.printf(
                    Locale.ROOT,
                    "false sheds, %s on steps, seed %d, output %d: %d, with all slots taken %.2f %%, limit %d to %d%n",
                    mode,
                    seed,
                    MEAN_OUTPUT[phase],
                    fleet.falseSheds,
                    fleet.shedShare() * 100,
                    fleet.leastLimit,
                    fleet.mostLimit);
            assertThat(fleet.falseSheds).isZero();
            assertThat(fleet.leastLimit).isEqualTo(SLOTS);
        }
    }

    /** One replica without any inner life: a request lasts 250 ms, and 25 ms for each token of its answer. */
    private static final class Replay {

        private final ManualTime time = new ManualTime();
        private final Tier tier =
                Tier.builder("all").maxQueueTime(Duration.ZERO).build();
        private final Gate gate = Gate.builder("chat")
                .time(time)
                .tier(tier)
                .callbackExecutor(Runnable::run)
                .leakDetection(false)
                .build();
        private final LimitController controller;
        private final SplittableRandom random;
        private int meanOutput;
        private long arrived;
        private long shed;

        Replay(LimitMode mode, long seed) {
            random = new SplittableRandom(seed);
            controller = LimitController.builder(time, gate::supply, gate::inFlight)
                    .mode(mode)
                    .build();
            every(
                    Duration.ofMillis(250),
                    () -> controller.accept(new Supply(Replicas.ready(1), Work.slots(SLOTS), false)));
            every(Duration.ofSeconds(1), this::read);
        }

        double[] phases() {
            double[] shares = new double[MEAN_OUTPUT.length];
            for (int phase = 0; phase < shares.length; phase++) {
                meanOutput = MEAN_OUTPUT[phase];
                arrived = 0;
                shed = 0;
                if (phase == 0) {
                    arriveLater();
                }
                time.advance(PHASE);
                shares[phase] = (double) shed / arrived;
            }
            return shares;
        }

        private void every(Duration period, Runnable task) {
            task.run();
            time.schedule(period.toNanos(), () -> every(period, task));
        }

        private void read() {
            int load = gate.inFlight().slots();
            controller.readings(List.of(
                    EngineReading.of("replica", known(Math.min(load, SLOTS)), known(Math.max(0, load - SLOTS)))));
        }

        private Signal known(double value) {
            return new Signal.Known(value, "requests", time.nanos(), "replica");
        }

        private static double seconds(double output, double occupied) {
            return 0.25 + output * 0.025 * (0.9 + 0.2 * occupied);
        }

        private void arriveLater() {
            double perSecond = OCCUPIED * SLOTS / seconds(meanOutput, OCCUPIED);
            double wait = -Math.log1p(-random.nextDouble()) / perSecond;
            time.schedule((long) (wait * 1e9), () -> {
                arrive();
                arriveLater();
            });
        }

        private void arrive() {
            arrived++;
            Admission admission = gate.tryAcquire(Request.of(tier));
            if (admission instanceof Permit permit) {
                double output = meanOutput * Math.exp(gaussian() - 0.5);
                double occupied = gate.inFlight().slots() / (double) SLOTS;
                time.schedule((long) (seconds(output, occupied) * 1e9), permit::close);
            } else {
                shed++;
            }
        }

        private double gaussian() {
            return Math.sqrt(-2 * Math.log(1 - random.nextDouble())) * Math.cos(2 * Math.PI * random.nextDouble());
        }
    }
}
