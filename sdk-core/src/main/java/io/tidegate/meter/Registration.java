/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.meter;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/** Registers meters as {@link Meters} describes them, and remembers them. */
final class Registration {

    /** Bounds of all histograms. LLM requests last from milliseconds to minutes, and the default ends at 30 s. */
    private static final Duration[] BUCKETS = {
        Duration.ofMillis(1),
        Duration.ofMillis(5),
        Duration.ofMillis(10),
        Duration.ofMillis(25),
        Duration.ofMillis(50),
        Duration.ofMillis(100),
        Duration.ofMillis(250),
        Duration.ofMillis(500),
        Duration.ofSeconds(1),
        Duration.ofMillis(2500),
        Duration.ofSeconds(5),
        Duration.ofSeconds(10),
        Duration.ofSeconds(30),
        Duration.ofMinutes(1),
        Duration.ofMinutes(2),
        Duration.ofMinutes(5),
        Duration.ofMinutes(10)
    };

    private final MeterRegistry registry;
    private final List<Meter> registered = new ArrayList<>();

    Registration(MeterRegistry registry) {
        this.registry = registry;
    }

    List<Meter> meters() {
        return registered;
    }

    /** Values in the order of the meter's tag keys. */
    private static Tags tags(Meters meter, String... values) {
        List<String> keys = meter.tags();
        if (keys.size() != values.length) {
            throw new IllegalArgumentException(meter + " has the tags " + keys + " but was given " + List.of(values));
        }
        Tags tags = Tags.empty();
        for (int i = 0; i < values.length; i++) {
            tags = tags.and(keys.get(i), values[i]);
        }
        return tags;
    }

    static String tag(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    void gauge(Meters meter, Supplier<Number> value, String... tagValues) {
        // A base unit on a count would end up in its Prometheus name.
        Gauge.Builder<Supplier<Number>> builder = Gauge.builder(meter.meterName(), value)
                .description(meter.description())
                .tags(tags(meter, tagValues));
        if (meter.unit().equals("seconds")) {
            builder.baseUnit("seconds");
        }
        registered.add(builder.register(registry));
    }

    Counter counter(Meters meter, String... tagValues) {
        Counter counter = Counter.builder(meter.meterName())
                .description(meter.description())
                .tags(tags(meter, tagValues))
                .register(registry);
        registered.add(counter);
        return counter;
    }

    <T> void counter(Meters meter, T source, ToDoubleFunction<T> count, String... tagValues) {
        registered.add(FunctionCounter.builder(meter.meterName(), source, count)
                .description(meter.description())
                .tags(tags(meter, tagValues))
                .register(registry));
    }

    Timer timer(Meters meter, String... tagValues) {
        Timer timer = Timer.builder(meter.meterName())
                .description(meter.description())
                .tags(tags(meter, tagValues))
                .serviceLevelObjectives(BUCKETS)
                .register(registry);
        registered.add(timer);
        return timer;
    }
}
