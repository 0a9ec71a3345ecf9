/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.routing;

import java.util.concurrent.atomic.AtomicBoolean;

/** A route with all that was looked up, and whether its requests leave the primary now. */
final class Path {

    final Route route;

    /** The primary first. */
    final Candidate[] candidates;

    final long spillAfterNanos;
    final long returnBelowNanos;

    /** Whether requests leave the primary: the memory that keeps them from going to and fro. */
    private final AtomicBoolean spilling = new AtomicBoolean();

    Path(Route route, Candidate[] candidates) {
        this.route = route;
        this.candidates = candidates;
        this.spillAfterNanos = route.spillAfter().toNanos();
        this.returnBelowNanos = (long) (spillAfterNanos * route.returnBelow());
    }

    boolean spilling() {
        return spilling.get();
    }

    void spill() {
        if (!spilling.get()) {
            spilling.set(true);
        }
    }

    /** True for the one that ends the spilling. */
    boolean tryReturn() {
        return spilling.get() && spilling.compareAndSet(true, false);
    }
}
