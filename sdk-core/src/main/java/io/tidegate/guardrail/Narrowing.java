/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

/**
 * What a guardrail left of a proposal.
 *
 * @param guardrail its name
 * @param replicas what is left
 * @param why why it differs from what was proposed, in words; empty if it does not
 * @since 0.1.0
 */
public record Narrowing(String guardrail, int replicas, String why) {

    /** Nothing to object to. */
    public static Narrowing none(String guardrail, int proposed) {
        return new Narrowing(guardrail, proposed, "");
    }

    /** Whether it changed the number. */
    public boolean narrowed() {
        return !why.isEmpty();
    }
}
