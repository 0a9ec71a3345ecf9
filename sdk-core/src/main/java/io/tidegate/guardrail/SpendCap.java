/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

import io.tidegate.guardrail.spi.SpendCheck;
import io.tidegate.policy.ReplicaMath;
import io.tidegate.pool.PoolView;

/**
 * So much money an hour at one known price. Example: 30 an hour at 2.50 a replica are 12 replicas.
 *
 * <p>Replicas that still run beside those wanted, because they drain, are paid for as well and count.
 *
 * @param maxPerHour most that may be spent in an hour, finite, 0 or more
 * @param pricePerReplicaHour in the same currency, finite and above 0: a price that is not known is not free
 * @since 0.1.0
 */
public record SpendCap(double maxPerHour, double pricePerReplicaHour) implements SpendCheck {

    public SpendCap {
        if (!(maxPerHour >= 0 && maxPerHour < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("maxPerHour must be finite and >= 0 but was " + maxPerHour);
        }
        if (!(pricePerReplicaHour > 0 && pricePerReplicaHour < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                    "pricePerReplicaHour must be finite and above 0 but was " + pricePerReplicaHour);
        }
    }

    /** Replicas that the money pays for; at most {@link ReplicaMath#MANY}. */
    public int replicas() {
        return (int) Math.min(ReplicaMath.MANY, Math.floor(maxPerHour / pricePerReplicaHour + 1e-9));
    }

    @Override
    public Allowed check(PoolView view, int from, int to) {
        long beside =
                Math.max(0, (long) view.replicas().ready() + view.replicas().due() - from);
        long allowed = Math.max(0, replicas() - beside);
        if (to <= allowed) {
            return new Allowed(to, "");
        }
        return new Allowed(
                (int) allowed,
                to + " replicas" + (beside > 0 ? " and " + beside + " that drain" : "") + " cost "
                        + Text.number((to + beside) * pricePerReplicaHour) + " an hour, and at most "
                        + Text.number(maxPerHour) + " may be spent");
    }
}
