/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.vllm;

import java.util.SplittableRandom;

/**
 * How many tokens the model would answer with if nobody stopped it: a seeded log-normal draw, 200 tokens on average,
 * half of the answers below 157 and one in ten above 384. Safe for many threads; the order of calls decides who gets
 * which draw.
 */
final class OutputLengths {
    private static final double MEAN_TOKENS = 200;
    private static final double SIGMA = 0.7;
    /** The mean of a log-normal variable is exp(mu + sigma^2 / 2). */
    private static final double MU = Math.log(MEAN_TOKENS) - SIGMA * SIGMA / 2;

    private final Object lock = new Object();
    private final SplittableRandom random;

    OutputLengths(long seed) {
        random = new SplittableRandom(seed);
    }

    /** The next length, at least 1. */
    int next() {
        double gaussian;
        synchronized (lock) {
            gaussian = random.nextGaussian();
        }
        return (int) Math.max(1, Math.round(Math.exp(MU + SIGMA * gaussian)));
    }
}
