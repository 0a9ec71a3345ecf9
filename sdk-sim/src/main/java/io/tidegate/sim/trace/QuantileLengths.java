/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

/**
 * Lengths by quantiles, of prompt and answer apart. Where they are correlated, the answer of some requests takes the very
 * probability of the prompt (or, if the correlation is negative, its complement), and that of the others its own: with the share
 * |r| of the former, the rank correlation is r.
 *
 * @param rankCorrelation Spearman's, -1..1
 */
record QuantileLengths(QuantileTable prompt, QuantileTable output, double rankCorrelation) implements TokenLengths {
    QuantileLengths withRankCorrelation(double other) {
        return new QuantileLengths(prompt, output, other);
    }

    @Override
    public int promptTokens(long seed, long index, String client, double seconds) {
        return prompt.at(SeededRandom.uniform(seed, SeededRandom.Purpose.PROMPT, index));
    }

    @Override
    public int outputTokens(long seed, long index, String client, double seconds) {
        boolean joint = rankCorrelation != 0
                && SeededRandom.uniform(seed, SeededRandom.Purpose.JOINT, index) < Math.abs(rankCorrelation);
        if (!joint) {
            return output.at(SeededRandom.uniform(seed, SeededRandom.Purpose.OUTPUT, index));
        }
        double same = SeededRandom.uniform(seed, SeededRandom.Purpose.PROMPT, index);
        return output.at(rankCorrelation > 0 ? same : 1 - same);
    }
}
