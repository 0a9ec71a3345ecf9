/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;

/**
 * Makes traces of a given shape. Each call gives a trace that draws its requests while one iterates: no memory whatever the length,
 * and the same events for the same arguments and seed on every JVM.
 *
 * <p>Arrivals are Poisson at the rate of the moment unless said otherwise. Requests have neither tier nor tenant;
 * {@link Trace#assigned} gives them some. Rates are in requests per second, 0..1,000,000; lengths of time above 0 (those that may be
 * 0 say so), all together at most ten years.
 *
 * @since 0.1.0
 */
public final class Generators {
    private static final double MAX_RATE = 1_000_000;
    private static final Duration MAX_LENGTH = Duration.ofDays(3_653);
    private static final int HOURS = 24;
    private static final int DAYS_OF_WEEK = 7;
    private static final int FIRST_WEEKEND_DAY = 5;
    private static final double DAY_SECONDS = 86_400;

    /** Hour of the day at which the sinusoid is highest. */
    private static final double PEAK_HOUR = 15;

    /** What a changing rate is cut into: pieces of a second in short slopes, of 5 minutes in days. */
    private static final double SLOPE_PIECE_SECONDS = 1;

    private static final double DAY_PIECE_SECONDS = 300;
    private static final int MOST_PIECES_OF_SLOPE = 10_000;

    private Generators() {}

    /** How requests are spread over a stage. */
    public enum Spacing {
        /** A Poisson process: the number of requests is random, with the rate as its mean. */
        POISSON,
        /** Exactly length times rate requests, rounded, at random moments: a Poisson process of which the number is known. */
        COUNTED
    }

    /**
     * A time at one rate.
     *
     * @param length how long, above 0
     * @param requestsPerSecond 0..1,000,000
     */
    public record Stage(Duration length, double requestsPerSecond) {
        /**
         * Checks the values.
         *
         * @throws IllegalArgumentException if one is out of its range
         */
        public Stage {
            checkLength("length", length, false);
            checkRate("requestsPerSecond", requestsPerSecond);
        }
    }

    /**
     * One rate after the other.
     *
     * @throws IllegalArgumentException if there is no stage, or they last too long
     */
    public static Trace stages(List<Stage> stages, Spacing spacing, Lengths lengths, long seed) {
        List<Stage> all = List.copyOf(stages);
        Pieces pieces = new Pieces();
        for (Stage stage : all) {
            pieces.hold(stage.length(), stage.requestsPerSecond());
        }
        if (spacing == Spacing.POISSON) {
            return pieces.trace("stages", lengths, seed);
        }
        Objects.requireNonNull(lengths, "lengths");
        Duration length = pieces.length();
        return Trace.generated("stages", length, () -> new Counted(all, lengths.tokens(), seed));
    }

    /** One rate. */
    public static Trace steady(double rate, Duration length, Lengths lengths, long seed) {
        return new Pieces().hold(length, rate).trace("steady", lengths, seed);
    }

    /**
     * A rate and, from one moment to the next, another one.
     *
     * @param before how long the first rate holds
     * @param after how long the second one does
     */
    public static Trace step(
            double firstRate, double secondRate, Duration before, Duration after, Lengths lengths, long seed) {
        return new Pieces().hold(before, firstRate).hold(after, secondRate).trace("step", lengths, seed);
    }

    /** A rate that rises or falls evenly. */
    public static Trace ramp(double firstRate, double lastRate, Duration length, Lengths lengths, long seed) {
        return new Pieces().slope(length, firstRate, lastRate).trace("ramp", lengths, seed);
    }

    /**
     * A flash crowd: the rate rises evenly to a multiple, stays there, and falls back.
     *
     * @param baseRate the rate before and after
     * @param multiple the highest rate over the base rate, at least 1
     * @param before how long the base rate holds first
     * @param rise how long it rises; may be 0
     * @param hold how long it stays; may be 0
     * @param fall how long it falls; may be 0
     * @param after how long the base rate holds afterwards
     */
    public static Trace flash(
            double baseRate,
            double multiple,
            Duration before,
            Duration rise,
            Duration hold,
            Duration fall,
            Duration after,
            Lengths lengths,
            long seed) {
        if (!(multiple >= 1)) {
            throw new IllegalArgumentException("multiple must be >= 1 but was " + multiple);
        }
        double peak = baseRate * multiple;
        return new Pieces()
                .hold(before, baseRate)
                .slope(rise, baseRate, peak)
                .holdOrNot(hold, peak)
                .slope(fall, peak, baseRate)
                .hold(after, baseRate)
                .trace("flash", lengths, seed);
    }

    /**
     * What sets off a retry storm: a short overload between two times of a rate that can be served. The retries that keep the
     * overload alive are not in it, because clients make them in answer to what they get; the simulator's clients do.
     *
     * @param baseRate the rate before and after
     * @param overloadRate the rate of the overload, at least the base rate
     * @param before how long the base rate holds first
     * @param overload how long the overload lasts
     * @param after how long the base rate holds afterwards: the time in which it shows whether the overload ends by itself
     */
    public static Trace storm(
            double baseRate,
            double overloadRate,
            Duration before,
            Duration overload,
            Duration after,
            Lengths lengths,
            long seed) {
        if (!(overloadRate >= baseRate)) {
            throw new IllegalArgumentException(
                    "overloadRate must be >= baseRate (" + baseRate + ") but was " + overloadRate);
        }
        return new Pieces()
                .hold(before, baseRate)
                .hold(overload, overloadRate)
                .hold(after, baseRate)
                .trace("storm", lengths, seed);
    }

    /**
     * Days by the hour: the mean of an hour stands for its middle, and the rate runs straight from middle to middle. Day 0 is a Monday
     * and starts at midnight.
     *
     * @param meanRate mean rate of a weekday; above 0
     * @param hourlyMultipliers rate of each of the 24 hours, hour 0 first, in any unit; not negative, not all 0
     * @param days how many days, 1..3,653
     * @param weekendFactor what the rates of Saturdays and Sundays are multiplied by; not negative, 1 for none
     * @throws IllegalArgumentException if one is out of its range
     */
    public static Trace hourly(
            double meanRate,
            List<Double> hourlyMultipliers,
            int days,
            double weekendFactor,
            Lengths lengths,
            long seed) {
        if (hourlyMultipliers.size() != HOURS) {
            throw new IllegalArgumentException(
                    "hourlyMultipliers must be " + HOURS + " but there were " + hourlyMultipliers.size());
        }
        double[] hours =
                hourlyMultipliers.stream().mapToDouble(Double::doubleValue).toArray();
        double sum = 0;
        for (double hour : hours) {
            if (!(hour >= 0) || Double.isInfinite(hour)) {
                throw new IllegalArgumentException("hourlyMultipliers must be >= 0 and finite but one was " + hour);
            }
            sum += hour;
        }
        if (sum == 0) {
            throw new IllegalArgumentException("hourlyMultipliers must not all be 0");
        }
        double mean = sum / HOURS;
        return days(
                "hourly",
                meanRate,
                hour -> {
                    double position = hour - 0.5;
                    int left = (int) Math.floor(position);
                    double part = position - left;
                    return (hours[Math.floorMod(left, HOURS)] * (1 - part)
                                    + hours[Math.floorMod(left + 1, HOURS)] * part)
                            / mean;
                },
                days,
                weekendFactor,
                lengths,
                seed);
    }

    /**
     * Days as a sinusoid, highest at 15 h and lowest at 3 h. Day 0 is a Monday and starts at midnight.
     *
     * @param meanRate mean rate of a weekday; above 0
     * @param swing 0..1: at 0.6 the rate runs from 0.4 to 1.6 times the mean
     * @param days how many days, 1..3,653
     * @param weekendFactor what the rates of Saturdays and Sundays are multiplied by; not negative, 1 for none
     * @throws IllegalArgumentException if one is out of its range
     */
    public static Trace sinusoid(
            double meanRate, double swing, int days, double weekendFactor, Lengths lengths, long seed) {
        if (!(swing >= 0 && swing <= 1)) {
            throw new IllegalArgumentException("swing must be in 0..1 but was " + swing);
        }
        return days(
                "sinusoid",
                meanRate,
                hour -> 1 + swing * StrictMath.cos((hour - PEAK_HOUR) / HOURS * 2 * Math.PI),
                days,
                weekendFactor,
                lengths,
                seed);
    }

    /**
     * A series of rates, each for the same time.
     *
     * @param step how long each rate holds
     * @param rates at least one
     */
    public static Trace series(Duration step, List<Double> rates, Lengths lengths, long seed) {
        Pieces pieces = new Pieces();
        rates.forEach(rate -> pieces.hold(step, rate));
        return pieces.trace("series", lengths, seed);
    }

    private interface HourlyShape {
        double at(double hour);
    }

    private static Trace days(
            String name,
            double meanRate,
            HourlyShape shape,
            int days,
            double weekendFactor,
            Lengths lengths,
            long seed) {
        if (!(meanRate > 0)) {
            throw new IllegalArgumentException("meanRate must be above 0 but was " + meanRate);
        }
        if (days < 1 || days > MAX_LENGTH.toDays()) {
            throw new IllegalArgumentException("days must be in 1.." + MAX_LENGTH.toDays() + " but was " + days);
        }
        if (!(weekendFactor >= 0) || Double.isInfinite(weekendFactor)) {
            throw new IllegalArgumentException("weekendFactor must be >= 0 and finite but was " + weekendFactor);
        }
        int perDay = (int) (DAY_SECONDS / DAY_PIECE_SECONDS);
        Pieces pieces = new Pieces();
        for (int day = 0; day < days; day++) {
            double factor = day % DAYS_OF_WEEK >= FIRST_WEEKEND_DAY ? weekendFactor : 1;
            for (int piece = 0; piece < perDay; piece++) {
                double hour = (piece + 0.5) * HOURS / perDay;
                pieces.add(DAY_PIECE_SECONDS, meanRate * factor * shape.at(hour));
            }
        }
        return pieces.trace(name, lengths, seed);
    }

    private static void checkRate(String name, double rate) {
        if (!(rate >= 0 && rate <= MAX_RATE)) {
            throw new IllegalArgumentException(name + " must be in 0.." + MAX_RATE + " but was " + rate);
        }
    }

    private static void checkLength(String name, Duration length, boolean zeroIsFine) {
        if (length.isNegative() || (length.isZero() && !zeroIsFine) || length.compareTo(MAX_LENGTH) > 0) {
            throw new IllegalArgumentException(name + " must be " + (zeroIsFine ? ">= 0" : "above 0")
                    + " and at most ten years but was " + length);
        }
    }

    /** Pieces of constant rate, one after the other. */
    private static final class Pieces {
        private final List<Double> ends = new ArrayList<>();
        private final List<Double> rates = new ArrayList<>();
        private double end;

        Pieces hold(Duration length, double rate) {
            checkLength("a length", length, false);
            return add(length.toNanos() / 1e9, rate);
        }

        Pieces holdOrNot(Duration length, double rate) {
            checkLength("a length", length, true);
            return length.isZero() ? this : hold(length, rate);
        }

        /** The rate in the middle of a piece is its mean, so that the number of requests to expect is exact. */
        Pieces slope(Duration length, double from, double to) {
            checkLength("a length", length, true);
            checkRate("a rate", from);
            checkRate("a rate", to);
            double seconds = length.toNanos() / 1e9;
            int count = (int) Math.min(MOST_PIECES_OF_SLOPE, Math.ceil(seconds / SLOPE_PIECE_SECONDS));
            for (int i = 0; i < count; i++) {
                add(seconds / count, from + (to - from) * (i + 0.5) / count);
            }
            return this;
        }

        Pieces add(double seconds, double rate) {
            checkRate("a rate", rate);
            end += seconds;
            ends.add(end);
            rates.add(rate);
            return this;
        }

        Duration length() {
            if (ends.isEmpty()) {
                throw new IllegalArgumentException("there must be at least one time with a rate");
            }
            Duration length = Duration.ofNanos(Math.round(end * 1e9));
            checkLength("all together", length, false);
            return length;
        }

        Trace trace(String name, Lengths lengths, long seed) {
            RateWindows windows = RateWindows.poisson(
                    ends.stream().mapToDouble(Double::doubleValue).toArray(),
                    rates.stream().mapToDouble(Double::doubleValue).toArray());
            List<RateEvents.Source> sources = List.of(RateEvents.Source.all(windows, lengths.tokens()));
            return Trace.generated(name, length(), () -> new RateEvents(sources, seed, 0));
        }
    }

    /** Draws the moments of a stage in order: the least of n that are left is behind a part 1 - u^(1/n) of the time left. */
    private static final class Counted implements Iterator<TraceEvent> {
        private final List<Stage> stages;
        private final TokenLengths lengths;
        private final long seed;
        private final SeededRandom random;
        private int stage = -1;
        private double start;
        private double length;
        private double left;
        private long requests;
        private long index;

        Counted(List<Stage> stages, TokenLengths lengths, long seed) {
            this.stages = stages;
            this.lengths = lengths;
            this.seed = seed;
            this.random = new SeededRandom(SeededRandom.derive(seed, SeededRandom.Purpose.ARRIVAL, ""));
        }

        @Override
        public boolean hasNext() {
            while (requests == 0 && stage + 1 < stages.size()) {
                start += length;
                stage++;
                length = stages.get(stage).length().toNanos() / 1e9;
                left = 1;
                requests = Math.round(length * stages.get(stage).requestsPerSecond());
            }
            return requests > 0;
        }

        @Override
        public TraceEvent next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            left *= StrictMath.pow(random.nextOpenDouble(), 1.0 / (double) requests);
            requests--;
            double seconds = start + length * (1 - left);
            TraceEvent event = new TraceEvent(
                    Math.round(seconds * 1e9),
                    lengths.promptTokens(seed, index, "", seconds),
                    lengths.outputTokens(seed, index, "", seconds),
                    "",
                    "");
            index++;
            return event;
        }
    }
}
