/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The one clock and scheduler everything else is given. {@link io.tidegate.time.TimeSource} comes first;
 * {@link io.tidegate.time.SystemTime} is the production one, {@link io.tidegate.time.ManualTime} stands still until a
 * test or a simulation moves it. Nothing outside this package reads the system clock to decide something.
 */
@NullMarked
package io.tidegate.time;

import org.jspecify.annotations.NullMarked;
