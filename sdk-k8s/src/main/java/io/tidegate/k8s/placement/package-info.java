/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Where replicas are to run, as a plan that the scheduler can be told: begin with {@link io.tidegate.k8s.placement.Placement}.
 */
@NullMarked
package io.tidegate.k8s.placement;

import org.jspecify.annotations.NullMarked;
