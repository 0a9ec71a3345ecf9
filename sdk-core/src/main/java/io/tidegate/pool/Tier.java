/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.pool;

import java.time.Duration;
import java.util.regex.Pattern;

/**
 * A QoS class of a pool: how much of a contended pool it gets, how long its requests may wait, what it is promised.
 *
 * <p>Tiers are listed by rank, highest first; the rank of a tier is its place in that list. Immutable. Two tiers are the
 * same only if they are the same object, so take them from the gate: {@code gate.tier("premium")}.
 *
 * @since 0.1.0
 */
public final class Tier {

    private static final Pattern NAME = Pattern.compile("[a-z0-9]([a-z0-9_.-]{0,61}[a-z0-9])?");

    private final String name;
    private final double weight;
    private final double ceiling;
    private final Duration maxQueueTime;
    private final int maxQueued;
    private final long maxQueuedTokens;
    private final double floor;
    private final double guarantee;
    private final double lends;
    private final double tokensPerSecond;
    private final Slo slo;

    private Tier(Builder builder) {
        this.name = builder.name;
        this.weight = builder.weight;
        this.ceiling = builder.ceiling;
        this.maxQueueTime = builder.maxQueueTime;
        this.maxQueued = builder.maxQueued;
        this.maxQueuedTokens = builder.maxQueuedTokens;
        this.floor = builder.floor;
        this.guarantee = builder.guarantee;
        this.lends = builder.lends;
        this.tokensPerSecond = builder.tokensPerSecond;
        this.slo = builder.slo;
    }

    /**
     * Starts a tier.
     *
     * @param name 1 to 63 of lower-case letters, digits, {@code _ . -}, beginning and ending with a letter or digit; it is a
     *     tag of meters
     */
    public static Builder builder(String name) {
        return new Builder(name);
    }

    /** The name, unique in its pool. */
    public String name() {
        return name;
    }

    /** Share of a contended pool against other tiers that wait; above 0, 1 by default. */
    public double weight() {
        return weight;
    }

    /**
     * Part of the pool's limit up to which this tier may fill it, in (0, 1]; 1 by default. What is above is held back for
     * the tiers whose ceiling is higher.
     */
    public double ceiling() {
        return ceiling;
    }

    /** Longest time a request may wait for a permit; zero means it never waits. 10 s by default. */
    public Duration maxQueueTime() {
        return maxQueueTime;
    }

    /** Most requests of this tier that may wait at once; 0 or more, 1024 by default. */
    public int maxQueued() {
        return maxQueued;
    }

    /**
     * Most tokens that waiting requests of this tier may hold together, so that the memory of their prompts is bounded as well
     * as their number; 16 Mi by default. A single request counts at most half of it.
     */
    public long maxQueuedTokens() {
        return maxQueuedTokens;
    }

    /**
     * Part of the work granted to those who wait that this tier gets at least while it waits, whatever the tier order and
     * whoever else waits, in [0, 1); 0.05 by default. For that part it may also fill what is above its ceiling.
     */
    public double floor() {
        return floor;
    }

    /**
     * Part of the limit that is this tier's whenever it needs it, in [0, 1]; 0 by default. Others may fill the rest, and what it
     * lends. Those of one pool are at most 1 together.
     */
    public double guarantee() {
        return guarantee;
    }

    /**
     * Part of its guarantee that others may use while this tier does not need it, in [0, 1]; 1 by default. What is lent comes back as
     * fast as those who have it end; what is not lent is free at once, and idle otherwise.
     */
    public double lends() {
        return lends;
    }

    /** Tokens a second, prompt and output, that it is granted at least while it waits; 0, the default, promises none. */
    public double tokensPerSecond() {
        return tokensPerSecond;
    }

    /** What this tier is promised. */
    public Slo slo() {
        return slo;
    }

    @Override
    public String toString() {
        return name;
    }

    /** Collects the settings of a {@link Tier}. Not safe for use by several threads. */
    public static final class Builder {

        private final String name;
        private double weight = 1;
        private double ceiling = 1;
        private Duration maxQueueTime = Duration.ofSeconds(10);
        private int maxQueued = 1024;
        private long maxQueuedTokens = 16L << 20;
        private double floor = 0.05;
        private double guarantee;
        private double lends = 1;
        private double tokensPerSecond;
        private Slo slo = Slo.none();

        private Builder(String name) {
            if (!NAME.matcher(name).matches()) {
                throw new IllegalArgumentException(
                        "tier name must be 1 to 63 of [a-z0-9_.-], beginning and ending with a"
                                + " letter or digit, but was \"" + name + "\"");
            }
            this.name = name;
        }

        /** Share of a contended pool against other tiers that wait; finite and above 0, 1 by default. */
        public Builder weight(double weight) {
            if (!(weight > 0 && weight < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("weight must be above 0 but was " + weight);
            }
            this.weight = weight;
            return this;
        }

        /** Part of the limit this tier may fill, in (0, 1]; 1 by default. */
        public Builder ceiling(double ceiling) {
            if (!(ceiling > 0 && ceiling <= 1)) {
                throw new IllegalArgumentException("ceiling must be above 0 and at most 1 but was " + ceiling);
            }
            this.ceiling = ceiling;
            return this;
        }

        /** Longest time in queue, 0 to 1 day; 10 s by default, zero means the tier never waits. */
        public Builder maxQueueTime(Duration maxQueueTime) {
            if (maxQueueTime.isNegative() || maxQueueTime.compareTo(Duration.ofDays(1)) > 0) {
                throw new IllegalArgumentException("maxQueueTime must be 0 to 1 day but was " + maxQueueTime);
            }
            this.maxQueueTime = maxQueueTime;
            return this;
        }

        /** Most requests that wait at once, 0 to 1,000,000; 1024 by default. */
        public Builder maxQueued(int maxQueued) {
            if (maxQueued < 0 || maxQueued > 1_000_000) {
                throw new IllegalArgumentException("maxQueued must be 0..1000000 but was " + maxQueued);
            }
            this.maxQueued = maxQueued;
            return this;
        }

        /** Most tokens of its waiting requests, 16 to {@link Work#MAX_TOKENS}; 16 Mi by default. */
        public Builder maxQueuedTokens(long maxQueuedTokens) {
            if (maxQueuedTokens < 16 || maxQueuedTokens > Work.MAX_TOKENS) {
                throw new IllegalArgumentException(
                        "maxQueuedTokens must be 16.." + Work.MAX_TOKENS + " but was " + maxQueuedTokens);
            }
            this.maxQueuedTokens = maxQueuedTokens;
            return this;
        }

        /** Part of the granted work it gets at least while it waits, in [0, 1); 0.05 by default, 0 means none. */
        public Builder floor(double floor) {
            if (!(floor >= 0 && floor < 1)) {
                throw new IllegalArgumentException("floor must be at least 0 and below 1 but was " + floor);
            }
            this.floor = floor;
            return this;
        }

        /**
         * Part of the limit that is this tier's whenever it needs it, in [0, 1]; 0 by default. The guarantees of a pool's tiers are
         * at most 1 together.
         */
        public Builder guarantee(double guarantee) {
            if (!(guarantee >= 0 && guarantee <= 1)) {
                throw new IllegalArgumentException("guarantee must be 0..1 but was " + guarantee);
            }
            this.guarantee = guarantee;
            return this;
        }

        /** Part of its guarantee that others may use while it is idle, in [0, 1]; 1 by default. */
        public Builder lends(double lends) {
            if (!(lends >= 0 && lends <= 1)) {
                throw new IllegalArgumentException("lends must be 0..1 but was " + lends);
            }
            this.lends = lends;
            return this;
        }

        /** Tokens a second that it is granted at least while it waits; 0, the default, promises none; at most 10^9. */
        public Builder tokensPerSecond(double tokensPerSecond) {
            if (!(tokensPerSecond >= 0 && tokensPerSecond <= 1e9)) {
                throw new IllegalArgumentException("tokensPerSecond must be 0..10^9 but was " + tokensPerSecond);
            }
            this.tokensPerSecond = tokensPerSecond;
            return this;
        }

        /** What the tier is promised; {@link Slo#none()} by default. */
        public Builder slo(Slo slo) {
            this.slo = slo;
            return this;
        }

        /** The tier. */
        public Tier build() {
            return new Tier(this);
        }
    }
}
