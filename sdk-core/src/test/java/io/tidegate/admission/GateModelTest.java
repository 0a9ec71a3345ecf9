/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tidegate.pool.PoolLoad.TierLoad;
import io.tidegate.pool.Replicas;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.supply.Supply;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The gate and {@link PlainGate} are given the same random steps and must answer the same, in the same order. */
class GateModelTest {

    private static final int STEPS = 400;
    private static final long TICK = 1_000_000;
    private static final List<Outcome> OUTCOMES = List.of(Outcome.values());

    static LongStream seeds() {
        return LongStream.range(0, 500);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void randomSteps_answerAsThePlainGateDoes(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        // Each fourth clock wraps on the way.
        long start = random.nextInt(4) == 0 ? Long.MAX_VALUE - 200 * TICK : random.nextLong(1L << 40) - (1L << 39);
        new Run(random, start).go();
    }

    private static final class Run {

        private final SplittableRandom random;
        private final long start;
        private final ManualTime time;
        private final List<Tier> tiers = new ArrayList<>();
        private final Gate gate;
        private final PlainGate plain;
        private final List<String> answers = new ArrayList<>();
        private final Map<Integer, Permit> permits = new HashMap<>();
        private final Map<Integer, Ticket> tickets = new HashMap<>();
        private int nextId;

        Run(SplittableRandom random, long start) {
            this.random = random;
            this.start = start;
            this.time = new ManualTime(start, Instant.EPOCH);
            int count = 1 + random.nextInt(4);
            for (int i = 0; i < count; i++) {
                tiers.add(Tier.builder("t" + i)
                        .weight(pick(0.5, 1, 1, 3, 8))
                        .ceiling(pick(1, 1, 1, 0.75, 0.5))
                        .maxQueued(random.nextInt(12))
                        .maxQueuedTokens(random.nextInt(4) == 0 ? 16 + random.nextInt(800) : Work.MAX_TOKENS)
                        .floor(pick(0, 0, 0.05, 0.3))
                        .maxQueueTime(bound(60))
                        .build());
            }
            int maxQueued = random.nextInt(20);
            TierOrder order = List.of(TierOrder.weighted(), TierOrder.strict(), TierOrder.weightedAbove(0.6))
                    .get(random.nextInt(3));
            Supply[] both = supplies();
            Gate.Builder builder = Gate.builder("chat")
                    .time(time)
                    .seed(1)
                    .callbackExecutor(Runnable::run)
                    .maxQueued(maxQueued)
                    .tierOrder(order)
                    .supply(both[0]);
            tiers.forEach(builder::tier);
            gate = builder.build();
            plain = new PlainGate(tiers, maxQueued, order, both[1]);
        }

        private double pick(double... from) {
            return from[random.nextInt(from.length)];
        }

        /** Zero, or a time that no prediction meets to the nanosecond, where rounding would decide. */
        private Duration bound(int ticks) {
            int count = random.nextInt(ticks);
            return Duration.ofNanos(count == 0 ? 0 : count * TICK + 137);
        }

        void go() {
            // Most runs close the gate somewhere in their last quarter.
            int closeAt = STEPS * 3 / 4 + random.nextInt(STEPS / 3);
            for (int step = 0; step < STEPS; step++) {
                if (step == closeAt) {
                    gate.close();
                    plain.close();
                } else {
                    step();
                }
                compare(step);
            }
        }

        private void step() {
            switch (random.nextInt(12)) {
                case 0, 1, 2, 3 -> ask(true);
                case 4 -> ask(false);
                case 5, 6, 7 -> giveBack();
                case 8 -> cancel();
                case 9 -> {
                    Supply[] both = supplies();
                    gate.supply(both[0]);
                    plain.supply(both[1]);
                }
                default -> {
                    long nanos = random.nextInt(12) * TICK + random.nextInt(3);
                    time.advance(Duration.ofNanos(nanos));
                    plain.advance(nanos);
                }
            }
        }

        private void ask(boolean waits) {
            int id = nextId++;
            Request request = Request.of(tiers.get(random.nextInt(tiers.size())))
                    .withTokens(random.nextInt(3) == 0 ? 0 : random.nextInt(200), random.nextInt(20) == 0 ? 5_000 : 0);
            if (random.nextInt(3) == 0) {
                request = request.withTimeout(bound(40));
            }
            if (random.nextInt(3) == 0) {
                request = request.withTenant("tenant" + random.nextInt(3));
            }
            if (random.nextInt(8) == 0) {
                request = request.withDeadline(time.nanos() + (random.nextInt(30) - 3) * TICK + 137);
            }
            if (waits) {
                tickets.put(id, gate.acquire(request, answer -> answered(id, answer)));
            } else {
                answered(id, gate.tryAcquire(request));
            }
            plain.ask(id, request, waits, start);
        }

        private void answered(int id, Admission answer) {
            if (answer instanceof Permit permit) {
                permits.put(id, permit);
                answers.add(id + " admitted " + permit.queueWait().toNanos());
            } else if (answer instanceof Admission.Shed shed) {
                assertThat(shed.retryAfter()).isBetween(Duration.ofSeconds(1), Duration.ofSeconds(30));
                answers.add(id + " shed " + shed.reason());
            } else if (answer instanceof Admission.Expired expired) {
                answers.add(id + " expired " + expired.waited().toNanos());
            } else if (answer instanceof Admission.Cancelled cancelled) {
                answers.add(id + " cancelled " + cancelled.waited().toNanos());
            }
        }

        private void giveBack() {
            // Sometimes one that was returned long ago, or never given.
            List<Integer> open = permits.keySet().stream().sorted().toList();
            if (open.isEmpty()) {
                return;
            }
            int id = open.get(random.nextInt(open.size()));
            Outcome outcome = OUTCOMES.get(random.nextInt(OUTCOMES.size()));
            boolean returned = permits.get(id).close(outcome, Usage.NONE);
            assertThat(plain.giveBack(id, outcome)).isEqualTo(returned);
            if (random.nextInt(4) > 0) {
                permits.remove(id);
            }
        }

        private void cancel() {
            if (nextId > 0) {
                int id = Math.max(0, nextId - 1 - random.nextInt(15));
                Ticket ticket = tickets.get(id);
                assertThat(plain.cancel(id)).isEqualTo(ticket != null && ticket.cancel());
            }
        }

        /** The same supply twice: by the gate's clock, and from the start on. */
        private Supply[] supplies() {
            int ready = random.nextInt(4);
            Work work = new Work(random.nextInt(5), random.nextInt(3) == 0 ? Work.MAX_TOKENS : random.nextInt(400));
            List<Long> due = new ArrayList<>();
            for (int i = random.nextInt(3); i > 0; i--) {
                due.add(time.nanos() - start + (random.nextInt(40) - 5) * TICK);
            }
            int desired = ready + due.size();
            return new Supply[] {
                new Supply(
                        new Replicas(
                                desired,
                                ready,
                                due.stream().map(at -> at + start).toList()),
                        work,
                        false),
                new Supply(new Replicas(desired, ready, due), work, false)
            };
        }

        private void compare(int step) {
            assertThat(answers).as("answers of step %d", step).isEqualTo(plain.answers);
            answers.clear();
            plain.answers.clear();
            assertThat(gate.inFlight()).isEqualTo(plain.inFlight());
            assertThat(gate.queued()).isEqualTo(plain.queued());
            for (TierLoad load : gate.load().tiers()) {
                Tier tier = load.tier();
                PlainGate.Counts counts = plain.counts(tier);
                assertThat(List.of(
                                load.arrivals(),
                                load.admitted(),
                                load.shed(),
                                load.expired(),
                                load.cancelled(),
                                load.closed()))
                        .isEqualTo(List.of(
                                counts.arrivals,
                                counts.admitted,
                                counts.shed,
                                counts.expired,
                                counts.cancelled,
                                counts.closed));
                assertThat(load.queued()).isEqualTo(plain.queued(tier));
                assertThat(load.inFlight()).isEqualTo(plain.inFlight(tier));
                assertThat(load.oldestAgeNanos()).isEqualTo(plain.oldestAge(tier));
                // No run is as long as the window, so it holds all that was evaluated.
                long evaluated = counts.kept + counts.broken;
                assertThat(gate.sloAttainment(tier))
                        .isEqualTo(
                                evaluated == 0
                                        ? OptionalDouble.empty()
                                        : OptionalDouble.of((double) counts.kept / evaluated));
                comparePredictions(tier);
            }
        }

        private void comparePredictions(Tier tier) {
            OptionalDouble expected = plain.predictedWait(tier);
            assertThat(gate.predictedWait(tier).isPresent()).isEqualTo(expected.isPresent());
            if (expected.isPresent()) {
                double seconds = gate.predictedWait(tier).orElseThrow().toNanos() / 1e9;
                // What is longer than can be counted is the longest that can be.
                double bounded = Math.min(expected.getAsDouble(), Long.MAX_VALUE / 1e9);
                assertThat(seconds).isCloseTo(bounded, within(1e-8 + bounded * 1e-9));
            }
        }
    }
}
