/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Annotations that put a method behind a gate. {@link io.tidegate.instrument.Gated} marks it;
 * {@link io.tidegate.instrument.GatedProxy} makes it so for the methods of an interface.
 */
@NullMarked
package io.tidegate.instrument;

import org.jspecify.annotations.NullMarked;
