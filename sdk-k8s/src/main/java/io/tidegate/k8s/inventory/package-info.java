/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * What accelerators a cluster has, what of them is used, who waits for some and why; begin with {@link
 * io.tidegate.k8s.inventory.GpuInventoryWatch}, or with {@link io.tidegate.k8s.inventory.GpuInventory#of} for objects at hand. {@link
 * io.tidegate.k8s.inventory.WarmCapacity} is how nodes are kept ready before anybody needs them.
 */
@NullMarked
package io.tidegate.k8s.inventory;

import org.jspecify.annotations.NullMarked;
