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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A clock that is read by loading a field: a thread of its own keeps the field at most a tick behind.
 *
 * <p>The thread begins with the first reading and sleeps while nobody reads, so that an idle gateway is not woken a thousand
 * times a second. To learn whether anybody does, it takes the time away once in a while: the field is then {@link #NONE}, and
 * whoever reads that reads the exact clock and puts it back. If it is still away at the next look, nobody has read meanwhile,
 * and the thread sleeps until it is put back.
 *
 * <p><b>Threads.</b> Any may read. A reading never lags the true clock, as of the beginning of the call, by more than the tick
 * takes to be served.
 */
final class CoarseClock implements AutoCloseable {

    /** Nanoseconds between ticks. */
    static final long TICK = 1_000_000;

    /** Ticks between two looks at whether anybody reads. */
    private static final int TICKS_BETWEEN_LOOKS = 128;

    /** No time. A reading that happens to be this, once in 292 years, is taken for the next. */
    static final long NONE = Long.MIN_VALUE;

    private static final VarHandle NOW;

    static {
        try {
            NOW = MethodHandles.lookup().findVarHandle(CoarseClock.class, "now", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger(CoarseClock.class);

    private final LongSupplier exact;

    @SuppressWarnings("unused") // through the VarHandle
    private volatile long now = NONE;

    private volatile @Nullable Thread ticker;
    private volatile boolean closed;

    CoarseClock(LongSupplier exact) {
        this.exact = exact;
    }

    long nanos() {
        // Opaque: a single number that nothing else depends on.
        long seen = (long) NOW.getOpaque(this);
        return seen != NONE ? seen : putBack();
    }

    private long putBack() {
        long reading = reading();
        if (closed) {
            return reading;
        }
        if (NOW.compareAndSet(this, NONE, reading)) {
            Thread thread = ticker;
            if (thread == null) {
                start();
            } else {
                LockSupport.unpark(thread);
            }
            if (closed) {
                // The thread may have ended before it could see this.
                NOW.setVolatile(this, NONE);
            }
        }
        return reading;
    }

    private long reading() {
        long reading = exact.getAsLong();
        return reading == NONE ? reading + 1 : reading;
    }

    /** Once: the time is away only until the thread has begun, and from then on until the thread itself takes it away. */
    private void start() {
        Thread thread = new Thread(this::run, "tidegate-clock");
        thread.setDaemon(true);
        ticker = thread;
        try {
            thread.start();
        } catch (Throwable e) {
            // No thread to be had: without one the time would stand still, so all read the exact clock.
            closed = true;
            LOG.warn("no thread for the coarse clock; the exact one is read instead, which takes longer", e);
        }
    }

    private void run() {
        int ticks = 0;
        while (!closed) {
            LockSupport.parkNanos(this, TICK);
            tick();
            if (++ticks % TICKS_BETWEEN_LOOKS == 0 && !takeAway()) {
                while (!closed && (long) NOW.getVolatile(this) == NONE) {
                    LockSupport.park(this);
                }
            }
        }
        // Whoever reads from now on reads the exact clock.
        NOW.setVolatile(this, NONE);
    }

    /** One step of the ticker. */
    void tick() {
        raise(reading());
    }

    /** Takes the time away; false if it was away already, so that nobody has read since. */
    boolean takeAway() {
        return (long) NOW.getAndSet(this, NONE) != NONE;
    }

    /**
     * Never back, and never while it is away: whoever took its reading earlier and stores it later must not undo what was stored
     * meanwhile.
     */
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
