/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Takes replicas and gateways out of service without cutting what runs: who goes is chosen by the work it has, is sent nothing more,
 * and is given time. Begin with {@link io.tidegate.k8s.drain.DrainingBackend} for replicas, and with {@link
 * io.tidegate.k8s.drain.GracefulStop} for the gateway itself.
 */
@NullMarked
package io.tidegate.k8s.drain;

import org.jspecify.annotations.NullMarked;
