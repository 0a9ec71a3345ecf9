/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.watch;

import java.time.Duration;
import java.util.Optional;

/**
 * How well a list is known, and what it took.
 *
 * @param known whether it was listed at least once; before that nothing is known, which is not the same as that there is nothing
 * @param watching whether changes are told now
 * @param age time since the API server said something, be it only that nothing changed; zero while nothing is known
 * @param lists lists that were read
 * @param watches watches that were opened
 * @param events changes that were taken
 * @param ignored events that told nothing new: said twice, out of order, or of long ago
 * @param failures lists and watches that failed
 * @param problem why it is not watching; empty if it is
 * @since 0.1.0
 */
public record WatchHealth(
        boolean known,
        boolean watching,
        Duration age,
        long lists,
        long watches,
        long events,
        long ignored,
        long failures,
        Optional<String> problem) {

    /** Whether nothing was heard for longer than this, or nothing is known at all. */
    public boolean stale(Duration after) {
        return !known || age.compareTo(after) > 0;
    }
}
