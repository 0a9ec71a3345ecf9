/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.engine;

import io.tidegate.pool.Signal;
import java.net.URI;

/**
 * What one inference server said of itself, each figure a signal of its own. Immutable; figures do not age here, see
 * {@link Signal#notOlderThan}.
 *
 * @param url its address, as it was listed
 * @param ready whether it was listed as one that serves
 * @param running requests in execution batches, all engines; requests
 * @param waiting requests that wait in the server, all engines; requests
 * @param kvCacheFraction part of the KV cache in use, mean over the engines; ratio
 * @param kvCacheFractionMax the same of the fullest engine; ratio
 * @param preemptions requests put back to make room in the KV cache, since the server started; requests
 * @param promptTokens prompt tokens processed since the server started; tokens
 * @param generationTokens tokens generated since the server started; tokens
 * @param kvCacheTokens tokens its KV cache holds when full, all engines: {@code block_size × num_gpu_blocks} of vLLM,
 *     {@code max_total_num_tokens} of SGLang; tokens
 * @param firstTokenSeconds time to first token of all requests since the server started, added up; seconds
 * @param firstTokens requests in that sum; requests
 * @param laterTokenSeconds time from one token to the next since the server started, added up; seconds
 * @param laterTokens tokens in that sum; tokens
 * @since 0.1.0
 */
public record EngineReplica(
        URI url,
        boolean ready,
        Signal running,
        Signal waiting,
        Signal kvCacheFraction,
        Signal kvCacheFractionMax,
        Signal preemptions,
        Signal promptTokens,
        Signal generationTokens,
        Signal kvCacheTokens,
        Signal firstTokenSeconds,
        Signal firstTokens,
        Signal laterTokenSeconds,
        Signal laterTokens) {}
