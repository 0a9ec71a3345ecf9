/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.alert;

import java.time.Duration;

/**
 * How fast a tier used up its error budget over a long and a short window that ends with it: the burn rate of the SRE workbook
 * (chapter 5, multiwindow, multi-burn-rate alerts).
 *
 * <pre>
 *   burn rate = (broken / evaluated) / (1 − target)
 * </pre>
 *
 * <p>Example: of 1,000 requests of the last hour 150 broke a target of 0.99, so the budget is used up 15 times as fast as it may be; a
 * budget of 30 days would last two.
 *
 * <p>It remembers 30 buckets for the short window, and for the long one as many of that width as it takes, at most 1,800.
 */
final class Burn {

    /** Buckets of a short window: it is known to within a thirtieth. */
    static final int SHORT = 30;

    /** Least error budget: a target of 1 would be broken for good by one request. */
    private static final double LEAST_BUDGET = 1e-4;

    final Duration longWindow;
    final Duration shortWindow;
    private final int longBuckets;
    private final Ring ring;

    Burn(Duration longWindow, Duration shortWindow) {
        this.longWindow = longWindow;
        this.shortWindow = shortWindow;
        long width = Math.max(1, shortWindow.toNanos() / SHORT);
        this.longBuckets = (int) ((longWindow.toNanos() + width - 1) / width);
        this.ring = new Ring(longBuckets, width);
    }

    void add(long nowNanos, double evaluated, double broken) {
        ring.add(nowNanos, evaluated, broken);
    }

    double evaluated() {
        return ring.first(longBuckets);
    }

    double broken() {
        return ring.second(longBuckets);
    }

    /** Share broken in the long window; 0 if there was nothing. */
    double longShare() {
        return share(longBuckets);
    }

    /** Share broken in the short window; 0 if there was nothing. */
    double shortShare() {
        return share(SHORT);
    }

    private double share(int buckets) {
        double evaluated = ring.first(buckets);
        return evaluated > 0 ? ring.second(buckets) / evaluated : 0;
    }

    static double budget(double target) {
        return Math.max(LEAST_BUDGET, 1 - target);
    }

    /**
     * Share broken at which a budget is used up so many times too fast. Never more than halfway from the target to nothing kept: at a
     * target of 0.9 no share is 14.4 times the budget, and 55 % broken is bad enough.
     */
    static double threshold(double target, double times) {
        return Math.min(times * budget(target), 1 - target / 2);
    }
}
