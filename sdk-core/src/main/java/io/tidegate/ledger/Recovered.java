/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.ledger;

import java.util.List;
import java.util.Map;

/**
 * What a ledger holds from before it was opened. Immutable.
 *
 * @param lastDecisions the highest id of a decision, by pool; ids go on from there
 * @param open scale events that had not ended, oldest first
 * @since 0.1.0
 */
public record Recovered(Map<String, Long> lastDecisions, List<ScaleEvent> open) {

    /** Nothing. */
    public static final Recovered NOTHING = new Recovered(Map.of(), List.of());

    public Recovered {
        lastDecisions = Map.copyOf(lastDecisions);
        open = List.copyOf(open);
    }
}
