/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.watch;

import io.tidegate.log.BoundedLog;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * A list of objects that follows those of an API server.
 *
 * <p><b>How.</b> It lists once and watches from there. A watch that ends is opened again where it ended; where changes were lost, or
 * the watch cannot be opened, all are listed anew, after a wait that doubles from {@link Builder#firstRetry} to {@link
 * Builder#longestRetry}. So they are when nothing was heard for {@link Builder#silentAfter}, and from time to time anyway: a watch
 * may lose what it should tell, and not know it. Each wait is drawn from half to the whole of its length, so that gateways which lost
 * the API server together do not come back together.
 *
 * <p><b>Guarantees.</b> What is known of an object is never replaced by what was written before: events that come twice, out of order
 * or from long ago are counted and ignored, by the version each object bears (numbers that grow; Kubernetes promises it since 1.35
 * and has always done so). A list that is older than what is known, as of an API server that lags, is asked for again, three times at
 * most: after that the cluster itself must have been put back. While nothing can be read the last list stands.
 *
 * <p><b>Threads.</b> Safe for many. Lists and watches are opened on one thread of its own, or on {@link Builder#executor}; listeners
 * are called one after the other, on whichever thread brought the change, never under a lock.
 *
 * <p><b>Cost.</b> One watch, whatever the number of objects; each change costs its own object, and {@link #items} copies the list once
 * for each change that somebody looks at.
 *
 * @param <T> what is kept of an object; must be immutable, or be left alone
 * @since 0.1.0
 */
public final class ListWatch<T> implements AutoCloseable {

    private static final Logger LOG = BoundedLog.of(ListWatch.class);

    /** Older lists in a row after which the cluster is taken to have been put back, as from a backup. */
    private static final int MOST_OLDER_LISTS = 3;

    /** Objects that are gone and remembered; more are forgotten by listing anew. */
    private static final int MOST_GONE = 10_000;

    /** A watch that ends sooner than this failed. */
    private static final long SHORTEST_WATCH_NANOS = Duration.ofSeconds(1).toNanos();

    /** Not a number. */
    private static final long UNORDERED = -1;

    private final String name;
    private final Feed<T> feed;
    private final TimeSource time;
    private final Executor executor;
    private final @Nullable ExecutorService owned;
    private final long silentNanos;
    private final long relistNanos;
    private final long firstRetryNanos;
    private final long longestRetryNanos;
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private final AtomicInteger undelivered = new AtomicInteger();

    /** Guards all below. Neither the feed nor a listener is called under it. */
    private final Object lock = new Object();

    private final Random random;
    private final Map<String, Feed.Item<T>> known = new HashMap<>();

    /** Versions of those that went since the last list, so that an old word of them does not bring them back. */
    private final Map<String, Long> gone = new HashMap<>();

    private @Nullable Map<String, T> copy;
    private boolean started;
    private boolean closed;
    private boolean listed;
    private boolean watching;

    /** Each list and each watch has its own; what an older one says is not listened to. */
    private long generation;

    private long listVersion = UNORDERED;
    private long highest = UNORDERED;
    private String resume = "";
    private int olderLists;
    private int failuresInARow;
    private long heardNanos;
    private long listedNanos;
    private long openedNanos;
    private @Nullable AutoCloseable watch;
    private TimeSource.@Nullable Task next;
    private TimeSource.@Nullable Task look;
    private @Nullable String problem;

    /** Whether it was logged that it cannot be read, since it last could. */
    private boolean warned;

    private long lists;
    private long watches;
    private long events;
    private long ignored;
    private long failures;

    private ListWatch(Builder<T> builder) {
        this.name = builder.name;
        this.feed = builder.feed;
        this.time = builder.time;
        this.silentNanos = builder.silentAfter.toNanos();
        this.relistNanos = builder.relistEvery.toNanos();
        this.firstRetryNanos = builder.firstRetry.toNanos();
        this.longestRetryNanos = builder.longestRetry.toNanos();
        this.random = builder.seed == null ? new Random() : new Random(builder.seed);
        Executor given = builder.executor;
        this.owned = given == null ? thread(name) : null;
        this.executor = given == null ? Objects.requireNonNull(owned) : given;
    }

    private static ExecutorService thread(String name) {
        return Executors.newSingleThreadExecutor(task -> {
            Thread thread = new Thread(task, "tidegate-watch-" + name);
            thread.setDaemon(true);
            return thread;
        });
    }

    /**
     * Starts a list with the defaults.
     *
     * @param name for messages, such as {@code endpoints of ml/vllm}
     * @param time the clock by which it waits
     * @param feed where objects are read
     * @param <T> what is kept of an object
     */
    public static <T> Builder<T> builder(String name, TimeSource time, Feed<T> feed) {
        return new Builder<>(name, time, feed);
    }

    /** Begins to read; harmless when called twice. Returns at once. */
    public void start() {
        synchronized (lock) {
            if (started || closed) {
                return;
            }
            started = true;
        }
        execute(this::list);
    }

    /** Calls this after each change, one call for several that come together, and once as soon as the list is known. */
    public void onChange(Runnable listener) {
        listeners.add(Objects.requireNonNull(listener, "listener"));
    }

    /** What is known, by namespace and name; empty while nothing is. */
    public Map<String, T> items() {
        synchronized (lock) {
            Map<String, T> made = copy;
            if (made == null) {
                Map<String, T> sorted = new TreeMap<>();
                known.forEach((key, item) -> {
                    T value = item.value();
                    if (value != null) {
                        sorted.put(key, value);
                    }
                });
                made = Collections.unmodifiableMap(sorted);
                copy = made;
            }
            return made;
        }
    }

    /** How well it is known. */
    public WatchHealth health() {
        long now = time.nanos();
        synchronized (lock) {
            return new WatchHealth(
                    listed,
                    watching,
                    listed ? Duration.ofNanos(Math.max(0, now - heardNanos)) : Duration.ZERO,
                    lists,
                    watches,
                    events,
                    ignored,
                    failures,
                    Optional.ofNullable(problem));
        }
    }

    // ---- listing ----------------------------------------------------------------------------------------------------

    private void list() {
        long mine = begin();
        if (mine < 0) {
            return;
        }
        Feed.Listing<T> found;
        try {
            found = feed.list();
        } catch (Exception e) {
            interrupted(e);
            failed(mine, "cannot be listed: " + e.getMessage(), true);
            return;
        }
        if (take(mine, found)) {
            deliver();
            open(found.version());
        }
    }

    /** Ends what was there before; negative if there is nothing to be done any more. */
    private long begin() {
        AutoCloseable before;
        long mine;
        synchronized (lock) {
            if (closed) {
                return -1;
            }
            generation++;
            mine = generation;
            before = watch;
            watch = null;
            watching = false;
            cancelTasks();
        }
        closeQuietly(before);
        return mine;
    }

    private boolean take(long mine, Feed.Listing<T> found) {
        long now = time.nanos();
        long version = order(found.version());
        synchronized (lock) {
            if (closed || mine != generation) {
                return false;
            }
            lists++;
            if (version != UNORDERED && version < highest && olderLists < MOST_OLDER_LISTS) {
                olderLists++;
                ignored++;
                problem = "was listed as of " + version + ", and " + highest + " is known already";
                retry(true);
                return false;
            }
            olderLists = 0;
            known.clear();
            gone.clear();
            for (Feed.Item<T> item : found.items()) {
                if (item.value() != null) {
                    known.put(item.key(), item);
                }
            }
            copy = null;
            listed = true;
            listVersion = version;
            highest = version;
            resume = found.version();
            heardNanos = now;
            listedNanos = now;
            return true;
        }
    }

    // ---- watching ---------------------------------------------------------------------------------------------------

    private void reopen() {
        String from;
        synchronized (lock) {
            from = resume;
        }
        open(from);
    }

    private void open(String version) {
        long mine = begin();
        if (mine < 0) {
            return;
        }
        synchronized (lock) {
            openedNanos = time.nanos();
        }
        AutoCloseable opened;
        try {
            opened = feed.watch(version, new Watching(mine));
        } catch (Exception e) {
            interrupted(e);
            failed(mine, "cannot be watched: " + e.getMessage(), true);
            return;
        }
        boolean kept;
        synchronized (lock) {
            // It may have ended before it was seen to be open.
            kept = !closed && mine == generation;
            if (kept) {
                watches++;
                watch = opened;
                watching = true;
                problem = null;
                warned = false;
                heardNanos = time.nanos();
                lookLater();
            }
        }
        if (!kept) {
            closeQuietly(opened);
        }
    }

    /** One watch. */
    private final class Watching implements Feed.Sink<T> {

        private final long mine;

        Watching(long mine) {
            this.mine = mine;
        }

        @Override
        public void event(Feed.Kind kind, Feed.Item<T> item) {
            if (heard(mine, kind, item)) {
                deliver();
            }
        }

        @Override
        public void ended(boolean lost, String why) {
            failed(mine, why, lost);
        }
    }

    /** Whether it changed something. */
    private boolean heard(long mine, Feed.Kind kind, Feed.Item<T> item) {
        long now = time.nanos();
        long version = order(item.version());
        synchronized (lock) {
            if (closed || mine != generation) {
                return false;
            }
            heardNanos = now;
            failuresInARow = 0;
            boolean changed = kind != Feed.Kind.BOOKMARK && apply(kind, item, version);
            if (version == UNORDERED || version > highest) {
                highest = Math.max(highest, version);
                resume = item.version();
            }
            if (gone.size() > MOST_GONE) {
                // What is remembered of them is of no use any more after a list.
                gone.clear();
                retry(true);
            }
            return changed;
        }
    }

    /** By the lock. */
    private boolean apply(Feed.Kind kind, Feed.Item<T> item, long version) {
        Feed.Item<T> before = known.get(item.key());
        long beforeVersion = before == null ? UNORDERED : order(before.version());
        if (isOld(kind, item, version, before, beforeVersion)) {
            ignored++;
            return false;
        }
        boolean there = kind == Feed.Kind.WRITTEN && item.value() != null;
        if (!there && before == null) {
            if (kind == Feed.Kind.DELETED && version != UNORDERED) {
                gone.merge(item.key(), version, Math::max);
            }
            return false;
        }
        events++;
        copy = null;
        if (there) {
            known.put(item.key(), item);
            gone.remove(item.key());
        } else {
            known.remove(item.key());
            if (version != UNORDERED) {
                gone.merge(item.key(), version, Math::max);
            }
        }
        return true;
    }

    /** By the lock. */
    private boolean isOld(
            Feed.Kind kind, Feed.Item<T> item, long version, Feed.@Nullable Item<T> before, long beforeVersion) {
        if (version == UNORDERED) {
            // Nothing can be told of it, so it is taken as it comes.
            return false;
        }
        if (kind == Feed.Kind.DELETED) {
            // Some give the version of the deletion, and some that of the object as it last was.
            return before != null && (version < beforeVersion || !before.uid().equals(item.uid()));
        }
        Long went = gone.get(item.key());
        return version <= listVersion || version <= beforeVersion || (went != null && version <= went);
    }

    // ---- what goes wrong --------------------------------------------------------------------------------------------

    private void failed(long mine, String why, boolean lost) {
        AutoCloseable ended;
        boolean first;
        synchronized (lock) {
            if (closed || mine != generation) {
                return;
            }
            // Nothing more is listened to of it.
            generation++;
            ended = watch;
            watch = null;
            boolean lasted = watching && time.nanos() - openedNanos >= SHORTEST_WATCH_NANOS;
            watching = false;
            first = lost && !warned;
            warned |= lost;
            problem = why;
            cancelTasks();
            if (lasted && !lost) {
                // Watches end after some minutes; that is no failure. Listed anew only if it cannot be opened again.
                next = time.schedule(jittered(firstRetryNanos), () -> execute(this::reopen));
            } else {
                failures++;
                retry(true);
            }
        }
        if (first) {
            LOG.warn("{} {}; what is known stands meanwhile", name, why);
        }
        closeQuietly(ended);
    }

    /** Lists anew after a wait. By the lock. */
    private void retry(boolean backOff) {
        if (next != null) {
            next.cancel();
        }
        long wait = firstRetryNanos << Math.min(failuresInARow, 20);
        if (backOff) {
            failuresInARow++;
        }
        next = time.schedule(jittered(Math.min(wait, longestRetryNanos)), () -> execute(this::list));
    }

    /** From half of it to all of it. By the lock. */
    private long jittered(long nanos) {
        return nanos - (long) (random.nextDouble() * nanos / 2);
    }

    /** Whether it has been silent, or not listed, for too long. By the lock. */
    private void lookLater() {
        if (look != null) {
            look.cancel();
        }
        long now = time.nanos();
        long silent = silentNanos - (now - heardNanos);
        long old = relistNanos - (now - listedNanos);
        look = time.schedule(jittered(Math.max(2, Math.min(silent, old))), this::lookNow);
    }

    private void lookNow() {
        boolean anew;
        synchronized (lock) {
            if (closed || !watching) {
                return;
            }
            long now = time.nanos();
            // Within the jitter of its time, since a look that comes a moment too early would be followed by many.
            boolean silent = now - heardNanos >= silentNanos / 2;
            anew = silent || now - listedNanos >= relistNanos / 2;
            if (silent) {
                problem = "has been silent for "
                        + Duration.ofNanos(now - heardNanos).toSeconds() + " s";
            }
            if (!anew) {
                lookLater();
            }
        }
        if (anew) {
            execute(this::list);
        }
    }

    private void cancelTasks() {
        if (next != null) {
            next.cancel();
            next = null;
        }
        if (look != null) {
            look.cancel();
            look = null;
        }
    }

    private void execute(Runnable task) {
        try {
            executor.execute(task);
        } catch (RejectedExecutionException e) {
            synchronized (lock) {
                if (closed) {
                    return;
                }
            }
            throw e;
        }
    }

    private static void interrupted(Exception e) {
        if (e instanceof InterruptedException) {
            Thread.currentThread().interrupt();
        }
    }

    private static long order(String version) {
        try {
            return Math.max(UNORDERED, Long.parseLong(version));
        } catch (NumberFormatException e) {
            return UNORDERED;
        }
    }

    private static void closeQuietly(@Nullable AutoCloseable watch) {
        if (watch != null) {
            try {
                watch.close();
            } catch (Exception e) {
                LOG.debug("a watch could not be closed", e);
            }
        }
    }

    // ---- telling ----------------------------------------------------------------------------------------------------

    /** One at a time: who comes while another tells leaves it to them to tell once more. */
    private void deliver() {
        if (undelivered.getAndIncrement() > 0) {
            return;
        }
        int seen;
        do {
            seen = undelivered.get();
            for (Runnable listener : listeners) {
                try {
                    listener.run();
                } catch (RuntimeException | Error e) {
                    LOG.warn("a listener of {} failed", name, e);
                }
            }
        } while (undelivered.addAndGet(-seen) > 0);
    }

    /** Stops reading; what is known stays readable. Harmless when called twice. */
    @Override
    public void close() {
        AutoCloseable open;
        synchronized (lock) {
            if (closed) {
                return;
            }
            closed = true;
            watching = false;
            problem = "is closed";
            open = watch;
            watch = null;
            cancelTasks();
        }
        closeQuietly(open);
        if (owned != null) {
            owned.shutdownNow();
        }
    }

    @Override
    public String toString() {
        return "ListWatch[" + name + ", " + health() + "]";
    }

    /** Collects the settings of a {@link ListWatch}. Not safe for use by several threads. */
    public static final class Builder<T> {

        private static final Duration LONGEST = Duration.ofDays(1);

        private final String name;
        private final TimeSource time;
        private final Feed<T> feed;
        private Duration silentAfter = Duration.ofMinutes(3);
        private Duration relistEvery = Duration.ofMinutes(15);
        private Duration firstRetry = Duration.ofSeconds(1);
        private Duration longestRetry = Duration.ofSeconds(30);
        private @Nullable Executor executor;
        private @Nullable Long seed;

        private Builder(String name, TimeSource time, Feed<T> feed) {
            this.name = Objects.requireNonNull(name, "name");
            this.time = Objects.requireNonNull(time, "time");
            this.feed = Objects.requireNonNull(feed, "feed");
        }

        /**
         * Silence after which all are listed anew, 1 s to 1 day; 3 min by default. An API server that has nothing to tell sends a
         * bookmark about once a minute.
         */
        public Builder<T> silentAfter(Duration silence) {
            this.silentAfter = within("silentAfter", silence);
            return this;
        }

        /** Longest time between two lists, 1 s to 1 day; 15 min by default. It bounds how long what a watch lost stays lost. */
        public Builder<T> relistEvery(Duration period) {
            this.relistEvery = within("relistEvery", period);
            return this;
        }

        /** Longest wait before the first attempt after a failure, 1 s to 1 day; 1 s by default, doubled for each that follows. */
        public Builder<T> firstRetry(Duration wait) {
            this.firstRetry = within("firstRetry", wait);
            return this;
        }

        /** Longest wait between two attempts, 1 s to 1 day; 30 s by default. */
        public Builder<T> longestRetry(Duration wait) {
            this.longestRetry = within("longestRetry", wait);
            return this;
        }

        /** Runs what may block, in place of a thread of its own. */
        public Builder<T> executor(Executor executor) {
            this.executor = Objects.requireNonNull(executor, "executor");
            return this;
        }

        /** Seed of the jitter, for tests; random by default. */
        public Builder<T> seed(long seed) {
            this.seed = seed;
            return this;
        }

        private static Duration within(String setting, Duration value) {
            if (value.compareTo(Duration.ofSeconds(1)) < 0 || value.compareTo(LONGEST) > 0) {
                throw new IllegalArgumentException(setting + " must be 1 s to 1 day but was " + value);
            }
            return value;
        }

        /** The list; nothing is read before it is started. */
        public ListWatch<T> build() {
            return new ListWatch<>(this);
        }
    }
}
