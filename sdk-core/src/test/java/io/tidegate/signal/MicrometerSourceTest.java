/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signal;

import static io.tidegate.signal.MeterSelection.Statistic.COUNT;
import static io.tidegate.signal.MeterSelection.Statistic.MAX;
import static io.tidegate.signal.MeterSelection.Statistic.MEAN;
import static io.tidegate.signal.MeterSelection.Statistic.RATE;
import static io.tidegate.signal.MeterSelection.Statistic.VALUE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.micrometer.core.instrument.logging.LoggingMeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.tidegate.contracts.SignalSourceContract;
import io.tidegate.pool.Signal;
import io.tidegate.pool.Signal.Invalid;
import io.tidegate.pool.Signal.Known;
import io.tidegate.pool.Signal.Missing;
import io.tidegate.signal.MeterSelection.Across;
import io.tidegate.signal.spi.SignalSource;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MicrometerSourceTest extends SignalSourceContract {

    private static final Duration PERIOD = Duration.ofSeconds(10);

    private final MeterRegistry registry = new SimpleMeterRegistry();

    @Override
    protected SignalSource source() {
        registry.gauge("pool.size", 5);
        registry.counter("http.requests", "uri", "/a").increment();
        return MicrometerSource.builder(time, registry)
                .signal("pool.size", MeterSelection.of("pool.size", VALUE))
                .signal("http.rate", MeterSelection.of("http.requests", RATE))
                .signal("absent", MeterSelection.of("htpp.requests", RATE))
                .build();
    }

    private MicrometerSource one(MeterSelection selection) {
        return MicrometerSource.builder(time, registry).signal("it", selection).build();
    }

    private static Signal it(MicrometerSource source) {
        return source.read().get("it");
    }

    private static double value(Signal signal) {
        assertThat(signal).isInstanceOf(Known.class);
        return ((Known) signal).value();
    }

    @Test
    void read_counters_areAddedUpAsARateBetweenReads() {
        registry.counter("http.requests", "uri", "/a").increment(100);
        registry.counter("http.requests", "uri", "/b").increment(7);
        MicrometerSource source = one(MeterSelection.of("http.requests", RATE).unit("requests/s"));
        assertThat(it(source)).isEqualTo(new Missing("micrometer http.requests", "needs two reads"));

        registry.counter("http.requests", "uri", "/a").increment(20);
        registry.counter("http.requests", "uri", "/b").increment(10);
        // One that appears began at 0.
        registry.counter("http.requests", "uri", "/c").increment(5);
        time.advance(PERIOD);
        assertThat(it(source)).isEqualTo(new Known(3.5, "requests/s", time.nanos(), "micrometer http.requests"));

        time.advance(PERIOD);
        assertThat(value(it(source))).isZero();
    }

    @Test
    void read_tags_narrow() {
        registry.counter("http.requests", "uri", "/a").increment(100);
        registry.counter("http.requests", "uri", "/b").increment(7);
        assertThat(it(one(MeterSelection.of("http.requests", COUNT).tag("uri", "/b"))))
                .isEqualTo(new Known(7, "count", time.nanos(), "micrometer http.requests{uri=/b}"));
        assertThat(it(one(MeterSelection.of("http.requests", COUNT).tag("uri", "/c"))))
                .isEqualTo(new Missing(
                        "micrometer http.requests{uri=/c}",
                        "no meter \"http.requests\" has these tags, though some of that name exist"));
    }

    @Test
    void read_acrosses_putSeveralTogether() {
        registry.gauge("size", io.micrometer.core.instrument.Tags.of("pool", "a"), 2);
        registry.gauge("size", io.micrometer.core.instrument.Tags.of("pool", "b"), 6);
        MeterSelection size = MeterSelection.of("size", VALUE);
        assertThat(it(one(size))).isInstanceOf(Invalid.class);
        assertThat(it(one(size)).gap()).startsWith("2 meters match where one should");
        assertThat(value(it(one(size.tag("pool", "a"))))).isEqualTo(2);
        assertThat(value(it(one(size.across(Across.SUM))))).isEqualTo(8);
        assertThat(value(it(one(size.across(Across.MEAN))))).isEqualTo(4);
        assertThat(value(it(one(size.across(Across.MAX))))).isEqualTo(6);
    }

    @Test
    void read_timer_countsRatesAndMeansInSecondsBetweenReads() {
        Timer fast = registry.timer("call", "to", "a");
        Timer slow = registry.timer("call", "to", "b");
        fast.record(Duration.ofSeconds(100));
        MicrometerSource source = MicrometerSource.builder(time, registry)
                .signal("rate", MeterSelection.of("call", RATE))
                .signal("mean", MeterSelection.of("call", MEAN))
                .signal("worst", MeterSelection.of("call", MEAN).across(Across.MAX))
                .signal("max", MeterSelection.of("call", MAX))
                .signal("idle", MeterSelection.of("call", MEAN).zeroWhenIdle())
                .build();
        source.read();
        for (int i = 0; i < 3; i++) {
            fast.record(Duration.ofSeconds(1));
        }
        slow.record(Duration.ofSeconds(5));
        time.advance(PERIOD);
        var signals = source.read();
        assertThat(signals.get("rate")).isEqualTo(new Known(0.4, "count/s", time.nanos(), "micrometer call"));
        // (3·1 + 5) / 4
        assertThat(signals.get("mean")).isEqualTo(new Known(2, "seconds", time.nanos(), "micrometer call"));
        assertThat(value(signals.get("worst"))).isEqualTo(5);
        assertThat(value(signals.get("max"))).isEqualTo(100);

        time.advance(PERIOD);
        signals = source.read();
        assertThat(signals.get("mean"))
                .isEqualTo(new Missing("micrometer call", "nothing was recorded since the read before"));
        assertThat(value(signals.get("idle"))).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    @DisplayName("E6: whatever a counter does, resets among it, no rate is negative")
    void read_counterResets_rateIsNeverNegative(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        double[] counted = {1000};
        FunctionCounter.builder("served", counted, each -> each[0]).register(registry);
        MicrometerSource source = one(MeterSelection.of("served", RATE));
        it(source);
        counted[0] = 40;
        time.advance(PERIOD);
        assertThat(value(it(source))).as("40 since the reset").isEqualTo(4);
        for (int i = 0; i < 10_000; i++) {
            counted[0] = random.nextInt(10) == 0 ? random.nextInt(100) : counted[0] + random.nextInt(1000);
            time.advance(Duration.ofMillis(1 + random.nextInt(20_000)));
            assertThat(value(it(source))).isNotNegative();
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, -1})
    @DisplayName("E2: a gauge that is no finite, non-negative number is invalid")
    void read_oddGauge_isInvalid(double odd) {
        registry.gauge("odd", odd);
        assertThat(it(one(MeterSelection.of("odd", VALUE)))).isInstanceOf(Invalid.class);
    }

    @Test
    void read_gaugeWhoseObjectIsGoneOrThrows_isInvalid() {
        Gauge.builder("throws", () -> {
                    throw new IllegalStateException("told to");
                })
                .register(registry);
        assertThat(it(one(MeterSelection.of("throws", VALUE)))).isInstanceOf(Invalid.class);
    }

    @Test
    void read_statisticTheKindLacks_isInvalid() {
        registry.gauge("size", 1);
        assertThat(it(one(MeterSelection.of("size", COUNT)))).isInstanceOf(Invalid.class);
        registry.counter("served");
        assertThat(it(one(MeterSelection.of("served", MAX)))).isInstanceOf(Invalid.class);
    }

    @Test
    @DisplayName("E1: a meter that does not exist is missing, with the nearest names")
    void read_noMeter_isMissingWithTheNearestNames() {
        assertThat(it(one(MeterSelection.of("x", VALUE))).gap()).endsWith("the registry has none");
        for (int i = 0; i < 5000; i++) {
            registry.counter("other.quite.different." + i);
        }
        AtomicReference<Double> value = new AtomicReference<>(1.0);
        SimpleMeterRegistry few = new SimpleMeterRegistry();
        few.gauge("hikari.connections.active", value, AtomicReference::get);
        few.gauge("hikari.connections.max", value, AtomicReference::get);
        few.gauge("jvm.memory.used", value, AtomicReference::get);
        few.gauge("a", value, AtomicReference::get);
        MicrometerSource source = MicrometerSource.builder(time, few)
                .signal("it", MeterSelection.of("hikari.conections.active", VALUE))
                .build();
        assertThat(it(source).gap())
                .startsWith("no meter of this name; nearest are hikari.connections.active, hikari.connections.max, ");
        assertThat(it(one(MeterSelection.of("y".repeat(100_000), VALUE))).gap()).hasSizeLessThan(400);
    }

    @Test
    void read_compositeOfNone_isMissingAndNotZero() {
        CompositeMeterRegistry composite = new CompositeMeterRegistry();
        composite.counter("served").increment(5);
        MicrometerSource source = MicrometerSource.builder(time, composite)
                .signal("it", MeterSelection.of("served", COUNT))
                .build();
        assertThat(it(source)).isInstanceOf(Missing.class);
        composite.add(registry);
        composite.counter("served").increment(2);
        assertThat(value(it(source))).isEqualTo(2);
    }

    @Test
    void builder_wrong_isRejected() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> MicrometerSource.builder(time, registry).build());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> MicrometerSource.builder(time, registry)
                        .signal("a", MeterSelection.of("x", VALUE))
                        .signal("a", MeterSelection.of("y", VALUE)));
        LoggingMeterRegistry steps = new LoggingMeterRegistry();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> MicrometerSource.builder(time, steps).signal("a", MeterSelection.of("x", RATE)))
                .withMessageContaining("counts by steps");
        steps.close();
    }

    @Test
    void nameDistance_countsLetters() {
        assertThat(NameDistance.between("kitten", "sitting")).isEqualTo(3);
        assertThat(NameDistance.between("", "abc")).isEqualTo(3);
        assertThat(NameDistance.between("same", "same")).isZero();
    }
}
