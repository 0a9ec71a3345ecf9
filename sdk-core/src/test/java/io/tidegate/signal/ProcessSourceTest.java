/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.contracts.SignalSourceContract;
import io.tidegate.pool.Signal;
import io.tidegate.pool.Signal.Known;
import io.tidegate.pool.Signal.Missing;
import io.tidegate.signal.spi.SignalSource;
import io.tidegate.time.SystemTime;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class ProcessSourceTest extends SignalSourceContract {

    private final Told platform = new Told();

    private static final class Told implements ProcessSource.Platform {

        private long cpuNanos = 5_000_000_000L;
        private int processors = 4;
        private double loadAverage = 6;
        private long heapUsed = 300;
        private long heapMax = 400;
        private long gcMillis = 100;
        private long openFiles = 10;
        private long maxFiles = 1000;

        @Override
        public long cpuNanos() {
            return cpuNanos;
        }

        @Override
        public int processors() {
            return processors;
        }

        @Override
        public double loadAverage() {
            return loadAverage;
        }

        @Override
        public long heapUsed() {
            return heapUsed;
        }

        @Override
        public long heapMax() {
            return heapMax;
        }

        @Override
        public long gcMillis() {
            return gcMillis;
        }

        @Override
        public int threads() {
            return 37;
        }

        @Override
        public long openFiles() {
            return openFiles;
        }

        @Override
        public long maxFiles() {
            return maxFiles;
        }
    }

    @Override
    protected SignalSource source() {
        return ProcessSource.of(time, platform);
    }

    private static double value(Map<String, Signal> signals, String name) {
        assertThat(signals.get(name)).as(name).isInstanceOf(Known.class);
        return ((Known) signals.get(name)).value();
    }

    @Test
    void read_first_hasNoSharesOfTime() {
        Map<String, Signal> signals = ProcessSource.of(time, platform).read();
        assertThat(signals.keySet()).containsExactlyElementsOf(ProcessSource.ALL);
        assertThat(signals.get(ProcessSource.CPU)).isEqualTo(new Missing("process", "needs two reads"));
        assertThat(signals.get(ProcessSource.GC)).isEqualTo(new Missing("process", "needs two reads"));
        assertThat(value(signals, ProcessSource.HEAP)).isEqualTo(0.75);
        assertThat(value(signals, ProcessSource.THREADS)).isEqualTo(37);
        assertThat(value(signals, ProcessSource.FILES)).isEqualTo(0.01);
        assertThat(value(signals, ProcessSource.LOAD)).isEqualTo(1.5);
    }

    @Test
    void read_second_givesSharesOfTheTimeBetween() {
        ProcessSource source = ProcessSource.of(time, platform);
        source.read();
        time.advance(Duration.ofSeconds(10));
        platform.cpuNanos += Duration.ofSeconds(30).toNanos(); // of 40 that 4 processors have
        platform.gcMillis += 500;
        Map<String, Signal> signals = source.read();
        assertThat(value(signals, ProcessSource.CPU)).isEqualTo(0.75);
        assertThat(value(signals, ProcessSource.GC)).isEqualTo(0.05);

        time.advance(Duration.ofSeconds(1));
        platform.cpuNanos += Duration.ofSeconds(5).toNanos();
        assertThat(value(source.read(), ProcessSource.CPU)).isEqualTo(1);
    }

    @Test
    void read_platformStopsTelling_isMissingAndNeverNumbers() {
        ProcessSource source = ProcessSource.of(time, platform);
        source.read();
        time.advance(Duration.ofSeconds(10));
        platform.cpuNanos = -1;
        platform.loadAverage = Double.NaN;
        platform.heapMax = -1;
        platform.openFiles = -1;
        platform.gcMillis = 0;
        Map<String, Signal> signals = source.read();
        assertThat(signals.keySet()).containsExactlyElementsOf(ProcessSource.ALL);
        for (String name : List.of(
                ProcessSource.CPU, ProcessSource.LOAD, ProcessSource.HEAP, ProcessSource.FILES, ProcessSource.GC)) {
            assertThat(signals.get(name)).as(name).isInstanceOf(Missing.class);
        }
    }

    @Test
    void of_whatThePlatformNeverTells_isLeftOutUnlessAskedFor() {
        platform.maxFiles = -1;
        platform.loadAverage = -1;
        platform.heapMax = -1;
        platform.cpuNanos = -1;
        assertThat(ProcessSource.of(time, platform).read()).containsOnlyKeys(ProcessSource.GC, ProcessSource.THREADS);

        Map<String, Signal> asked =
                ProcessSource.of(time, platform, Set.of(ProcessSource.FILES)).read();
        assertThat(asked).isEqualTo(Map.of(ProcessSource.FILES, new Missing("process", "the platform does not tell")));
    }

    @Test
    void of_unknownOrNoNames_isRejected() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ProcessSource.of(time, Set.of("cpu")))
                .withMessageContaining("process.cpu.usage")
                .withMessageContaining("[cpu]");
        assertThatIllegalArgumentException().isThrownBy(() -> ProcessSource.of(time, Set.of()));
        assertThat(ProcessSource.of(time, new HashSet<>(ProcessSource.ALL))
                        .read()
                        .keySet())
                .containsExactlyElementsOf(ProcessSource.ALL);
    }

    /** The process of the tests themselves. */
    @Nested
    class Here {

        @Test
        void read_thisProcess_isWithinBounds() {
            try (SystemTime clock = SystemTime.start()) {
                ProcessSource source = ProcessSource.of(clock);
                source.read();
                long until = System.nanoTime() + 50_000_000;
                double busy = 0;
                while (System.nanoTime() - until < 0) {
                    busy += Math.sqrt(busy + 1);
                }
                assertThat(busy).isPositive();
                Map<String, Signal> signals = source.read();
                assertThat(value(signals, ProcessSource.CPU)).isGreaterThan(0).isLessThanOrEqualTo(1);
                assertThat(value(signals, ProcessSource.HEAP)).isGreaterThan(0).isLessThanOrEqualTo(1);
                assertThat(value(signals, ProcessSource.GC)).isBetween(0.0, 1.0);
                assertThat(value(signals, ProcessSource.THREADS)).isGreaterThan(1);
            }
        }
    }
}
