/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signal;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a source of a {@link SignalBoard} does, for meters and for people.
 *
 * @param source its name
 * @param sinceAnswer how long ago it last answered, whatever it said; null if it never has
 * @param failuresInARow reads that failed since it last answered
 * @param reading how long the read under way takes by now; zero if none is. One far above the period hangs
 * @param frozen why its values are taken for frozen, in words; empty if they are not
 * @param timesFrozen how often it froze
 * @since 0.1.0
 */
public record SourceStatus(
        String source,
        @Nullable Duration sinceAnswer,
        long failuresInARow,
        Duration reading,
        String frozen,
        long timesFrozen) {

    /** Whether its values are taken for frozen. */
    public boolean isFrozen() {
        return !frozen.isEmpty();
    }
}
