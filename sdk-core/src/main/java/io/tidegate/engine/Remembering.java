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
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Reads and writes the memory of one pool, on threads that may block. For the engine's thread, which it never blocks. */
final class Remembering {

    private static final long SAVE_NANOS = Duration.ofSeconds(10).toNanos();
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final String pool;
    private final EngineMemory memory;
    private final Executor threads;
    private final TimeSource time;
    private long savedNanos;
    private boolean saving;
    private @Nullable PoolMemory saved;

    Remembering(String pool, EngineMemory memory, Executor threads, TimeSource time) {
        this.pool = pool;
        this.memory = memory;
        this.threads = threads;
        this.time = time;
        this.savedNanos = time.nanos();
    }

    /** Tells what was kept, or a failure, on any thread and within {@link #PATIENCE} of real time. */
    @SuppressWarnings("FutureReturnValueIgnored") // the stage that tells the answer has no result of its own
    void load(BiConsumer<Optional<PoolMemory>, @Nullable Throwable> answer) {
        CompletableFuture<Optional<PoolMemory>> result = new CompletableFuture<>();
        run(
                () -> result.complete(Objects.requireNonNull(memory.load(pool), "the memory returned null")),
                result::completeExceptionally);
        result.orTimeout(PATIENCE.toNanos(), TimeUnit.NANOSECONDS)
                .whenComplete((found, failure) -> answer.accept(found == null ? Optional.empty() : found, failure));
    }

    /** Whether it is time to keep what is known. */
    boolean isDue() {
        return !saving && time.nanos() - savedNanos >= SAVE_NANOS;
    }

    /**
     * Keeps this; the answer is told whether it was kept, and a failure if it was not, on any thread.
     *
     * @param always whether also what says nothing new is written
     */
    void save(PoolMemory next, boolean always, BiConsumer<Boolean, @Nullable Throwable> answer) {
        savedNanos = time.nanos();
        if (saving || (!always && sameAs(saved, next))) {
            if (always) {
                answer.accept(false, null);
            }
            return;
        }
        saving = true;
        saved = next;
        run(
                () -> {
                    memory.save(pool, next);
                    answer.accept(true, null);
                },
                failure -> answer.accept(false, failure));
    }

    /** On the engine's thread, after the answer. */
    void answered(boolean kept) {
        saving = false;
        if (!kept) {
            saved = null;
        }
    }

    private static boolean sameAs(@Nullable PoolMemory one, PoolMemory other) {
        return one != null
                && one.desired() == other.desired()
                && one.changes().size() == other.changes().size()
                && one.learned().equals(other.learned())
                && one.capacity().equals(other.capacity())
                && one.timesToReady().equals(other.timesToReady())
                && one.override().equals(other.override())
                && one.proposals().equals(other.proposals());
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
