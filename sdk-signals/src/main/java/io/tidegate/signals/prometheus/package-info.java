/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Signals that a Prometheus, or what speaks its HTTP API, computes: {@link io.tidegate.signals.prometheus.PrometheusSource} asks
 * the queries it is given, {@link io.tidegate.signals.prometheus.PrometheusQuery} is one of them. What comes this way is older
 * than what is read from the servers themselves: use it for what only a Prometheus knows.
 */
@NullMarked
package io.tidegate.signals.prometheus;

import org.jspecify.annotations.NullMarked;
