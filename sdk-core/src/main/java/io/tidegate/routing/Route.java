/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.routing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Where requests of one model and tier may go: first of all the primary, and else the alternatives in their order. Immutable.
 *
 * @since 0.1.0
 */
public final class Route {

    private final String model;
    private final String tier;
    private final String primary;
    private final List<Alternative> alternatives;
    private final boolean substitution;
    private final double priceCap;
    private final Duration spillAfter;
    private final double returnBelow;

    private Route(Builder builder, String primary) {
        this.model = builder.model;
        this.tier = builder.tier;
        this.primary = primary;
        this.alternatives = List.copyOf(builder.alternatives);
        this.substitution = builder.substitution;
        this.priceCap = builder.priceCap;
        this.spillAfter = builder.spillAfter;
        this.returnBelow = builder.returnBelow;
    }

    /**
     * Another place that may serve the requests.
     *
     * @param preference less is asked sooner; of the same the cheaper
     * @param target the target's name
     * @param model the model it serves them with
     */
    public record Alternative(int preference, String target, String model) {}

    /**
     * Starts a route.
     *
     * @param model what requests ask for
     * @param tier name of their tier; each target's gate must have one of that name
     */
    public static Builder builder(String model, String tier) {
        return new Builder(model, tier);
    }

    /** What requests ask for. */
    public String model() {
        return model;
    }

    /** Name of their tier. */
    public String tier() {
        return tier;
    }

    /** The target that serves them while it can. */
    public String primary() {
        return primary;
    }

    /** Where else they may go, in the order they were named. */
    public List<Alternative> alternatives() {
        return alternatives;
    }

    /** Whether another model than the one asked for may answer. */
    public boolean substitution() {
        return substitution;
    }

    /** What a request may cost at an alternative. */
    public double priceCap() {
        return priceCap;
    }

    /** The predicted wait above which requests leave the primary. */
    public Duration spillAfter() {
        return spillAfter;
    }

    /** The part of {@link #spillAfter} at or below which they return to it. */
    public double returnBelow() {
        return returnBelow;
    }

    @Override
    public String toString() {
        return "Route[" + model + ", " + tier + ": " + primary + ", else " + alternatives + "]";
    }

    /** Collects the settings of a {@link Route}. Not safe for use by several threads. */
    public static final class Builder {

        private static final Duration LONGEST = Duration.ofDays(1);

        private final String model;
        private final String tier;
        private @Nullable String primary;
        private final List<Alternative> alternatives = new ArrayList<>();
        private int preferences;
        private boolean substitution;
        private double priceCap = Double.POSITIVE_INFINITY;
        private Duration spillAfter = Duration.ofSeconds(2);
        private double returnBelow = 0.5;

        private Builder(String model, String tier) {
            this.model = Objects.requireNonNull(model, "model");
            this.tier = Objects.requireNonNull(tier, "tier");
        }

        /** The target that serves the requests while it can. Required. */
        public Builder primary(String target) {
            this.primary = Objects.requireNonNull(target, "target");
            return this;
        }

        /** One more alternative, with the model that was asked for; those named before are preferred. */
        public Builder alternative(String target) {
            return alternatives(target);
        }

        /** More alternatives, with the model that was asked for; of these the cheapest is preferred, and to these all named before. */
        public Builder alternatives(String... targets) {
            preferences++;
            for (String target : targets) {
                alternatives.add(new Alternative(preferences, Objects.requireNonNull(target, "target"), model));
            }
            return this;
        }

        /**
         * One more alternative, that answers with another model; those named before are preferred. Passed over unless {@link
         * #substitution} is allowed, so that tiers can share their alternatives and differ in this.
         */
        public Builder substitute(String target, String model) {
            preferences++;
            alternatives.add(new Alternative(
                    preferences, Objects.requireNonNull(target, "target"), Objects.requireNonNull(model, "model")));
            return this;
        }

        /** Whether another model than the one asked for may answer; false by default. */
        public Builder substitution(boolean allowed) {
            this.substitution = allowed;
            return this;
        }

        /**
         * What a request may cost at an alternative, with as many tokens as it is expected to take; 0 or more, no bound by default.
         * The primary has no cap: it is paid for anyway.
         */
        public Builder priceCap(double price) {
            if (!(price >= 0)) {
                throw new IllegalArgumentException("priceCap must be >= 0 but was " + price);
            }
            this.priceCap = price;
            return this;
        }

        /**
         * The predicted wait at the primary above which requests leave it; 0 to 1 day, 2 s by default. Less spills sooner; zero
         * spills whatever would wait.
         */
        public Builder spillAfter(Duration wait) {
            if (wait.isNegative() || wait.compareTo(LONGEST) > 0) {
                throw new IllegalArgumentException("spillAfter must be 0 to 1 day but was " + wait);
            }
            this.spillAfter = wait;
            return this;
        }

        /**
         * The part of {@link #spillAfter} at or below which the primary's predicted wait must fall for requests to return; in [0,
         * 1], 0.5 by default. 1 returns as soon as it may, and goes to and fro.
         */
        public Builder returnBelow(double part) {
            if (!(part >= 0 && part <= 1)) {
                throw new IllegalArgumentException("returnBelow must be in [0, 1] but was " + part);
            }
            this.returnBelow = part;
            return this;
        }

        /** The route. */
        public Route build() {
            if (primary == null) {
                throw new IllegalArgumentException("the route of " + model + ", " + tier + " has no primary");
            }
            return new Route(this, primary);
        }
    }
}
