/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.backend;

import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScalerBackend;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * One child of a {@link CompositeBackend} and what is remembered of it. The fields that change are guarded by the composite's lock,
 * but for what is under way.
 */
final class CompositeChild {

    final String name;
    final ScalerBackend backend;
    final int most;
    final int fixed;
    final double share;

    @Nullable
    ReplicaStatus last;

    long lastNanos;
    boolean unknown;
    String why = "it was not asked yet";
    boolean leftOut;
    long outUntilNanos;
    int timesOut;

    /** Whether it was asked for more since it was last out, and not all of it is ready. */
    private boolean raised;

    /** Replicas that were asked for so long ago that they count as not to be had. */
    int overdue;

    /** When each replica that is not ready was asked for, oldest first. */
    private final ArrayDeque<Long> waiting = new ArrayDeque<>();

    private final Object asking = new Object();
    /** The status call that is under way, and the one that follows it, if any. Guarded by {@code asking}. */
    private CompletableFuture<?> current = CompletableFuture.completedFuture(null);

    private int pending;

    CompositeChild(String name, ScalerBackend backend, int most, int fixed, double share) {
        this.name = Objects.requireNonNull(name, "name");
        this.backend = Objects.requireNonNull(backend, "backend");
        this.most = most;
        this.fixed = fixed;
        this.share = share;
    }

    /**
     * Asks for its status, after a call for it that is under way has returned: a child is in at most one. Fails at once if two wait
     * already. Cancelling the answer interrupts the call.
     */
    @SuppressWarnings("FutureReturnValueIgnored") // what is begun then tells its answer itself
    CompletableFuture<ReplicaStatus> ask(String pool, Executor threads) {
        Asked asked = new Asked(pool);
        CompletableFuture<?> before;
        synchronized (asking) {
            if (pending >= 2) {
                return CompletableFuture.failedFuture(
                        new IllegalStateException("the calls before were interrupted and have not returned yet"));
            }
            pending++;
            before = current;
            current = asked.over;
        }
        before.whenComplete((ignored, failure) -> {
            try {
                threads.execute(asked);
            } catch (RejectedExecutionException e) {
                asked.completeExceptionally(e);
                asked.over();
            }
        });
        return asked;
    }

    /** A call for the status; done when there is an answer or nobody waits any more, over when the child has returned. */
    private final class Asked extends CompletableFuture<ReplicaStatus> implements Runnable {

        private final String pool;
        private final CompletableFuture<?> over = new CompletableFuture<>();
        private final Object turn = new Object();
        private @Nullable Thread thread;

        Asked(String pool) {
            this.pool = pool;
        }

        @Override
        public void run() {
            synchronized (turn) {
                thread = isDone() ? null : Thread.currentThread();
            }
            try {
                if (!isDone()) {
                    complete(Objects.requireNonNull(backend.status(pool), "it returned null as its status"));
                }
            } catch (Exception | Error e) {
                completeExceptionally(e);
            } finally {
                synchronized (turn) {
                    thread = null;
                }
                over();
            }
        }

        void over() {
            synchronized (asking) {
                pending--;
            }
            over.complete(null);
        }

        @Override
        public boolean cancel(boolean mayInterrupt) {
            boolean cancelled = super.cancel(mayInterrupt);
            synchronized (turn) {
                if (cancelled && thread != null) {
                    thread.interrupt();
                }
            }
            return cancelled;
        }
    }

    boolean out(long now) {
        return leftOut && now - outUntilNanos < 0;
    }

    /** It said this. */
    void said(ReplicaStatus found, long now, long readyWithinNanos) {
        last = found;
        lastNanos = now;
        unknown = false;
        missing(Math.max(0, found.desired() - found.ready()), now);
        overdue = 0;
        for (long since : waiting) {
            overdue += now - since >= readyWithinNanos ? 1 : 0;
        }
        if (raised && waiting.isEmpty()) {
            // It was asked again and all that was asked for came: the next time it is out it begins with the shortest
            // pause.
            raised = false;
            leftOut = false;
            timesOut = 0;
        }
    }

    /** It said nothing. */
    void silent(String reason) {
        unknown = true;
        why = reason;
    }

    /** It is left out for so long. */
    void leaveOut(long now, long nanos) {
        leftOut = true;
        raised = false;
        timesOut++;
        outUntilNanos = now + nanos;
    }

    /** It accepted this number. */
    void accepted(int desired, long now) {
        raised = last != null && desired > last.desired() && !out(now);
        has(desired, now);
    }

    /** It is known to be asked for this number now. */
    void has(int desired, long now) {
        ReplicaStatus before = last;
        if (before != null) {
            last = new ReplicaStatus(desired, before.running(), before.ready(), before.births());
            missing(Math.max(0, desired - before.ready()), now);
        }
    }

    private void missing(int count, long now) {
        while (waiting.size() > count) {
            waiting.pollFirst();
        }
        while (waiting.size() < count) {
            waiting.addLast(now);
        }
    }
}
