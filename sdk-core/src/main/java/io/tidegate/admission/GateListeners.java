/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import io.tidegate.admission.spi.GateListener;
import io.tidegate.log.BoundedLog;
import io.tidegate.pool.Tier;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.slf4j.Logger;

/** The listeners of a gate; what one throws reaches neither the request nor the others. */
final class GateListeners {

    private static final Logger LOG = BoundedLog.of(Gate.class);

    private final CopyOnWriteArrayList<GateListener> listeners = new CopyOnWriteArrayList<>();
    private final LongAdder failures = new LongAdder();
    private volatile boolean failing;

    void add(GateListener listener) {
        listeners.add(listener);
    }

    void remove(GateListener listener) {
        listeners.remove(listener);
    }

    long failures() {
        return failures.sum();
    }

    boolean none() {
        return listeners.isEmpty();
    }

    void tellAdmitted(Tier tier, long waitedNanos) {
        if (!listeners.isEmpty()) {
            tell(listener -> listener.admitted(tier, waitedNanos));
        }
    }

    void tell(Consumer<GateListener> event) {
        for (GateListener listener : listeners) {
            try {
                event.accept(listener);
            } catch (Throwable e) {
                failed("listener " + listener.getClass().getName(), e);
            }
        }
    }

    /** Counts what foreign code threw, and logs the first. */
    void failed(String who, Throwable failure) {
        failures.increment();
        if (!failing) {
            failing = true;
            LOG.error("{} failed; requests are not affected, further failures are only counted", who, failure);
        }
    }
}
