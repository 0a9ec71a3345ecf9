/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.quota;

import java.math.BigInteger;
import java.time.Duration;

/**
 * So many units a minute and so many at once, in the ticks of a clock of its own.
 *
 * <p>The clock runs at a quarter to a half tick a nanosecond, so that a unit is a power of 2 of ticks: what units cost and what
 * comes back is then exact whatever the rate, and what rounding does, up to 8 ns, does not add up. Example: of 600 a minute one takes 100 ms, which
 * are 2<sup>25</sup> = 33,554,432 ticks at 0.336 a nanosecond.
 *
 * <p>Immutable.
 */
final class Rate {

    /** Most units a minute. */
    static final long MAX_PER_MINUTE = 10_000_000_000L;

    /** No single cost is above it, and no debt above twice as much: 73 years or more. */
    private static final long MAX_COST = 1L << 60;

    /** Up to so many ticks, a month or more, floating point is right to some nanoseconds. */
    private static final long EXACT = 1L << 50;

    private static final BigInteger NANOS_PER_MINUTE = BigInteger.valueOf(60_000_000_000L);

    final long perMinute;

    /** Units at once; at least 1. */
    final long burst;

    /** The burst in ticks. */
    final long capacity;

    /** A unit is 2 to the power of it ticks. */
    private final int unitShift;

    /** Ticks per nanosecond, times 2 to the power of 64; below 2 to the power of 63. */
    private final long ticksPerNano;

    private final double nanosPerTick;

    Rate(long perMinute, Duration burst) {
        this.perMinute = perMinute;
        BigInteger units = BigInteger.valueOf(perMinute)
                .multiply(BigInteger.valueOf(burst.toNanos()))
                .divide(NANOS_PER_MINUTE);
        this.burst = Math.max(1, units.longValueExact());
        int shift = 0;
        while (perMinute << (shift + 1) < 30_000_000_000L) {
            shift++;
        }
        this.unitShift = shift;
        this.capacity = this.burst << shift;
        // Rounded up, so that after exactly a unit's time a unit is there. It is a quarter of a tick in 146 years.
        this.ticksPerNano = BigInteger.valueOf(perMinute << shift)
                .shiftLeft(64)
                .add(NANOS_PER_MINUTE.subtract(BigInteger.ONE))
                .divide(NANOS_PER_MINUTE)
                .longValueExact();
        this.nanosPerTick = 60e9 / (perMinute << shift);
    }

    /** The reading of this clock so long after the beginning, rounded down; never negative, never above 2 to the power of 62. */
    long ticks(long elapsedNanos) {
        return Math.multiplyHigh(elapsedNanos, ticksPerNano);
    }

    /** What so many units cost in ticks. */
    long cost(long units) {
        return units > MAX_COST >>> unitShift ? MAX_COST : units << unitShift;
    }

    /** Units that so many ticks hold, rounded down. */
    long units(long ticks) {
        return ticks >> unitShift;
    }

    /** The least number of nanoseconds after which this clock reads so many ticks more than {@code now}, its reading. */
    long nanosUntil(long more, long now, long elapsedNanos) {
        long nanos = (long) (more * nanosPerTick);
        if (more > EXACT) {
            return Math.min(nanos, Long.MAX_VALUE / 2) + (nanos >> 50);
        }
        // Off by a few at most, as the reading is rounded and so is this.
        while (ticks(elapsedNanos + nanos) - now < more) {
            nanos++;
        }
        while (ticks(elapsedNanos + nanos - 1) - now >= more) {
            nanos--;
        }
        return nanos;
    }

    /** The furthest that a debt may reach from this reading. */
    long horizon(long ticks) {
        return ticks + 2 * MAX_COST;
    }
}
