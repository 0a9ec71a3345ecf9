/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signal;

import io.tidegate.log.BoundedLog;
import io.tidegate.plugin.Bulkhead;
import io.tidegate.plugin.PluginStatus.Kind;
import io.tidegate.pool.Signal;
import io.tidegate.signal.spi.SignalSource;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Polls sources and keeps what each last said.
 *
 * <p>A source is read on the executor, never by whoever asks for signals, and only once at a time. A read that takes longer than {@link
 * SignalSource#longestRead()} has failed, and is interrupted; one that ignores that holds its thread, and when a source holds two it is
 * not read until one returns. After three failures in a row a source is left alone for two periods, 5 to 30 s, then tried once, and if
 * that fails left alone for twice as long, at most 30 s. Meanwhile its signals grow stale. Give the board an executor with two threads
 * for each source that may hang.
 *
 * <p>What a source says is not believed
 *
 * <ul>
 *   <li>once it is older than the source's limit, by the time the value carries: it reads as {@link Signal.Stale}. A read that
 *       hangs and returns late brings old values and not fresh ones;
 *   <li>if it is of the future by more than 10 ms, as values of another clock are: {@link Signal.Invalid};
 *   <li>if the source {@linkplain SignalSource#alwaysMoves() always moves} and no longer does although requests end: {@link
 *       Signal.Stale}, until a value moves. Reads that bring nothing newer than the last do not count. Needs {@link
 *       Builder#activity};
 *   <li>if the read brings more than 1,000 signals, null, or a null signal: the whole read counts as failed.
 * </ul>
 *
 * <p>When two sources give a signal of the same name, that of the source added first is read, whichever answers first, and a warning
 * is logged once: a source added by mistake does not disturb one that works.
 *
 * <p>Safe for many threads.
 *
 * @since 0.1.0
 */
public final class SignalBoard implements AutoCloseable {

    /** Age from which a value is not acted on, unless told otherwise or polled less than three times in it. */
    public static final Duration DEFAULT_STALE_AFTER = Duration.ofSeconds(45);

    private static final Duration SHORTEST_LEFT_ALONE = Duration.ofSeconds(5);
    private static final Duration LONGEST_LEFT_ALONE = Duration.ofSeconds(30);

    private static final Logger LOG = BoundedLog.of(SignalBoard.class);

    /** Names of signals that clash, of which one line is logged each. */
    private static final int MOST_CLASHES = 100;

    private final TimeSource time;
    private final Executor executor;
    private final @Nullable LongSupplier activity;
    private final int frozenAfterReads;
    private final Duration longestSpread;
    private final List<Poll> polls = new CopyOnWriteArrayList<>();
    private final Set<String> clashes = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean closed = new AtomicBoolean();

    private final Object randomLock = new Object();
    /** Guarded by randomLock. */
    private final SplittableRandom random;

    /**
     * An empty board that tells no frozen values, since it knows of no activity, and reads each source as soon as it is added.
     *
     * @param executor runs the reads, which block
     */
    public SignalBoard(TimeSource time, Executor executor) {
        this(new Builder(time, executor));
    }

    private SignalBoard(Builder builder) {
        this.time = builder.time;
        this.executor = builder.executor;
        this.activity = builder.activity;
        this.frozenAfterReads = builder.frozenAfterReads;
        this.longestSpread = builder.longestSpread;
        this.random = new SplittableRandom(builder.seed);
    }

    /**
     * Starts the settings of a board.
     *
     * @param executor runs the reads, which block
     */
    public static Builder builder(TimeSource time, Executor executor) {
        return new Builder(time, executor);
    }

    /** Adds a source whose values are stale after 45 s or three periods, whichever is longer. */
    public void add(SignalSource source, Duration period) {
        Duration threePolls = period.multipliedBy(3);
        add(source, period, threePolls.compareTo(DEFAULT_STALE_AFTER) > 0 ? threePolls : DEFAULT_STALE_AFTER);
    }

    /**
     * Adds a source and begins to read it. Until its first answer there is one {@link Signal.Missing} under its own name.
     *
     * @param period time between reads; positive
     * @param staleAfter age from which a value is {@link Signal.Stale}; at least the period
     */
    public void add(SignalSource source, Duration period, Duration staleAfter) {
        add(source, period, staleAfter, source.longestRead());
    }

    /**
     * The same, with a deadline for its reads.
     *
     * @param deadline after which a read is given up, in place of {@link SignalSource#longestRead()}; positive, at most 1 hour
     */
    public void add(SignalSource source, Duration period, Duration staleAfter, Duration deadline) {
        if (period.isZero() || period.isNegative() || staleAfter.compareTo(period) < 0) {
            throw new IllegalArgumentException(
                    "source " + source.name() + " needs a positive period and staleAfter of at least that, but had "
                            + period + " and " + staleAfter);
        }
        Movement movement = activity == null || frozenAfterReads == 0 ? null : new Movement(frozenAfterReads, activity);
        String name = Objects.requireNonNull(source.name(), "name of a source");
        Duration leftAlone = leftAlone(period);
        Bulkhead bulkhead = Bulkhead.builder(name, Kind.SOURCE, time, executor)
                .deadline(deadline)
                .open(leftAlone, LONGEST_LEFT_ALONE)
                .build();
        Poll poll = new Poll(name, source, period, staleAfter, movement, time, bulkhead, closed::get);
        polls.add(poll);
        long delay = firstDelay(period);
        if (delay == 0) {
            poll.run();
        } else {
            time.schedule(delay, poll::run);
        }
    }

    /** Two periods, so that it spares a source anything, but 5 to 30 s: signals must be back soon after their source is. */
    private static Duration leftAlone(Duration period) {
        Duration two = period.compareTo(LONGEST_LEFT_ALONE) > 0 ? LONGEST_LEFT_ALONE : period.multipliedBy(2);
        if (two.compareTo(SHORTEST_LEFT_ALONE) < 0) {
            return SHORTEST_LEFT_ALONE;
        }
        return two.compareTo(LONGEST_LEFT_ALONE) > 0 ? LONGEST_LEFT_ALONE : two;
    }

    private long firstDelay(Duration period) {
        long longest = Math.min(longestSpread.toNanos(), period.toNanos());
        if (longest == 0) {
            return 0;
        }
        synchronized (randomLock) {
            return random.nextLong(longest);
        }
    }

    /** What is known now, by name, in the order in which sources were added. Values too old, or frozen, are {@link Signal.Stale}. */
    public Map<String, Signal> signals() {
        long now = time.nanos();
        Map<String, Signal> all = new LinkedHashMap<>();
        for (Poll poll : polls) {
            Poll.State state = poll.state();
            state.signals().forEach((name, signal) -> {
                if (!state.answered()) {
                    // Never hidden behind a value of that name: what is not heard of must not look complete.
                    all.put(name, signal);
                } else if (all.putIfAbsent(name, poll.asOf(now, state, signal)) != null) {
                    clash(name, poll);
                }
            });
        }
        return all;
    }

    private void clash(String name, Poll later) {
        if (!clashes.contains(name) && clashes.size() < MOST_CLASHES && clashes.add(name)) {
            LOG.warn(
                    "signal {} of source {} is not read, since a source added before gives one of that name",
                    name,
                    later.name());
        }
    }

    /** Names of signals that more than one source has given, in their order; at most 100. */
    public Set<String> clashes() {
        return new TreeSet<>(clashes);
    }

    /** How each source does, in the order in which they were added. */
    public List<SourceStatus> sources() {
        long now = time.nanos();
        return polls.stream().map(poll -> poll.status(now)).toList();
    }

    /** Stops reading and closes the sources. Harmless when called twice. */
    @Override
    public void close() {
        if (!closed.getAndSet(true)) {
            polls.forEach(Poll::close);
        }
    }

    /** Collects the settings of a {@link SignalBoard}. Not safe for use by several threads. */
    public static final class Builder {

        private final TimeSource time;
        private final Executor executor;
        private @Nullable LongSupplier activity;
        private int frozenAfterReads = 20;
        private Duration longestSpread = Duration.ZERO;
        private long seed;

        private Builder(TimeSource time, Executor executor) {
            this.time = time;
            this.executor = executor;
        }

        /**
         * Requests that have ended in the pool so far, which only grows; asked once a read, from any thread. Unknown by default,
         * and nothing is taken for frozen then. If it throws or goes back, counting begins anew.
         */
        public Builder activity(LongSupplier endedRequests) {
            this.activity = endedRequests;
            return this;
        }

        /**
         * Reads in a row without movement, and requests ended meanwhile, from which a source that should move is taken for frozen;
         * at least 2, or 0 for never; 20 by default, which at a period of 15 s is 5 minutes.
         */
        public Builder frozenAfterReads(int reads) {
            if (reads < 0 || reads == 1) {
                throw new IllegalArgumentException(
                        "frozenAfterReads must be at least 2, or 0 for never, but was " + reads);
            }
            this.frozenAfterReads = reads;
            return this;
        }

        /**
         * Spreads first reads evenly over this time, or the source's period if that is shorter, so that many sources and many
         * gateways do not all ask at the same instants; 0 to 1 hour, 0 by default, which reads at once.
         *
         * @param seed the same gives the same delays to sources added in the same order; let it differ between gateways
         */
        public Builder spreadFirstReads(Duration longest, long seed) {
            if (longest.isNegative() || longest.compareTo(Duration.ofHours(1)) > 0) {
                throw new IllegalArgumentException("spreadFirstReads must be 0 to 1 hour but was " + longest);
            }
            this.longestSpread = longest;
            this.seed = seed;
            return this;
        }

        /** An empty board. */
        public SignalBoard build() {
            return new SignalBoard(this);
        }
    }
}
