/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the gate must know of a request. Immutable; {@code with…} methods return a changed copy.
 *
 * @since 0.1.0
 */
public final class Request {

    /** The tenant of requests that name none. */
    public static final String ANONYMOUS = "anonymous";

    private final Tier tier;
    private final String tenant;
    private final long tokens;
    private final @Nullable Duration timeout;
    private final @Nullable Long deadline;

    /** The smaller of its own and its tier's bound. */
    private final long maxQueueNanos;

    /** Its tokens as the gate counts them. */
    final int units;

    private Request(Tier tier, String tenant, long tokens, @Nullable Duration timeout, @Nullable Long deadline) {
        this.tier = Objects.requireNonNull(tier, "tier");
        this.tenant = Objects.requireNonNull(tenant, "tenant");
        this.tokens = tokens;
        this.timeout = timeout;
        this.deadline = deadline;
        this.maxQueueNanos = maxQueueTime().toNanos();
        this.units = GateState.units(tokens);
    }

    /** A request of this tier: one slot, no tokens, anonymous, waiting as long as its tier allows. */
    public static Request of(Tier tier) {
        return new Request(tier, ANONYMOUS, 0, null, null);
    }

    /** The same request of this tenant. */
    public Request withTenant(String tenant) {
        return new Request(tier, tenant, tokens, timeout, deadline);
    }

    /**
     * The same request with an estimate of the tokens it will hold.
     *
     * @param promptTokens tokens of the prompt; 0 or more
     * @param expectedOutputTokens tokens it will probably write; 0 or more. More than {@link Work#MAX_TOKENS} in all is cut
     *     to that
     */
    public Request withTokens(long promptTokens, long expectedOutputTokens) {
        if (promptTokens < 0 || expectedOutputTokens < 0) {
            throw new IllegalArgumentException(
                    "tokens must be >= 0 but were " + promptTokens + " and " + expectedOutputTokens);
        }
        long sum = promptTokens + expectedOutputTokens;
        return new Request(tier, tenant, sum < 0 || sum > Work.MAX_TOKENS ? Work.MAX_TOKENS : sum, timeout, deadline);
    }

    /**
     * The same request, waiting no longer than this.
     *
     * @param timeout longest time in queue; the tier's bound holds as well, and zero means not to wait
     */
    public Request withTimeout(Duration timeout) {
        if (timeout.isNegative()) {
            throw new IllegalArgumentException("timeout must be >= 0 but was " + timeout);
        }
        return new Request(tier, tenant, tokens, timeout, deadline);
    }

    /**
     * The same request, of no use to anybody if it is not admitted by this instant: it is then refused with {@link
     * Admission.Reason#DEADLINE_PASSED} even if there is room, and expires in queue at the latest then. Waiting requests of a
     * tenant are served in the order of their deadlines.
     *
     * @param deadlineNanos on the gate's clock, as {@code gate.time().nanos()} tells it; less than 146 years away, as the
     *     clock wraps
     */
    public Request withDeadline(long deadlineNanos) {
        return new Request(tier, tenant, tokens, timeout, deadlineNanos);
    }

    /** The tier. */
    public Tier tier() {
        return tier;
    }

    /** Who asks; never a tag of a meter. */
    public String tenant() {
        return tenant;
    }

    /** Tokens it is expected to hold: prompt and output. */
    public long tokens() {
        return tokens;
    }

    /** Longest time it may wait: the smaller of its own and its tier's. Its deadline holds as well. */
    public Duration maxQueueTime() {
        Duration bound = tier.maxQueueTime();
        return timeout != null && timeout.compareTo(bound) < 0 ? timeout : bound;
    }

    /** The latest instant at which it may be granted, if it arrived then. */
    long deadlineNanos(long arrivedNanos) {
        long bound = arrivedNanos + maxQueueNanos;
        return deadline != null && deadline - bound < 0 ? deadline : bound;
    }

    /** Whether it names a deadline of its own, so that the time must be asked before it is admitted. */
    boolean hasDeadline() {
        return deadline != null;
    }

    @Override
    public String toString() {
        return "Request[tier=" + tier + ", tokens=" + tokens + ", maxQueueTime=" + maxQueueTime() + "]";
    }
}
