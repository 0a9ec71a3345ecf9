/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signal;

import io.tidegate.pool.Signal;
import io.tidegate.signal.spi.SignalSource;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Polls sources and keeps what each last said.
 *
 * <p>A source is read on the executor, never by whoever asks for signals, and only once at a time: one that hangs delays
 * nobody and its signals grow stale. Safe for many threads.
 *
 * @since 0.1.0
 */
public final class SignalBoard implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(SignalBoard.class);

    private final TimeSource time;
    private final Executor executor;
    private final List<Poll> polls = new CopyOnWriteArrayList<>();
    private final AtomicBoolean closed = new AtomicBoolean();

    /**
     * An empty board.
     *
     * @param executor runs the reads, which block
     */
    public SignalBoard(TimeSource time, Executor executor) {
        this.time = time;
        this.executor = executor;
    }

    /**
     * Adds a source and begins to read it.
     *
     * @param period time between reads; positive
     * @param staleAfter age from which a value is {@link Signal.Stale}; at least the period
     */
    public void add(SignalSource source, Duration period, Duration staleAfter) {
        if (period.isZero() || period.isNegative() || staleAfter.compareTo(period) < 0) {
            throw new IllegalArgumentException(
                    "source " + source.name() + " needs a positive period and staleAfter of at least that, but had "
                            + period + " and " + staleAfter);
        }
        Poll poll = new Poll(source, period, staleAfter);
        polls.add(poll);
        poll.run();
    }

    /** What is known now, by name. Values older than their source allows are {@link Signal.Stale}. */
    public Map<String, Signal> signals() {
        long now = time.nanos();
        Map<String, Signal> all = new LinkedHashMap<>();
        for (Poll poll : polls) {
            poll.last.forEach((name, signal) -> all.put(name, signal.notOlderThan(poll.staleAfter, now)));
        }
        return all;
    }

    /** Stops reading and closes the sources. Harmless when called twice. */
    @Override
    public void close() {
        if (closed.getAndSet(true)) {
            return;
        }
        for (Poll poll : polls) {
            try {
                poll.source.close();
            } catch (RuntimeException | Error e) {
                LOG.warn("closing signal source {} failed", poll.source.name(), e);
            }
        }
    }

    private final class Poll {

        private final SignalSource source;
        private final Duration period;
        private final Duration staleAfter;
        private final AtomicBoolean reading = new AtomicBoolean();
        private volatile Map<String, Signal> last;
        private volatile boolean answered;
        private volatile boolean failing;

        Poll(SignalSource source, Duration period, Duration staleAfter) {
            this.source = source;
            this.period = period;
            this.staleAfter = staleAfter;
            // Not absent: what has not been heard of yet must not look complete.
            this.last = missing("not read yet");
        }

        private Map<String, Signal> missing(String reason) {
            return Map.of(source.name(), new Signal.Missing(source.name(), reason));
        }

        void run() {
            if (closed.get()) {
                return;
            }
            time.schedule(period.toNanos(), this::run);
            if (reading.compareAndSet(false, true)) {
                try {
                    executor.execute(this::read);
                } catch (RejectedExecutionException e) {
                    reading.set(false);
                }
            }
        }

        private void read() {
            try {
                last = Map.copyOf(source.read());
                answered = true;
                if (failing) {
                    failing = false;
                    LOG.info("signal source {} answers again", source.name());
                }
            } catch (Exception | Error e) {
                if (!answered) {
                    last = missing(String.valueOf(e.getMessage()));
                }
                if (!failing) {
                    failing = true;
                    LOG.warn("signal source {} failed; its signals grow stale", source.name(), e);
                }
            } finally {
                reading.set(false);
            }
        }
    }
}
