/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signal;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.micrometer.core.instrument.step.StepMeterRegistry;
import io.tidegate.pool.Signal;
import io.tidegate.signal.MeterSelection.Across;
import io.tidegate.signal.MeterSelection.Statistic;
import io.tidegate.signal.spi.SignalSource;
import io.tidegate.time.TimeSource;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Any meter of a registry as a signal: what the gateway, its pools of connections or its caches already measure.
 *
 * <p>Rates and means are of the time between two reads, so the first read has none. A counter that went back has begun anew at 0,
 * as one that appears does: what it shows is what it counted since, and no rate is ever negative.
 *
 * <p>What no meter matches is {@link Signal.Missing} and names the nearest meters there are; a meter may well appear with the first
 * request only, so register it before. A value that is no finite, non-negative number is {@link Signal.Invalid}; so are several
 * gauges where one was meant.
 *
 * <p>Each signal walks the registry's meters once a read. For one read at a time; the registry may change meanwhile.
 *
 * @since 0.1.0
 */
public final class MicrometerSource implements SignalSource {

    private static final int MOST_NAMES = 1000;
    private static final int NEAREST = 3;
    private static final int LONGEST_NAME = 80;

    private final String name;
    private final TimeSource time;
    private final MeterRegistry registry;
    private final Map<String, MeterSelection> selections;
    private Map<Meter.Id, MeterReading> before = Map.of();
    private @Nullable Long beforeNanos;

    private MicrometerSource(Builder builder) {
        this.name = builder.name;
        this.time = builder.time;
        this.registry = builder.registry;
        this.selections = new LinkedHashMap<>(builder.selections);
    }

    /** Starts a source of no signals. */
    public static Builder builder(TimeSource time, MeterRegistry registry) {
        return new Builder(time, registry);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Map<String, Signal> read() {
        long now = time.nanos();
        Map<Meter.Id, MeterReading> seen = new HashMap<>();
        Map<String, Signal> all = new LinkedHashMap<>();
        selections.forEach((signal, selection) -> all.put(signal, signal(selection, now, seen)));
        before = seen;
        beforeNanos = now;
        return all;
    }

    private Signal signal(MeterSelection selection, long now, Map<Meter.Id, MeterReading> seen) {
        String source = name + " " + selection;
        if (registry instanceof CompositeMeterRegistry composite
                && composite.getRegistries().isEmpty()) {
            return new Signal.Missing(source, "the registry is a composite of none, which counts nothing");
        }
        Collection<Meter> meters =
                registry.find(selection.meter).tags(selection.tags).meters();
        if (meters.isEmpty()) {
            return new Signal.Missing(source, nothingMatches(selection));
        }
        Sum sum = new Sum();
        for (Meter meter : meters) {
            MeterReading reading = seen.computeIfAbsent(meter.getId(), ignored -> MeterReading.of(meter));
            sum.add(selection.statistic, reading, before.get(meter.getId()), unit(selection, reading));
        }
        if (selection.across == Across.ONLY && meters.size() > 1) {
            return new Signal.Invalid(
                    source,
                    meters.size() + " meters match where one should: name more tags, or how to" + " put them together");
        }
        return signal(selection, sum, meters.size(), now, source);
    }

    private Signal signal(MeterSelection selection, Sum sum, int meters, long now, String source) {
        if (selection.statistic == Statistic.RATE || selection.statistic == Statistic.MEAN) {
            if (beforeNanos == null) {
                return new Signal.Missing(source, "needs two reads");
            }
            long elapsed = now - beforeNanos;
            if (elapsed <= 0) {
                return new Signal.Missing(source, "no time has passed since the read before");
            }
            if (selection.statistic == Statistic.MEAN && sum.count == 0) {
                return selection.zeroWhenIdle
                        ? new Signal.Known(0, sum.unit, now, source)
                        : new Signal.Missing(source, "nothing was recorded since the read before");
            }
            if (selection.statistic == Statistic.RATE) {
                return known(across(selection.across, sum, meters) / (elapsed / 1e9), sum.unit, now, source);
            }
            if (selection.across == Across.MEAN || selection.across == Across.ONLY) {
                return known(sum.total / sum.count, sum.unit, now, source);
            }
        }
        return known(across(selection.across, sum, meters), sum.unit, now, source);
    }

    private static double across(Across across, Sum sum, int meters) {
        return switch (across) {
            case SUM, ONLY -> sum.values;
            case MEAN -> sum.values / meters;
            case MAX -> sum.highest;
        };
    }

    private static Signal known(double value, String unit, long now, String source) {
        return Double.isNaN(value)
                ? new Signal.Invalid(source, "the meter says NaN, or its kind has no such statistic")
                : Signal.ofNonNegative(value, unit, now, source);
    }

    private static String unit(MeterSelection selection, MeterReading reading) {
        if (selection.unit != null) {
            return selection.unit;
        }
        boolean counted = selection.statistic == Statistic.COUNT || selection.statistic == Statistic.RATE;
        // What a timer counts are calls and not seconds.
        String own = reading.unit().isEmpty() || (counted && !Double.isNaN(reading.total())) ? "count" : reading.unit();
        return selection.statistic == Statistic.RATE ? own + "/s" : own;
    }

    private String nothingMatches(MeterSelection selection) {
        if (!registry.find(selection.meter).meters().isEmpty()) {
            return "no meter \"" + selection.meter + "\" has these tags, though some of that name exist";
        }
        Stream<String> names = registry.getMeters().stream()
                .limit(MOST_NAMES)
                .map(meter -> meter.getId().getName())
                .map(each -> each.length() > LONGEST_NAME ? each.substring(0, LONGEST_NAME) : each);
        String asked =
                selection.meter.length() > LONGEST_NAME ? selection.meter.substring(0, LONGEST_NAME) : selection.meter;
        List<String> nearest = names.collect(Collectors.toCollection(TreeSet::new)).stream()
                .sorted(Comparator.comparingInt(each -> NameDistance.between(asked, each)))
                .limit(NEAREST)
                .toList();
        return "no meter of this name; "
                + (nearest.isEmpty() ? "the registry has none" : "nearest are " + String.join(", ", nearest));
    }

    /** What meters that match come to. */
    private static final class Sum {

        private double values;
        private double highest = Double.NEGATIVE_INFINITY;
        private double count;
        private double total;
        private String unit = "";

        void add(Statistic statistic, MeterReading now, @Nullable MeterReading before, String unit) {
            double counted = grown(now.count(), before == null ? 0 : before.count());
            // A count that went back tells the reset; the total goes with it, for it may by now be the larger one
            // again.
            boolean reset = before != null && now.count() < before.count();
            double added = grown(now.total(), before == null || reset ? 0 : before.total());
            double value = switch (statistic) {
                case VALUE -> now.value();
                case COUNT -> now.count();
                case RATE -> counted;
                case MEAN -> counted == 0 ? 0 : added / counted;
                case MAX -> now.max();
            };
            values += value;
            // Math.max keeps NaN.
            highest = Math.max(highest, value);
            count += counted;
            total += added;
            this.unit = unit;
        }

        private static double grown(double now, double before) {
            return now < before ? now : now - before;
        }
    }

    /** Collects the settings of a {@link MicrometerSource}. Not safe for use by several threads. */
    public static final class Builder {

        private final TimeSource time;
        private final MeterRegistry registry;
        private final Map<String, MeterSelection> selections = new LinkedHashMap<>();
        private String name = "micrometer";

        private Builder(TimeSource time, MeterRegistry registry) {
            this.time = Objects.requireNonNull(time, "time");
            this.registry = Objects.requireNonNull(registry, "registry");
        }

        /** The source's name, to be set where a pool has two of them; {@code micrometer} by default. */
        public Builder name(String name) {
            this.name = Objects.requireNonNull(name, "name");
            return this;
        }

        /**
         * Adds a signal.
         *
         * @param signal its name, such as {@code http.client.rate}
         * @throws IllegalArgumentException if there is one of that name, or the registry counts by steps and so has neither counts
         *     nor rates
         */
        public Builder signal(String signal, MeterSelection selection) {
            if (registry instanceof StepMeterRegistry
                    && selection.statistic != Statistic.VALUE
                    && selection.statistic != Statistic.MAX) {
                throw new IllegalArgumentException(
                        "signal " + signal + " needs a registry whose counters only grow, but "
                                + registry.getClass().getSimpleName() + " counts by steps");
            }
            if (selections.putIfAbsent(signal, selection) != null) {
                throw new IllegalArgumentException("there is a signal \"" + signal + "\" already");
            }
            return this;
        }

        /**
         * The source.
         *
         * @throws IllegalArgumentException if it has no signal
         */
        public MicrometerSource build() {
            if (selections.isEmpty()) {
                throw new IllegalArgumentException("a source of meters needs at least one signal");
            }
            return new MicrometerSource(this);
        }
    }
}
