/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeException;
import dev.failsafe.FailsafeExecutor;
import dev.failsafe.Timeout;
import dev.failsafe.TimeoutExceededException;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.plugin.PluginStatus;
import io.tidegate.plugin.PluginStatus.Kind;
import io.tidegate.plugin.PluginStatus.State;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Calls a backend on threads that may block, with a time-out after which the thread is interrupted. In real time, since it waits
 * for the outside world.
 *
 * <p>A call that does not heed its interrupt is given up after as long again: the answer is then a failure, and no other call of
 * its kind is made until it returns, so that a backend that hangs costs two threads at most. There is no retry: the engine backs
 * off by its own clock, and decides anew before each attempt.
 */
final class GuardedBackend {

    private static final int LONGEST_TEXT = 300;

    private final ScalerBackend backend;
    private final Executor threads;
    private volatile Bound bound;
    private final AtomicBoolean readingStatus = new AtomicBoolean();
    private final AtomicBoolean scaling = new AtomicBoolean();
    private final LongAdder succeeded = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final LongAdder late = new LongAdder();
    private final LongAdder refused = new LongAdder();
    /** Below 0 for an instant where a call returns just as it is given up. */
    private final AtomicInteger abandoned = new AtomicInteger();

    private volatile String lastFailure = "";

    GuardedBackend(ScalerBackend backend, Duration timeout, Executor threads) {
        this.backend = backend;
        this.threads = threads;
        this.bound = Bound.of(timeout);
    }

    /** How long a call may take. */
    private record Bound(Duration timeout, FailsafeExecutor<Object> bounded) {
        static Bound of(Duration timeout) {
            return new Bound(
                    timeout,
                    Failsafe.with(Timeout.builder(timeout).withInterrupt().build()));
        }
    }

    /** Gives calls from now on another time-out, from any thread. */
    void timeout(Duration timeout) {
        if (!timeout.equals(bound.timeout())) {
            bound = Bound.of(timeout);
        }
    }

    /**
     * Asks for the status; the answer is told a status or a failure, on any thread.
     *
     * @throws RuntimeException if it cannot be asked now; the answer is then told nothing
     */
    void status(String pool, BiConsumer<@Nullable ReplicaStatus, @Nullable Throwable> answer) {
        call(
                readingStatus,
                () -> Objects.requireNonNull(backend.status(pool), "the backend returned null as its status"),
                answer);
    }

    /**
     * Asks for replicas; the answer is told the request or a failure, on any thread.
     *
     * @param called run just before the backend is called, on the thread that calls it; throws nothing
     * @throws RuntimeException if it cannot be asked now; the answer is then told nothing
     */
    void scale(ScaleRequest request, Runnable called, BiConsumer<@Nullable ScaleRequest, @Nullable Throwable> answer) {
        call(
                scaling,
                () -> {
                    called.run();
                    backend.scale(request);
                    return request;
                },
                answer);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the stage that tells the answer has no result of its own
    private <T> void call(
            AtomicBoolean underWay, Callable<T> call, BiConsumer<@Nullable T, @Nullable Throwable> answer) {
        if (!underWay.compareAndSet(false, true)) {
            refused.increment();
            throw new IllegalStateException("the call before was interrupted and has not returned yet");
        }
        Bound current = bound;
        Duration timeout = current.timeout();
        CompletableFuture<T> result = new CompletableFuture<>();
        try {
            threads.execute(() -> {
                T found = null;
                Throwable failure = null;
                try {
                    found = current.bounded().get(call::call);
                } catch (Exception | Error e) {
                    failure = unwrapped(e, timeout);
                }
                // Before the answer, which may lead to the next call.
                underWay.set(false);
                boolean taken = failure == null ? result.complete(found) : result.completeExceptionally(failure);
                if (!taken) {
                    abandoned.decrementAndGet();
                }
            });
        } catch (RuntimeException | Error e) {
            // An error as well, as when no thread can be made: left true, the backend would never be called again.
            underWay.set(false);
            refused.increment();
            throw e instanceof RuntimeException expected
                    ? expected
                    : new RejectedExecutionException("no thread could be had for the call", e);
        }
        result.orTimeout(2 * timeout.toNanos(), TimeUnit.NANOSECONDS).whenComplete((found, failure) -> {
            boolean hangs = failure instanceof TimeoutException silent && silent.getMessage() == null;
            if (hangs) {
                abandoned.incrementAndGet();
            }
            Throwable told = hangs ? hung(timeout) : failure;
            count(told);
            answer.accept(found, told);
        });
    }

    private void count(@Nullable Throwable failure) {
        if (failure == null) {
            succeeded.increment();
            return;
        }
        (failure instanceof TimeoutException ? late : failed).increment();
        String text = failure.toString();
        lastFailure = text.length() > LONGEST_TEXT ? text.substring(0, LONGEST_TEXT - 1) + "…" : text;
    }

    /** How it does. It has no circuit breaker: the engine backs off by its own clock. */
    PluginStatus plugin() {
        int held = Math.max(0, abandoned.get());
        return new PluginStatus(
                "backend",
                Kind.BACKEND,
                held >= 2 ? State.OFF : State.CLOSED,
                succeeded.sum(),
                failed.sum(),
                late.sum(),
                refused.sum(),
                held,
                lastFailure);
    }

    private static TimeoutException hung(Duration timeout) {
        return new TimeoutException("the backend did not answer within " + timeout + " and ignores its interrupt");
    }

    private static Throwable unwrapped(Throwable e, Duration timeout) {
        if (e instanceof TimeoutExceededException) {
            return new TimeoutException("the backend did not answer within " + timeout);
        }
        return e instanceof FailsafeException && e.getCause() != null ? e.getCause() : e;
    }
}
