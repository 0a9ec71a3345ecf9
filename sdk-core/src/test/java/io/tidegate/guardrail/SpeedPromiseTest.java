/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

import static io.tidegate.guardrail.PoolModel.MINUTE;
import static io.tidegate.guardrail.PoolModel.SECOND;
import static io.tidegate.guardrail.PoolModel.without;
import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.guardrail.History.Change;
import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.pool.Evidence;
import io.tidegate.pool.PoolView.TierView;
import io.tidegate.pool.Tier;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the whole chain promises about bounds, speed and flapping, on a pool that feeds its history as the engine does. */
class SpeedPromiseTest {

    private static final int MIN = 2;
    private static final int MAX = 80;
    private static final long WINDOW = 5 * MINUTE;
    private static final long HOUR = 60 * MINUTE;
    private static final Tier TIER = Tier.builder("standard").build();

    private static List<Guardrail> chain() {
        return Guardrails.builder().bounds(MIN, MAX).fallback(new Fallback(12)).build();
    }

    // ---- F1 --------------------------------------------------------------------------------------------------------

    /** Looks at a pool under any input; counts what is broken. */
    private static final class Watch {
        int outOfBounds;
        int tooFast;
        int falling;
        int beyondBoth;
        int changes;

        int broken() {
            return outOfBounds + tooFast + falling + beyondBoth;
        }

        void run(List<Guardrail> chain, long seed, int steps) {
            SplittableRandom random = new SplittableRandom(seed);
            // Near the largest clock reading, so that it wraps on the way.
            long start = seed % 2 == 0 ? Long.MAX_VALUE - 10 * MINUTE : random.nextLong();
            PoolModel pool = new PoolModel(chain, start, random.nextInt(MIN, MAX + 1));
            double demand = pool.current;
            for (int i = 0; i < steps; i++) {
                demand = next(random, demand);
                condition(random, pool);
                int before = pool.current;
                long seconds = random.nextInt(1, 40);
                pool.step(seconds, demand);
                check(pool, before, (int) Math.min(Math.ceil(demand - 1e-9), Integer.MAX_VALUE));
                monotone(random, pool);
                if (pool.log.size() > 500) {
                    pool.log.subList(0, 250).clear();
                }
            }
        }

        private double next(SplittableRandom random, double demand) {
            return switch (random.nextInt(12)) {
                case 0 -> 0;
                case 1 -> random.nextDouble() * 200;
                case 2 -> 1e300;
                case 3, 4 -> demand;
                default -> Math.max(0, Math.min(demand, 300) * (0.9 + 0.2 * random.nextDouble()));
            };
        }

        private void condition(SplittableRandom random, PoolModel pool) {
            int roll = random.nextInt(400);
            if (roll == 0) {
                pool.evidence = Evidence.missing("dcgm: last heard 60 s ago");
            } else if (roll == 1) {
                pool.evidence = new Evidence(List.of("all"), 0, true);
            } else if (roll == 2) {
                pool.evidence = new Evidence(List.of(), 0.5, false);
            } else if (roll < 40) {
                pool.evidence = Evidence.COMPLETE;
            } else if (roll == 40) {
                pool.becomeReady = false;
            } else if (roll < 60) {
                pool.becomeReady = true;
            } else if (roll == 60) {
                pool.look = views -> views.tier(2, 0, 1).tier(tier(100, 50, 100, 0));
            } else if (roll == 61) {
                pool.look = views -> views.tier(2, 1, 5);
            } else if (roll < 80) {
                pool.look = views -> views;
            } else if (roll == 80) {
                pool.history = pool.history.withMarks(pool.history.marks().withJump(pool.now));
            }
        }

        private void check(PoolModel pool, int before, int wanted) {
            int after = pool.current;
            if (after < MIN || after > MAX) {
                outOfBounds++;
            }
            int proposed = wanted;
            for (Narrowing narrowing : pool.narrowings) {
                boolean raises = narrowing.guardrail().equals("fallback")
                        || narrowing.guardrail().equals("bounds");
                int left = narrowing.replicas();
                if (!raises && (left < Math.min(proposed, before) || left > Math.max(proposed, before))) {
                    beyondBoth++;
                }
                proposed = left;
            }
            if (after == before) {
                return;
            }
            changes++;
            if (after > before) {
                long start = pool.countAt(pool.now - 15 * SECOND);
                if (after > Math.max(start + 4, 2 * start)) {
                    tooFast++;
                }
            } else {
                // The slower of the two answers is not asked for: 1 or 10 %, whichever is more, and the part left is
                // whole.
                long start = pool.countAt(pool.now - MINUTE);
                if (after < Math.min(start - 1, (long) Math.floor(start * 0.9 + 1e-9))) {
                    tooFast++;
                }
            }
        }

        private void monotone(SplittableRandom random, PoolModel pool) {
            if (random.nextInt(4) != 0) {
                return;
            }
            double lower = random.nextDouble() * 120;
            double higher = random.nextInt(20) == 0 ? Double.MAX_VALUE : lower + random.nextDouble() * 60;
            int least = pool.wouldDecide(pool.history, (int) Math.ceil(lower), lower);
            int most = pool.wouldDecide(pool.history, (int) Math.min(Math.ceil(higher), Integer.MAX_VALUE), higher);
            if (least > most) {
                falling++;
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    @DisplayName("F1: any input sequence keeps the bounds, the speed and the order of loads")
    void chain_anyInput_keepsBoundsSpeedAndOrder(long seed) {
        Watch watch = new Watch();
        watch.run(chain(), seed, 100_000);
        assertThat(watch.outOfBounds).isZero();
        assertThat(watch.tooFast).isZero();
        assertThat(watch.falling).isZero();
        assertThat(watch.beyondBoth).isZero();
        assertThat(watch.changes).isGreaterThan(1_000);
    }

    @Test
    @DisplayName("F1: without bounds or behavior the watch sees it")
    void chain_withoutBoundsOrBehavior_isSeen() {
        Watch unbounded = new Watch();
        unbounded.run(without(chain(), Bounds.class), 1, 5_000);
        assertThat(unbounded.outOfBounds).isPositive();

        Watch fast = new Watch();
        fast.run(without(chain(), Behavior.class), 1, 5_000);
        assertThat(fast.tooFast).isPositive();
        assertThat(fast.broken()).isEqualTo(fast.tooFast);
    }

    // ---- F2 --------------------------------------------------------------------------------------------------------

    /** The most turns in any window, over an hour and a half of a load that swings between two levels. */
    private static int mostTurns(List<Guardrail> chain, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        double low = 2 + random.nextDouble() * 40;
        // The highest demand that the band over the lowest count still covers.
        double most = Math.min(60, Math.ceil(low) * 1.15);
        double high = low + (most - low) * random.nextDouble();
        double period = 20 + random.nextDouble() * (random.nextBoolean() ? 300 : 1800);
        double noise = random.nextDouble();
        double phase = random.nextDouble() * period;
        boolean square = random.nextBoolean();
        PoolModel pool = new PoolModel(chain, random.nextLong(), (int) Math.ceil(high));
        pool.timeToReadySeconds = random.nextInt(1, 240);
        pool.hold(400, 20, low);
        for (long second = 0; second < 5_400; second += 15) {
            double wave = Math.sin(2 * Math.PI * (second + phase) / period);
            double level = square ? (wave > 0 ? 1 : 0) : (wave + 1) / 2;
            double mixed = level * (1 - noise) + random.nextDouble() * noise;
            pool.step(15, low + (high - low) * mixed);
        }
        return mostWithin(pool.turns(), WINDOW);
    }

    private static int mostWithin(List<Long> instants, long window) {
        int most = 0;
        for (int i = 0; i < instants.size(); i++) {
            int last = i;
            while (last + 1 < instants.size() && instants.get(last + 1) - instants.get(i) <= window) {
                last++;
            }
            most = Math.max(most, last - i + 1);
        }
        return most;
    }

    @Test
    @DisplayName("F2: a load that swings within the band turns the pool at most once a window, 10,000 seeds")
    void chain_swingWithinTheBand_turnsAtMostOnceAWindow() {
        List<Guardrail> chain = chain();
        int turning = 0;
        for (long seed = 0; seed < 10_000; seed++) {
            int turns = mostTurns(chain, seed);
            assertThat(turns).as("seed %d", seed).isLessThanOrEqualTo(1);
            turning += turns;
        }
        assertThat(turning).as("seeds in which it turned at all").isGreaterThan(500);
    }

    @Test
    @DisplayName("F2: without flap damping the same load turns it more often")
    void chain_withoutFlapDamping_turnsMoreOften() {
        List<Guardrail> chain = without(chain(), FlapDamping.class);
        int worst = 0;
        for (long seed = 0; seed < 500; seed++) {
            worst = Math.max(worst, mostTurns(chain, seed));
        }
        assertThat(worst).isGreaterThan(1);
    }

    /** A load that swings widely, with somebody waiting at its peaks. */
    private static PoolModel wideSwing(List<Guardrail> chain, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        double low = 3 + random.nextDouble() * 20;
        double high = low * (1.2 + random.nextDouble());
        PoolModel pool = new PoolModel(chain, random.nextLong(), (int) Math.ceil(high));
        boolean peak = true;
        long left = 0;
        for (long second = 0; second < 4 * 3_600; second += 10) {
            if (left <= 0) {
                peak = !peak;
                left = peak ? random.nextInt(10, 120) : random.nextInt(200, 1_500);
            }
            left -= 10;
            boolean waits = peak;
            pool.look = views -> waits ? views.tier(2, 1, 5) : views;
            pool.step(10, peak ? high : low);
        }
        return pool;
    }

    /**
     * The shortest times from an up to the next down, from a down over an up to the next down, and from the up that regretted a
     * down, or the second of two in a row, to the next down.
     */
    private record Spacing(long upToDown, long downToDown, long regretToDown, long secondRegretToDown) {

        static Spacing of(List<Change> log) {
            long[] shortest = {Long.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE};
            Long up = null;
            Long down = null;
            Long downBefore = null;
            int regrets = 0;
            for (Change change : log) {
                long at = change.atNanos();
                if (change.to() > change.from()) {
                    if (up == null && down != null) {
                        regrets = at - down <= WINDOW ? regrets + 1 : 0;
                    }
                    up = at;
                    continue;
                }
                if (up != null) {
                    note(shortest, 0, at - up);
                    if (down != null) {
                        note(shortest, 1, at - down);
                    }
                    if (regrets > 0) {
                        note(shortest, 2, at - up);
                    }
                    if (regrets > 1 && downBefore != null && at - downBefore <= HOUR) {
                        note(shortest, 3, at - up);
                    }
                    downBefore = down;
                    up = null;
                }
                down = at;
            }
            return new Spacing(shortest[0], shortest[1], shortest[2], shortest[3]);
        }

        private static void note(long[] shortest, int which, long nanos) {
            shortest[which] = Math.min(shortest[which], nanos);
        }
    }

    @Test
    @DisplayName("F2: whatever the load, a down comes a window after an up, and two windows after a regret")
    void chain_wideSwings_areSpaced() {
        int regrets = 0;
        int second = 0;
        for (long seed = 0; seed < 300; seed++) {
            PoolModel pool = wideSwing(chain(), seed);
            Spacing spacing = Spacing.of(pool.log);
            assertThat(spacing.upToDown()).as("up to down, seed %d", seed).isGreaterThan(WINDOW);
            assertThat(spacing.downToDown()).as("down to down, seed %d", seed).isGreaterThan(2 * WINDOW);
            assertThat(spacing.regretToDown())
                    .as("regret to down, seed %d", seed)
                    .isGreaterThan(2 * WINDOW);
            assertThat(spacing.secondRegretToDown())
                    .as("two regrets, seed %d", seed)
                    .isGreaterThan(4 * WINDOW);
            assertThat(mostWithin(pool.turns(), WINDOW)).isLessThanOrEqualTo(2);
            assertThat(mostWithin(pool.turns(), HOUR)).isLessThanOrEqualTo(13);
            second += spacing.secondRegretToDown() < Long.MAX_VALUE ? 1 : 0;
            regrets += spacing.regretToDown() < Long.MAX_VALUE ? 1 : 0;
        }
        assertThat(regrets).as("seeds with a regret and a down after it").isGreaterThan(100);
        assertThat(second).as("seeds with two in a row and a down after them").isGreaterThan(10);
    }

    @Test
    @DisplayName("F2: without flap damping a down after a regret comes sooner")
    void chain_wideSwingsWithoutFlapDamping_areNotSpaced() {
        long shortest = Long.MAX_VALUE;
        for (long seed = 0; seed < 10; seed++) {
            shortest = Math.min(
                    shortest,
                    Spacing.of(wideSwing(without(chain(), FlapDamping.class), seed).log)
                            .downToDown());
        }
        assertThat(shortest).isLessThan(2 * WINDOW);
    }

    private static TierView tier(long completed, long failed, long evaluated, long broken) {
        return SafetyPromiseTest.tier(TIER, completed, failed, evaluated, broken);
    }
}
