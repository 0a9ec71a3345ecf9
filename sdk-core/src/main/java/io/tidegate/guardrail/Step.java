/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.policy.ReplicaMath;
import io.tidegate.pool.PoolView;
import java.time.Duration;

/**
 * Limits how many replicas may be added, or removed, in a period; like the behaviour policies of the Kubernetes HPA, where
 * the larger of a number and a share holds.
 *
 * <p>Example: with 4 replicas or 100 % per 15 s, 3 may become 7 and 10 may become 20 within 15 s.
 *
 * @param direction which way it limits
 * @param replicas replicas per period, 0 or more
 * @param share part of the count at the period's beginning, 0 or more; 1 doubles
 * @param period positive, at most {@link History#HORIZON}
 * @since 0.1.0
 */
public record Step(Direction direction, int replicas, double share, Duration period) implements Guardrail {

    /** Which way a step goes. */
    public enum Direction {
        UP,
        DOWN
    }

    public Step {
        if (replicas < 0 || !(share >= 0) || Double.isInfinite(share) || (replicas == 0 && share == 0)) {
            throw new IllegalArgumentException(
                    "a step needs replicas >= 0 or share >= 0, and one of them above 0, but had " + replicas + " and "
                            + share);
        }
        if (period.isZero() || period.isNegative() || period.compareTo(History.HORIZON) > 0) {
            throw new IllegalArgumentException("period must be positive and at most 1 hour but was " + period);
        }
    }

    @Override
    public String name() {
        return direction == Direction.UP ? "step up" : "step down";
    }

    @Override
    public Narrowing narrow(PoolView view, History history, int proposed) {
        int current = view.replicas().desired();
        long periodNanos = period.toNanos();
        long added = history.added(view.nowNanos(), periodNanos);
        long removed = history.removed(view.nowNanos(), periodNanos);
        long allowed = allowance(Math.max(0, current - added + removed));
        if (direction == Direction.UP) {
            long most = Math.max(current, current + allowed - added);
            return proposed > most ? narrowed((int) most) : Narrowing.none(name(), proposed);
        }
        long least = Math.min(current, current - allowed + removed);
        return proposed < least ? narrowed((int) least) : Narrowing.none(name(), proposed);
    }

    private int allowance(long countAtBeginning) {
        return Math.max(replicas, ReplicaMath.ceil(countAtBeginning * share));
    }

    private Narrowing narrowed(int limit) {
        String byNumber = replicas == 1 ? "1 replica" : replicas + " replicas";
        String byShare = Math.round(share * 100) + " %";
        String allowed = share == 0 ? byNumber : replicas == 0 ? byShare : byNumber + " or " + byShare;
        return new Narrowing(
                name(),
                limit,
                "at most " + allowed + " may be " + (direction == Direction.UP ? "added" : "removed") + " in "
                        + period.toSeconds() + " s");
    }
}
