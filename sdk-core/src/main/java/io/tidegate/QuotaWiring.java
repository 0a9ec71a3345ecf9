/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate;

import io.tidegate.admission.Admission;
import io.tidegate.admission.Admission.Reason;
import io.tidegate.admission.Admission.Shed;
import io.tidegate.admission.Gate;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.quota.Quota;
import io.tidegate.quota.Quotas;
import io.tidegate.supply.Supply;
import io.tidegate.time.TimeSource;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Whether a gate that is made of a pool's settings asks its quotas: another is made of the same settings with a quota that is used up,
 * and must refuse. No account of the pool is touched.
 */
final class QuotaWiring {

    private static final String TENANT = "tidegate-canary";

    private QuotaWiring() {}

    /**
     * Tests it, if the pool has quotas.
     *
     * @param made makes the gate with other quotas
     * @throws IllegalStateException naming the pool and the tier whose request was not refused
     */
    static void check(String pool, @Nullable Quotas quotas, Function<Quotas, Gate> made, TimeSource time) {
        if (quotas == null) {
            return;
        }
        Quotas usedUp = Quotas.builder(time).tenant(TENANT, Quota.budget(1)).build();
        usedUp.reserve(TENANT, usedUp.tier(""), 1);
        try (Gate gate = made.apply(usedUp)) {
            // Room for all of them, so that only the quota can refuse.
            gate.supply(Supply.fixed(1, Work.slots(64)));
            for (Tier tier : gate.tiers()) {
                Admission answer =
                        gate.tryAcquire(Request.of(tier).withTenant(TENANT).withTokens(1, 1));
                if (answer instanceof Permit permit) {
                    permit.close();
                }
                if (!(answer instanceof Shed shed) || shed.reason() != Reason.QUOTA_EXCEEDED) {
                    throw new IllegalStateException(
                            "pool " + pool + ": quotas are configured, but the gate does not ask them: a request"
                                    + " of tier " + tier.name() + " over its quota was answered " + answer
                                    + ". Nothing is started without them: check what makes this pool's gate");
                }
            }
        }
    }
}
