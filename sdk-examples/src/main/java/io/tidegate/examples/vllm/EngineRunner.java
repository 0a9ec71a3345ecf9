/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.vllm;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs an engine in real time: begins a step, sleeps until it is over in trace time, hands out what it produced.
 *
 * <p>Lateness does not add up. The engine starts a step at the planned end of the one before, so a thread that wakes
 * late has less to wait for in the next step, and does several at once after a long pause. An idle runner sleeps until a
 * request comes.
 *
 * <p>{@link #lock} guards the engine and {@link #open}. Arrival times are read under it, so they come in order. Waiting
 * readers are woken by the runner's own thread, without the lock.
 */
final class EngineRunner implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(EngineRunner.class);
    private static final long JOIN_MILLIS = TimeUnit.SECONDS.toMillis(2);

    private final ContinuousBatchingEngine engine;
    private final TraceClock clock;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition requests = lock.newCondition();
    private final Map<Sequence, Generation> open = new HashMap<>();
    private final Thread thread;
    private volatile boolean closed;
    /** Read and written by the runner's thread alone. */
    private long stepEndNanos;

    private EngineRunner(ContinuousBatchingEngine engine, TraceClock clock) {
        this.engine = engine;
        this.clock = clock;
        this.thread = new Thread(this::run, "engine");
        thread.setDaemon(true);
    }

    static EngineRunner start(ContinuousBatchingEngine engine, TraceClock clock) {
        EngineRunner runner = new EngineRunner(engine, clock);
        runner.thread.start();
        return runner;
    }

    /**
     * Gives a request to the engine, arriving now.
     *
     * @param interval tokens between two outputs, or {@link Generation#ONLY_THE_END}
     * @return its output, or nothing when closed
     */
    Optional<Generation> submit(Sequence.Work work, int interval) {
        lock.lock();
        try {
            if (closed) {
                return Optional.empty();
            }
            Sequence sequence = engine.add(work, clock.nowNanos());
            Generation generation = new Generation(sequence, interval);
            open.put(sequence, generation);
            requests.signal();
            return Optional.of(generation);
        } finally {
            lock.unlock();
        }
    }

    /** Frees what a request holds in the engine, at once. Its reader is not woken: readers abort their own requests. */
    void abort(Generation generation) {
        lock.lock();
        try {
            engine.abort(generation.sequence());
            open.remove(generation.sequence());
        } finally {
            lock.unlock();
        }
    }

    /** Whether requests are still taken. */
    boolean isOpen() {
        return !closed;
    }

    ContinuousBatchingEngine.Snapshot snapshot() {
        lock.lock();
        try {
            return engine.snapshot();
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        try {
            while (beginStep()) {
                sleepUntil(stepEndNanos);
                finishStep().forEach(Delivery::toReader);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException | Error e) {
            log.error("The simulated engine failed; this server answers no more requests", e);
        } finally {
            abandonAll();
        }
    }

    /** Waits for work and begins a step; returns false when closed. */
    private boolean beginStep() throws InterruptedException {
        lock.lock();
        try {
            while (engine.isIdle() && !closed) {
                requests.await();
            }
            if (!closed) {
                stepEndNanos = engine.begin();
            }
            return !closed;
        } finally {
            lock.unlock();
        }
    }

    private void sleepUntil(long traceNanos) {
        while (!closed) {
            long realNanos = clock.realNanosUntil(traceNanos);
            if (realNanos <= 0) {
                return;
            }
            LockSupport.parkNanos(this, realNanos);
        }
    }

    private List<Delivery> finishStep() {
        lock.lock();
        try {
            Step step = engine.finish();
            List<Delivery> deliveries = new ArrayList<>(step.progress().size());
            for (Step.Progress progress : step.progress()) {
                Sequence sequence = progress.sequence();
                Generation generation = progress.finish() == null ? open.get(sequence) : open.remove(sequence);
                if (generation != null) {
                    deliveries.add(new Delivery(generation, progress));
                }
            }
            return deliveries;
        } finally {
            lock.unlock();
        }
    }

    private void abandonAll() {
        List<Generation> left;
        lock.lock();
        try {
            closed = true;
            left = List.copyOf(open.values());
            open.clear();
        } finally {
            lock.unlock();
        }
        left.forEach(Generation::abandon);
    }

    /** Ends the step loop and every open generation. Returns when its thread has ended, or after two seconds. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            requests.signal();
        } finally {
            lock.unlock();
        }
        LockSupport.unpark(thread);
        try {
            thread.join(JOIN_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private record Delivery(Generation generation, Step.Progress progress) {
        void toReader() {
            generation.progressed(progress.outputTokens(), progress.finish());
        }
    }
}
