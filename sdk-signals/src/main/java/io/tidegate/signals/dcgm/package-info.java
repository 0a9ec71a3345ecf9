/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * What NVIDIA's dcgm-exporter says of GPUs and their MIG slices. {@link io.tidegate.signals.dcgm.DcgmMetricsSource} comes first:
 * it reads the exporters of the nodes and keeps to the devices of one pool.
 */
@NullMarked
package io.tidegate.signals.dcgm;

import org.jspecify.annotations.NullMarked;
