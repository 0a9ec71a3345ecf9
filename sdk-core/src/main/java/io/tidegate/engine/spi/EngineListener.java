/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine.spi;

import io.tidegate.guardrail.Decision;
import io.tidegate.ledger.ScaleEvent;

/**
 * Told what the engine decides and what comes of it, on the engine's thread. What it throws is counted and logged once.
 *
 * @since 0.1.0
 */
public interface EngineListener {

    /** A decision was made that changes the desired count. */
    default void decided(Decision decision) {}

    /** A scale event took a step: {@link ScaleEvent#latest()}. */
    default void stepped(ScaleEvent event) {}
}
