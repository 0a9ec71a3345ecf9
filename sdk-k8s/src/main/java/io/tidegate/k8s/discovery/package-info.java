/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Finds the replicas of a pool by the EndpointSlices of its Service; begin with {@link
 * io.tidegate.k8s.discovery.EndpointDiscovery}, and let a balancer follow it by {@link io.tidegate.k8s.discovery.Rotation}.
 */
@NullMarked
package io.tidegate.k8s.discovery;

import org.jspecify.annotations.NullMarked;
