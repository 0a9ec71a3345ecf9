/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

/** Where traces without token lengths get them from. Immutable; an answer depends on nothing but the arguments. */
interface TokenLengths {
    /**
     * Returns the tokens of a prompt.
     *
     * @param seed the trace's seed
     * @param index number of the event in the trace
     * @param client who asks, or empty if the trace does not say
     * @param seconds when, since the start of the file's windows
     */
    int promptTokens(long seed, long index, String client, double seconds);

    /** Returns the tokens of the answer; the arguments are those of {@link #promptTokens}. */
    int outputTokens(long seed, long index, String client, double seconds);

    /**
     * Lengths like those of the Azure LLM inference trace 2023, conversation service (CC-BY-4.0; Patel et al., Splitwise,
     * ISCA 2024): its quantiles at 1, 10, 25, 50, 75, 90, 95, 99 and 100 %. Prompt and answer are drawn independently.
     */
    static QuantileLengths conversation() {
        double[] probabilities = {0.01, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99, 1.0};
        return new QuantileLengths(
                new QuantileTable(
                        probabilities, new double[] {29, 207, 396, 1_020, 1_189, 2_734.5, 4_083, 4_142, 14_050}),
                new QuantileTable(probabilities, new double[] {16, 54, 85, 129, 395, 424, 451, 601, 1_000}),
                0);
    }
}
