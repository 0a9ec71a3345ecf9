/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import java.util.concurrent.atomic.AtomicBoolean;

/** Does something the first time it is run, and nothing after. Safe for many threads. */
final class Once implements Runnable {

    private final AtomicBoolean done = new AtomicBoolean();
    private final Runnable task;

    Once(Runnable task) {
        this.task = task;
    }

    @Override
    public void run() {
        if (done.compareAndSet(false, true)) {
            task.run();
        }
    }
}
