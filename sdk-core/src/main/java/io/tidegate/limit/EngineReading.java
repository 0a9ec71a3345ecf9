/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.limit;

import io.tidegate.pool.Signal;
import java.util.Objects;

/**
 * What one engine said of itself. Each figure is a signal of its own and bears the time at which it was measured; one that is
 * missing, stale or invalid is never taken for zero, and is no reason to raise a limit.
 *
 * @param replica tells the replica from others; the same in all readings and in {@link LimitController#rejected}
 * @param running requests in the batch
 * @param waiting requests that wait in the engine
 * @param kvCacheFraction part of the KV cache in use, of its fullest part, 0..1
 * @param preemptions requests put back to make room in the KV cache, since the engine started
 * @param kvCacheTokens tokens the KV cache holds when full
 * @param timeToFirstToken mean seconds in the engine until the first token, lately
 * @since 0.1.0
 */
public record EngineReading(
        String replica,
        Signal running,
        Signal waiting,
        Signal kvCacheFraction,
        Signal preemptions,
        Signal kvCacheTokens,
        Signal timeToFirstToken) {

    public EngineReading {
        Objects.requireNonNull(replica, "replica");
        Objects.requireNonNull(running, "running");
        Objects.requireNonNull(waiting, "waiting");
        Objects.requireNonNull(kvCacheFraction, "kvCacheFraction");
        Objects.requireNonNull(preemptions, "preemptions");
        Objects.requireNonNull(kvCacheTokens, "kvCacheTokens");
        Objects.requireNonNull(timeToFirstToken, "timeToFirstToken");
    }

    /** A reading without any figure, for the reason given: the engine could not be read. */
    public static EngineReading none(String replica, String reason) {
        Signal none = new Signal.Missing(replica, reason);
        return new EngineReading(replica, none, none, none, none, none, none);
    }

    /** A reading of what the engine is doing, and nothing else. */
    public static EngineReading of(String replica, Signal running, Signal waiting) {
        Signal none = new Signal.Missing(replica, "not read");
        return new EngineReading(replica, running, waiting, none, none, none, none);
    }

    /** The same reading with this use of the KV cache and these preemptions. */
    public EngineReading withKvCache(Signal fraction, Signal preemptions) {
        return new EngineReading(replica, running, waiting, fraction, preemptions, kvCacheTokens, timeToFirstToken);
    }

    /** The same reading with this size of the KV cache. */
    public EngineReading withKvCacheTokens(Signal tokens) {
        return new EngineReading(replica, running, waiting, kvCacheFraction, preemptions, tokens, timeToFirstToken);
    }

    /** The same reading with this time to first token. */
    public EngineReading withTimeToFirstToken(Signal seconds) {
        return new EngineReading(replica, running, waiting, kvCacheFraction, preemptions, kvCacheTokens, seconds);
    }
}
