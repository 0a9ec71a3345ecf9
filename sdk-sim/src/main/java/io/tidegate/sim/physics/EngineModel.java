/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.physics;

/**
 * How fast one replica is and how much it remembers.
 *
 * <p>A step of the engine is one forward pass over its batch. Its time in milliseconds is
 *
 * <pre>{@code
 * base + perSequence·n + perContextToken·K + perPromptToken·P + perPromptPair·A
 * }</pre>
 *
 * where n sequences are in the pass, the decoding ones among them have K tokens of context together, P prompt tokens are computed, and
 * A sums, over these, the tokens before each in its prompt (attention). A prompt of 4,000 tokens alone in a pass of {@link #qwen32b()}
 * takes 11.2 + 0.055 + 4,000·0.0616 + 8·10⁶·6·10⁻⁷ = 262 ms.
 *
 * <p>The form is that of Splitwise and Vidur: the weights are read once for each pass, the cache once for each sequence, and prompts are
 * bound by arithmetic. {@link Calibration} fits the figures and says how far the fit is off.
 *
 * @param name of the model and the GPUs, lower case
 * @param hardware in words
 * @param base of any pass, ms
 * @param perSequence of a sequence in the pass, ms
 * @param perContextToken of a token of context that a decoding sequence has, ms
 * @param perPromptToken of a prompt token, ms
 * @param perPromptPair of a pair of prompt tokens, ms
 * @param overhead before the first pass sees a request: HTTP, tokenizing, ms
 * @param maxSequences most in a pass, vLLM's {@code --max-num-seqs}
 * @param maxBatchedTokens most tokens computed in a pass, {@code --max-num-batched-tokens}
 * @param cacheTokens tokens that the KV cache holds
 * @since 0.1.0
 */
public record EngineModel(
        String name,
        String hardware,
        double base,
        double perSequence,
        double perContextToken,
        double perPromptToken,
        double perPromptPair,
        double overhead,
        int maxSequences,
        int maxBatchedTokens,
        long cacheTokens) {

    /** Slots of a block of the cache that stand empty, on average, for each sequence: half of vLLM's 16. */
    static final int HALF_A_BLOCK = 8;

    private static final int TOKENS_OF_A_PASS = 8_192;
    private static final int SEQUENCES_OF_A_PASS = 256;

    public EngineModel {
        if (!(base > 0)
                || !(perSequence >= 0)
                || !(perContextToken >= 0)
                || !(perPromptToken >= 0)
                || !(perPromptPair >= 0)) {
            throw new IllegalArgumentException("base must be > 0 and the other times >= 0 but were " + base + ", "
                    + perSequence + ", " + perContextToken + ", " + perPromptToken + ", " + perPromptPair);
        }
        if (maxSequences < 1 || maxBatchedTokens < maxSequences || cacheTokens < maxBatchedTokens) {
            throw new IllegalArgumentException(
                    "1 <= maxSequences <= maxBatchedTokens <= cacheTokens must hold but they were " + maxSequences
                            + ", " + maxBatchedTokens + ", " + cacheTokens);
        }
    }

    /**
     * Qwen3-32B in bfloat16 on two H100, tensor parallel: that of llm-d's published benchmark.
     *
     * <p>Prompts at its published 15,928 tokens/s at 4,000 tokens. Decoding has no published curve; base, sequences and context are those
     * of a roofline (65.5 GB of weights and 256 KiB of cache a token, over 2 x 3.35 TB/s) with so much on top that it sustains the
     * published 1.45 requests/s of 4,000 and 1,000 tokens. Cache: 2 x 80 GB · 0.9 less weights and 6 GB, by 256 KiB.
     */
    public static EngineModel qwen32b() {
        return new EngineModel(
                "qwen3-32b-2xh100",
                "2 x H100 80GB, bfloat16, tensor parallel 2",
                11.2,
                0.055,
                4.45e-5,
                0.0616,
                6e-7,
                330,
                SEQUENCES_OF_A_PASS,
                TOKENS_OF_A_PASS,
                276_000);
    }

    /** Llama 3.1 8B Instruct in FP8 on one H200, from the profile of NVIDIA Dynamo's planner. */
    public static EngineModel llama8bOnH200() {
        return Calibration.dynamoLlama8b().model();
    }

    /** Llama 3.1 8B Instruct in bfloat16 on one H100: decoding from ML.ENERGY v3, prompts as fast as arithmetic allows beside the H200. */
    public static EngineModel llama8bOnH100() {
        return Calibration.mlEnergyLlama8b().model();
    }

    /** Llama 3.1 70B Instruct in bfloat16 on four H100: decoding from ML.ENERGY v3, prompts from Splitwise. */
    public static EngineModel llama70bOnFourH100() {
        return Calibration.mlEnergyLlama70b().model();
    }

    /** The same with another cap on sequences, and the cache that is left. */
    public EngineModel withMaxSequences(int sequences) {
        return new EngineModel(
                name,
                hardware,
                base,
                perSequence,
                perContextToken,
                perPromptToken,
                perPromptPair,
                overhead,
                sequences,
                Math.max(maxBatchedTokens, sequences),
                cacheTokens);
    }

    /** Time of a pass, ms. */
    double passMillis(int sequences, long context, int promptTokens, double promptPairs) {
        return base
                + perSequence * sequences
                + perContextToken * context
                + perPromptToken * promptTokens
                + perPromptPair * promptPairs;
    }

    /** Time that a prompt adds to the passes that compute it, ms. */
    public double promptMillis(int tokens) {
        return perPromptToken * tokens + perPromptPair * tokens * tokens / 2.0;
    }

    /**
     * Sequences of one size that decode at once where the replica is full: as many as cache and cap hold.
     *
     * @param promptTokens of each
     * @param outputTokens of each; on average half of them are there
     */
    public double fullBatch(double promptTokens, double outputTokens) {
        return Math.max(1, Math.min(maxSequences, cacheTokens / (promptTokens + outputTokens / 2 + HALF_A_BLOCK)));
    }

    /**
     * Seconds that a full replica works for one request: prompt, and its share of the passes that decode.
     *
     * <p>With a batch of n, each of its output tokens costs (base + perSequence·n)/n + perContextToken · context. One divided by this is the
     * most requests of that size per second that a replica can serve.
     *
     * @param batch n
     */
    public double workSeconds(double promptTokens, double outputTokens, double batch) {
        double prompt = perPromptToken * promptTokens + perPromptPair * promptTokens * promptTokens / 2;
        // The first token comes with the prompt.
        double each = base / batch + perSequence + perContextToken * (promptTokens + outputTokens / 2);
        return (prompt + Math.max(0, outputTokens - 1) * each) / 1000;
    }

    /**
     * Requests of one size per second that one replica sustains while their tokens follow one another within a bound.
     *
     * @param timePerOutputToken the bound, seconds; infinity for none
     * @param most sequences that decode at once, at least 1: {@link #fullBatch}, or fewer where a gateway sends fewer
     */
    public double sustained(double promptTokens, double outputTokens, double timePerOutputToken, double most) {
        for (double batch = most; batch > 1; batch -= Math.max(1, most / 64)) {
            double rate = 1 / workSeconds(promptTokens, outputTokens, batch);
            // Little: batch = rate · (outputTokens · time per output token).
            if (batch / rate / Math.max(1, outputTokens) <= timePerOutputToken) {
                return rate;
            }
        }
        return 1 / workSeconds(promptTokens, outputTokens, 1);
    }
}
