/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.alert;

import java.time.Duration;
import java.util.EnumSet;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * When things are alerts. Immutable; {@code docs/alerts.md} says of each alert which settings it goes by.
 *
 * @since 0.1.0
 */
public final class AlertSettings {

    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration DAY = Duration.ofDays(1);

    /** How many of its short windows a long window may hold; bounds what is remembered. */
    private static final int MOST_SHORT_WINDOWS = 60;

    private static final AlertSettings DEFAULTS = builder().build();

    private final Set<AlertKind> off;
    private final Duration holdFor;
    private final Duration clearAfter;
    private final Duration pause;
    private final double clearShare;
    private final Duration rapidWindow;
    private final int rapidChanges;
    private final int rapidReversals;
    private final int failures;
    private final Duration unansweredAfter;
    private final double lateFactor;
    private final OptionalDouble costPerHour;
    private final OptionalDouble budgetPerDay;
    private final OptionalDouble budgetPerMonth;
    private final double fastBurn;
    private final Duration fastLong;
    private final Duration fastShort;
    private final double slowBurn;
    private final Duration slowLong;
    private final Duration slowShort;
    private final int burnRequests;
    private final double scalingBroken;
    private final int scalingRequests;
    private final Duration staleFor;
    private final int takeovers;
    private final Duration takeoverWindow;

    private AlertSettings(Builder builder) {
        this.off = EnumSet.copyOf(builder.off);
        this.holdFor = builder.holdFor;
        this.clearAfter = builder.clearAfter;
        this.pause = builder.pause;
        this.clearShare = builder.clearShare;
        this.rapidWindow = builder.rapidWindow;
        this.rapidChanges = builder.rapidChanges;
        this.rapidReversals = builder.rapidReversals;
        this.failures = builder.failures;
        this.unansweredAfter = builder.unansweredAfter;
        this.lateFactor = builder.lateFactor;
        this.costPerHour = builder.costPerHour;
        this.budgetPerDay = builder.budgetPerDay;
        this.budgetPerMonth = builder.budgetPerMonth;
        this.fastBurn = builder.fastBurn;
        this.fastLong = builder.fastLong;
        this.fastShort = builder.fastShort;
        this.slowBurn = builder.slowBurn;
        this.slowLong = builder.slowLong;
        this.slowShort = builder.slowShort;
        this.burnRequests = builder.burnRequests;
        this.scalingBroken = builder.scalingBroken;
        this.scalingRequests = builder.scalingRequests;
        this.staleFor = builder.staleFor;
        this.takeovers = builder.takeovers;
        this.takeoverWindow = builder.takeoverWindow;
    }

    /** Starts from the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** All alerts, with the defaults. */
    public static AlertSettings defaults() {
        return DEFAULTS;
    }

    /** Whether there is an alert of this kind. */
    public boolean isOn(AlertKind kind) {
        return !off.contains(kind);
    }

    /** See {@link Builder#holdFor}. */
    public Duration holdFor() {
        return holdFor;
    }

    /** See {@link Builder#clearAfter}. */
    public Duration clearAfter() {
        return clearAfter;
    }

    /** See {@link Builder#pause}. */
    public Duration pause() {
        return pause;
    }

    /** See {@link Builder#clearShare}. */
    public double clearShare() {
        return clearShare;
    }

    /** See {@link Builder#rapidWindow}. */
    public Duration rapidWindow() {
        return rapidWindow;
    }

    /** See {@link Builder#rapidChanges}. */
    public int rapidChanges() {
        return rapidChanges;
    }

    /** See {@link Builder#rapidReversals}. */
    public int rapidReversals() {
        return rapidReversals;
    }

    /** See {@link Builder#failures}. */
    public int failures() {
        return failures;
    }

    /** See {@link Builder#unansweredAfter}. */
    public Duration unansweredAfter() {
        return unansweredAfter;
    }

    /** See {@link Builder#lateFactor}. */
    public double lateFactor() {
        return lateFactor;
    }

    /** See {@link Builder#costPerHour}. */
    public OptionalDouble costPerHour() {
        return costPerHour;
    }

    /** See {@link Builder#budgetPerDay}. */
    public OptionalDouble budgetPerDay() {
        return budgetPerDay;
    }

    /** See {@link Builder#budgetPerMonth}. */
    public OptionalDouble budgetPerMonth() {
        return budgetPerMonth;
    }

    /** See {@link Builder#fastBurn}. */
    public double fastBurn() {
        return fastBurn;
    }

    /** See {@link Builder#fastLong}. */
    public Duration fastLong() {
        return fastLong;
    }

    /** See {@link Builder#fastShort}. */
    public Duration fastShort() {
        return fastShort;
    }

    /** See {@link Builder#slowBurn}. */
    public double slowBurn() {
        return slowBurn;
    }

    /** See {@link Builder#slowLong}. */
    public Duration slowLong() {
        return slowLong;
    }

    /** See {@link Builder#slowShort}. */
    public Duration slowShort() {
        return slowShort;
    }

    /** See {@link Builder#burnRequests}. */
    public int burnRequests() {
        return burnRequests;
    }

    /** See {@link Builder#scalingBroken}. */
    public double scalingBroken() {
        return scalingBroken;
    }

    /** See {@link Builder#scalingRequests}. */
    public int scalingRequests() {
        return scalingRequests;
    }

    /** See {@link Builder#staleFor}. */
    public Duration staleFor() {
        return staleFor;
    }

    /** See {@link Builder#takeovers}. */
    public int takeovers() {
        return takeovers;
    }

    /** See {@link Builder#takeoverWindow}. */
    public Duration takeoverWindow() {
        return takeoverWindow;
    }

    /** Collects {@link AlertSettings}. Not safe for use by several threads. */
    public static final class Builder {

        private final Set<AlertKind> off = EnumSet.noneOf(AlertKind.class);
        private Duration holdFor = Duration.ofMinutes(1);
        private Duration clearAfter = Duration.ofMinutes(5);
        private Duration pause = Duration.ofMinutes(10);
        private double clearShare = 0.8;
        private Duration rapidWindow = Duration.ofMinutes(30);
        private int rapidChanges = 45;
        private int rapidReversals = 5;
        private int failures = 3;
        private Duration unansweredAfter = Duration.ofMinutes(1);
        private double lateFactor = 2;
        private OptionalDouble costPerHour = OptionalDouble.empty();
        private OptionalDouble budgetPerDay = OptionalDouble.empty();
        private OptionalDouble budgetPerMonth = OptionalDouble.empty();
        private double fastBurn = 14.4;
        private Duration fastLong = Duration.ofHours(1);
        private Duration fastShort = Duration.ofMinutes(5);
        private double slowBurn = 6;
        private Duration slowLong = Duration.ofHours(6);
        private Duration slowShort = Duration.ofMinutes(30);
        private int burnRequests = 100;
        private double scalingBroken = 0.1;
        private int scalingRequests = 50;
        private Duration staleFor = Duration.ofMinutes(2);
        private int takeovers = 3;
        private Duration takeoverWindow = Duration.ofMinutes(15);

        private Builder() {}

        /** Switches an alert on or off; all are on by default. One that fires when it is switched off ends. */
        public Builder on(AlertKind kind, boolean on) {
            if (on) {
                off.remove(kind);
            } else {
                off.add(kind);
            }
            return this;
        }

        /**
         * How long most things must be the case before they are alerts; 0 to 1 hour, 1 minute by default: longer than one lost scrape, one
         * refused call, one back-off. Alerts that count over a window, and those of SLOs, have waited already and begin at once.
         */
        public Builder holdFor(Duration holdFor) {
            this.holdFor = between("holdFor", holdFor, Duration.ZERO, HOUR);
            return this;
        }

        /**
         * How long an alert must not be the case, without a break, before it ends, or becomes a warning again; 0 to 1 hour, 5 minutes by default.
         * Shorter ends sooner and flaps more.
         */
        public Builder clearAfter(Duration clearAfter) {
            this.clearAfter = between("clearAfter", clearAfter, Duration.ZERO, HOUR);
            return this;
        }

        /**
         * Least time from the end of an alert to its next beginning, unless that is critical; 0 to 1 day, 10 minutes by default.
         */
        public Builder pause(Duration pause) {
            this.pause = between("pause", pause, Duration.ZERO, DAY);
            return this;
        }

        /**
         * Part of a threshold that a value must fall below before it counts as fine again; above 0 and at most 1, 0.8 by default: what flutters
         * around a threshold by less than a fifth fires once. Holds for thresholds that are a rate or a share: cost and SLOs.
         */
        public Builder clearShare(double clearShare) {
            this.clearShare = above("clearShare", clearShare, 0, 1);
            return this;
        }

        /**
         * Time over which changes of the desired count are counted; 1 minute to 1 hour, which is as far back as they are known. 30 minutes by
         * default.
         */
        public Builder rapidWindow(Duration rapidWindow) {
            this.rapidWindow = between("rapidWindow", rapidWindow, MINUTE, HOUR);
            return this;
        }

        /**
         * Changes within {@code rapidWindow} above which a pool scales too rapidly; 1 to 100,000, 45 by default: the default behavior makes at
         * most 30 in that time while a large pool shrinks, one a minute.
         */
        public Builder rapidChanges(int rapidChanges) {
            this.rapidChanges = between("rapidChanges", rapidChanges, 1, 100_000);
            return this;
        }

        /**
         * Changes of direction within {@code rapidWindow} above which it does; 1 to 100,000, 5 by default: a day of noisy load within the
         * default guardrails has up to 4.
         */
        public Builder rapidReversals(int rapidReversals) {
            this.rapidReversals = between("rapidReversals", rapidReversals, 1, 100_000);
            return this;
        }

        /**
         * Calls of the backend that must have failed in a row; 1 to 100, 3 by default: one is what networks do, and three are 3 s or more apart.
         */
        public Builder failures(int failures) {
            this.failures = between("failures", failures, 1, 100);
            return this;
        }

        /**
         * How long a call may be without an answer; 1 second to 1 hour, 1 minute by default, many times the time-out of calls.
         */
        public Builder unansweredAfter(Duration unansweredAfter) {
            this.unansweredAfter = between("unansweredAfter", unansweredAfter, SECOND, HOUR);
            return this;
        }

        /**
         * How many times the time to ready, measured where it has been, replicas may take; above 1 and at most 100, 2 by default: the slowest of
         * many take half as long again, those that hang never come.
         */
        public Builder lateFactor(double lateFactor) {
            this.lateFactor = above("lateFactor", lateFactor, 1, 100);
            return this;
        }

        /**
         * What the replicas that run may cost per hour; above 0 and at most 1e12, in the currency of the price. No limit by default.
         */
        public Builder costPerHour(double costPerHour) {
            this.costPerHour = OptionalDouble.of(above("costPerHour", costPerHour, 0, 1e12));
            return this;
        }

        /**
         * What may be spent from midnight to midnight in UTC; above 0 and at most 1e12. No limit by default. Held against the rate of the last
         * hour, so that it should pay for a day like the busiest hour.
         */
        public Builder budgetPerDay(double budgetPerDay) {
            this.budgetPerDay = OptionalDouble.of(above("budgetPerDay", budgetPerDay, 0, 1e12));
            return this;
        }

        /**
         * What may be spent in a month, in UTC; above 0 and at most 1e12. No limit by default. Held against the rate of the last 24 hours.
         */
        public Builder budgetPerMonth(double budgetPerMonth) {
            this.budgetPerMonth = OptionalDouble.of(above("budgetPerMonth", budgetPerMonth, 0, 1e12));
            return this;
        }

        /**
         * How many times as fast as it should an error budget is used up in both fast windows for a critical alert; above 1 and at most 1,000,
         * 14.4 by default: 2 % of the budget of 30 days within the hour.
         */
        public Builder fastBurn(double fastBurn) {
            this.fastBurn = above("fastBurn", fastBurn, 1, 1000);
            return this;
        }

        /**
         * The longer of the fast windows; 1 minute to 1 day, 1 hour by default.
         */
        public Builder fastLong(Duration fastLong) {
            this.fastLong = between("fastLong", fastLong, MINUTE, DAY);
            return this;
        }

        /**
         * The shorter, by which the alert ends soon after the trouble; 1 second to 1 day, from a 60th of {@code fastLong} to all of it. 5 minutes
         * by default.
         */
        public Builder fastShort(Duration fastShort) {
            this.fastShort = between("fastShort", fastShort, SECOND, DAY);
            return this;
        }

        /**
         * The same as {@code fastBurn} for the slow windows, for a warning; 6 by default: 5 % of the budget of 30 days within 6 hours.
         */
        public Builder slowBurn(double slowBurn) {
            this.slowBurn = above("slowBurn", slowBurn, 1, 1000);
            return this;
        }

        /**
         * The longer of the slow windows; 1 minute to 1 day, 6 hours by default.
         */
        public Builder slowLong(Duration slowLong) {
            this.slowLong = between("slowLong", slowLong, MINUTE, DAY);
            return this;
        }

        /**
         * The shorter; 1 second to 1 day, from a 60th of {@code slowLong} to all of it. 30 minutes by default.
         */
        public Builder slowShort(Duration slowShort) {
            this.slowShort = between("slowShort", slowShort, SECOND, DAY);
            return this;
        }

        /**
         * Requests of a tier that must have been held against their SLO in a long window before its burn rate says something; 1 to 1,000,000, 100
         * by default: of fewer, at a target of 0.99, a single one that breaks it is a burn rate above 1.
         */
        public Builder burnRequests(int burnRequests) {
            this.burnRequests = between("burnRequests", burnRequests, 1, 1_000_000);
            return this;
        }

        /**
         * Share of requests that break their SLO since a scale event began from which that is an alert; above 0 and at most 1, 0.1 by default.
         */
        public Builder scalingBroken(double scalingBroken) {
            this.scalingBroken = above("scalingBroken", scalingBroken, 0, 1);
            return this;
        }

        /**
         * Requests that must have been held against their SLO since the scale event began; 1 to 1,000,000, 50 by default.
         */
        public Builder scalingRequests(int scalingRequests) {
            this.scalingRequests = between("scalingRequests", scalingRequests, 1, 1_000_000);
            return this;
        }

        /**
         * How long what decisions rest on may be incomplete; 1 second to 1 day, 2 minutes by default: more than twice the age at which a value
         * is stale.
         */
        public Builder staleFor(Duration staleFor) {
            this.staleFor = between("staleFor", staleFor, SECOND, DAY);
            return this;
        }

        /**
         * Times that somebody else set the count within {@code takeoverWindow}; 1 to 1,000, 3 by default: a person corrects once or twice, an
         * autoscaler or a GitOps controller again and again.
         */
        public Builder takeovers(int takeovers) {
            this.takeovers = between("takeovers", takeovers, 1, 1000);
            return this;
        }

        /**
         * Time over which they are counted; 1 minute to 1 hour, 15 minutes by default.
         */
        public Builder takeoverWindow(Duration takeoverWindow) {
            this.takeoverWindow = between("takeoverWindow", takeoverWindow, MINUTE, HOUR);
            return this;
        }

        private static Duration between(String setting, Duration value, Duration least, Duration most) {
            if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
                throw new IllegalArgumentException(setting + " must be " + least + " to " + most + " but was " + value);
            }
            return value;
        }

        private static int between(String setting, int value, int least, int most) {
            if (value < least || value > most) {
                throw new IllegalArgumentException(setting + " must be " + least + " to " + most + " but was " + value);
            }
            return value;
        }

        private static double above(String setting, double value, double least, double most) {
            if (!(value > least && value <= most)) {
                throw new IllegalArgumentException(setting + " must be above " + Words.number(least) + " and at most "
                        + most + " but was " + value);
            }
            return value;
        }

        private static void windows(String shorter, Duration shortWindow, String longer, Duration longWindow) {
            if (shortWindow.compareTo(longWindow) > 0
                    || shortWindow.multipliedBy(MOST_SHORT_WINDOWS).compareTo(longWindow) < 0) {
                throw new IllegalArgumentException(shorter + " must be from a " + MOST_SHORT_WINDOWS + "th of " + longer
                        + " (" + longWindow + ") to all of it but was " + shortWindow);
            }
        }

        /**
         * The settings.
         *
         * @throws IllegalArgumentException if a short window does not fit its long one
         */
        public AlertSettings build() {
            windows("fastShort", fastShort, "fastLong", fastLong);
            windows("slowShort", slowShort, "slowLong", slowLong);
            return new AlertSettings(this);
        }
    }
}
