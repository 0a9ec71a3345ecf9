/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;

/** The time replicas took to be ready: the median of the last fifteen, or what is configured. For the engine's thread only. */
final class ReadyTimes {

    private static final int KEPT = 15;

    private Duration configured;
    private final ArrayDeque<Duration> measured = new ArrayDeque<>();

    ReadyTimes(Duration configured) {
        this.configured = configured;
    }

    void add(Duration timeToReady) {
        measured.addLast(timeToReady);
        if (measured.size() > KEPT) {
            measured.removeFirst();
        }
    }

    /** What holds until something was measured. */
    void configure(Duration timeToReady) {
        configured = timeToReady;
    }

    List<Duration> measured() {
        return List.copyOf(measured);
    }

    Duration expected() {
        return measured.isEmpty()
                ? configured
                : measured.stream()
                        .sorted()
                        .skip(measured.size() / 2)
                        .findFirst()
                        .orElse(configured);
    }
}
