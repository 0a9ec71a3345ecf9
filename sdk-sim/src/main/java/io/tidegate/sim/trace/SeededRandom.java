/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

/**
 * A small seeded random source whose numbers are the same on every JVM.
 *
 * <p>The generator is SplitMix64 (Steele, Lea and Flood, OOPSLA 2014); logarithms come from {@link StrictMath}. The
 * JDK's own generators promise neither for the distributions needed here.
 *
 * <p>Two ways of use: as a stream ({@link #nextOpenDouble()}, {@link #nextGamma(double)}), and as a function of an
 * event's number ({@link #uniform}), so that changing one property of a trace leaves the others as they were. Not safe
 * for several threads.
 */
final class SeededRandom {
    private static final long STEP = 0x9e3779b97f4a7c15L;
    private static final double TO_UNIT = 0x1.0p-53;

    private long state;

    SeededRandom(long seed) {
        this.state = mix(seed);
    }

    /** What a number drawn per event is for; each purpose has its own independent numbers. */
    enum Purpose {
        ARRIVAL(1),
        SAMPLE(2),
        TIER(3),
        TENANT(4),
        SOURCE(5),
        PROMPT(6),
        OUTPUT(7),
        CLIENT(8),
        COPIES(9),
        SHIFT(10),
        JOINT(11);

        private final long salt;

        Purpose(long number) {
            this.salt = number * STEP;
        }
    }

    /** Returns a number in [0, 1) that depends on nothing but the arguments. */
    static double uniform(long seed, Purpose purpose, long index) {
        long key = mix(seed + purpose.salt);
        return (mix(key + index * STEP) >>> 11) * TO_UNIT;
    }

    /** Returns a seed for an independent stream, e.g. one per client. */
    static long derive(long seed, Purpose purpose, String name) {
        long key = mix(seed + purpose.salt);
        for (int i = 0; i < name.length(); i++) {
            key = mix(key + STEP + name.charAt(i));
        }
        return key;
    }

    /** Returns a number in (0, 1), both ends excluded, so that its logarithm is finite. */
    double nextOpenDouble() {
        return ((nextLong() >>> 11) + 0.5) * TO_UNIT;
    }

    /**
     * Returns a gamma variate of mean 1 with the given shape, whose coefficient of variation is 1/sqrt(shape). Method of
     * Marsaglia and Tsang (ACM TOMS 2000), with their power of a uniform for shapes below 1.
     */
    double nextGamma(double shape) {
        return gammaOfShape(shape) / shape;
    }

    /**
     * Returns how long it takes from an arbitrary instant to the next point of a renewal process whose gaps are
     * {@link #nextGamma}: a uniform part of a gap drawn in proportion to its length, which for gamma gaps is again gamma.
     */
    double nextGammaResidual(double shape) {
        return nextOpenDouble() * gammaOfShape(shape + 1) / shape;
    }

    private double gammaOfShape(double shape) {
        if (shape < 1) {
            return gammaOfShape(shape + 1) * StrictMath.pow(nextOpenDouble(), 1 / shape);
        }
        double d = shape - 1.0 / 3;
        double c = 1 / Math.sqrt(9 * d);
        while (true) {
            double x = nextGaussian();
            double root = 1 + c * x;
            if (root <= 0) {
                continue;
            }
            double v = root * root * root;
            if (StrictMath.log(nextOpenDouble()) < 0.5 * x * x + d - d * v + d * StrictMath.log(v)) {
                return d * v;
            }
        }
    }

    private double nextGaussian() {
        while (true) {
            double x = 2 * nextOpenDouble() - 1;
            double y = 2 * nextOpenDouble() - 1;
            double square = x * x + y * y;
            if (square < 1 && square > 0) {
                return x * Math.sqrt(-2 * StrictMath.log(square) / square);
            }
        }
    }

    private long nextLong() {
        state += STEP;
        return mix(state);
    }

    private static long mix(long value) {
        long mixed = (value ^ (value >>> 30)) * 0xbf58476d1ce4e5b9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94d049bb133111ebL;
        return mixed ^ (mixed >>> 31);
    }
}
