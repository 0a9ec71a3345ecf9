/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import io.tidegate.log.BoundedLog;
import io.tidegate.time.TimeSource;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jctools.queues.varhandle.MpscUnboundedVarHandleArrayQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Finds permits that were dropped without being closed, and gives their room back.
 *
 * <p>A weak reference for each permit would cost more than the permit. So a new permit is only put into a ring of recent ones,
 * as it is counted; most of a short life are closed when their place is taken again, and forgotten. Once a second a sweep, on
 * the clock's thread, gives a weak reference to those that are still open. When the collector clears it and the permit was not
 * closed, the permit is lost for good, and the next sweep gives its room back: by the second collection after it was dropped
 * at the latest.
 *
 * <p><b>Threads.</b> Any may {@link #track}. One at a time sweeps. {@link Permit#tracked()} is written before the sweep looks
 * whether the permit is closed, and read after the permit has been closed: one of both sees the other.
 *
 * <p><b>Not promised.</b> A permit that somebody still holds is never taken away, however old it is.
 */
final class LeakDetector {

    /** Time between sweeps while permits are open. */
    static final long SWEEP_NANOS = 1_000_000_000;

    private static final Logger LOG = BoundedLog.of(Gate.class);

    private final String pool;
    private final TimeSource time;
    private final int sitesOneIn;
    private final Consumer<Tracked> giveBack;
    private final TierLane[] lanes;

    /** Open permits that lost their place among the recent ones. */
    private final MpscUnboundedVarHandleArrayQueue<Permit> aged = new MpscUnboundedVarHandleArrayQueue<>(256);

    private final ReferenceQueue<Permit> collected = new ReferenceQueue<>();
    private final AtomicBoolean sweeping = new AtomicBoolean();
    private final AtomicBoolean armed = new AtomicBoolean();

    /** As armed, for a quick look. */
    private boolean armedHint;

    private final LongAdder leaked = new LongAdder();

    /** Whoever sweeps. Keeps the references themselves from being collected. */
    private List<Tracked> open = new ArrayList<>();

    private boolean logged;
    private volatile boolean closed;

    /** Counts permits to choose those whose site is noted. Lost updates only shift the choice. */
    private int sampled;

    LeakDetector(String pool, TierLane[] lanes, TimeSource time, int sitesOneIn, Consumer<Tracked> giveBack) {
        this.pool = pool;
        this.lanes = lanes;
        this.time = time;
        this.sitesOneIn = sitesOneIn;
        this.giveBack = giveBack;
    }

    /** The weak reference of a permit, with what is needed to give its room back. */
    static final class Tracked extends WeakReference<Permit> {

        final TierLane lane;
        final @Nullable Throwable site;
        private volatile boolean returned;

        /** Known when it is granted. Written before it is handed to the sweep; grows with the permit. */
        private final AtomicInteger units;

        Tracked(Permit permit, ReferenceQueue<Permit> queue, @Nullable Throwable site) {
            super(permit, queue);
            this.lane = permit.lane;
            this.units = new AtomicInteger(permit.units);
            this.site = site;
        }

        int units() {
            return units.get();
        }

        /** So many it was given in the end. Before anybody has it. */
        void granted(int taken) {
            units.set(taken);
        }

        /** The permit holds so many now. It only grows. */
        void raise(int held) {
            units.accumulateAndGet(held, Math::max);
        }

        /** The permit was closed as it should. */
        void returned() {
            returned = true;
        }
    }

    /** Notes where a request was made, if it is one of those whose site is noted. On the thread that makes it. */
    void noteSite(Permit asked) {
        if (sitesOneIn > 0 && ++sampled % sitesOneIn == 0) {
            asked.tracked(new Tracked(asked, collected, new Throwable("where the permit was asked for")));
        }
    }

    /** Whether {@link #track} has anything to do. */
    boolean wants(@Nullable Permit before) {
        // Plain: whoever sees an old value tracks for nothing, or leaves it to the next.
        return before != null || !armedHint || sitesOneIn > 0;
    }

    /**
     * Notes that a permit was just given and put among its lane's recent ones.
     *
     * @param before an open permit that lost its place among them by it, or null
     */
    void track(Permit permit, @Nullable Permit before) {
        Tracked noted = permit.tracked();
        if (noted != null) {
            noted.granted(permit.units);
        }
        if (before != null) {
            aged.offer(before);
        }
        if (!armedHint && !closed) {
            arm();
        }
    }

    private void arm() {
        if (!armed.getAndSet(true)) {
            armedHint = true;
            try {
                time.schedule(SWEEP_NANOS, this::sweepAndRepeat);
            } catch (RuntimeException | Error e) {
                armedHint = false;
                armed.set(false);
                throw e;
            }
        }
    }

    private void sweepAndRepeat() {
        armedHint = false;
        armed.set(false);
        if (sweep() && !closed) {
            arm();
        }
    }

    /**
     * Looks for leaks now.
     *
     * @return whether permits are open, so that it should look again
     */
    boolean sweep() {
        if (!sweeping.compareAndSet(false, true)) {
            return true;
        }
        try {
            boolean again = false;
            for (TierLane lane : lanes) {
                for (int stripe = 0; stripe < Tally.STRIPES; stripe++) {
                    @Nullable Permit[] taken = lane.takeRecent(stripe, new @Nullable Permit[TierLane.RECENT]);
                    again |= taken == null;
                    for (int i = 0; taken != null && i < taken.length; i++) {
                        follow(taken[i]);
                    }
                }
            }
            for (Permit permit = aged.relaxedPoll(); permit != null; permit = aged.relaxedPoll()) {
                follow(permit);
            }
            for (Object lost = collected.poll(); lost != null; lost = collected.poll()) {
                Tracked tracked = (Tracked) lost;
                if (!tracked.returned) {
                    tracked.returned();
                    found(tracked);
                }
            }
            open.removeIf(tracked -> tracked.returned);
            return again || !open.isEmpty();
        } finally {
            sweeping.set(false);
        }
    }

    /** Gives a weak reference to a permit that is still open. */
    private void follow(@Nullable Permit permit) {
        if (permit == null || permit.state() < Permit.HELD) {
            return;
        }
        Tracked tracked = permit.tracked();
        if (tracked == null) {
            tracked = new Tracked(permit, collected, null);
            permit.tracked(tracked);
            // After it is seen there: it may have grown while it was made.
            tracked.raise(permit.units);
            if (permit.state() < Permit.HELD) {
                // Closed meanwhile, and perhaps before it could see the reference.
                tracked.returned();
                return;
            }
        }
        open.add(tracked);
    }

    private void found(Tracked tracked) {
        leaked.increment();
        if (!logged) {
            logged = true;
            LOG.error(
                    "a permit of pool {} tier {} was dropped without being closed; its room was given back. Close each permit on"
                            + " every exit, best by try-with-resources. {} Further ones are only counted"
                            + " (tidegate.permits.leaked).",
                    pool,
                    tracked.lane.tier,
                    tracked.site == null
                            ? "leakSites(1) at the gate's builder shows where it was asked for."
                            : "It was asked for here:",
                    tracked.site);
        }
        giveBack.accept(tracked);
    }

    long leaked() {
        return leaked.sum();
    }

    void close() {
        closed = true;
    }
}
