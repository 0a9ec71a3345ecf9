/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.time;

import io.tidegate.log.BoundedLog;
import java.time.Instant;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;

/**
 * Real time: {@link System#nanoTime()}, one daemon thread that runs what is due, and one that keeps {@link #coarseNanos()} at
 * most some milliseconds behind while somebody reads it.
 *
 * <p>Owns its threads; {@link #close()} ends them, and tasks that are not yet due never run. Tasks scheduled after that are
 * silently dropped, so that a component which closes late does not fail.
 *
 * @since 0.1.0
 */
public final class SystemTime implements TimeSource, AutoCloseable {

    private static final Logger LOG = BoundedLog.of(SystemTime.class);

    private final CoarseClock coarse = new CoarseClock(System::nanoTime);
    private final ScheduledThreadPoolExecutor executor;

    private SystemTime() {
        executor = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "tidegate-time");
            thread.setDaemon(true);
            return thread;
        });
        executor.setRemoveOnCancelPolicy(true);
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        executor.setRejectedExecutionHandler(
                (task, ignored) -> LOG.debug("dropped {}: this time source is closed", task));
    }

    /** Starts a time source with a thread of its own. */
    public static SystemTime start() {
        return new SystemTime();
    }

    @Override
    public long nanos() {
        return System.nanoTime();
    }

    @Override
    public long coarseNanos() {
        return coarse.nanos();
    }

    @Override
    public Instant wallTime() {
        return Instant.now();
    }

    @Override
    public Task schedule(long delayNanos, Runnable task) {
        ScheduledFuture<?> future = executor.schedule(() -> runLogged(task), delayNanos, TimeUnit.NANOSECONDS);
        return () -> future.cancel(false);
    }

    private static void runLogged(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            LOG.error("a scheduled task failed", e);
        }
    }

    @Override
    public void close() {
        executor.shutdownNow();
        coarse.close();
    }
}
