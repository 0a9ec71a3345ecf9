/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import java.time.Duration;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A made-up day of requests, built from published figures of production services.
 *
 * <p>Each figure has a source:
 *
 * <ul>
 *   <li>how the rate moves over the day: ServeGen, m-small, first week, mean by hour of the day ({@link #hourlyMultipliers()};
 *       Apache-2.0; Xiang et al., ServeGen, arXiv 2505.09999), with straight lines between the middles of the hours;
 *   <li>how irregular arrivals are: gamma renewal with the coefficient of variation of the gaps in the Azure LLM inference
 *       trace 2023, conversation service (1.094);
 *   <li>how long prompts and answers are: the quantiles of the same trace (CC-BY-4.0; Patel et al., Splitwise, ISCA 2024).
 * </ul>
 *
 * <p>The day's <em>shape</em> is squeezed into the wanted duration; requests and the gaps between them are not: ten
 * minutes at 5 requests/s are 3000 requests of ordinary size. Bursts come on top of the mean rate.
 *
 * <p>Immutable; the same settings and seed give the same events on every JVM.
 *
 * @since 0.1.0
 */
public final class BuiltInDay {
    private static final int HOURS = 24;

    /**
     * Rate in each hour of the day over the mean rate, hour 0 first. From {@code servegen_m-small_rate_10min_week1.csv} (sum of
     * the rates of 43 clients in windows of 10 minutes, seven days): mean by hour of the day, divided by the mean of all.
     */
    private static final double[] MULTIPLIERS = {
        0.8362, 0.6661, 0.6605, 0.6552, 0.6197, 0.6387, 0.7237, 0.8124, 0.9832, 1.1768, 1.1518, 1.0989,
        1.0433, 1.0090, 1.0549, 1.0369, 1.0689, 1.0808, 1.0686, 1.2228, 1.4657, 1.4746, 1.3439, 1.1074
    };

    /** Coefficient of variation of the gaps between arrivals in the Azure trace. */
    static final double GAP_VARIATION = 1.094;

    /** Pieces of constant rate a day is cut into: one per squeezed minute. */
    private static final int PIECES = 1440;

    private final Duration duration;
    private final double meanRate;
    private final double startHour;
    private final Shares tiers;
    private final Shares tenants;
    private final List<Burst> bursts;
    private final long seed;
    private final RateWindows windows;

    private BuiltInDay(Builder builder) {
        this.duration = builder.duration;
        this.meanRate = builder.meanRate;
        this.startHour = builder.startHour;
        this.tiers = builder.tiers;
        this.tenants = builder.tenants;
        this.bursts = builder.bursts == null ? List.of(Burst.flashCrowd(duration)) : builder.bursts;
        this.seed = builder.seed;
        for (Burst burst : bursts) {
            if (burst.start().plus(burst.length()).compareTo(duration) > 0) {
                throw new IllegalArgumentException("a burst must end within the day of " + duration + " but starts at "
                        + burst.start() + " and lasts " + burst.length());
            }
        }
        this.windows = cut();
    }

    /** Returns a builder that holds the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** The rate in each of the 24 hours of a day over the mean rate, hour 0 (midnight) first; their mean is 1. */
    public static List<Double> hourlyMultipliers() {
        return Arrays.stream(MULTIPLIERS).boxed().toList();
    }

    /** Returns the events; each iteration draws the same ones. */
    public Trace trace() {
        return new Trace("built-in day", "built-in", duration, 0, List.of(), Events::new);
    }

    /**
     * The expected rate at an instant, bursts included.
     *
     * @param offset trace time since the start
     * @return requests per second of trace time; 0 outside of the day
     */
    public double rateAt(Duration offset) {
        return windows.rateAt(offset.toNanos() / 1e9);
    }

    /** The expected number of requests from the start to an instant, bursts included. */
    public double expectedEvents(Duration until) {
        return windows.expectedUntil(until.toNanos() / 1e9);
    }

    /** The bursts of the day. */
    public List<Burst> bursts() {
        return bursts;
    }

    private double usualRate(double seconds) {
        double hour = startHour + seconds / durationSeconds() * HOURS;
        // An hour's mean stands for its middle, so straight lines between middles keep the mean of the day.
        double position = hour - 0.5;
        double floor = Math.floor(position);
        int left = Math.floorMod((int) floor, HOURS);
        double part = position - floor;
        return meanRate * (MULTIPLIERS[left] * (1 - part) + MULTIPLIERS[(left + 1) % HOURS] * part);
    }

    /** Extra rate of a burst over the usual rate; 0 when it is not on. */
    private static double extra(Burst burst, double seconds) {
        double start = burst.start().toNanos() / 1e9;
        double end = start + burst.length().toNanos() / 1e9;
        return seconds >= start && seconds < end ? burst.multiplier() - 1 : 0;
    }

    private double durationSeconds() {
        return duration.toNanos() / 1e9;
    }

    private RateWindows cut() {
        TreeSet<Double> ends = new TreeSet<>();
        for (int piece = 1; piece < PIECES; piece++) {
            ends.add(durationSeconds() * piece / PIECES);
        }
        for (Burst burst : bursts) {
            double start = burst.start().toNanos() / 1e9;
            ends.add(start);
            ends.add(start + burst.length().toNanos() / 1e9);
        }
        ends.add(durationSeconds());
        double[] cuts = ends.stream()
                .filter(end -> end > 0 && end <= durationSeconds())
                .mapToDouble(Double::doubleValue)
                .toArray();
        double[] rates = new double[cuts.length];
        double[] variation = new double[cuts.length];
        Arrays.fill(variation, GAP_VARIATION);
        for (int i = 0; i < cuts.length; i++) {
            double middle = ((i == 0 ? 0 : cuts[i - 1]) + cuts[i]) / 2;
            double factor = 1;
            for (Burst burst : bursts) {
                factor += extra(burst, middle);
            }
            rates[i] = usualRate(middle) * factor;
        }
        return new RateWindows(cuts, rates, variation);
    }

    private final class Events implements Iterator<TraceEvent> {
        private final TokenLengths lengths = TokenLengths.conversation();
        private final Arrivals arrivals =
                new Arrivals(windows, SeededRandom.derive(seed, SeededRandom.Purpose.ARRIVAL, ""));
        private long index;
        private boolean more = arrivals.next();

        @Override
        public boolean hasNext() {
            return more;
        }

        @Override
        public TraceEvent next() {
            if (!more) {
                throw new NoSuchElementException();
            }
            double seconds = arrivals.seconds();
            Shares mix = mixAt(seconds);
            TraceEvent event = new TraceEvent(
                    Math.round(seconds * 1e9),
                    lengths.promptTokens(seed, index, "", seconds),
                    lengths.outputTokens(seed, index, "", seconds),
                    mix.pick(SeededRandom.uniform(seed, SeededRandom.Purpose.TIER, index)),
                    tenants.pick(SeededRandom.uniform(seed, SeededRandom.Purpose.TENANT, index)));
            index++;
            more = arrivals.next();
            return event;
        }

        /** Decides whether the event is one of the usual ones or one of a burst's. */
        private Shares mixAt(double seconds) {
            double factor = 1;
            for (Burst burst : bursts) {
                factor += extra(burst, seconds);
            }
            double rest = SeededRandom.uniform(seed, SeededRandom.Purpose.SOURCE, index) * factor - 1;
            for (Burst burst : bursts) {
                double extra = extra(burst, seconds);
                if (rest >= 0 && rest < extra) {
                    return burst.tiers();
                }
                rest -= extra;
            }
            return tiers;
        }
    }

    /** Collects settings. Not safe for several threads. */
    public static final class Builder {
        private Duration duration = Duration.ofMinutes(10);
        private double meanRate = 5;
        private double startHour = 4;
        private Shares tiers = Shares.defaultTiers();
        private Shares tenants = Shares.zipfTenants(Shares.PUBLISHED_TENANTS);
        private @Nullable List<Burst> bursts;
        private long seed = 1;

        private Builder() {}

        /**
         * Sets the trace time the day is squeezed into; ten minutes by default.
         *
         * @throws IllegalArgumentException if not in 1 s .. 366 days
         */
        public Builder duration(Duration value) {
            if (value.compareTo(Duration.ofSeconds(1)) < 0 || value.compareTo(Duration.ofDays(366)) > 0) {
                throw new IllegalArgumentException("duration must be in 1 s .. 366 days but was " + value);
            }
            this.duration = value;
            return this;
        }

        /**
         * Sets the mean rate without bursts, in requests per second of trace time; 5 by default.
         *
         * @throws IllegalArgumentException if not above 0, or above 1,000,000
         */
        public Builder meanRate(double value) {
            if (!(value > 0 && value <= 1_000_000)) {
                throw new IllegalArgumentException("meanRate must be above 0 and at most 1000000 but was " + value);
            }
            this.meanRate = value;
            return this;
        }

        /**
         * Sets the hour of the day the trace starts (and ends) at; 4 by default, the bottom of the night: morning rise and
         * evening peak follow, and at the end the rate is back at its lowest, so that capacity is given back.
         *
         * @throws IllegalArgumentException if not in 0 (included) .. 24 (excluded)
         */
        public Builder startHour(double value) {
            if (!(value >= 0 && value < HOURS)) {
                throw new IllegalArgumentException("startHour must be in 0 .. 24 but was " + value);
            }
            this.startHour = value;
            return this;
        }

        /** Sets the shares of the tiers outside of bursts; premium 0.2, standard 0.5, batch 0.3 by default. */
        public Builder tiers(Shares value) {
            this.tiers = Objects.requireNonNull(value, "tiers");
            return this;
        }

        /** Sets the shares of the tenants; {@link Shares#zipfTenants} of 162 by default. */
        public Builder tenants(Shares value) {
            this.tenants = Objects.requireNonNull(value, "tenants");
            return this;
        }

        /** Sets the bursts; one {@link Burst#flashCrowd} by default. An empty list is a day without bursts. */
        public Builder bursts(List<Burst> value) {
            this.bursts = List.copyOf(value);
            return this;
        }

        /** Sets the seed of everything that is drawn; 1 by default. */
        public Builder seed(long value) {
            this.seed = value;
            return this;
        }

        /**
         * Returns the day; the builder may be used again.
         *
         * @throws IllegalArgumentException if a burst does not end within the day
         */
        public BuiltInDay build() {
            return new BuiltInDay(this);
        }
    }
}
