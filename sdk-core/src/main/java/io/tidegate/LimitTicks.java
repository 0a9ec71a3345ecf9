/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate;

import io.tidegate.limit.LimitController;
import io.tidegate.log.BoundedLog;
import io.tidegate.time.TimeSource;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Brings limits up to date once a second: for a pool that no engine scales nobody else does, and for one that is scaled the engine does
 * only while its backend answers. Runs on the clock.
 */
final class LimitTicks implements AutoCloseable {

    private static final Logger LOG = BoundedLog.of(LimitTicks.class);

    private static final long PERIOD_NANOS = 1_000_000_000;

    private final TimeSource time;
    private final Map<String, LimitController> limits;
    private boolean failing;
    private volatile boolean closed;
    private volatile TimeSource.@Nullable Task next;

    LimitTicks(TimeSource time, Map<String, LimitController> limits) {
        this.time = time;
        this.limits = Map.copyOf(limits);
    }

    void start() {
        if (!closed) {
            next = time.schedule(PERIOD_NANOS, this::tick);
        }
    }

    private void tick() {
        boolean failed = false;
        for (LimitController limit : limits.values()) {
            failed |= !refresh(limit);
        }
        failing = failed;
        start();
    }

    private boolean refresh(LimitController limit) {
        try {
            limit.refresh();
            return true;
        } catch (RuntimeException | Error e) {
            if (!failing) {
                LOG.warn("{} could not be brought up to date; it is tried again each second", limit, e);
            }
            return false;
        }
    }

    @Override
    public void close() {
        closed = true;
        TimeSource.Task task = next;
        if (task != null) {
            task.cancel();
        }
    }
}
