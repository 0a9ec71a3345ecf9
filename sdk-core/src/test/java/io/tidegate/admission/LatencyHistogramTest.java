/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LatencyHistogramTest {

    private static final long UNIT = 1L << 14;
    private static final long MOST = (1L << 47) - 1;
    private static final int BUCKETS = LatencyHistogram.bucket(Long.MAX_VALUE) + 1;

    private static long lowestOf(int bucket) {
        if (bucket == 0) {
            return 0;
        }
        // By bisection, since bucket() is monotone, which is tested below.
        long below = 0;
        long at = Long.MAX_VALUE;
        while (at - below > 1) {
            long middle = below + (at - below) / 2;
            if (LatencyHistogram.bucket(middle) >= bucket) {
                at = middle;
            } else {
                below = middle;
            }
        }
        return at;
    }

    @Test
    void bucket_growingTimes_isMonotoneAndLeavesNoneOut() {
        int last = LatencyHistogram.bucket(0);
        assertThat(last).isZero();
        for (long nanos = 0; nanos < MOST; nanos += Math.max(UNIT / 2, nanos / 64)) {
            int bucket = LatencyHistogram.bucket(nanos);
            assertThat(bucket - last).isBetween(0, 1);
            last = bucket;
        }
        assertThat(last).isEqualTo(BUCKETS - 1);
    }

    @Test
    void bucket_edges_areWhereTheyShould() {
        for (int bucket = 1; bucket < BUCKETS; bucket++) {
            long lowest = lowestOf(bucket);
            assertThat(LatencyHistogram.bucket(lowest)).isEqualTo(bucket);
            assertThat(LatencyHistogram.bucket(lowest - 1)).isEqualTo(bucket - 1);
            assertThat(lowest % UNIT).isZero();
            if (bucket <= 32) {
                assertThat(lowest).isEqualTo(bucket * UNIT);
            } else {
                // 16 to each power of 2.
                assertThat(lowest).isEqualTo(2 * lowestOf(bucket - 16));
            }
        }
    }

    @Test
    void middleNanos_isInItsBucketAndCloseToAllOfIt() {
        for (int bucket = 0; bucket < BUCKETS; bucket++) {
            long middle = LatencyHistogram.middleNanos(bucket);
            assertThat(LatencyHistogram.bucket(middle)).isEqualTo(bucket);
            long lowest = lowestOf(bucket);
            long highest = bucket == BUCKETS - 1 ? MOST : lowestOf(bucket + 1) - 1;
            for (long nanos : new long[] {lowest, (lowest + highest) / 2, highest}) {
                assertThat((double) Math.abs(middle - nanos)).isLessThanOrEqualTo(Math.max(UNIT, nanos * 0.032));
            }
        }
    }

    @Test
    void middleNanos_randomTimes_areKnownToWithinTheBound() {
        SplittableRandom random = new SplittableRandom(7);
        for (int i = 0; i < 200_000; i++) {
            long nanos = random.nextLong(MOST) >>> random.nextInt(46);
            long told = LatencyHistogram.middleNanos(LatencyHistogram.bucket(nanos));
            assertThat((double) told).isCloseTo((double) nanos, within(Math.max(UNIT, nanos * 0.032)));
        }
    }

    @Test
    void bucket_example_isAsDocumented() {
        int bucket = LatencyHistogram.bucket(Duration.ofMillis(100).toNanos());

        assertThat(lowestOf(bucket)).isEqualTo(5888 * UNIT);
        assertThat(lowestOf(bucket + 1)).isEqualTo(6144 * UNIT);
        assertThat(LatencyHistogram.middleNanos(bucket) / 100_000).isEqualTo(985);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, -1_000_000, Long.MIN_VALUE, UNIT - 1})
    void record_noTimeOrLess_isZero(long nanos) {
        assertThat(LatencyHistogram.bucket(nanos)).isZero();
        assertThat(LatencyHistogram.middleNanos(0)).isZero();
    }

    @Test
    void bucket_beyondTheLast_isTheLast() {
        int last = LatencyHistogram.bucket(Duration.ofHours(39).toNanos());

        assertThat(LatencyHistogram.bucket(Duration.ofHours(40).toNanos())).isEqualTo(last);
        assertThat(LatencyHistogram.bucket(Long.MAX_VALUE)).isEqualTo(last);
        assertThat(Duration.ofNanos(LatencyHistogram.middleNanos(last)))
                .isBetween(Duration.ofHours(37), Duration.ofHours(40));
    }

    @Test
    void snapshot_manyStripesAndZerosOnTop_countsAll() {
        LatencyHistogram histogram = new LatencyHistogram();
        assertThat(histogram.count()).isZero();
        assertThat(histogram.snapshot(0).count()).isZero();
        assertThat(histogram.snapshot(-1).count()).as("taken while it moves").isZero();
        for (int stripe = 0; stripe < Tally.STRIPES; stripe++) {
            LatencyHistogram.record(histogram.prepare(), stripe, UNIT);
            LatencyHistogram.record(histogram.prepare(), stripe, Long.MAX_VALUE);
        }

        assertThat(histogram.prepare()).isSameAs(histogram.prepare());
        assertThat(histogram.count()).isEqualTo(2L * Tally.STRIPES);
        assertThat(histogram.snapshot(5).count()).isEqualTo(2L * Tally.STRIPES + 5);
        assertThat(histogram.snapshot(1000).quantile(0.5)).contains(Duration.ZERO);
    }
}
