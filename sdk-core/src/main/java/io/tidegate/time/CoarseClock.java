/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.time;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A clock that is read by loading a field: a thread of its own keeps the field at most a tick behind.
 *
 * <p>The thread begins with the first reading, sleeps while nobody reads, and is woken by the next reading, which is exact. So
 * an idle gateway is not woken a thousand times a second.
 *
 * <p><b>Threads.</b> Any may read. A reading never lags the true clock, as of the beginning of the call, by more than the tick
 * takes to be served. {@code now} is written before {@code activity} leaves {@link #ASLEEP}, and readers load them in the
 * opposite order: whoever sees the clock awake sees a time of its being awake.
 */
final class CoarseClock implements AutoCloseable {

    /** Nanoseconds between ticks. */
    static final long TICK = 1_000_000;

    /** Ticks after which a clock that nobody reads falls asleep: asked twice in that time at the latest. */
    private static final int TICKS_BETWEEN_CHECKS = 128;

    private static final int ASLEEP = 0;
    private static final int UNREAD = 1;
    private static final int READ = 2;

    private static final VarHandle NOW;
    private static final VarHandle ACTIVITY;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            NOW = lookup.findVarHandle(CoarseClock.class, "now", long.class);
            ACTIVITY = lookup.findVarHandle(CoarseClock.class, "activity", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final LongSupplier exact;

    @SuppressWarnings("unused") // through the VarHandle
    private volatile long now;

    @SuppressWarnings("unused") // through the VarHandle
    private volatile int activity = ASLEEP;

    private volatile @Nullable Thread ticker;
    private volatile boolean closed;

    CoarseClock(LongSupplier exact) {
        this.exact = exact;
        this.now = exact.getAsLong();
    }

    long nanos() {
        int seen = (int) ACTIVITY.getAcquire(this);
        if (seen == READ) {
            // Opaque: the acquire above orders it after the reading that was stored before the clock woke.
            return (long) NOW.getOpaque(this);
        }
        return seen == UNREAD ? firstSinceCheck() : wake();
    }

    private long firstSinceCheck() {
        // Lost to another reader, or to the ticker falling asleep, which takes as long again: then the next reading
        // wakes it.
        ACTIVITY.compareAndSet(this, UNREAD, READ);
        return (long) NOW.getOpaque(this);
    }

    private long wake() {
        long reading = exact.getAsLong();
        if (closed) {
            return reading;
        }
        raise(reading);
        if (ACTIVITY.compareAndSet(this, ASLEEP, READ)) {
            Thread thread = ticker;
            if (thread == null) {
                start();
            } else {
                LockSupport.unpark(thread);
            }
            if (closed) {
                // The ticker may have ended before it could see this.
                ACTIVITY.setRelease(this, ASLEEP);
            }
        }
        return reading;
    }

    /** Only by whoever took the clock out of its first sleep. */
    private void start() {
        Thread thread = new Thread(this::run, "tidegate-clock");
        thread.setDaemon(true);
        ticker = thread;
        thread.start();
    }

    private void run() {
        int ticks = 0;
        while (!closed) {
            LockSupport.parkNanos(this, TICK);
            tick();
            if (++ticks % TICKS_BETWEEN_CHECKS == 0 && fallsAsleep()) {
                while (!closed && (int) ACTIVITY.getAcquire(this) == ASLEEP) {
                    LockSupport.park(this);
                }
            }
        }
        // Whoever reads from now on reads the exact clock.
        ACTIVITY.setRelease(this, ASLEEP);
    }

    /** One step of the ticker. */
    void tick() {
        raise(exact.getAsLong());
    }

    /** Asks whether anybody has read since this was asked before; if not, the clock sleeps until it is read. */
    boolean fallsAsleep() {
        return !ACTIVITY.compareAndSet(this, READ, UNREAD) && ACTIVITY.compareAndSet(this, UNREAD, ASLEEP);
    }

    /** Never back: whoever took its reading earlier and stores it later must not undo what was stored meanwhile. */
    void raise(long reading) {
        long seen = (long) NOW.getOpaque(this);
        while (reading - seen > 0) {
            long found = (long) NOW.compareAndExchange(this, seen, reading);
            if (found == seen) {
                return;
            }
            seen = found;
        }
    }

    @Override
    public void close() {
        closed = true;
        Thread thread = ticker;
        if (thread != null) {
            LockSupport.unpark(thread);
        }
    }
}
