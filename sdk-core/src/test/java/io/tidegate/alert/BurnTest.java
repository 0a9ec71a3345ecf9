/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.alert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Windows of a burn rate against a plain list of all that ever happened. */
class BurnTest {

    private record Happened(long atNanos, long evaluated, long broken) {}

    @Test
    void windows_anySequence_areThoseOfAPlainList() {
        for (int seed = 0; seed < 300; seed++) {
            Random random = new Random(seed);
            int width = 1 + random.nextInt(1_000_000);
            Duration shortWindow = Duration.ofNanos((long) width * Burn.SHORT);
            Duration longWindow = shortWindow.multipliedBy(1 + random.nextInt(60));
            Burn burn = new Burn(longWindow, shortWindow);
            List<Happened> all = new ArrayList<>();
            long now = random.nextLong();
            for (int i = 0; i < 400; i++) {
                // Mostly small steps, now and then a gap as long as a window and longer.
                now += random.nextInt(50) == 0
                        ? Math.floorMod(random.nextLong(), 2 * longWindow.toNanos())
                        : random.nextInt(4 * width);
                long evaluated = random.nextInt(1000);
                Happened next = new Happened(now, evaluated, random.nextInt((int) evaluated + 1));
                all.add(next);
                burn.add(next.atNanos(), (double) next.evaluated(), (double) next.broken());

                check(burn.longShare(), all, all.get(0).atNanos(), now, width, longWindow);
                check(burn.shortShare(), all, all.get(0).atNanos(), now, width, shortWindow);
                assertThat(burn.evaluated())
                        .isBetween(
                                inTheLast(all, now, longWindow.toNanos() - width),
                                inTheLast(all, now, longWindow.toNanos()));
            }
        }
    }

    /** What happened less than so long ago. */
    private static double inTheLast(List<Happened> all, long now, long length) {
        return all.stream()
                .filter(each -> now - each.atNanos() < length)
                .mapToLong(Happened::evaluated)
                .sum();
    }

    /** The share of what happened in the bucket that runs and in those before it that make up the window. */
    private static void check(double share, List<Happened> all, long origin, long now, long width, Duration window) {
        long last = (now - origin) / width;
        long first = last - window.toNanos() / width + 1;
        double evaluated = 0;
        double broken = 0;
        for (Happened each : all) {
            long bucket = (each.atNanos() - origin) / width;
            if (bucket >= first && bucket <= last) {
                evaluated += each.evaluated();
                broken += each.broken();
            }
        }
        assertThat(share).isCloseTo(evaluated == 0 ? 0 : broken / evaluated, within(1e-12));
    }

    @Test
    void threshold_isTheRateTimesTheBudget_butNeverBeyondReach() {
        assertThat(Burn.threshold(0.99, 14.4)).isCloseTo(0.144, within(1e-12));
        assertThat(Burn.threshold(0.999, 6)).isCloseTo(0.006, within(1e-12));
        assertThat(Burn.threshold(0.9, 14.4)).isCloseTo(0.55, within(1e-12));
        assertThat(Burn.threshold(1, 14.4)).isCloseTo(0.00144, within(1e-12));
    }

    @Test
    void burnRate_exampleOfThePage() {
        Burn burn = new Burn(Duration.ofHours(1), Duration.ofMinutes(5));
        burn.add(0, 1000, 150);
        assertThat(burn.longShare() / Burn.budget(0.99)).isCloseTo(15, within(1e-9));
    }
}
