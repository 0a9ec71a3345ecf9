/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * An OpenAI-compatible gateway in plain Java that embeds Tidegate, and a scaler backend that runs replicas as local processes.
 * {@link io.tidegate.examples.gateway.DemoGateway} comes first; it is an example to read, and what {@code ./tidegate demo} runs.
 */
@NullMarked
package io.tidegate.examples.gateway;

import org.jspecify.annotations.NullMarked;
