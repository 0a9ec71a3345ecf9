/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.engine.spi.EngineMemory;
import io.tidegate.guardrail.History;
import io.tidegate.guardrail.Marks;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes the memory of one pool, on threads that may block. For the engine's thread, which it never blocks; but
 * {@link #hurry()} is for any.
 *
 * <p>One save at a time: a memory that hangs costs one thread, and is written no more until it returns.
 */
final class Remembering {

    private static final long SAVE_NANOS = Duration.ofSeconds(10).toNanos();

    /** Longest wait for an answer. */
    static final Duration PATIENCE = Duration.ofSeconds(5);

    private final String pool;
    private final EngineMemory memory;
    private final Executor threads;
    private final TimeSource time;
    private long savedNanos;
    private volatile boolean hurried;
    /** Done when the save that was begun last has returned, with whether it kept what it was given. */
    private CompletableFuture<Boolean> underWay = CompletableFuture.completedFuture(true);

    private @Nullable PoolMemory saved;

    Remembering(String pool, EngineMemory memory, Executor threads, TimeSource time) {
        this.pool = pool;
        this.memory = memory;
        this.threads = threads;
        this.time = time;
        this.savedNanos = time.nanos();
    }

    /** Tells what was kept, or a failure, once, on any thread and within {@link #PATIENCE}. */
    void load(BiConsumer<Optional<PoolMemory>, @Nullable Throwable> answer) {
        CompletableFuture<Optional<PoolMemory>> result = new CompletableFuture<>();
        run(
                () -> result.complete(Objects.requireNonNull(memory.load(pool), "the memory returned null")),
                result::completeExceptionally);
        bounded(result, (found, failure) -> answer.accept(found == null ? Optional.empty() : found, failure));
    }

    /** What is to be kept has changed in a way that must not be lost: it is due at once. */
    void hurry() {
        hurried = true;
    }

    /** Whether it is time to keep what is known. */
    boolean isDue() {
        return underWay.isDone() && (hurried || time.nanos() - savedNanos >= SAVE_NANOS);
    }

    /** Keeps this if it is due and says anything new; the answer is told a failure or null, once, on any thread. */
    void save(PoolMemory next, Consumer<@Nullable Throwable> answer) {
        hurried = false;
        savedNanos = time.nanos();
        if (!keptAlready(next)) {
            bounded(write(next), (kept, failure) -> answer.accept(failure));
        }
    }

    /** Keeps this, after what is being kept now, and runs {@code done} on any thread when that has returned. */
    @SuppressWarnings("FutureReturnValueIgnored") // the stage that tells the answer has no result of its own
    void saveLast(PoolMemory next, Runnable done) {
        underWay.whenComplete((kept, failure) -> write(next).whenComplete((written, failed) -> done.run()));
    }

    private CompletableFuture<Boolean> write(PoolMemory next) {
        CompletableFuture<Boolean> result = new CompletableFuture<>();
        saved = next;
        underWay = result;
        run(
                () -> {
                    memory.save(pool, next);
                    result.complete(true);
                },
                result::completeExceptionally);
        return result;
    }

    /** Tells what becomes of it, or that it takes too long; it is not ended by that. */
    @SuppressWarnings("FutureReturnValueIgnored") // the stage that tells the answer has no result of its own
    private <T> void bounded(CompletableFuture<T> result, BiConsumer<@Nullable T, @Nullable Throwable> answer) {
        CompletableFuture<T> first = result.copy();
        TimeSource.Task late = time.schedule(
                PATIENCE.toNanos(),
                () -> first.completeExceptionally(
                        new TimeoutException("the memory did not answer within " + PATIENCE)));
        first.whenComplete((found, failure) -> {
            late.cancel();
            answer.accept(
                    found,
                    failure instanceof CompletionException && failure.getCause() != null
                            ? failure.getCause()
                            : failure);
        });
    }

    private boolean keptAlready(PoolMemory next) {
        return !underWay.isCompletedExceptionally() && saved != null && sameAs(saved, next);
    }

    private static boolean sameAs(PoolMemory one, PoolMemory other) {
        return one.desired() == other.desired()
                && countsOf(one).equals(countsOf(other))
                && one.learned().equals(other.learned())
                && one.capacity().equals(other.capacity())
                && one.timesToReady().equals(other.timesToReady())
                && one.override().equals(other.override())
                && one.proposals().equals(other.proposals());
    }

    /** Changes without their ages, which always grow. */
    private static List<List<Integer>> countsOf(PoolMemory memory) {
        return memory.changes().stream()
                .map(change -> List.of(change.from(), change.to()))
                .toList();
    }

    private interface Work {
        void run() throws Exception;
    }

    private void run(Work work, Consumer<Throwable> failed) {
        try {
            threads.execute(() -> {
                try {
                    work.run();
                } catch (Exception | Error e) {
                    failed.accept(e);
                }
            });
        } catch (RejectedExecutionException e) {
            failed.accept(e);
        }
    }

    /** The history that a memory tells of, with the present count proposed now, so that nothing is removed for a window. */
    static History history(PoolMemory memory, long nowNanos, Instant wall, int current) {
        Duration lay = Duration.between(memory.savedAt(), wall);
        long lain = lay.isNegative() || lay.compareTo(History.HORIZON) > 0
                ? (lay.isNegative() ? 0 : History.HORIZON.toNanos())
                : lay.toNanos();
        List<History.Proposed> proposals = new ArrayList<>();
        for (PoolMemory.Wanted wanted : memory.proposals()) {
            long age = age(wanted.age(), lain);
            if (age < History.HORIZON.toNanos()) {
                proposals.add(new History.Proposed(nowNanos - age, wanted.replicas()));
            }
        }
        proposals.add(new History.Proposed(nowNanos, current));
        List<History.Change> changes = new ArrayList<>();
        for (PoolMemory.Changed changed : memory.changes()) {
            long age = age(changed.age(), lain);
            if (age < History.HORIZON.toNanos()) {
                changes.add(new History.Change(nowNanos - age, changed.from(), changed.to()));
            }
        }
        return new History(nowNanos, proposals, changes, Marks.startingAt(nowNanos));
    }

    private static long age(Duration age, long lain) {
        return age.compareTo(History.HORIZON) >= 0 ? History.HORIZON.toNanos() : Math.max(0, age.toNanos()) + lain;
    }
}
