/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.routing;

import io.tidegate.admission.Gate;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;

/**
 * A pool that requests may be routed to: its gate, what it serves, what that costs and how far away it is. Immutable.
 *
 * @since 0.1.0
 */
public final class Target {

    private final String name;
    private final Gate gate;
    private final Map<String, Long> models;
    private final String region;
    private final double pricePerRequest;
    private final double pricePerThousandTokens;
    private final Duration extraLatency;
    private final BooleanSupplier healthy;

    private Target(Builder builder) {
        this.name = builder.name;
        this.gate = builder.gate;
        this.models = Map.copyOf(builder.models);
        this.region = builder.region;
        this.pricePerRequest = builder.pricePerRequest;
        this.pricePerThousandTokens = builder.pricePerThousandTokens;
        this.extraLatency = builder.extraLatency;
        this.healthy = builder.healthy;
    }

    /**
     * Starts a target named as its pool.
     *
     * @param gate the pool's gate
     */
    public static Builder builder(Gate gate) {
        return builder(gate.pool(), gate);
    }

    /**
     * Starts a target.
     *
     * @param name unique in its router; a tag of meters
     * @param gate the pool's gate, on the router's clock
     */
    public static Builder builder(String name, Gate gate) {
        return new Builder(name, gate);
    }

    /** Its name. */
    public String name() {
        return name;
    }

    /** The pool's gate. */
    public Gate gate() {
        return gate;
    }

    /** The models it serves, with the context of each: longest prompt and answer together, in tokens. */
    public Map<String, Long> models() {
        return models;
    }

    /** Where it is; empty if nobody said. For people. */
    public String region() {
        return region;
    }

    /** What a request costs there, for itself. */
    public double pricePerRequest() {
        return pricePerRequest;
    }

    /** What a thousand tokens cost there. */
    public double pricePerThousandTokens() {
        return pricePerThousandTokens;
    }

    /** How much later an answer from there begins. */
    public Duration extraLatency() {
        return extraLatency;
    }

    /** Whether it is well; what it cannot say counts as yes, as its gate protects it anyway. */
    boolean healthy() {
        try {
            return healthy.getAsBoolean();
        } catch (RuntimeException e) {
            return true;
        }
    }

    @Override
    public String toString() {
        return "Target[" + name + ", serves " + models.keySet() + "]";
    }

    /** Collects what is known of a {@link Target}. Not safe for use by several threads. */
    public static final class Builder {

        private final String name;
        private final Gate gate;
        private final Map<String, Long> models = new HashMap<>();
        private String region = "";
        private double pricePerRequest;
        private double pricePerThousandTokens;
        private Duration extraLatency = Duration.ZERO;
        private BooleanSupplier healthy = () -> true;

        private Builder(String name, Gate gate) {
            this.name = Objects.requireNonNull(name, "name");
            this.gate = Objects.requireNonNull(gate, "gate");
        }

        /**
         * It serves this model. At least one is needed.
         *
         * @param context longest prompt and answer together, in tokens; at least 1
         */
        public Builder serves(String model, long context) {
            if (context < 1) {
                throw new IllegalArgumentException("context of " + model + " must be at least 1 but was " + context);
            }
            models.put(Objects.requireNonNull(model, "model"), context);
            return this;
        }

        /** Where it is. */
        public Builder region(String region) {
            this.region = Objects.requireNonNull(region, "region");
            return this;
        }

        /** What a request costs for itself, in any currency that all targets are priced in; 0 or more, 0 by default. */
        public Builder pricePerRequest(double price) {
            this.pricePerRequest = price(price);
            return this;
        }

        /** What a thousand tokens of prompt and answer cost; 0 or more, 0 by default. */
        public Builder pricePerThousandTokens(double price) {
            this.pricePerThousandTokens = price(price);
            return this;
        }

        private static double price(double price) {
            if (!(price >= 0 && price < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("a price must be finite and >= 0 but was " + price);
            }
            return price;
        }

        /** How much later an answer from there begins: a way to another region, a start of a serverless replica. Zero by default. */
        public Builder extraLatency(Duration latency) {
            if (latency.isNegative()) {
                throw new IllegalArgumentException("extraLatency must be >= 0 but was " + latency);
            }
            this.extraLatency = latency;
            return this;
        }

        /** Whether it is well; asked for each request, so it must be quick. Always by default. */
        public Builder healthy(BooleanSupplier healthy) {
            this.healthy = Objects.requireNonNull(healthy, "healthy");
            return this;
        }

        /** The target. */
        public Target build() {
            if (models.isEmpty()) {
                throw new IllegalArgumentException("target " + name + " serves no model");
            }
            return new Target(this);
        }
    }
}
