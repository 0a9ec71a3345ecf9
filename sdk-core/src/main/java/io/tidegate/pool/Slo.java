/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.pool;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a tier is promised: bounds on latency, and the share of requests that must keep them.
 *
 * <p>A request breaks its SLO when it is shed, expires while waiting, fails, or exceeds a bound; a request that its client
 * cancels counts neither way. Latency is measured from the arrival at the gate, so time in queue is part of it.
 *
 * @since 0.1.0
 */
public final class Slo {

    private static final Duration MAX_BOUND = Duration.ofDays(1);
    private static final Slo NONE = new Slo(null, null, 0.99);

    private final @Nullable Duration timeToFirstToken;
    private final @Nullable Duration timePerOutputToken;
    private final double target;

    private Slo(@Nullable Duration timeToFirstToken, @Nullable Duration timePerOutputToken, double target) {
        this.timeToFirstToken = timeToFirstToken;
        this.timePerOutputToken = timePerOutputToken;
        this.target = target;
    }

    /** No bound on latency; only refusals, expiries and failures break it. */
    public static Slo none() {
        return NONE;
    }

    /** A bound on the time to first token. */
    public static Slo timeToFirstToken(Duration bound) {
        return NONE.withTimeToFirstToken(bound);
    }

    /** The same promise with this bound on the time from arrival to the first token; above 0, at most 1 day. */
    public Slo withTimeToFirstToken(Duration bound) {
        return new Slo(positive("timeToFirstToken", bound), timePerOutputToken, target);
    }

    /** The same promise with this bound on the mean time between output tokens after the first; above 0, at most 1 day. */
    public Slo withTimePerOutputToken(Duration bound) {
        return new Slo(timeToFirstToken, positive("timePerOutputToken", bound), target);
    }

    /** The same promise for this share of requests, above 0 and at most 1; 0.99 by default. */
    public Slo withTarget(double share) {
        if (!(share > 0 && share <= 1)) {
            throw new IllegalArgumentException("target must be above 0 and at most 1 but was " + share);
        }
        return new Slo(timeToFirstToken, timePerOutputToken, share);
    }

    /** Bound from arrival to first token, or empty if there is none. */
    public Optional<Duration> timeToFirstToken() {
        return Optional.ofNullable(timeToFirstToken);
    }

    /** Bound on the mean time per output token after the first, or empty if there is none. */
    public Optional<Duration> timePerOutputToken() {
        return Optional.ofNullable(timePerOutputToken);
    }

    /** Share of requests that must keep the bounds, in (0, 1]. */
    public double target() {
        return target;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Slo that
                && Objects.equals(timeToFirstToken, that.timeToFirstToken)
                && Objects.equals(timePerOutputToken, that.timePerOutputToken)
                && target == that.target;
    }

    @Override
    public int hashCode() {
        return Objects.hash(timeToFirstToken, timePerOutputToken, target);
    }

    @Override
    public String toString() {
        return "Slo[timeToFirstToken=" + timeToFirstToken + ", timePerOutputToken=" + timePerOutputToken + ", target="
                + target + "]";
    }

    private static Duration positive(String name, Duration bound) {
        if (bound.isZero() || bound.isNegative() || bound.compareTo(MAX_BOUND) > 0) {
            throw new IllegalArgumentException(name + " must be above 0 and at most 1 day but was " + bound);
        }
        return bound;
    }
}
