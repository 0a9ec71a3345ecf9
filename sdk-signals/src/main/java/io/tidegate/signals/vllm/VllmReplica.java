/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.vllm;

import io.tidegate.pool.Signal;
import java.net.URI;

/**
 * What one vLLM server says of itself.
 *
 * @param uri its base address
 * @param running requests in execution; unit requests
 * @param waiting requests in its own queue; unit requests
 * @param kvCacheUsage part of the KV cache in use; unit ratio
 * @since 0.1.0
 */
public record VllmReplica(URI uri, Signal running, Signal waiting, Signal kvCacheUsage) {}
