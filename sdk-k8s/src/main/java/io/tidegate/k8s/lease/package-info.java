/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Who of several gateways acts, what it remembers, and what the others see, all kept in objects of the Kubernetes API.
 *
 * <p>Begin with {@link io.tidegate.k8s.lease.LeaseLeadership}. A lease alone keeps nobody's late write away: {@link
 * io.tidegate.k8s.lease.EpochClaim} marks the target with the term first. {@link io.tidegate.k8s.lease.KubernetesMemory} keeps the
 * decision record on the target, and {@link io.tidegate.k8s.lease.PeerSnapshots} what each gateway tells the others.
 */
@NullMarked
package io.tidegate.k8s.lease;

import org.jspecify.annotations.NullMarked;
