/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * What sources other than the gate report. {@link io.tidegate.signal.SignalBoard} polls them apart from any decision and
 * keeps what each last said, with its age.
 */
@NullMarked
package io.tidegate.signal;

import org.jspecify.annotations.NullMarked;
