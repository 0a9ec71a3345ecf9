/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * How plugins are found by the type that a configuration names: {@link io.tidegate.service.ServiceTypes}. Each extension point has an
 * entry of its own, such as {@code ScalerBackends}; start there.
 */
@NullMarked
package io.tidegate.service;

import org.jspecify.annotations.NullMarked;
