/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * What the sources of this module share: {@link io.tidegate.signals.internal.Pooling} makes one signal of a pool from those of
 * its replicas. Nothing here is a promise to users.
 */
@NullMarked
package io.tidegate.signals.internal;

import org.jspecify.annotations.NullMarked;
