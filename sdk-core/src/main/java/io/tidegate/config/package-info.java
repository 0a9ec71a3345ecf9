/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * All settings as one immutable tree of records, {@link io.tidegate.config.TidegateConfig}, built in Java or read from YAML
 * or JSON by {@link io.tidegate.config.ConfigReader}, which names every wrong path at once.
 */
@NullMarked
package io.tidegate.config;

import org.jspecify.annotations.NullMarked;
