/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.pool.LatencySnapshot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LatencySnapshotTest {

    private final LatencyHistogram histogram = new LatencyHistogram();

    private void record(long... nanos) {
        for (long each : nanos) {
            LatencyHistogram.record(histogram.prepare(), Tally.SHARED, each);
        }
    }

    private static long told(long nanos) {
        return LatencyHistogram.middleNanos(LatencyHistogram.bucket(nanos));
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.001, 1.001, Double.NaN, Double.NEGATIVE_INFINITY})
    void quantile_noFraction_isRefused(double fraction) {
        LatencySnapshot snapshot = histogram.snapshot(1);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> snapshot.quantile(fraction))
                .withMessageContaining(String.valueOf(fraction));
    }

    @Test
    void quantile_nothingCounted_isEmpty() {
        assertThat(histogram.snapshot(0).quantile(0.5)).isEmpty();
        assertThat(histogram.snapshot(0)).asString().contains("count=0");
    }

    @Test
    void quantile_endsAndMiddle_areOfTheSmallestThatCovers() {
        record(1_000_000, 2_000_000, 3_000_000, 4_000_000);
        LatencySnapshot snapshot = histogram.snapshot(0);

        assertThat(snapshot.quantile(0)).contains(Duration.ofNanos(told(1_000_000)));
        assertThat(snapshot.quantile(0.25)).contains(Duration.ofNanos(told(1_000_000)));
        assertThat(snapshot.quantile(0.26)).contains(Duration.ofNanos(told(2_000_000)));
        assertThat(snapshot.quantile(0.5)).contains(Duration.ofNanos(told(2_000_000)));
        assertThat(snapshot.quantile(1)).contains(Duration.ofNanos(told(4_000_000)));
    }

    @Test
    void quantile_randomTimes_isThatOfTheSortedTimes() {
        SplittableRandom random = new SplittableRandom(3);
        long[] times = random.longs(1023, 0, 1L << 40)
                .map(each -> each >>> random.nextInt(38))
                .toArray();
        record(times);
        Arrays.sort(times);
        LatencySnapshot snapshot = histogram.snapshot(0);

        for (double fraction : new double[] {0.125, 0.5, 0.75, 0.875, 0.96875, 1}) {
            int rank = (int) Math.ceil(fraction * times.length);
            assertThat(snapshot.quantile(fraction)).contains(Duration.ofNanos(told(times[rank - 1])));
        }
    }

    @Test
    void since_earlier_isWhatCameMeanwhile() {
        record(1_000_000, 2_000_000);
        LatencySnapshot before = histogram.snapshot(3);
        record(2_000_000, 5_000_000);
        LatencySnapshot after = histogram.snapshot(4);

        LatencySnapshot between = after.since(before);

        assertThat(between.count()).isEqualTo(3);
        assertThat(values(between)).containsExactly("0 x 1", told(2_000_000) + " x 1", told(5_000_000) + " x 1");
        assertThat(after.count()).as("unchanged").isEqualTo(8);
        assertThat(before.since(after).count()).as("the wrong way round").isZero();
        assertThat(after.since(after).quantile(0.5)).isEmpty();
    }

    @Test
    void forEach_valuesAscendAndCountsAreExact() {
        record(7_000_000, 40_000, 7_000_000, 90_000_000_000L);

        assertThat(values(histogram.snapshot(2)))
                .containsExactly(
                        "0 x 2", told(40_000) + " x 1", told(7_000_000) + " x 2", told(90_000_000_000L) + " x 1");
    }

    private static List<String> values(LatencySnapshot snapshot) {
        List<String> values = new ArrayList<>();
        snapshot.forEach((nanos, count) -> values.add(nanos + " x " + count));
        return values;
    }
}
