/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.time;

import io.tidegate.log.BoundedLog;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * A clock that is read by loading a field: a thread of its own keeps the field at most a tick behind.
 *
 * <p>The thread begins with the first reading and sleeps while nobody reads, so that an idle gateway is not woken a thousand
 * times a second. To learn whether anybody does, it takes the time away once in a while: the field is then {@link #NONE}, and
 * whoever finds that reads the exact clock and says that the time is wanted; at its next tick the thread puts it back. If it is
 * not wanted until the next look, nobody has read, and the thread sleeps until it is.
 *
 * <p><b>Threads.</b> Any may read; only the ticker writes the time, so what it writes never goes back. A reading never lags the
 * true clock, as of the beginning of the call, by more than the tick takes to be served; by as much it may be before an exact one
 * that was made while the time was away.
 */
final class CoarseClock implements AutoCloseable {

    /** Nanoseconds between ticks. */
    static final long TICK = 1_000_000;

    /** Ticks between two looks at whether anybody reads. */
    private static final int TICKS_BETWEEN_LOOKS = 128;

    /** No time. A reading that happens to be this, once in 292 years, is taken for the next. */
    static final long NONE = Long.MIN_VALUE;

    private static final Logger LOG = BoundedLog.of(CoarseClock.class);

    private static final VarHandle NOW;
    private static final VarHandle WANTED;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            NOW = lookup.findVarHandle(CoarseClock.class, "now", long.class);
            WANTED = lookup.findVarHandle(CoarseClock.class, "wanted", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final LongSupplier exact;

    @SuppressWarnings("unused") // through the VarHandle
    private volatile long now = NONE;

    @SuppressWarnings("unused") // through the VarHandle
    private volatile boolean wanted;

    private final AtomicBoolean started = new AtomicBoolean();
    private volatile @Nullable Thread ticker;
    private volatile boolean closed;

    CoarseClock(LongSupplier exact) {
        this.exact = exact;
    }

    long nanos() {
        // Opaque: a single number that nothing else depends on.
        long seen = (long) NOW.getOpaque(this);
        return seen != NONE ? seen : whileAway();
    }

    private long whileAway() {
        if (!closed && !(boolean) WANTED.getAndSet(this, true)) {
            Thread thread = ticker;
            if (thread != null) {
                LockSupport.unpark(thread);
            } else if (!started.getAndSet(true)) {
                start();
            }
        }
        return reading();
    }

    private long reading() {
        long reading = exact.getAsLong();
        return reading == NONE ? reading + 1 : reading;
    }

    private void start() {
        Thread thread = new Thread(this::run, "tidegate-clock");
        thread.setDaemon(true);
        ticker = thread;
        try {
            thread.start();
        } catch (Throwable e) {
            // No thread to be had: the time stays away, so all read the exact clock.
            closed = true;
            LOG.warn("no thread for the coarse clock; the exact one is read instead, which takes longer", e);
        }
    }

    private void run() {
        int ticks = 0;
        while (!closed) {
            tick();
            LockSupport.parkNanos(this, TICK);
            if (++ticks % TICKS_BETWEEN_LOOKS == 0 && !takeAway()) {
                while (!closed && !(boolean) WANTED.getVolatile(this)) {
                    LockSupport.park(this);
                }
            }
        }
        // Whoever reads from now on reads the exact clock.
        NOW.setVolatile(this, NONE);
    }

    /** One step of the ticker: the time as it is, or none where it is away and not wanted. */
    void tick() {
        long reading = reading();
        if ((long) NOW.getOpaque(this) != NONE) {
            raise(reading);
        } else if ((boolean) WANTED.getAndSet(this, false)) {
            NOW.setVolatile(this, reading);
        }
    }

    /** Takes the time away; false if it was away already and is not wanted, so that nobody has read since. By the ticker. */
    boolean takeAway() {
        return (long) NOW.getAndSet(this, NONE) != NONE || (boolean) WANTED.getVolatile(this);
    }

    /** Never back, and never while it is away: a reading that was taken earlier and is stored later changes nothing. */
    void raise(long reading) {
        long seen = (long) NOW.getOpaque(this);
        while (seen != NONE && reading - seen > 0) {
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
