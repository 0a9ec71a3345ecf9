/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import java.util.Optional;

/**
 * A request that waits for a permit, or has been answered.
 *
 * <p>Grant, cancellation, expiry and eviction race for it by one compare-and-set, and exactly one wins. Safe for use by many
 * threads.
 *
 * @since 0.1.0
 */
public sealed interface Ticket permits Waiter {

    /**
     * Gives up waiting. The callback, if any, is told {@link Admission.Cancelled}.
     *
     * @return false if the request was answered before; a permit it was given must then be closed as usual
     */
    boolean cancel();

    /** The answer, or empty while the request waits. */
    Optional<Admission> outcome();
}
