/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

/**
 * Which tier is next among those that wait. Whatever it is, each tier gets its {@link io.tidegate.pool.Tier#floor() floor}
 * while it waits, so that none starves.
 *
 * <ul>
 *   <li>{@link #weighted()}, the default: by weight, the tier with the least service for its weight first.
 *   <li>{@link #strict()}: the highest rank that waits and fits, lower ones only with what it leaves and with their floors.
 *   <li>{@link #weightedAbove(double)}: strict while the pool is below that saturation, by weight from there on: the high tier
 *       is quickest while there is room for all, and low ones keep their share where there is not.
 * </ul>
 *
 * @since 0.1.0
 */
public final class TierOrder {

    private static final TierOrder WEIGHTED = new TierOrder(0);
    private static final TierOrder STRICT = new TierOrder(Double.POSITIVE_INFINITY);

    private final double weightedFrom;

    private TierOrder(double weightedFrom) {
        this.weightedFrom = weightedFrom;
    }

    /** By weight. */
    public static TierOrder weighted() {
        return WEIGHTED;
    }

    /** By rank. */
    public static TierOrder strict() {
        return STRICT;
    }

    /**
     * By rank below a saturation and by weight from there on.
     *
     * @param saturation in flight ÷ limit, of slots or of tokens, whichever is more, with the next request counted; in (0, 1]
     */
    public static TierOrder weightedAbove(double saturation) {
        if (!(saturation > 0 && saturation <= 1)) {
            throw new IllegalArgumentException("saturation must be above 0 and at most 1 but was " + saturation);
        }
        return new TierOrder(saturation);
    }

    /** Whether it is by weight whatever the saturation, which then need not be known. */
    boolean alwaysWeighted() {
        return weightedFrom == 0;
    }

    boolean weightedAt(double saturation) {
        return saturation >= weightedFrom;
    }

    @Override
    public String toString() {
        if (weightedFrom == 0) {
            return "weighted";
        }
        return weightedFrom == Double.POSITIVE_INFINITY ? "strict" : "weighted above " + weightedFrom;
    }
}
