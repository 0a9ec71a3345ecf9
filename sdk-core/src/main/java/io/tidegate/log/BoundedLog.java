/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.log;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.Marker;
import org.slf4j.event.Level;
import org.slf4j.helpers.LegacyAbstractLogger;
import org.slf4j.helpers.MessageFormatter;

/**
 * Loggers that hand their lines to a thread of their own, by a queue of 1,024 lines: an appender that blocks, on a full disk or a dead
 * log server, stops neither requests nor rounds nor the clock. What does not fit is dropped and {@linkplain #dropped() counted}, and
 * when there is room again one line says how many.
 *
 * <p>Texts are made by the caller, so they tell of the instant at which they were logged; time stamp and thread are those of the
 * thread {@code tidegate-log}, which is made when there is something to log, and ends when there is nothing for a second. The diagnostic
 * context of the caller is not handed on. What an appender throws is swallowed. Lines that wait when the process ends are lost.
 *
 * <p>Safe for many threads.
 *
 * @since 0.1.0
 */
public final class BoundedLog {

    /** Lines that may wait. */
    static final int CAPACITY = 1_024;

    private static final LongAdder DROPPED = new LongAdder();

    private static final Outlet OUTLET = new Outlet(CAPACITY, DROPPED);

    private BoundedLog() {}

    /** The logger named like this class. */
    public static Logger of(Class<?> type) {
        return over(LoggerFactory.getLogger(type));
    }

    /** A logger that writes to that one, on the thread of its own. */
    public static Logger over(Logger target) {
        return new Bounded(target, OUTLET);
    }

    /** Lines that were dropped in this process because those before them had not been written yet. */
    public static long dropped() {
        return DROPPED.sum();
    }

    /**
     * Waits until all lines handed in before have been written, as at the end of a process; false if that takes longer, the thread is
     * interrupted, or there is no room even to wait.
     */
    public static boolean flush(Duration longest) {
        return OUTLET.flush(longest);
    }

    /** A logger that writes by that outlet. */
    static Logger over(Logger target, Outlet outlet) {
        return new Bounded(target, outlet);
    }

    /** Where lines go: a queue, and a thread while it holds any. */
    static final class Outlet {

        private final ThreadPoolExecutor thread;
        private final LongAdder dropped;
        /** How many of the dropped ones a line has told of. */
        private final AtomicLong told = new AtomicLong();

        Outlet(int capacity, LongAdder dropped) {
            this.dropped = dropped;
            this.thread = new ThreadPoolExecutor(
                    1, 1, 1, TimeUnit.SECONDS, new LinkedBlockingQueue<>(capacity), Outlet::daemon);
            thread.allowCoreThreadTimeOut(true);
        }

        private static Thread daemon(Runnable task) {
            Thread thread = new Thread(task, "tidegate-log");
            thread.setDaemon(true);
            // Made on whatever thread logs first, whose application may be taken down before this one.
            thread.setContextClassLoader(BoundedLog.class.getClassLoader());
            return thread;
        }

        void write(Logger target, Runnable line) {
            try {
                thread.execute(() -> {
                    tellOfDropped(target);
                    quietly(line);
                });
            } catch (RejectedExecutionException | OutOfMemoryError e) {
                // Full, or no thread to be had: the line is worth less than what goes on without it.
                dropped.increment();
            }
        }

        boolean flush(Duration longest) {
            CountDownLatch written = new CountDownLatch(1);
            try {
                thread.execute(written::countDown);
                return written.await(longest.toNanos(), TimeUnit.NANOSECONDS);
            } catch (RejectedExecutionException e) {
                return false;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }

        private void tellOfDropped(Logger target) {
            long now = dropped.sum();
            long before = told.getAndSet(now);
            if (now > before) {
                quietly(() -> target.warn(
                        "{} lines were not logged, since those before them had not been written yet", now - before));
            }
        }

        /** A thread that dies of it is made anew, but the lines are not worth its stack trace. */
        private static void quietly(Runnable line) {
            try {
                line.run();
            } catch (RuntimeException | Error e) {
                // There is no other place to say so.
            }
        }
    }

    private static final class Bounded extends LegacyAbstractLogger {

        private static final long serialVersionUID = 1L;

        private final transient Logger target;
        private final transient Outlet outlet;

        Bounded(Logger target, Outlet outlet) {
            this.target = target;
            this.outlet = outlet;
            this.name = target.getName();
        }

        @Override
        public boolean isTraceEnabled() {
            return target.isTraceEnabled();
        }

        @Override
        public boolean isDebugEnabled() {
            return target.isDebugEnabled();
        }

        @Override
        public boolean isInfoEnabled() {
            return target.isInfoEnabled();
        }

        @Override
        public boolean isWarnEnabled() {
            return target.isWarnEnabled();
        }

        @Override
        public boolean isErrorEnabled() {
            return target.isErrorEnabled();
        }

        @Override
        protected @Nullable String getFullyQualifiedCallerName() {
            return null;
        }

        @Override
        protected void handleNormalizedLoggingCall(
                Level level,
                @Nullable Marker marker,
                String pattern,
                Object @Nullable [] arguments,
                @Nullable Throwable failure) {
            String text = MessageFormatter.basicArrayFormat(pattern, arguments);
            outlet.write(target, () -> line(level, text, failure));
        }

        private void line(Level level, String text, @Nullable Throwable failure) {
            switch (level) {
                case ERROR -> target.error(text, failure);
                case WARN -> target.warn(text, failure);
                case INFO -> target.info(text, failure);
                case DEBUG -> target.debug(text, failure);
                case TRACE -> target.trace(text, failure);
            }
        }
    }
}
