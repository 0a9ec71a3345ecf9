/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.limit;

import java.time.Duration;
import java.util.Objects;

/**
 * Settings of a {@link LimitController}. Immutable; {@code docs/limits.md} says of each default why it is so.
 *
 * @since 0.1.0
 */
public final class LimitSettings {

    private static final Duration LONGEST = Duration.ofHours(1);
    private static final LimitSettings DEFAULTS = new Builder().build();

    private final LimitMode mode;
    private final double tokenShare;
    private final int waitingPerReplica;
    private final double waitingShare;
    private final double kvCacheTarget;
    private final double timeToFirstTokenTolerance;
    private final double minShare;
    private final double maxShare;
    private final double largestCut;
    private final double smallestRaise;
    private final double largestRaise;
    private final Duration staleAfter;
    private final Duration staleHold;
    private final Duration staleMove;
    private final double staleShare;
    private final Duration slowStart;
    private final double slowStartShare;
    private final double rejectionShare;
    private final Duration rejectionMax;
    private final Duration rejectionRecovery;

    private LimitSettings(Builder builder) {
        this.mode = builder.mode;
        this.tokenShare = builder.tokenShare;
        this.waitingPerReplica = builder.waitingPerReplica;
        this.waitingShare = builder.waitingShare;
        this.kvCacheTarget = builder.kvCacheTarget;
        this.timeToFirstTokenTolerance = builder.timeToFirstTokenTolerance;
        this.minShare = builder.minShare;
        this.maxShare = builder.maxShare;
        this.largestCut = builder.largestCut;
        this.smallestRaise = builder.smallestRaise;
        this.largestRaise = builder.largestRaise;
        this.staleAfter = builder.staleAfter;
        this.staleHold = builder.staleHold;
        this.staleMove = builder.staleMove;
        this.staleShare = builder.staleShare;
        this.slowStart = builder.slowStart;
        this.slowStartShare = builder.slowStartShare;
        this.rejectionShare = builder.rejectionShare;
        this.rejectionMax = builder.rejectionMax;
        this.rejectionRecovery = builder.rejectionRecovery;
    }

    /** A fixed limit with slow start. */
    public static LimitSettings defaults() {
        return DEFAULTS;
    }

    /** The defaults with another mode. */
    public static LimitSettings of(LimitMode mode) {
        return builder().mode(mode).build();
    }

    /** Starts with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Where the limit comes from; {@link LimitMode#FIXED} by default. */
    public LimitMode mode() {
        return mode;
    }

    /**
     * With {@link LimitMode#TOKENS}, the part of an engine's KV cache that may be promised, in (0, 1]; 0.9 by default. The rest is for
     * answers that become longer than expected.
     */
    public double tokenShare() {
        return tokenShare;
    }

    /**
     * With {@link LimitMode#ENGINE}, requests that may stand in an engine's own queue, 0 to 1,000; 2 by default. Less leaves gaps in
     * its batch, more makes the order of the gate's queue worthless.
     */
    public int waitingPerReplica() {
        return waitingPerReplica;
    }

    /**
     * Requests that may stand in an engine's queue before the factor is cut, as a part of what the replica is promised, in (0, 1];
     * 0.1 by default. All that arrive while the engine computes one token for its batch wait for the next, however much room
     * there is. The larger of both bounds counts, and half of it is raised into.
     */
    public double waitingShare() {
        return waitingShare;
    }

    /** Use of the KV cache above which the factor is cut, in (0, 1]; 0.9 by default. Raised only while below nine tenths of it. */
    public double kvCacheTarget() {
        return kvCacheTarget;
    }

    /**
     * How often the time to first token that is usual when nobody waits may be exceeded before the factor is cut, above 1, or 0,
     * the default, for never.
     */
    public double timeToFirstTokenTolerance() {
        return timeToFirstTokenTolerance;
    }

    /**
     * The least the factor of a replica falls to, in (0, 1]; 0.05 by default. A ready replica counts for at least one slot in
     * any case, since without a request nothing would be learned.
     */
    public double minShare() {
        return minShare;
    }

    /**
     * The most the factor of a replica rises to, at least {@link #minShare()} and at most 16; 1 by default: what a replica is said to
     * hold is not exceeded. Above 1 the controller also finds out how much more it holds.
     */
    public double maxShare() {
        return maxShare;
    }

    /**
     * The largest part of a factor that one cut takes away, in (0, 0.9]; 0.3 by default. Smaller withstands readings that mislead,
     * larger follows a fall of capacity sooner.
     */
    public double largestCut() {
        return largestCut;
    }

    /**
     * The first raise after a cut, as a part of what a replica holds, in (0, 1]; 0.01 by default, and at least one slot. Each further
     * one is twice the last.
     */
    public double smallestRaise() {
        return smallestRaise;
    }

    /**
     * The largest raise, as a part of what a replica holds, in (0, 1]; 0.1 by default, so that 12 raises lead from the least
     * to all.
     */
    public double largestRaise() {
        return largestRaise;
    }

    /** Age above which a reading is not acted on, 1 ms to 1 hour; 5 s by default. At least twice the period of the readings. */
    public Duration staleAfter() {
        return staleAfter;
    }

    /** How long the last factor of a replica holds once its readings are stale, 0 to 1 hour; 10 s by default. */
    public Duration staleHold() {
        return staleHold;
    }

    /** How long it then takes to move to {@link #staleShare()}, 0 to 1 hour; 30 s by default. */
    public Duration staleMove() {
        return staleMove;
    }

    /** The factor of a replica of which nothing is known any more, in (0, 1]; 0.8 by default. */
    public double staleShare() {
        return staleShare;
    }

    /** How long it takes until a replica that has become ready counts in full, 0 to 1 hour; 30 s by default, 0 for at once. */
    public Duration slowStart() {
        return slowStart;
    }

    /** What it counts for at first, in (0, 1]; 0.25 by default. */
    public double slowStartShare() {
        return slowStartShare;
    }

    /**
     * What remains of a replica's share after its engine has rejected requests, in (0, 1]; 0.5 by default. Rejections within a second of
     * the last cut are its echo and do not count.
     */
    public double rejectionShare() {
        return rejectionShare;
    }

    /** The longest {@code Retry-After} that is believed, 1 ms to 1 hour; 1 minute by default. */
    public Duration rejectionMax() {
        return rejectionMax;
    }

    /** How long it takes to give back what rejections took, once {@code Retry-After} is over, 0 to 1 hour; 10 s by default. */
    public Duration rejectionRecovery() {
        return rejectionRecovery;
    }

    /** Collects {@link LimitSettings}; each setting is described at the accessor of its name. Not safe for use by several threads. */
    public static final class Builder {

        private LimitMode mode = LimitMode.FIXED;
        private double tokenShare = 0.9;
        private int waitingPerReplica = 2;
        private double waitingShare = 0.1;
        private double kvCacheTarget = 0.9;
        private double timeToFirstTokenTolerance = 0;
        private double minShare = 0.05;
        private double maxShare = 1;
        private double largestCut = 0.3;
        private double smallestRaise = 0.01;
        private double largestRaise = 0.1;
        private Duration staleAfter = Duration.ofSeconds(5);
        private Duration staleHold = Duration.ofSeconds(10);
        private Duration staleMove = Duration.ofSeconds(30);
        private double staleShare = 0.8;
        private Duration slowStart = Duration.ofSeconds(30);
        private double slowStartShare = 0.25;
        private double rejectionShare = 0.5;
        private Duration rejectionMax = Duration.ofMinutes(1);
        private Duration rejectionRecovery = Duration.ofSeconds(10);

        private Builder() {}

        /** See {@link LimitSettings#mode()}. */
        public Builder mode(LimitMode mode) {
            this.mode = Objects.requireNonNull(mode, "mode");
            return this;
        }

        /** See {@link LimitSettings#tokenShare()}. */
        public Builder tokenShare(double tokenShare) {
            this.tokenShare = within("tokenShare", tokenShare, 1);
            return this;
        }

        /** See {@link LimitSettings#waitingPerReplica()}. */
        public Builder waitingPerReplica(int waitingPerReplica) {
            if (waitingPerReplica < 0 || waitingPerReplica > 1000) {
                throw new IllegalArgumentException("waitingPerReplica must be 0 to 1000 but was " + waitingPerReplica);
            }
            this.waitingPerReplica = waitingPerReplica;
            return this;
        }

        /** See {@link LimitSettings#waitingShare()}. */
        public Builder waitingShare(double waitingShare) {
            this.waitingShare = within("waitingShare", waitingShare, 1);
            return this;
        }

        /** See {@link LimitSettings#kvCacheTarget()}. */
        public Builder kvCacheTarget(double kvCacheTarget) {
            this.kvCacheTarget = within("kvCacheTarget", kvCacheTarget, 1);
            return this;
        }

        /** See {@link LimitSettings#timeToFirstTokenTolerance()}. */
        public Builder timeToFirstTokenTolerance(double timeToFirstTokenTolerance) {
            if (!(timeToFirstTokenTolerance == 0
                    || (timeToFirstTokenTolerance > 1 && timeToFirstTokenTolerance < Double.POSITIVE_INFINITY))) {
                throw new IllegalArgumentException(
                        "timeToFirstTokenTolerance must be 0 or above 1 but was " + timeToFirstTokenTolerance);
            }
            this.timeToFirstTokenTolerance = timeToFirstTokenTolerance;
            return this;
        }

        /** See {@link LimitSettings#minShare()}. */
        public Builder minShare(double minShare) {
            this.minShare = within("minShare", minShare, 1);
            return this;
        }

        /** See {@link LimitSettings#maxShare()}. */
        public Builder maxShare(double maxShare) {
            this.maxShare = within("maxShare", maxShare, 16);
            return this;
        }

        /** See {@link LimitSettings#largestCut()}. */
        public Builder largestCut(double largestCut) {
            this.largestCut = within("largestCut", largestCut, 0.9);
            return this;
        }

        /** See {@link LimitSettings#smallestRaise()}. */
        public Builder smallestRaise(double smallestRaise) {
            this.smallestRaise = within("smallestRaise", smallestRaise, 1);
            return this;
        }

        /** See {@link LimitSettings#largestRaise()}. */
        public Builder largestRaise(double largestRaise) {
            this.largestRaise = within("largestRaise", largestRaise, 1);
            return this;
        }

        /** See {@link LimitSettings#staleAfter()}. */
        public Builder staleAfter(Duration staleAfter) {
            this.staleAfter = duration("staleAfter", staleAfter, 1);
            return this;
        }

        /** See {@link LimitSettings#staleHold()}. */
        public Builder staleHold(Duration staleHold) {
            this.staleHold = duration("staleHold", staleHold, 0);
            return this;
        }

        /** See {@link LimitSettings#staleMove()}. */
        public Builder staleMove(Duration staleMove) {
            this.staleMove = duration("staleMove", staleMove, 0);
            return this;
        }

        /** See {@link LimitSettings#staleShare()}. */
        public Builder staleShare(double staleShare) {
            this.staleShare = within("staleShare", staleShare, 1);
            return this;
        }

        /** See {@link LimitSettings#slowStart()}. */
        public Builder slowStart(Duration slowStart) {
            this.slowStart = duration("slowStart", slowStart, 0);
            return this;
        }

        /** See {@link LimitSettings#slowStartShare()}. */
        public Builder slowStartShare(double slowStartShare) {
            this.slowStartShare = within("slowStartShare", slowStartShare, 1);
            return this;
        }

        /** See {@link LimitSettings#rejectionShare()}. */
        public Builder rejectionShare(double rejectionShare) {
            this.rejectionShare = within("rejectionShare", rejectionShare, 1);
            return this;
        }

        /** See {@link LimitSettings#rejectionMax()}. */
        public Builder rejectionMax(Duration rejectionMax) {
            this.rejectionMax = duration("rejectionMax", rejectionMax, 1);
            return this;
        }

        /** See {@link LimitSettings#rejectionRecovery()}. */
        public Builder rejectionRecovery(Duration rejectionRecovery) {
            this.rejectionRecovery = duration("rejectionRecovery", rejectionRecovery, 0);
            return this;
        }

        /** The settings. */
        public LimitSettings build() {
            if (maxShare < minShare) {
                throw new IllegalArgumentException(
                        "maxShare must be >= minShare, which is " + minShare + ", but was " + maxShare);
            }
            if (largestRaise < smallestRaise) {
                throw new IllegalArgumentException("largestRaise must be >= smallestRaise, which is " + smallestRaise
                        + ", but was " + largestRaise);
            }
            return new LimitSettings(this);
        }

        private static double within(String name, double value, double most) {
            if (!(value > 0 && value <= most)) {
                throw new IllegalArgumentException(name + " must be above 0 and at most " + most + " but was " + value);
            }
            return value;
        }

        private static Duration duration(String name, Duration value, long leastMillis) {
            if (value.compareTo(Duration.ofMillis(leastMillis)) < 0 || value.compareTo(LONGEST) > 0) {
                throw new IllegalArgumentException(name + " must be " + leastMillis + " ms to 1 hour but was " + value);
            }
            return value;
        }
    }
}
