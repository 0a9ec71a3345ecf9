/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.time;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/** Keeps what it is given until the test runs it, in whatever order the test wants. For one thread. */
public final class QueueExecutor implements Executor {

    private final List<Runnable> tasks = new ArrayList<>();
    private boolean rejecting;

    @Override
    public void execute(Runnable task) {
        if (rejecting) {
            throw new RejectedExecutionException("told to");
        }
        tasks.add(task);
    }

    public void reject(boolean rejecting) {
        this.rejecting = rejecting;
    }

    public int size() {
        return tasks.size();
    }

    /** Runs the one at this place, counted from the oldest. */
    public void run(int index) {
        tasks.remove(index).run();
    }

    /** Runs all, and what they hand in meanwhile. */
    public void runAll() {
        while (!tasks.isEmpty()) {
            run(0);
        }
    }
}
