/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.plugin;

import io.tidegate.log.BoundedLog;
import io.tidegate.plugin.PluginRefusedException.Reason;
import io.tidegate.plugin.PluginStatus.Kind;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Calls one plugin, so that whatever it does harms nobody else.
 *
 * <ul>
 *   <li>At most so many calls at a time, 2 by default; further ones are refused.
 *   <li>A call that has not returned at its deadline, 2 s by default, is answered with a {@link TimeoutException} and its thread is
 *       interrupted. If it does not return then either, it is <em>abandoned</em>: it keeps its place, and what it returns later is
 *       dropped. When all places are held so, the plugin is off until one of them returns: no plugin ever holds more threads than it has
 *       places.
 *   <li>After several failures in a row, 3 by default, it is left alone for 30 s; then one call tries it. If that fails too, it is left
 *       alone for twice as long, at most 5 minutes. Deadlines missed are failures.
 * </ul>
 *
 * <p>{@link #call} never waits and never throws what a plugin throws. Its answer is told exactly once, on the thread that ran the plugin,
 * on the clock's at the deadline, or on the caller's if the call is refused; it must be short, and what it throws is logged. On an
 * executor that runs its tasks on the caller's thread, such as {@code Runnable::run} in tests and simulation, a call has ended and been
 * answered when {@code call} returns; a plugin that hangs then hangs the caller.
 *
 * <p>Time is that of the {@link TimeSource}. Safe for many threads.
 *
 * @since 0.1.0
 */
public final class Bulkhead implements AutoCloseable {

    /** How long a call may take unless told otherwise. */
    public static final Duration DEADLINE = Duration.ofSeconds(2);

    private static final Logger LOG = BoundedLog.of(Bulkhead.class);
    private static final int LONGEST_TEXT = 300;
    private static final Duration LONGEST_DEADLINE = Duration.ofHours(1);
    private static final Duration LONGEST_OPEN = Duration.ofDays(1);

    private final String name;
    private final Kind kind;
    private final TimeSource time;
    private final Executor executor;
    private final Duration deadline;
    private final Turnstile turnstile;
    private final Set<Call<?>> underWay = ConcurrentHashMap.newKeySet();
    private final LongAdder succeeded = new LongAdder();
    private final LongAdder failures = new LongAdder();
    private final LongAdder timeouts = new LongAdder();
    private final LongAdder refused = new LongAdder();
    private volatile String lastFailure = "";
    private volatile boolean closed;

    private Bulkhead(Builder builder) {
        this.name = builder.name;
        this.kind = builder.kind;
        this.time = builder.time;
        this.executor = builder.executor;
        this.deadline = builder.deadline;
        this.turnstile = new Turnstile(
                builder.places, builder.failures, builder.firstOpen.toNanos(), builder.longestOpen.toNanos());
    }

    /**
     * Starts the settings of a bulkhead.
     *
     * @param name of the plugin, for people
     * @param executor runs the calls, which may block
     */
    public static Builder builder(String name, Kind kind, TimeSource time, Executor executor) {
        return new Builder(name, kind, time, executor);
    }

    /**
     * Calls the plugin.
     *
     * @param work the call; what it throws is a failure of the plugin, so whatever makes its answer unsound should be checked in it
     * @param answer told once: a result and null, or null and why there is none: what the plugin threw, a {@link TimeoutException}, or
     *     a {@link PluginRefusedException}. A result that is null is told as two nulls
     */
    public <T> void call(
            Callable<? extends @Nullable T> work, BiConsumer<? super @Nullable T, ? super @Nullable Throwable> answer) {
        if (closed) {
            refuse(Reason.ENDED, "plugin " + name + " is not called any more", answer);
            return;
        }
        long now = time.nanos();
        long era = turnstile.begin(now);
        if (era < 0) {
            refuse(reason(era), why(era, now), answer);
            return;
        }
        Call<T> call = new Call<>(work, answer, era);
        underWay.add(call);
        try {
            call.timer = time.schedule(deadline.toNanos(), call::expire);
            executor.execute(call);
        } catch (RuntimeException | Error e) {
            call.withdraw("no thread could be had for it: " + e);
        }
        if (closed) {
            // It came between the look above and the end, which has not seen it.
            call.interrupt();
        }
    }

    private static Reason reason(long refusal) {
        return refusal == Turnstile.OFF ? Reason.OFF : refusal == Turnstile.OPEN ? Reason.OPEN : Reason.BUSY;
    }

    private String why(long refusal, long now) {
        if (refusal == Turnstile.OFF) {
            return "plugin " + name + " is off: all calls that it may have at a time ignore their interrupts";
        }
        if (refusal == Turnstile.OPEN) {
            long seconds = (turnstile.opensIn(now) + 999_999_999) / 1_000_000_000;
            return "plugin " + name + " failed several times in a row and is left alone for " + seconds + " s more";
        }
        return "plugin " + name + " has as many calls under way as it may";
    }

    private void refuse(Reason reason, String why, BiConsumer<?, ? super @Nullable Throwable> answer) {
        refused.increment();
        tell(answer, null, new PluginRefusedException(reason, why));
    }

    @SuppressWarnings("unchecked") // the result is of the type that the caller, who hands in both, has given it
    private void tell(
            BiConsumer<?, ? super @Nullable Throwable> answer, @Nullable Object result, @Nullable Throwable failure) {
        try {
            ((BiConsumer<@Nullable Object, @Nullable Throwable>) answer).accept(result, failure);
        } catch (RuntimeException | Error e) {
            LOG.error("whoever called plugin {} failed to take its answer", name, e);
        }
    }

    /** How the plugin does. */
    public PluginStatus status() {
        return new PluginStatus(
                name,
                kind,
                turnstile.state(),
                succeeded.sum(),
                failures.sum(),
                timeouts.sum(),
                refused.sum(),
                turnstile.abandoned(),
                lastFailure);
    }

    /** Makes no further calls and interrupts those under way, which are answered as ever. Harmless when called twice. */
    @Override
    public void close() {
        closed = true;
        underWay.forEach(Call::interrupt);
    }

    private static String bounded(Throwable failure) {
        String text;
        try {
            text = failure.toString();
        } catch (RuntimeException | Error e) {
            text = failure.getClass().getName();
        }
        return text.length() > LONGEST_TEXT ? text.substring(0, LONGEST_TEXT - 1) + "…" : text;
    }

    /**
     * One call. Its lock guards which of the thread that runs it and the clock ends it, and keeps the interrupt from a thread that has
     * gone on to something else. The turnstile's lock is taken inside it, never the other way round; nothing foreign runs under it.
     */
    private final class Call<T> implements Runnable {

        private final Callable<? extends @Nullable T> work;
        private final BiConsumer<? super @Nullable T, ? super @Nullable Throwable> answer;
        private final long era;
        private volatile TimeSource.@Nullable Task timer;

        private final Object lock = new Object();
        private boolean begun;
        /** Whether it was given up before it began, and the executor holds it still. */
        private boolean queued;

        private boolean overdue;
        private boolean ended;
        private boolean interrupted;
        private @Nullable Thread thread;

        Call(
                Callable<? extends @Nullable T> work,
                BiConsumer<? super @Nullable T, ? super @Nullable Throwable> answer,
                long era) {
            this.work = work;
            this.answer = answer;
            this.era = era;
        }

        @Override
        public void run() {
            synchronized (lock) {
                if (begun) {
                    return;
                }
                begun = true;
                if (ended) {
                    if (queued) {
                        turnstile.withdrawn(era);
                    }
                    return;
                }
                thread = Thread.currentThread();
            }
            T result = null;
            Throwable failure = null;
            try {
                result = work.call();
            } catch (Throwable e) {
                // All of them: the call must end whatever a plugin, in whatever language, throws.
                failure = e;
            }
            if (end(failure)) {
                TimeSource.Task waiting = timer;
                if (waiting != null) {
                    waiting.cancel();
                }
                tell(answer, failure == null ? result : null, failure);
            }
        }

        /** Whether there is anybody left to tell. */
        private boolean end(@Nullable Throwable failure) {
            underWay.remove(this);
            long now = time.nanos();
            synchronized (lock) {
                ended = true;
                thread = null;
                if (interrupted) {
                    // Whatever this thread does next is not meant by it.
                    interrupted = !Thread.interrupted();
                }
                if (overdue) {
                    turnstile.returned();
                    return false;
                }
                if (failure == null) {
                    turnstile.succeeded(era);
                } else {
                    turnstile.failed(era, now);
                }
            }
            if (failure == null) {
                succeeded.increment();
            } else {
                failures.increment();
                lastFailure = bounded(failure);
            }
            return true;
        }

        /** The deadline has come. */
        private void expire() {
            long now = time.nanos();
            boolean never;
            synchronized (lock) {
                if (ended) {
                    return;
                }
                never = !begun;
                if (never) {
                    // The executor holds it still, and so it keeps its place until that gets to it: nothing may pile up
                    // there.
                    ended = true;
                    queued = true;
                } else {
                    overdue = true;
                    turnstile.overdue(era, now);
                    interruptLocked();
                }
            }
            if (never) {
                withdrawn("no thread was free for it within " + deadline);
                return;
            }
            timeouts.increment();
            TimeoutException late = new TimeoutException("plugin " + name + " did not answer within " + deadline);
            lastFailure = bounded(late);
            tell(answer, null, late);
        }

        /** It will not run: the place is given back. */
        private void withdraw(String why) {
            synchronized (lock) {
                if (begun || ended) {
                    return;
                }
                ended = true;
                turnstile.withdrawn(era);
            }
            TimeSource.Task waiting = timer;
            if (waiting != null) {
                waiting.cancel();
            }
            withdrawn(why);
        }

        private void withdrawn(String why) {
            underWay.remove(this);
            refuse(Reason.NO_THREAD, "plugin " + name + " was not called: " + why, answer);
        }

        void interrupt() {
            synchronized (lock) {
                interruptLocked();
            }
        }

        private void interruptLocked() {
            if (thread != null) {
                interrupted = true;
                thread.interrupt();
            }
        }
    }

    /** Collects the settings of a {@link Bulkhead}. Not safe for use by several threads. */
    public static final class Builder {

        private final String name;
        private final Kind kind;
        private final TimeSource time;
        private final Executor executor;
        private int places = 2;
        private Duration deadline = DEADLINE;
        private int failures = 3;
        private Duration firstOpen = Duration.ofSeconds(30);
        private Duration longestOpen = Duration.ofMinutes(5);

        private Builder(String name, Kind kind, TimeSource time, Executor executor) {
            this.name = Objects.requireNonNull(name, "name");
            this.kind = Objects.requireNonNull(kind, "kind");
            this.time = Objects.requireNonNull(time, "time");
            this.executor = Objects.requireNonNull(executor, "executor");
        }

        /** Calls at a time, and threads it may hold at most; 1 to 64, 2 by default. */
        public Builder places(int places) {
            if (places < 1 || places > 64) {
                throw new IllegalArgumentException("places must be 1 to 64 but was " + places);
            }
            this.places = places;
            return this;
        }

        /** How long a call may take; positive, at most 1 hour, 2 s by default. */
        public Builder deadline(Duration deadline) {
            this.deadline = positive("deadline", deadline, LONGEST_DEADLINE);
            return this;
        }

        /** Failures in a row from which it is left alone; 1 or more, 3 by default. */
        public Builder failures(int failures) {
            if (failures < 1) {
                throw new IllegalArgumentException("failures must be >= 1 but was " + failures);
            }
            this.failures = failures;
            return this;
        }

        /**
         * For how long it is left alone; doubled at each try that fails.
         *
         * @param first positive, 30 s by default
         * @param longest at least {@code first} and at most 1 day, 5 minutes by default
         */
        public Builder open(Duration first, Duration longest) {
            this.longestOpen = positive("longest open", longest, LONGEST_OPEN);
            this.firstOpen = positive("first open", first, longest);
            return this;
        }

        private static Duration positive(String setting, Duration value, Duration most) {
            if (value.isZero() || value.isNegative() || value.compareTo(most) > 0) {
                throw new IllegalArgumentException(
                        setting + " must be positive and at most " + most + " but was " + value);
            }
            return value;
        }

        /** The bulkhead. */
        public Bulkhead build() {
            return new Bulkhead(this);
        }
    }
}
