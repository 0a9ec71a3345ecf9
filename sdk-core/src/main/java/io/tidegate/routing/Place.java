/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.routing;

import io.tidegate.admission.Gate;
import io.tidegate.admission.Outcome;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.admission.Usage;
import io.tidegate.routing.Routed.Reason;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;

/** A target with what the router counts of it, shared by all routes that lead there. */
@SuppressWarnings("EnumOrdinal") // an array is the quickest map from an enum, and none of them leaves this class
final class Place {

    final Target target;
    private final LongAdder[] counts = new LongAdder[Reason.values().length];

    /** Whether its gate was told that somebody needs a replica, since it last had one. */
    private final AtomicBoolean woken = new AtomicBoolean();

    Place(Target target) {
        this.target = target;
        for (int i = 0; i < counts.length; i++) {
            counts[i] = new LongAdder();
        }
    }

    void count(Reason reason) {
        counts[reason.ordinal()].increment();
    }

    long counted(Reason reason) {
        return counts[reason.ordinal()].sum();
    }

    /** Whether a replica serves. */
    boolean serves() {
        boolean ready = target.gate().supply().replicas().ready() > 0;
        if (ready && woken.get()) {
            woken.set(false);
        }
        return ready;
    }

    /** Whether its gate is still to be told that somebody needs a replica; the one who is told so must {@link #wake} it. */
    boolean toBeWoken() {
        return !woken.get() && woken.compareAndSet(false, true);
    }

    /** Has the request wait for a moment: its gate then counts it as demand and tells whoever starts replicas. */
    void wake(Request request) {
        Gate gate = target.gate();
        gate.acquire(request, answer -> {
                    if (answer instanceof Permit permit) {
                        permit.close(Outcome.CANCELLED, Usage.NONE);
                    }
                })
                .cancel();
    }
}
