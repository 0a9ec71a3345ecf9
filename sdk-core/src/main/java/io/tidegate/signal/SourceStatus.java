/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signal;

import io.tidegate.plugin.PluginStatus;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a source of a {@link SignalBoard} does, for meters and for people.
 *
 * @param source its name
 * @param sinceAnswer how long ago it last answered, whatever it said; null if it never has
 * @param failuresInARow reads that failed since it last answered
 * @param reading how long the read under way takes by now; zero if none is
 * @param frozen why its values are taken for frozen, in words; empty if they are not
 * @param timesFrozen how often it froze
 * @param plugin how its reads went, whether it is read, and how many reads it holds that ignore their interrupt
 * @since 0.1.0
 */
public record SourceStatus(
        String source,
        @Nullable Duration sinceAnswer,
        long failuresInARow,
        Duration reading,
        String frozen,
        long timesFrozen,
        PluginStatus plugin) {

    /** Whether its values are taken for frozen. */
    public boolean isFrozen() {
        return !frozen.isEmpty();
    }
}
