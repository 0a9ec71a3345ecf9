/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Alerts in the loop: what is wrong with the scaling of a pool, with the numbers and what to do about it. {@link
 * io.tidegate.alert.Alerts} judges a {@link io.tidegate.alert.Situation} once a second by {@link io.tidegate.alert.AlertSettings};
 * what begins, changes severity or ends is an {@link io.tidegate.alert.Alert}, told to every
 * {@link io.tidegate.alert.spi.AlertListener}. Nothing here reads a clock or starts a thread.
 */
@NullMarked
package io.tidegate.alert;

import org.jspecify.annotations.NullMarked;
