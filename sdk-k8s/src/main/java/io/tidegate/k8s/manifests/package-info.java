/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Writes what Kubernetes is to be told of a gateway and the autoscalers beside it: begin with {@link
 * io.tidegate.k8s.manifests.Manifests}. Nothing here asks an API server.
 */
@NullMarked
package io.tidegate.k8s.manifests;

import org.jspecify.annotations.NullMarked;
