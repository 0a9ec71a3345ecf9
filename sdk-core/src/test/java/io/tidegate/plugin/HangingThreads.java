/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.plugin;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Runs each task on a thread of its own, and waits until it has ended or hangs in {@link #hang} or {@link #hangUntilInterrupted}: so a test with threads
 * that hang is as deterministic as one without.
 */
public final class HangingThreads implements Executor, AutoCloseable {

    private static final ThreadLocal<CountDownLatch> STOPPED = new ThreadLocal<>();

    private final List<Thread> threads = new CopyOnWriteArrayList<>();
    private final AtomicInteger interrupts = new AtomicInteger();
    private final AtomicInteger hanging = new AtomicInteger();
    private volatile CountDownLatch release = new CountDownLatch(1);

    @Override
    public void execute(Runnable task) {
        CountDownLatch settled = new CountDownLatch(1);
        Thread thread = new Thread(
                () -> {
                    STOPPED.set(settled);
                    try {
                        task.run();
                    } finally {
                        settled.countDown();
                    }
                },
                "hanging-" + threads.size());
        thread.setDaemon(true);
        threads.add(thread);
        thread.start();
        await(settled);
    }

    /** For a task: hangs until released, whoever interrupts it. */
    public void hang() {
        CountDownLatch until = release;
        hanging.incrementAndGet();
        settled();
        await(until);
        hanging.decrementAndGet();
    }

    /** For a task: hangs until released or interrupted. */
    public void hangUntilInterrupted() throws InterruptedException {
        CountDownLatch until = release;
        hanging.incrementAndGet();
        settled();
        try {
            until.await();
        } catch (InterruptedException e) {
            interrupts.incrementAndGet();
            throw e;
        } finally {
            hanging.decrementAndGet();
        }
    }

    private void settled() {
        CountDownLatch mine = STOPPED.get();
        if (mine != null) {
            mine.countDown();
        }
    }

    private void await(CountDownLatch latch) {
        while (true) {
            try {
                latch.await();
                return;
            } catch (InterruptedException e) {
                interrupts.incrementAndGet();
            }
        }
    }

    /** Tasks that hang now. */
    public int hanging() {
        return hanging.get();
    }

    public int interrupts() {
        return interrupts.get();
    }

    /** Threads that live. */
    public long alive() {
        return threads.stream().filter(Thread::isAlive).count();
    }

    /** Waits until no more than so many threads live. */
    public void join(int left) {
        while (alive() > left) {
            Thread.onSpinWait();
        }
    }

    /** Lets all that hang go on, and waits until they have ended; what hangs from now on hangs anew. */
    @Override
    public void close() {
        CountDownLatch now = release;
        release = new CountDownLatch(1);
        now.countDown();
        join(0);
    }
}
