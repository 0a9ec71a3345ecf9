/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.ledger;

import io.tidegate.log.BoundedLog;
import io.tidegate.time.SystemTime;
import io.tidegate.time.TimeSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * A ledger in a file, one JSON object a line, each with a number and a checksum; {@link LedgerReader} reads it.
 *
 * <p>{@link #append} puts an entry into a bounded queue and returns; one thread writes them in batches and forces each batch once. A
 * future is done when its entry was written and, where {@link Sync} says so, forced to the disk; those of entries that were written are
 * done in the order in which the entries were taken. What depends on a future runs on the thread that writes and must be short. When the
 * queue is full an entry is lost: its future fails, it is counted, and a line in the ledger says so as soon as one can be written.
 *
 * <p>When a write or a force fails, the ledger goes on in a new file, says there again what was not confirmed, and tries again after
 * 1 s, at most 1 min. One file has one writer: a lock beside it keeps others out, also those of other processes, and ends with the
 * process however it ends.
 *
 * <p>Safe for many threads.
 *
 * @since 0.1.0
 */
public final class FileLedger implements Ledger {

    private static final Logger LOG = BoundedLog.of(FileLedger.class);

    private static final int BATCH = 256;
    private static final long FIRST_WAIT = Duration.ofSeconds(1).toNanos();
    private static final long LONGEST_WAIT = Duration.ofMinutes(1).toNanos();
    private static final Duration CLOSE = Duration.ofSeconds(5);

    /** Smallest {@link Builder#rotateAt}: 64 KiB. */
    public static final long LEAST_ROTATE_AT = 64 << 10;

    /** {@link Builder#rotateAt} unless it is set: 64 MiB. */
    public static final long DEFAULT_ROTATE_AT = 64 << 20;

    /** {@link Builder#keep} unless it is set. */
    public static final int DEFAULT_KEEP = 8;

    /** Largest {@link Builder#keep}. */
    public static final int MOST_KEPT = 1_000;

    /** Entries that wait at most, unless it is set. */
    public static final int DEFAULT_CAPACITY = 4_096;

    /** What is forced to the disk before its future is done, and so survives the end of the machine. */
    public enum Sync {
        /** Decisions, steps of scale events and overrides. Accounts and alerts are forced with them, or after 1 MiB. */
        EVENTS,
        /** Every entry. */
        ALL,
        /** Nothing: what was written survives the end of the process, not that of the machine. */
        NONE
    }

    private final Path file;
    private final Journal journal;
    private final Recovered recovered;
    private final TimeSource time;
    private final @Nullable SystemTime ownedTime;
    private final Executor executor;
    private final @Nullable ExecutorService ownedThread;
    private final int capacity;
    private final Duration close;

    private final ConcurrentLinkedQueue<Waiting> queue = new ConcurrentLinkedQueue<>();

    /** Entries in the queue and in hand. */
    private final AtomicInteger waiting = new AtomicInteger();

    /** Calls of {@link #wake} not yet answered. Who takes it from 0 drains; that orders all that only who drains may touch. */
    private final AtomicInteger work = new AtomicInteger();

    private final AtomicLong written = new AtomicLong();
    private final AtomicLong lost = new AtomicLong();

    /** Lost entries of which the ledger says nothing yet, and why the last of them was. */
    private final AtomicLong unsaid = new AtomicLong();

    private volatile String whyLost = "";
    private volatile String failing = "";
    private final AtomicBoolean closing = new AtomicBoolean();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    // Touched only by who drains.
    private final ArrayDeque<Waiting> inHand = new ArrayDeque<>();
    private int failures;
    private long retryAtNanos;
    private TimeSource.@Nullable Task retry;

    private record Waiting(Entry entry, CompletableFuture<Void> done) {}

    private FileLedger(Builder builder, Storage storage, String name) throws IOException {
        this.file = builder.file;
        this.capacity = builder.capacity;
        this.close = builder.close;
        this.journal = new Journal(
                storage,
                name,
                new Journal.Settings(builder.run, library(), builder.sync, builder.rotateAt, builder.keep));
        this.recovered = journal.recover();
        TimeSource given = builder.time;
        this.ownedTime = given == null ? SystemTime.start() : null;
        this.time = given == null ? Objects.requireNonNull(ownedTime) : given;
        if (builder.executor == null) {
            ExecutorService one = Executors.newSingleThreadExecutor(task -> {
                Thread thread = new Thread(task, "tidegate-ledger");
                thread.setDaemon(true);
                return thread;
            });
            this.ownedThread = one;
            this.executor = one;
        } else {
            this.ownedThread = null;
            this.executor = builder.executor;
        }
        if (journal.broken()) {
            failed(new IOException("its first line could not be written"));
        }
    }

    private static String library() {
        String version = FileLedger.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    /**
     * Opens a ledger with the defaults.
     *
     * @see Builder#open
     */
    public static FileLedger open(Path file) {
        return builder(file).open();
    }

    /** Starts the settings of a ledger in this file; it and its folders are made if there are none. */
    public static Builder builder(Path file) {
        return new Builder(file);
    }

    // ---- taking ----------------------------------------------------------------------------------------------------

    @Override
    public CompletableFuture<Void> append(Entry entry) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        if (closing.get()) {
            lose(new IllegalStateException("the ledger " + file + " is closed"), done);
        } else if (waiting.incrementAndGet() > capacity) {
            waiting.decrementAndGet();
            lose(new IllegalStateException("more than " + capacity + " entries wait for the ledger " + file), done);
        } else {
            queue.add(new Waiting(entry, done));
        }
        wake();
        return done;
    }

    private void lose(Throwable why, CompletableFuture<Void> done) {
        whyLost = String.valueOf(why.getMessage());
        lost.incrementAndGet();
        unsaid.incrementAndGet();
        done.completeExceptionally(why);
    }

    private void wake() {
        if (work.getAndIncrement() != 0) {
            return;
        }
        try {
            executor.execute(this::drain);
        } catch (RejectedExecutionException e) {
            if (closing.get()) {
                drain();
            } else {
                // Whoever comes next tries again; the queue is bounded meanwhile.
                work.set(0);
                failing = "its executor takes no more tasks";
            }
        }
    }

    // ---- writing ---------------------------------------------------------------------------------------------------

    private void drain() {
        // An interrupt is for whoever lent the thread.
        boolean interrupted = Thread.interrupted();
        try {
            int seen = work.get();
            do {
                try {
                    step();
                } catch (RuntimeException | Error e) {
                    LOG.error("the ledger {} failed", file, e);
                }
                seen = work.addAndGet(-seen);
            } while (seen != 0);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void step() {
        if (ended.isDone()) {
            loseAll();
            return;
        }
        boolean last = closing.get();
        if (failures > 0 && !last && time.nanos() - retryAtNanos < 0) {
            return;
        }
        boolean good = true;
        while (good && fill()) {
            good = batch();
        }
        if (last) {
            end(good);
        }
    }

    /** Takes a batch in hand; whether there is anything to write. */
    private boolean fill() {
        while (inHand.size() < BATCH) {
            Waiting next = queue.poll();
            if (next == null) {
                break;
            }
            inHand.add(next);
        }
        return !inHand.isEmpty() || unsaid.get() > 0 || failures > 0;
    }

    private boolean batch() {
        long said = unsaid.get();
        List<Entry> entries = new ArrayList<>();
        inHand.forEach(each -> entries.add(each.entry));
        if (said > 0) {
            entries.add(new Entry.Lost(time.wallTime(), said, whyLost));
        }
        List<@Nullable RuntimeException> refused;
        try {
            if (entries.isEmpty()) {
                journal.force();
                refused = List.of();
            } else {
                refused = journal.append(entries);
            }
        } catch (IOException | RuntimeException | Error e) {
            failed(e);
            return false;
        }
        unsaid.addAndGet(-said);
        succeeded();
        int size = inHand.size();
        for (int i = 0; i < size; i++) {
            Waiting each = inHand.remove();
            waiting.decrementAndGet();
            RuntimeException why = refused.get(i);
            if (why == null) {
                written.incrementAndGet();
                each.done.complete(null);
            } else {
                LOG.error("an entry cannot be written to the ledger {}", file, why);
                lose(why, each.done);
            }
        }
        return true;
    }

    private void failed(Throwable e) {
        long wait = Math.min(FIRST_WAIT << Math.min(failures, 10), LONGEST_WAIT);
        String what = e.getMessage() == null ? e.toString() : e.getMessage();
        if (failures == 0) {
            LOG.error(
                    "the ledger {} cannot be written: {}; up to {} entries wait, and it is tried again after {} s",
                    file,
                    what,
                    capacity,
                    wait / FIRST_WAIT,
                    e instanceof RuntimeException ? e : null);
        }
        failures++;
        failing = "cannot write " + file + ": " + what;
        retryAtNanos = time.nanos() + wait;
        if (!closing.get()) {
            retry = time.schedule(wait, this::wake);
        }
    }

    private void succeeded() {
        if (failures > 0) {
            LOG.info("the ledger {} is written again; {} entries were lost", file, lost.get());
        }
        failures = 0;
        failing = "";
    }

    private void end(boolean good) {
        try {
            if (good) {
                journal.force();
            }
        } catch (IOException | RuntimeException | Error e) {
            failed(e);
        }
        journal.close();
        loseAll();
        if (retry != null) {
            retry.cancel();
        }
        ended.complete(null);
        // Whoever came between sees that it has ended, or is seen here.
        loseAll();
    }

    /** What waits will never be written. */
    private void loseAll() {
        for (Waiting each = inHand.poll(); each != null; each = inHand.poll()) {
            loseWaiting(each);
        }
        loseQueued();
    }

    private void loseQueued() {
        for (Waiting each = queue.poll(); each != null; each = queue.poll()) {
            loseWaiting(each);
        }
    }

    private void loseWaiting(Waiting each) {
        waiting.decrementAndGet();
        lose(
                new IllegalStateException("the ledger " + file + " was closed before it was written"
                        + (failing.isEmpty() ? "" : ": " + failing)),
                each.done);
    }

    // ---- asking ----------------------------------------------------------------------------------------------------

    @Override
    public Recovered recovered() {
        return recovered;
    }

    @Override
    public LedgerStatus status() {
        return new LedgerStatus(written.get(), lost.get(), waiting.get(), failing);
    }

    /** The file it writes. */
    public Path file() {
        return file;
    }

    /** Writes what waits, for at most 5 s; what is not written by then is lost. Harmless when called twice. */
    @Override
    public void close() {
        if (!closing.compareAndSet(false, true)) {
            return;
        }
        wake();
        try {
            ended.get(close.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.error("the ledger {} did not end within {} s: the disk does not answer", file, close.toSeconds());
        }
        if (!ended.isDone()) {
            loseQueued();
        }
        if (ownedThread != null) {
            ownedThread.shutdown();
        }
        if (ownedTime != null) {
            ownedTime.close();
        }
    }

    /** Collects the settings of a {@link FileLedger}. Not safe for use by several threads. */
    public static final class Builder {

        private final Path file;
        private Sync sync = Sync.EVENTS;
        private long rotateAt = DEFAULT_ROTATE_AT;
        private int keep = DEFAULT_KEEP;
        private int capacity = DEFAULT_CAPACITY;
        private String run = UUID.randomUUID().toString().substring(0, 13);
        private Duration close = CLOSE;
        private @Nullable TimeSource time;
        private @Nullable Executor executor;

        private Builder(Path file) {
            this.file = file;
        }

        /** What is forced; {@link Sync#EVENTS} by default. */
        public Builder sync(Sync sync) {
            this.sync = Objects.requireNonNull(sync, "sync");
            return this;
        }

        /** Bytes from which a file is put aside and the next begun; at least {@link #LEAST_ROTATE_AT}, 64 MiB by default. */
        public Builder rotateAt(long bytes) {
            if (bytes < LEAST_ROTATE_AT) {
                throw new IllegalArgumentException(
                        "rotateAt must be at least " + LEAST_ROTATE_AT + " but was " + bytes);
            }
            this.rotateAt = bytes;
            return this;
        }

        /** Files put aside that are kept, 1 to {@link #MOST_KEPT}; 8 by default. */
        public Builder keep(int files) {
            if (files < 1 || files > MOST_KEPT) {
                throw new IllegalArgumentException("keep must be 1.." + MOST_KEPT + " but was " + files);
            }
            this.keep = files;
            return this;
        }

        /** Entries that wait at most, 1 to 1,000,000; 4,096 by default. */
        public Builder capacity(int entries) {
            if (entries < 1 || entries > 1_000_000) {
                throw new IllegalArgumentException("capacity must be 1..1000000 but was " + entries);
            }
            this.capacity = entries;
            return this;
        }

        /** The clock of attempts after a failure; that of the system by default. */
        public Builder time(TimeSource time) {
            this.time = Objects.requireNonNull(time, "time");
            return this;
        }

        /**
         * What runs the writing, one task at a time; a daemon thread of its own by default. With {@code Runnable::run} an entry is
         * written before {@link FileLedger#append} returns, unless another thread is writing.
         */
        public Builder executor(Executor executor) {
            this.executor = Objects.requireNonNull(executor, "executor");
            return this;
        }

        /** Files smaller than anybody should have, for tests. */
        Builder smallestRotateAt(long bytes) {
            this.rotateAt = bytes;
            return this;
        }

        Builder run(String run) {
            this.run = run;
            return this;
        }

        Builder closeWithin(Duration close) {
            this.close = close;
            return this;
        }

        /**
         * Opens the ledger: reads what the last run left, and cuts a last line that it did not finish.
         *
         * @throws IllegalStateException if somebody else writes this file
         * @throws UncheckedIOException if the file cannot be read or made. A disk that is full is no reason: the ledger begins to
         *     write when there is room
         */
        public FileLedger open() {
            Storage storage = FileStorage.writing(file);
            return open(storage, String.valueOf(file.getFileName()));
        }

        FileLedger open(Storage storage, String name) {
            boolean opened = false;
            try {
                FileLedger ledger = new FileLedger(this, storage, name);
                opened = true;
                return ledger;
            } catch (IOException e) {
                throw new UncheckedIOException("cannot write the ledger " + file + ": " + e.getMessage(), e);
            } finally {
                if (!opened) {
                    storage.close();
                }
            }
        }
    }
}
