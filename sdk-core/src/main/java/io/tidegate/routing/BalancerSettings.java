/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.routing;

import java.time.Duration;

/**
 * How a {@link ReplicaBalancer} chooses. Immutable; {@code with…} methods return a changed copy.
 *
 * @since 0.1.0
 */
public final class BalancerSettings {

    private static final Duration LONGEST = Duration.ofHours(1);
    private static final BalancerSettings DEFAULTS = new BalancerSettings(new Draft());

    private final int scanUpTo;
    private final double affinityEpsilon;
    private final Duration staleAfter;
    private final Duration slowStart;
    private final double slowStartWeight;
    private final int failuresToEject;
    private final Duration firstEjection;
    private final Duration longestEjection;
    private final double mostEjected;
    private final long expectedOutputTokens;
    private final long seed;

    private BalancerSettings(Draft draft) {
        this.scanUpTo = draft.scanUpTo;
        this.affinityEpsilon = draft.affinityEpsilon;
        this.staleAfter = draft.staleAfter;
        this.slowStart = draft.slowStart;
        this.slowStartWeight = draft.slowStartWeight;
        this.failuresToEject = draft.failuresToEject;
        this.firstEjection = draft.firstEjection;
        this.longestEjection = draft.longestEjection;
        this.mostEjected = draft.mostEjected;
        this.expectedOutputTokens = draft.expectedOutputTokens;
        this.seed = draft.seed;
    }

    private static final class Draft {

        private int scanUpTo = 4;
        private double affinityEpsilon = 0.25;
        private Duration staleAfter = Duration.ofSeconds(5);
        private Duration slowStart = Duration.ofSeconds(30);
        private double slowStartWeight = 0.25;
        private int failuresToEject = 5;
        private Duration firstEjection = Duration.ofSeconds(10);
        private Duration longestEjection = Duration.ofMinutes(5);
        private double mostEjected = 0.5;
        private long expectedOutputTokens = 256;
        private long seed = 1;

        Draft() {}

        Draft(BalancerSettings from) {
            this.scanUpTo = from.scanUpTo;
            this.affinityEpsilon = from.affinityEpsilon;
            this.staleAfter = from.staleAfter;
            this.slowStart = from.slowStart;
            this.slowStartWeight = from.slowStartWeight;
            this.failuresToEject = from.failuresToEject;
            this.firstEjection = from.firstEjection;
            this.longestEjection = from.longestEjection;
            this.mostEjected = from.mostEjected;
            this.expectedOutputTokens = from.expectedOutputTokens;
            this.seed = from.seed;
        }
    }

    /** The settings that hold where nothing else is said. */
    public static BalancerSettings defaults() {
        return DEFAULTS;
    }

    /**
     * Up to so many replicas all are looked at; of more, two by chance. 2 or more, 4 by default. More levels better and costs
     * more, and several gateways that all look at all send their requests to the same one.
     */
    public BalancerSettings withScanUpTo(int replicas) {
        if (replicas < 2) {
            throw new IllegalArgumentException("scanUpTo must be >= 2 but was " + replicas);
        }
        Draft draft = new Draft(this);
        draft.scanUpTo = replicas;
        return new BalancerSettings(draft);
    }

    /**
     * How far above the mean a replica's load may be before requests of its prefixes go elsewhere, as a part of the mean; above 0,
     * 0.25 by default. Less levels better and finds the cache less often.
     */
    public BalancerSettings withAffinityEpsilon(double part) {
        if (!(part > 0 && part <= 100)) {
            throw new IllegalArgumentException("affinityEpsilon must be above 0 and at most 100 but was " + part);
        }
        Draft draft = new Draft(this);
        draft.affinityEpsilon = part;
        return new BalancerSettings(draft);
    }

    /** How old an engine's reading may be to count; above 0, at most an hour, 5 s by default. */
    public BalancerSettings withStaleAfter(Duration age) {
        Draft draft = new Draft(this);
        draft.staleAfter = positive("staleAfter", age);
        return new BalancerSettings(draft);
    }

    /**
     * How long a new replica gets less than its share.
     *
     * @param length at most an hour, zero for none; 30 s by default
     * @param weight the part of its size that counts at the beginning, from where it grows evenly; above 0, at most 1, 0.25 by
     *     default
     */
    public BalancerSettings withSlowStart(Duration length, double weight) {
        if (!length.isZero()) {
            positive("slowStart", length);
        }
        Draft draft = new Draft(this);
        draft.slowStart = length;
        draft.slowStartWeight = part("slowStartWeight", weight);
        return new BalancerSettings(draft);
    }

    /** After so many failures in a row a replica is left alone for a while; 1 or more, 5 by default. */
    public BalancerSettings withFailuresToEject(int failures) {
        if (failures < 1) {
            throw new IllegalArgumentException("failuresToEject must be >= 1 but was " + failures);
        }
        Draft draft = new Draft(this);
        draft.failuresToEject = failures;
        return new BalancerSettings(draft);
    }

    /**
     * How long a replica that fails is left alone.
     *
     * @param first the first time, doubled each time after; above 0, at most an hour, 10 s by default
     * @param longest at most; at most an hour, 5 minutes by default
     */
    public BalancerSettings withEjection(Duration first, Duration longest) {
        positive("firstEjection", first);
        positive("longestEjection", longest);
        if (longest.compareTo(first) < 0) {
            throw new IllegalArgumentException(
                    "longestEjection must be >= firstEjection but was " + longest + " after " + first);
        }
        Draft draft = new Draft(this);
        draft.firstEjection = first;
        draft.longestEjection = longest;
        return new BalancerSettings(draft);
    }

    /** Most replicas that may be left alone at once for their failures, as a part of all; in [0, 1], 0.5 by default. */
    public BalancerSettings withMostEjected(double part) {
        if (!(part >= 0 && part <= 1)) {
            throw new IllegalArgumentException("mostEjected must be in [0, 1] but was " + part);
        }
        Draft draft = new Draft(this);
        draft.mostEjected = part;
        return new BalancerSettings(draft);
    }

    /**
     * Tokens that a request is expected to write which says only how many it may write at most, if that is more; 0 or more, 256 by
     * default.
     */
    public BalancerSettings withExpectedOutputTokens(long tokens) {
        if (tokens < 0) {
            throw new IllegalArgumentException("expectedOutputTokens must be >= 0 but was " + tokens);
        }
        Draft draft = new Draft(this);
        draft.expectedOutputTokens = tokens;
        return new BalancerSettings(draft);
    }

    /** Seed of the chance by which two are drawn; 1 by default. Give each gateway its own. */
    public BalancerSettings withSeed(long seed) {
        Draft draft = new Draft(this);
        draft.seed = seed;
        return new BalancerSettings(draft);
    }

    private static Duration positive(String name, Duration value) {
        if (value.isZero() || value.isNegative() || value.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(name + " must be above 0 and at most 1 h but was " + value);
        }
        return value;
    }

    private static double part(String name, double value) {
        if (!(value > 0 && value <= 1)) {
            throw new IllegalArgumentException(name + " must be above 0 and at most 1 but was " + value);
        }
        return value;
    }

    /** See {@link #withScanUpTo}. */
    public int scanUpTo() {
        return scanUpTo;
    }

    /** See {@link #withAffinityEpsilon}. */
    public double affinityEpsilon() {
        return affinityEpsilon;
    }

    /** See {@link #withStaleAfter}. */
    public Duration staleAfter() {
        return staleAfter;
    }

    /** See {@link #withSlowStart}. */
    public Duration slowStart() {
        return slowStart;
    }

    /** See {@link #withSlowStart}. */
    public double slowStartWeight() {
        return slowStartWeight;
    }

    /** See {@link #withFailuresToEject}. */
    public int failuresToEject() {
        return failuresToEject;
    }

    /** See {@link #withEjection}. */
    public Duration firstEjection() {
        return firstEjection;
    }

    /** See {@link #withEjection}. */
    public Duration longestEjection() {
        return longestEjection;
    }

    /** See {@link #withMostEjected}. */
    public double mostEjected() {
        return mostEjected;
    }

    /** See {@link #withExpectedOutputTokens}. */
    public long expectedOutputTokens() {
        return expectedOutputTokens;
    }

    /** See {@link #withSeed}. */
    public long seed() {
        return seed;
    }
}
