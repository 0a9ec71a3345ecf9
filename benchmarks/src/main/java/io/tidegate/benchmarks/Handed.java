/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A callback that keeps what it was given last. One thread forgets it, asks and awaits the next; where it is called back on that
 * thread the answer is there already and awaiting costs a read.
 */
final class Handed<T> implements Consumer<T> {

    private static final int SPINS = 10_000;

    private final AtomicReference<@Nullable T> last = new AtomicReference<>();

    @Override
    public void accept(T answer) {
        // Release, and acquire below: whoever finds the answer finds what was written before it. Nothing needs more.
        last.setRelease(answer);
    }

    /** Made by the thread that asks, before it asks: nobody else writes then. */
    void forget() {
        last.setPlain(null);
    }

    T await() {
        T answer = last.getAcquire();
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
