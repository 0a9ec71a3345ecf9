/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.routing;

import io.tidegate.admission.Request;
import io.tidegate.pool.Tier;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A request before it is known which gate it goes to: as {@link Request}, but with its tier by name, as each gate has its own.
 * Immutable; {@code with…} methods return a changed copy.
 *
 * @since 0.1.0
 */
public final class RoutedRequest {

    private final String model;
    private final String tier;
    private final String tenant;
    private final long promptTokens;
    private final long outputTokens;
    private final boolean most;
    private final @Nullable Duration timeout;
    private final @Nullable Long deadline;
    private final @Nullable String key;
    private final int attempt;

    private RoutedRequest(
            String model,
            String tier,
            String tenant,
            long promptTokens,
            long outputTokens,
            boolean most,
            @Nullable Duration timeout,
            @Nullable Long deadline,
            @Nullable String key,
            int attempt) {
        this.model = model;
        this.tier = tier;
        this.tenant = tenant;
        this.promptTokens = promptTokens;
        this.outputTokens = outputTokens;
        this.most = most;
        this.timeout = timeout;
        this.deadline = deadline;
        this.key = key;
        this.attempt = attempt;
    }

    /** A request for this model, of the tier of this name: no tokens, anonymous, waiting as long as its tier allows. */
    public static RoutedRequest of(String model, String tier) {
        return new RoutedRequest(
                Objects.requireNonNull(model, "model"),
                Objects.requireNonNull(tier, "tier"),
                Request.ANONYMOUS,
                0,
                0,
                false,
                null,
                null,
                null,
                1);
    }

    /** See {@link Request#withTenant}. */
    public RoutedRequest withTenant(String tenant) {
        return new RoutedRequest(
                model,
                tier,
                Objects.requireNonNull(tenant, "tenant"),
                promptTokens,
                outputTokens,
                most,
                timeout,
                deadline,
                key,
                attempt);
    }

    /** See {@link Request#withTokens}. */
    public RoutedRequest withTokens(long promptTokens, long expectedOutputTokens) {
        return withTokens(promptTokens, expectedOutputTokens, false);
    }

    /** See {@link Request#withPrompt}. */
    public RoutedRequest withPrompt(long promptTokens, long maxOutputTokens) {
        return withTokens(promptTokens, maxOutputTokens, true);
    }

    private RoutedRequest withTokens(long promptTokens, long outputTokens, boolean most) {
        if (promptTokens < 0 || outputTokens < 0) {
            throw new IllegalArgumentException("tokens must be >= 0 but were " + promptTokens + " and " + outputTokens);
        }
        return new RoutedRequest(
                model, tier, tenant, promptTokens, outputTokens, most, timeout, deadline, key, attempt);
    }

    /** See {@link Request#withTimeout}; holds for all gates it waits at together. */
    public RoutedRequest withTimeout(Duration timeout) {
        if (timeout.isNegative()) {
            throw new IllegalArgumentException("timeout must be >= 0 but was " + timeout);
        }
        return new RoutedRequest(
                model, tier, tenant, promptTokens, outputTokens, most, timeout, deadline, key, attempt);
    }

    /** See {@link Request#withDeadline}; on the router's clock. */
    public RoutedRequest withDeadline(long deadlineNanos) {
        return new RoutedRequest(
                model, tier, tenant, promptTokens, outputTokens, most, timeout, deadlineNanos, key, attempt);
    }

    /** See {@link Request#withKey}. */
    public RoutedRequest withKey(String key) {
        return new RoutedRequest(
                model,
                tier,
                tenant,
                promptTokens,
                outputTokens,
                most,
                timeout,
                deadline,
                Objects.requireNonNull(key, "key"),
                attempt);
    }

    /** See {@link Request#withAttempt}. */
    public RoutedRequest withAttempt(int attempt) {
        if (attempt < 1) {
            throw new IllegalArgumentException("attempt must be >= 1 but was " + attempt);
        }
        return new RoutedRequest(
                model, tier, tenant, promptTokens, outputTokens, most, timeout, deadline, key, attempt);
    }

    /** The model it asks for. */
    public String model() {
        return model;
    }

    /** Name of its tier. */
    public String tier() {
        return tier;
    }

    /** Prompt and answer together, what it may write at most where that is known: what a context must hold and what is paid for. */
    public long tokens() {
        return saturatedSum(promptTokens, outputTokens);
    }

    private static long saturatedSum(long one, long other) {
        long sum = one + other;
        return sum < 0 ? Long.MAX_VALUE : sum;
    }

    @Nullable
    Duration timeout() {
        return timeout;
    }

    /**
     * The request for one gate.
     *
     * @param waits whether it waits there; if not, the gate is not told its key, by which it would take one that it refused now, and
     *     that comes back at once to wait, for one that is too soon
     * @param again whether that gate was asked before, so that it does not count it as demand once more
     * @param most longest wait, if it is less than the request's own
     */
    Request at(Tier at, String servedModel, boolean waits, boolean again, @Nullable Duration most) {
        Request request = Request.of(at).withModel(servedModel);
        if (!tenant.equals(Request.ANONYMOUS)) {
            request = request.withTenant(tenant);
        }
        if (promptTokens != 0 || outputTokens != 0) {
            request = this.most
                    ? request.withPrompt(promptTokens, outputTokens)
                    : request.withTokens(promptTokens, outputTokens);
        }
        Duration bound = most != null ? most : timeout;
        if (bound != null) {
            request = request.withTimeout(bound);
        }
        if (deadline != null) {
            request = request.withDeadline(deadline);
        }
        if (key != null && waits) {
            request = request.withKey(key);
        }
        int attempts = again ? Math.max(2, attempt) : attempt;
        return attempts == 1 ? request : request.withAttempt(attempts);
    }

    @Override
    public String toString() {
        return "RoutedRequest[model=" + model + ", tier=" + tier + ", tokens=" + tokens() + "]";
    }
}
