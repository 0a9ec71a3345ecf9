/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

/**
 * How long the prompts and answers of drawn requests are. Immutable; what is drawn depends on the seed and the request's number
 * in the trace alone.
 *
 * @since 0.1.0
 */
public final class Lengths {
    /** Spearman's rank correlation of prompt and answer in the sources the quantiles are from. */
    private static final double AZURE_CORRELATION = 0.073;

    private static final double MOONCAKE_CORRELATION = 0.201;
    private static final double RAGPULSE_CORRELATION = 0.408;
    private static final double M_LARGE_CORRELATION = 0.173;
    private static final double DEEPSEEK_CORRELATION = -0.307;

    private final String description;
    private final TokenLengths tokens;

    private Lengths(String description, TokenLengths tokens) {
        this.description = description;
        this.tokens = tokens;
    }

    /**
     * The same length for every request.
     *
     * @param promptTokens 0..10,000,000
     * @param outputTokens 0..10,000,000
     * @throws IllegalArgumentException if one is out of its range
     */
    public static Lengths fixed(int promptTokens, int outputTokens) {
        checkTokens("promptTokens", promptTokens);
        checkTokens("outputTokens", outputTokens);
        return new Lengths("fixed " + promptTokens + "/" + outputTokens, new FixedLengths(promptTokens, outputTokens));
    }

    /**
     * Lengths like those of a chat service: the quantiles of the Azure LLM inference trace 2023, conversation (CC-BY-4.0; Patel et
     * al., Splitwise, ISCA 2024), means about 1,140 and 211 tokens, prompt and answer drawn independently.
     */
    public static Lengths conversation() {
        return new Lengths("conversation", TokenLengths.conversation());
    }

    /** The quantiles of {@link #conversation()} with the trace's rank correlation of 0.073. */
    static Lengths azure() {
        return new Lengths("azure", TokenLengths.conversation().withRankCorrelation(AZURE_CORRELATION));
    }

    /**
     * Long prompts, short answers: the quantiles of the first 1,000 requests of Mooncake's arXiv trace (Apache-2.0; Qin et al.,
     * Mooncake, FAST 2025), means 9,792 and 199 tokens, rank correlation 0.201.
     */
    public static Lengths mooncake() {
        return published("mooncake", MOONCAKE_CORRELATION);
    }

    /**
     * Questions with retrieved passages: the quantiles of four days of RAGPulse (MIT; arXiv 2511.12979), means 2,923 and 273 tokens,
     * rank correlation 0.408.
     */
    public static Lengths ragPulse() {
        return published("ragpulse", RAGPULSE_CORRELATION);
    }

    /**
     * A large general model: ServeGen's m-large (Apache-2.0; Xiang et al., arXiv 2505.09999), the mixture of the quantiles published
     * for 11 of its 20 busiest clients by their shares, means about 940 and 153 tokens, rank correlation 0.173. Many answers are of a
     * few tokens. Lengths above the 99 % quantile are not known and are drawn as that.
     */
    public static Lengths serveGenLarge() {
        return published("m-large", M_LARGE_CORRELATION);
    }

    /**
     * A reasoning model: ServeGen's deepseek-r1 (Apache-2.0; Xiang et al., arXiv 2505.09999), the mixture of the quantiles published
     * for its 20 busiest clients by their shares, means about 1,290 and 1,610 tokens, rank correlation -0.307. Lengths above the
     * 99 % quantile are not known and are drawn as that.
     */
    public static Lengths deepSeek() {
        return published("deepseek-r1", DEEPSEEK_CORRELATION);
    }

    /**
     * Lengths by quantiles. Between two of them the logarithm of the length rises evenly; below the first and above the last one
     * the length stays what it is there.
     *
     * @param probabilities rising, each in 0..1; at least one
     * @param promptTokens the length of a prompt at each of them; not falling, 0..10,000,000, drawn as at least 1
     * @param outputTokens the length of an answer at each of them; likewise
     * @param rankCorrelation Spearman's rank correlation of the two, -1..1; 0 draws them independently
     * @throws IllegalArgumentException if they are not like that
     */
    public static Lengths quantiles(
            double[] probabilities, double[] promptTokens, double[] outputTokens, double rankCorrelation) {
        checkRising("probabilities", probabilities, 1, true);
        checkRising("promptTokens", promptTokens, EventFile.MAX_TOKENS, false);
        checkRising("outputTokens", outputTokens, EventFile.MAX_TOKENS, false);
        if (promptTokens.length != probabilities.length || outputTokens.length != probabilities.length) {
            throw new IllegalArgumentException("there must be one length for each of the " + probabilities.length
                    + " probabilities but there were " + promptTokens.length + " and " + outputTokens.length);
        }
        if (!(rankCorrelation >= -1 && rankCorrelation <= 1)) {
            throw new IllegalArgumentException("rankCorrelation must be in -1..1 but was " + rankCorrelation);
        }
        return new Lengths(
                "quantiles",
                new QuantileLengths(
                        new QuantileTable(probabilities, promptTokens),
                        new QuantileTable(probabilities, outputTokens),
                        rankCorrelation));
    }

    /** What they are, in a few words. */
    @Override
    public String toString() {
        return description;
    }

    TokenLengths tokens() {
        return tokens;
    }

    private static Lengths published(String name, double rankCorrelation) {
        Figures figures = Figures.of(name + "-lengths");
        Lengths lengths = quantiles(
                figures.column("probability"),
                figures.column("prompt_tokens"),
                figures.column("output_tokens"),
                rankCorrelation);
        return new Lengths(name, lengths.tokens);
    }

    private static void checkTokens(String name, int value) {
        if (value < 0 || value > EventFile.MAX_TOKENS) {
            throw new IllegalArgumentException(name + " must be in 0.." + EventFile.MAX_TOKENS + " but was " + value);
        }
    }

    private static void checkRising(String name, double[] values, double max, boolean strictly) {
        if (values.length == 0) {
            throw new IllegalArgumentException(name + " must not be empty");
        }
        for (int i = 0; i < values.length; i++) {
            if (!(values[i] >= 0 && values[i] <= max)) {
                throw new IllegalArgumentException(name + " must be in 0.." + max + " but one was " + values[i]);
            }
            if (i > 0 && (strictly ? values[i] <= values[i - 1] : values[i] < values[i - 1])) {
                throw new IllegalArgumentException(name + " must rise but " + values[i] + " follows " + values[i - 1]);
            }
        }
    }

    private record FixedLengths(int prompt, int output) implements TokenLengths {
        @Override
        public int promptTokens(long seed, long index, String client, double seconds) {
            return prompt;
        }

        @Override
        public int outputTokens(long seed, long index, String client, double seconds) {
            return output;
        }
    }
}
