/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Log lines that never block whoever writes them: {@link io.tidegate.log.BoundedLog}. All of Tidegate's own lines go by it.
 */
@NullMarked
package io.tidegate.log;

import org.jspecify.annotations.NullMarked;
