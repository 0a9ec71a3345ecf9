/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.routing;

import java.util.Optional;

/**
 * A request that is on its way through a {@link Router}, or has been answered. Safe for use by many threads.
 *
 * @since 0.1.0
 */
public interface RoutedTicket {

    /**
     * Gives up. The callback is told {@link io.tidegate.admission.Admission.Cancelled}, on this thread; no further gate is asked,
     * and a permit that is granted in that moment is given back.
     *
     * @return false if the request was answered before; a permit it was given must then be closed as usual
     */
    boolean cancel();

    /** The answer, or empty while the request waits. */
    Optional<Routed> outcome();
}
