/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Carries decisions out on Kubernetes; begin with {@link io.tidegate.k8s.KubernetesScaleBackend}, or with {@code type:
 * kubernetes-scale} in the configuration. Where an HPA or a KEDA ScaledObject is to stay, {@link io.tidegate.k8s.HpaBackend} and {@link
 * io.tidegate.k8s.ScaledObjectBackend} hold its floor. {@code io/tidegate/k8s/role.yaml} is the Role that they need.
 *
 * <p>The client is fabric8's. Code here uses its typed operations only, and neither Jackson nor the client's own mappers, so
 * that it runs with whatever version of them an application has.
 */
@NullMarked
package io.tidegate.k8s;

import org.jspecify.annotations.NullMarked;
