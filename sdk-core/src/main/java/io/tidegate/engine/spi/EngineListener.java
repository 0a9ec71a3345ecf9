/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine.spi;

import io.tidegate.guardrail.Decision;
import io.tidegate.ledger.Account;
import io.tidegate.ledger.ScaleEvent;
import java.time.Duration;

/**
 * Told what the engine decides and what comes of it, on the engine's thread. What it throws is counted and logged once.
 *
 * @since 0.1.0
 */
public interface EngineListener {

    /** A decision was made that changes the desired count. */
    default void decided(Decision decision) {}

    /**
     * The backend was called for a decision.
     *
     * @param decision the decision, which says what set it off
     * @param reaction time from what set it off, a request that had to wait for example, to the call
     */
    default void called(Decision decision, Duration reaction) {}

    /** A scale event took a step: {@link ScaleEvent#latest()}. */
    default void stepped(ScaleEvent event) {}

    /** What a scale event came to is known. */
    default void accounted(Account account) {}
}
