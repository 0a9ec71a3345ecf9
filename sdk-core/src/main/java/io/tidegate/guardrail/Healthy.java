/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.policy.PolicySettings;
import io.tidegate.policy.Recipe;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.PoolView.ServedView;
import io.tidegate.pool.PoolView.TierView;
import java.util.Map;
import java.util.Optional;

/**
 * Nothing scales down while the pool is not well, however low its load looks: a service that fails is often the reason why it has
 * little load, as in Slack's outage of January 2021.
 *
 * <p>Not well means, in the latency window of {@link ServedView}, that more than {@code failedShare} of what ended had failed, or that
 * a tier broke its SLO more often than its target allows; or that a raise is under way: a replica is due and at most half the time
 * to ready late. Shares are not looked at before {@code minCount} requests.
 *
 * @param failedShare 0 to 1; 1 switches it off
 * @param minCount requests that make a share one, 1 or more
 * @since 0.1.0
 */
public record Healthy(double failedShare, long minCount) implements Guardrail {

    /** Requests that make a share one, unless it is set. */
    static final long MIN_COUNT = 20;

    public Healthy {
        Text.share("failedShare", failedShare);
        if (minCount < 1) {
            throw new IllegalArgumentException("minCount must be >= 1 but was " + minCount);
        }
    }

    /** With the defaults: 5 %, 20 requests. */
    public Healthy() {
        this(0.05, MIN_COUNT);
    }

    @Override
    public String name() {
        return "healthy";
    }

    @Override
    public Optional<Recipe> recipe() {
        return Optional.of(new Recipe(
                GuardrailTypes.HEALTHY,
                Map.of("failedShare", Double.toString(failedShare), "minCount", Long.toString(minCount))));
    }

    static Healthy of(PolicySettings settings) {
        return new Healthy(
                settings.requiredNumber("failedShare", 0, 1), settings.requiredWhole("minCount", 0, Long.MAX_VALUE));
    }

    @Override
    public Narrowing narrow(PoolView view, History history, int proposed) {
        int current = view.replicas().desired();
        if (proposed >= current) {
            return Narrowing.none(name(), proposed);
        }
        String trouble = failing(view);
        if (trouble.isEmpty()) {
            trouble = brokenSlo(view, minCount);
        }
        if (trouble.isEmpty()) {
            trouble = raising(view);
        }
        return trouble.isEmpty() ? Narrowing.none(name(), proposed) : new Narrowing(name(), current, trouble);
    }

    private String failing(PoolView view) {
        double failed = 0;
        double ended = 0;
        for (TierView tier : view.tiers()) {
            failed += tier.served().failed();
            ended += (double) tier.served().failed() + tier.served().completed();
        }
        if (ended < minCount || failed <= ended * failedShare) {
            return "";
        }
        return Text.percent(failed / ended) + " of the last " + (long) ended + " requests failed, more than "
                + Text.percent(failedShare);
    }

    /** Which tier breaks its SLO more often than its target allows, in words; empty if none does. */
    static String brokenSlo(PoolView view, long minCount) {
        for (TierView tier : view.tiers()) {
            ServedView served = tier.served();
            double allowed = 1 - tier.tier().slo().target();
            // A hair, since 1 − 0.99 is a little more or less than a hundredth.
            if (served.sloEvaluated() >= minCount && served.sloBroken() > served.sloEvaluated() * allowed + 1e-6) {
                return "tier " + tier.tier().name() + " breaks its SLO for "
                        + Text.percent((double) served.sloBroken() / served.sloEvaluated()) + " of the last "
                        + served.sloEvaluated() + " requests, and " + Text.percent(allowed) + " are allowed";
            }
        }
        return "";
    }

    private static String raising(PoolView view) {
        long grace = view.timeToReady().toNanos() / 2;
        long coming = view.replicas().dueNanos().stream()
                .filter(due -> view.nowNanos() - due <= grace)
                .count();
        return coming == 0
                ? ""
                : "a raise is under way: " + coming + (coming == 1 ? " replica is" : " replicas are") + " due";
    }
}
