/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import io.tidegate.admission.Admission;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A callback that keeps the last answer. One thread forgets it, asks and awaits the next; where the gate calls back on that thread
 * it is there already and awaiting costs a read.
 */
final class Answer implements Consumer<Admission> {

    private static final int SPINS = 10_000;

    private final AtomicReference<@Nullable Admission> last = new AtomicReference<>();

    @Override
    public void accept(Admission answer) {
        last.setRelease(answer);
    }

    /** Made by the thread that asks, before it asks: nobody else writes then. */
    void forget() {
        last.setPlain(null);
    }

    Admission await() {
        Admission answer = last.getAcquire();
        for (int spins = 0; answer == null; spins++) {
            if (spins < SPINS) {
                Thread.onSpinWait();
            } else {
                LockSupport.parkNanos(1);
            }
            answer = last.getAcquire();
        }
        return answer;
    }
}
