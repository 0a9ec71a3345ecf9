/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.vllm;

import java.time.Duration;
import java.util.Objects;

/**
 * How a {@link SimulatedVllmServer} behaves. Immutable; made by {@link #builder()}.
 *
 * @since 0.1.0
 */
public final class SimulatedVllmConfig {
    /** vLLM's token budget of a step, {@code --max-num-batched-tokens}. */
    static final int MAX_NUM_BATCHED_TOKENS = 8192;

    /** Largest batch the decode times were measured at. */
    private static final int LARGEST_BATCH = 1024;

    private final int port;
    private final String model;
    private final double timeScale;
    private final Duration coldStart;
    private final int streamInterval;
    private final long seed;
    private final ContinuousBatchingEngine.Limits limits;

    private SimulatedVllmConfig(Builder builder) {
        port = builder.port;
        model = builder.model;
        timeScale = builder.timeScale;
        coldStart = builder.coldStart;
        streamInterval = builder.streamInterval;
        seed = builder.seed;
        limits = new ContinuousBatchingEngine.Limits(
                ReplicaProfile.llama70bOnFourH100(),
                builder.maxNumSeqs,
                MAX_NUM_BATCHED_TOKENS,
                builder.maxModelLength);
    }

    /** A builder that holds the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** TCP port on the loopback interface, 0 for any free one. */
    public int port() {
        return port;
    }

    /** Name of the model, in the API and in metrics. */
    public String model() {
        return model;
    }

    /** How many trace seconds pass in a real second. */
    public double timeScale() {
        return timeScale;
    }

    /** Trace time from the start until the server answers. */
    public Duration coldStart() {
        return coldStart;
    }

    /** Tokens between two events of a stream. */
    public int streamInterval() {
        return streamInterval;
    }

    /** Seed of the answer lengths. */
    public long seed() {
        return seed;
    }

    /** Most sequences in a batch. */
    public int maxNumSeqs() {
        return limits.maxNumSeqs();
    }

    /** Most tokens of a prompt and its answer together. */
    public int maxModelLength() {
        return limits.maxModelLength();
    }

    ContinuousBatchingEngine.Limits limits() {
        return limits;
    }

    /**
     * Collects settings. Every method refuses a value that makes no sense with an {@link IllegalArgumentException}.
     *
     * @since 0.1.0
     */
    public static final class Builder {
        private int port;
        private String model = ReplicaProfile.LLAMA_70B;
        private double timeScale = 1;
        private Duration coldStart = Duration.ZERO;
        private int maxNumSeqs = 32;
        private int streamInterval = 1;
        private int maxModelLength = 131_072;
        private long seed = 1;

        private Builder() {}

        /** TCP port on the loopback interface, 0..65535; 0, any free one, by default. */
        public Builder port(int port) {
            this.port = requireWithin("port", port, 0, 65_535);
            return this;
        }

        /** Name of the model; {@value ReplicaProfile#LLAMA_70B} by default. The speed does not depend on it. */
        public Builder model(String model) {
            if (model.isBlank()) {
                throw new IllegalArgumentException("model must not be blank");
            }
            this.model = model;
            return this;
        }

        /** Trace seconds in a real second, at least 1; 1 by default. */
        public Builder timeScale(double timeScale) {
            if (!(timeScale >= 1 && timeScale < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("time scale must be a number >= 1 but was " + timeScale);
            }
            this.timeScale = timeScale;
            return this;
        }

        /** Trace time from the start until the server answers, not negative; none by default. */
        public Builder coldStart(Duration coldStart) {
            if (Objects.requireNonNull(coldStart, "coldStart").isNegative()) {
                throw new IllegalArgumentException("cold start must not be negative but was " + coldStart);
            }
            this.coldStart = coldStart;
            return this;
        }

        /** Most sequences in a batch, 1..1024; 32 by default. */
        public Builder maxNumSeqs(int maxNumSeqs) {
            this.maxNumSeqs = requireWithin("max num seqs", maxNumSeqs, 1, LARGEST_BATCH);
            return this;
        }

        /**
         * Tokens between two events of a stream, at least 1; 1 by default. The first token is always sent at once. At a
         * high time scale a larger interval saves most of the cost of streaming.
         */
        public Builder streamInterval(int streamInterval) {
            this.streamInterval = requireWithin("stream interval", streamInterval, 1, Integer.MAX_VALUE);
            return this;
        }

        /** Most tokens of a prompt and its answer together, 2..131,072; 131,072, the model's own limit, by default. */
        public Builder maxModelLength(int maxModelLength) {
            this.maxModelLength = requireWithin("max model length", maxModelLength, 2, 131_072);
            return this;
        }

        /** Seed of the answer lengths; 1 by default. */
        public Builder seed(long seed) {
            this.seed = seed;
            return this;
        }

        /** The settings collected so far. */
        public SimulatedVllmConfig build() {
            return new SimulatedVllmConfig(this);
        }

        private static int requireWithin(String name, int value, int min, int max) {
            if (value < min || value > max) {
                throw new IllegalArgumentException(
                        max == Integer.MAX_VALUE
                                ? name + " must be >= " + min + " but was " + value
                                : name + " must be " + min + ".." + max + " but was " + value);
            }
            return value;
        }
    }
}
