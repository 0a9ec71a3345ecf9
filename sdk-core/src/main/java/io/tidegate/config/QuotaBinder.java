/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.config;

import io.tidegate.config.TidegateConfig.QuotaConfig;
import io.tidegate.config.TidegateConfig.QuotasConfig;
import io.tidegate.config.TreeReader.Node;
import io.tidegate.quota.Quota;
import java.time.Duration;
import java.util.Map;
import java.util.Set;

/** Which settings quotas have. */
final class QuotaBinder {

    private static final long MAX_PER_MINUTE = 10_000_000_000L;
    private static final long MAX_BUDGET = 1L << 53;
    private static final int MAX_TENANTS = 131_072;
    private static final int LONGEST_ID = 128;
    private static final Duration DAY = Duration.ofDays(1);

    /** Has the defaults of all quotas. */
    private static final Quota QUOTA = Quota.unlimited();

    private QuotaBinder() {}

    /**
     * Reads quotas.
     *
     * @param tiers names of the tiers they may be for; empty if those are not known because they are wrong
     * @param what what those are, for errors
     */
    static QuotasConfig quotas(Node node, Set<String> tiers, String what) {
        Node each = node.child("eachTenant");
        QuotaConfig eachTenant = node.has("eachTenant") ? quota(each) : null;
        if (eachTenant != null && eachTenant.budget().isPresent()) {
            each.problem("budget", "is for tenants that are named; move it to quotas.tenants");
        }
        Map<String, QuotaConfig> tenants = node.children("tenants", (id, quota) -> quota(quota));
        checkIds(node.child("tenants"), tenants.keySet());
        Map<String, QuotaConfig> ofTiers = node.children("tiers", (tier, quota) -> quota(quota));
        Map<String, Map<String, QuotaConfig>> inTiers = node.children("tenantsInTiers", (tier, inTier) -> {
            Map<String, QuotaConfig> pairs = inTier.children((id, quota) -> quota(quota));
            checkIds(inTier, pairs.keySet());
            return pairs;
        });
        if (!tiers.isEmpty()) {
            node.child("tiers").rejectOthers(tiers, what);
            node.child("tenantsInTiers").rejectOthers(tiers, what);
        }
        int maxTenants = node.integer("maxTenants", 1, MAX_TENANTS, 16_384);
        if (node.has("maxTenants") && eachTenant == null) {
            node.problem("maxTenants", "says nothing unless eachTenant is set");
        }
        QuotasConfig quotas =
                new QuotasConfig(eachTenant, tenants, ofTiers, inTiers, maxTenants, node.flag("reserveMaximum", false));
        node.rejectUnknown();
        return quotas;
    }

    private static QuotaConfig quota(Node node) {
        QuotaConfig quota = new QuotaConfig(
                node.optionalNumber("requestsPerMinute", 1, MAX_PER_MINUTE),
                node.optionalNumber("tokensPerMinute", 1, MAX_PER_MINUTE),
                node.duration("burst", Duration.ofMillis(1), DAY, QUOTA.burst()),
                node.optionalNumber("budget", 0, MAX_BUDGET),
                node.duration("reservationLifetime", Duration.ofSeconds(1), DAY, QUOTA.reservationLifetime()));
        if (node.has("burst")
                && quota.requestsPerMinute().isEmpty()
                && quota.tokensPerMinute().isEmpty()) {
            node.problem("burst", "says nothing unless requestsPerMinute or tokensPerMinute is set");
        }
        if (node.has("reservationLifetime") && quota.budget().isEmpty()) {
            node.problem("reservationLifetime", "says nothing unless budget is set");
        }
        node.rejectUnknown();
        return quota;
    }

    private static void checkIds(Node node, Set<String> ids) {
        for (String id : ids) {
            if (id.isEmpty() || id.length() > LONGEST_ID) {
                node.problem(
                        id,
                        "is not a tenant: an id has 1 to " + LONGEST_ID + " characters but this has " + id.length());
            }
        }
    }
}
