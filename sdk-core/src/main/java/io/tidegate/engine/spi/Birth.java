/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine.spi;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How a replica came to be, as far as a backend knows. Times are by the backend's wall clock, so a backend whose clock is another
 * machine's may be some seconds off; what cannot be is left out.
 *
 * @param replica its name
 * @param created when it was asked for
 * @param scheduled when it had a place to run; null if not yet, or not known
 * @param started when its process began, so its image was there; null if not yet, or not known
 * @param ready when it said that it was ready; null if not yet, or not known
 * @since 0.1.0
 */
public record Birth(
        String replica,
        Instant created,
        @Nullable Instant scheduled,
        @Nullable Instant started,
        @Nullable Instant ready) {}
