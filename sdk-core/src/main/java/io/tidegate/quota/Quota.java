/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.quota;

import java.time.Duration;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * How much one tenant, or one tier, may ask for: requests a minute, tokens a minute, and tokens in all. What is not set is not
 * limited. Immutable.
 *
 * <p>What refills does so evenly, not at the turn of a minute, up to the burst. Example: 6,000 tokens a minute with a burst of 10
 * seconds are 100 tokens a second, of which up to 1,000 may have gathered.
 *
 * @since 0.1.0
 */
public final class Quota {

    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final Duration DAY = Duration.ofDays(1);
    private static final long MAX_BUDGET = 1L << 53;

    private static final Quota UNLIMITED = builder().build();

    private final @Nullable Rate requests;
    private final @Nullable Rate tokens;
    private final Duration burst;
    private final long budget;
    private final Duration reservationLifetime;

    private Quota(Builder builder) {
        this.burst = builder.burst;
        this.requests = builder.requestsPerMinute == 0 ? null : new Rate(builder.requestsPerMinute, burst);
        this.tokens = builder.tokensPerMinute == 0 ? null : new Rate(builder.tokensPerMinute, burst);
        this.budget = builder.budget;
        this.reservationLifetime = builder.reservationLifetime;
    }

    /** Starts a quota that limits nothing. */
    public static Builder builder() {
        return new Builder();
    }

    /** No limit; for tenants that are exempt from what each tenant gets. */
    public static Quota unlimited() {
        return UNLIMITED;
    }

    /** Requests and tokens a minute, with a burst of a minute. */
    public static Quota perMinute(long requests, long tokens) {
        return builder().requestsPerMinute(requests).tokensPerMinute(tokens).build();
    }

    /** Tokens in all, as {@link Builder#budget}. */
    public static Quota budget(long tokens) {
        return builder().budget(tokens).build();
    }

    /** Requests a minute; empty if not limited. */
    public OptionalLong requestsPerMinute() {
        return requests == null ? OptionalLong.empty() : OptionalLong.of(requests.perMinute);
    }

    /** Tokens a minute; empty if not limited. */
    public OptionalLong tokensPerMinute() {
        return tokens == null ? OptionalLong.empty() : OptionalLong.of(tokens.perMinute);
    }

    /** Most requests at once; empty if not limited. */
    public OptionalLong requestBurst() {
        return requests == null ? OptionalLong.empty() : OptionalLong.of(requests.burst);
    }

    /** Most tokens at once; empty if not limited. */
    public OptionalLong tokenBurst() {
        return tokens == null ? OptionalLong.empty() : OptionalLong.of(tokens.burst);
    }

    /** How long what refills may gather. */
    public Duration burst() {
        return burst;
    }

    /** Tokens in all; empty if there is no budget. */
    public OptionalLong budget() {
        return budget < 0 ? OptionalLong.empty() : OptionalLong.of(budget);
    }

    /** After what time a budget takes a reservation for crashed. */
    public Duration reservationLifetime() {
        return reservationLifetime;
    }

    @Nullable
    Rate requestRate() {
        return requests;
    }

    @Nullable
    Rate tokenRate() {
        return tokens;
    }

    /** -1 if there is none. */
    long budgetAmount() {
        return budget;
    }

    boolean limitsNothing() {
        return requests == null && tokens == null && budget < 0;
    }

    @Override
    public String toString() {
        if (limitsNothing()) {
            return "unlimited";
        }
        StringBuilder text = new StringBuilder();
        if (requests != null) {
            text.append(requests.perMinute).append(" requests/min ");
        }
        if (tokens != null) {
            text.append(tokens.perMinute).append(" tokens/min ");
        }
        if (budget >= 0) {
            text.append(budget).append(" tokens in all ");
        }
        return text.append("burst ").append(burst).toString();
    }

    /** Collects the settings of a {@link Quota}. Not safe for use by several threads. */
    public static final class Builder {

        private long requestsPerMinute;
        private long tokensPerMinute;
        private Duration burst = MINUTE;
        private long budget = -1;
        private Duration reservationLifetime = Duration.ofMinutes(15);

        private Builder() {}

        /** Requests a minute, 1 to 10,000,000,000; not limited by default. */
        public Builder requestsPerMinute(long requests) {
            this.requestsPerMinute = perMinute("requestsPerMinute", requests);
            return this;
        }

        /**
         * Tokens a minute, of prompt and output together, 1 to 10,000,000,000; not limited by default. A request is charged
         * what it is expected to use when it is reserved, and the difference when it is settled.
         */
        public Builder tokensPerMinute(long tokens) {
            this.tokensPerMinute = perMinute("tokensPerMinute", tokens);
            return this;
        }

        private static long perMinute(String setting, long amount) {
            if (amount < 1 || amount > Rate.MAX_PER_MINUTE) {
                throw new IllegalArgumentException(setting + " must be 1.." + Rate.MAX_PER_MINUTE + " but was " + amount
                        + "; leave it out for no limit");
            }
            return amount;
        }

        /**
         * How much may gather while a tenant asks for less, as the time in which it refills; 1 ms to 1 day, 1 minute by
         * default. Rounded down to whole requests and tokens, but never below one of each. Shorter keeps traffic more even
         * and refuses more of what comes in heaps. A request of more tokens than that waits until nothing is lacking and is
         * then charged as a whole, so that it delays those after it.
         */
        public Builder burst(Duration burst) {
            if (burst.compareTo(Duration.ofMillis(1)) < 0 || burst.compareTo(DAY) > 0) {
                throw new IllegalArgumentException("burst must be 1 ms to 1 day but was " + burst
                        + "; it is the time in which the burst refills, so 10 s of 600 a minute are 100");
            }
            this.burst = burst;
            return this;
        }

        /**
         * Tokens in all, until {@link Quotas#resetBudget} is called; 0 to 2<sup>53</sup>, no budget by default. Any unit
         * will do that callers use for reserving and settling, such as millionths of a dollar. Never overspent by requests
         * that end within {@link #reservationLifetime}, provided that each reserves the most it may use: what does not fit in
         * what is left is refused, however large, and the last one cannot be stretched.
         */
        public Builder budget(long tokens) {
            if (tokens < 0 || tokens > MAX_BUDGET) {
                throw new IllegalArgumentException(
                        "budget must be 0.." + MAX_BUDGET + " but was " + tokens + "; leave it out for no budget");
            }
            this.budget = tokens;
            return this;
        }

        /**
         * After what time a budget takes a reservation for crashed and returns it; 1 s to 1 day, 15 minutes by default, and
         * up to a fifteenth more. Longer than any request runs: one that is settled later is charged what it used, which may
         * have been given to others.
         */
        public Builder reservationLifetime(Duration lifetime) {
            if (lifetime.compareTo(Duration.ofSeconds(1)) < 0 || lifetime.compareTo(DAY) > 0) {
                throw new IllegalArgumentException("reservationLifetime must be 1 s to 1 day but was " + lifetime
                        + "; take the longest time a request may run");
            }
            this.reservationLifetime = lifetime;
            return this;
        }

        /** The quota. */
        public Quota build() {
            return new Quota(this);
        }
    }
}
