/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.log.BoundedLog;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;

/** Counts what foreign code did wrong in a pool, and logs each culprit once per change of state. */
final class Failures {

    private static final Logger LOG = BoundedLog.of(Engine.class);

    private final String pool;
    private final LongAdder count = new LongAdder();
    private final Set<String> failing = ConcurrentHashMap.newKeySet();

    Failures(String pool) {
        this.pool = pool;
    }

    void failed(String who, Throwable failure) {
        count.increment();
        if (failing.add(who)) {
            LOG.warn(
                    "pool {}: {} failed; the last safe state is kept, further failures are only counted",
                    pool,
                    who,
                    failure);
        }
    }

    void recovered(String who) {
        if (failing.remove(who)) {
            LOG.info("pool {}: {} works again", pool, who);
        }
    }

    long count() {
        return count.sum();
    }
}
