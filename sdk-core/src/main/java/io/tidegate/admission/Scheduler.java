/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import io.tidegate.admission.GateState.Ceilings;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who of those who wait is granted next.
 *
 * <p><b>Turn.</b> A tier whose floor is owed it comes first. Else, by the {@link TierOrder}, the highest rank, or the tier with
 * the least service for its weight, a request counting 1 and its tokens.
 *
 * <p><b>Reservation.</b> A tier whose turn it is and whose head finds no room keeps the room that comes: tiers that may fill no
 * more than it wait with it, so that small requests do not take, one by one, what a large one waits for.
 *
 * <p><b>Floor.</b> Of all work that is granted while a tier waits, its floor's share is noted as owed to it, up to twice what
 * its head needs; what it is granted is taken off. Once that suffices for the head, the tier is next, and may fill what is above its
 * ceiling. Example: floor 0.05 and requests of equal size: while it waits, at least one of 20 grants is its own.
 *
 * <p><b>Promises</b> of tokens per second come after floors and before turns: see {@link Throughput}.
 *
 * <p>For the owner of the drain alone.
 */
final class Scheduler {

    /** What is to be done for whoever leaves the queue here. */
    interface Settling {

        /**
         * Granted: its room is taken and it holds a permit.
         *
         * @param asked units it asked for, which may be more than it was given
         */
        void granted(Waiter waiter, int asked);

        /** Its time ran out. */
        void expired(Waiter waiter);

        /** Whether anybody waits still. */
        boolean anyWaits();
    }

    private final TierLane[] lanes;
    private final TierOrder order;
    private final GateState state;
    private final Settling settling;

    /** Promises of tokens per second; nearly always none. */
    private Throughput[] promises = new Throughput[0];

    /** A bit for each tier that somebody may wait in; taken away by whoever finds that nobody does. */
    private int waitingIn;

    /** Virtual time of the tier served last: where a tier that comes back begins. */
    private double virtualNow;

    private boolean byWeight = true;

    /** Whether a head to which its floor is owed found no room, so that arrivals must not take what comes. */
    private volatile boolean holding;

    Scheduler(List<TierLane> lanes, TierOrder order, GateState state, Settling settling) {
        this.lanes = lanes.toArray(new TierLane[0]);
        this.order = order;
        this.state = state;
        this.settling = settling;
    }

    /** Before anybody waits. */
    void promise(List<Throughput> made) {
        promises = made.toArray(new Throughput[0]);
    }

    List<Throughput> promises() {
        return List.of(promises);
    }

    /** Nobody waits, so nothing is held for anybody. */
    void empty() {
        if (holding) {
            holding = false;
        }
    }

    boolean holding() {
        return holding;
    }

    void add(Waiter waiter) {
        TierLane lane = waiter.lane;
        if (lane.queue.head() == null) {
            // A tier that comes back starts level with those served: having been away earns no credit, also not
            // against a tier whose own queue is empty just now.
            lane.virtualTime = Math.max(lane.virtualTime, virtualNow);
            lane.owed = 0;
            lane.largest = 0;
        }
        lane.queue.add(waiter);
        waitingIn |= 1 << lane.rank;
    }

    /** Who is next in a tier of {@link #waitingIn}, or null, and then it is none of them any more. */
    private @Nullable Waiter headOf(TierLane lane) {
        Waiter head = lane.queue.head();
        if (head == null) {
            lane.owed = 0;
            waitingIn &= ~(1 << lane.rank);
        }
        return head;
    }

    /** What a request counts for: itself and its tokens. */
    static double work(int units) {
        return 1.0 + GateState.tokensOf(units);
    }

    /**
     * Grants as many as there is room for.
     *
     * @param passed work of arrivals that were admitted past those who wait
     * @param most where to stop
     * @return whether it stopped there, so that there may be more
     */
    boolean grant(Ceilings limits, double passed, int most, Clock clock) {
        if (passed > 0) {
            owe(null, passed, limits);
        }
        boolean held = false;
        double reserved = 0;
        int granted = 0;
        while (granted < most && !held) {
            TierLane owed = owed(limits);
            Throughput promise = owed == null && promises.length > 0 ? overdue(limits) : null;
            if (promise != null) {
                owed = promise.lane;
            }
            TierLane lane = owed != null ? owed : turn(reserved, limits);
            if (lane == null) {
                break;
            }
            Waiter head = promise != null ? promise.head() : headOf(lane);
            if (head == null) {
                // It left since it was looked at.
                continue;
            }
            int asked = head.units;
            int units = GateState.taken(asked, limits, lane.rank);
            // Before the room is taken, which a clock that fails would lose.
            long now = clock.nanos();
            if (!tryTake(units, limits, lane, owed != null)) {
                held = owed != null;
                reserved = limits.share(lane.rank);
                continue;
            }
            boolean ofTenant = promise != null && promise.tenant != null;
            if (grant(lane, head, units, owed == null, ofTenant, now)) {
                granted++;
                if (promises.length > 0) {
                    tellPromises(head, promisedTokens(asked, limits, lane.rank));
                }
                if (!settling.anyWaits()) {
                    break;
                }
                // Whose turn it is has changed, and with it for whom room is reserved: from the beginning, so that
                // another
                // wake-up without any change would grant nobody.
                reserved = 0;
                owe(lane, work(units), limits);
            }
        }
        if (held != holding) {
            holding = held;
        }
        return granted == most;
    }

    private boolean tryTake(int units, Ceilings limits, TierLane lane, boolean owed) {
        return owed ? state.tryTakeForFloor(units, limits) : state.tryTakeForWaiter(units, limits, lane.rank);
    }

    private void tellPromises(Waiter head, double tokens) {
        for (Throughput each : promises) {
            each.granted(head, tokens);
        }
    }

    private boolean grant(TierLane lane, Waiter head, int units, boolean inTurn, boolean ofTenant, long now) {
        if (head.deadlineNanos() - now < 0) {
            // Its timer is late. Nobody wants the answer any more: its room is for the next.
            state.giveBack(units);
            if (head.tryRefuse(Permit.EXPIRED, now)) {
                settling.expired(head);
            }
            remove(head, 0, ofTenant);
            return false;
        }
        int asked = head.units;
        if (!head.tryGrant(units, now)) {
            // It left a moment ago: its room is for the next.
            state.giveBack(units);
            remove(head, 0, ofTenant);
            return false;
        }
        remove(head, work(units), ofTenant);
        if (inTurn) {
            // Not where it was served for its floor: its weight says that it is far ahead of all, and who comes back
            // would be too.
            virtualNow = Math.max(virtualNow, lane.virtualTime);
        }
        lane.virtualTime += work(units) / lane.tier.weight();
        settling.granted(head, asked);
        return true;
    }

    /** @param ofTenant whether it is next of its tenant, and not of all */
    private static void remove(Waiter head, double service, boolean ofTenant) {
        WaitQueue queue = head.lane.queue;
        if (ofTenant) {
            queue.removeHeadOfTenant(head, service);
        } else {
            queue.removeHead(head, service);
        }
    }

    /** Notes what is owed to promises by now, also where there is no room for anybody. */
    void accrue(Ceilings limits, Clock clock) {
        if (promises.length == 0) {
            return;
        }
        long now = clock.nanos();
        double promised = 0;
        for (Throughput promise : promises) {
            promised += promise.head() == null ? 0 : promise.tokensPerSecond;
        }
        for (Throughput promise : promises) {
            promise.accrue(now, neededTokens(promise, limits), limits.limitSlots > 0, promised);
        }
    }

    private static double neededTokens(Throughput promise, Ceilings limits) {
        Waiter head = promise.head();
        return head == null ? -1 : promisedTokens(head.units, limits, promise.lane.rank);
    }

    /** What a request counts for in a promise: at least a unit, and what it asks for where the pool counts no tokens. */
    private static double promisedTokens(int asked, Ceilings limits, int rank) {
        int counted = limits.limitUnits == 0 ? asked : GateState.taken(asked, limits, rank);
        return (double) GateState.tokensOf(Math.max(1, counted));
    }

    /** The promise whose next request is due longest, or null. */
    private @Nullable Throughput overdue(Ceilings limits) {
        Throughput longest = null;
        double longestDue = 0;
        for (Throughput promise : promises) {
            double needed = neededTokens(promise, limits);
            double due = needed < 0 ? -1 : promise.overdue(needed);
            if (due >= 0 && (longest == null || due > longestDue)) {
                longest = promise;
                longestDue = due;
            }
        }
        return longest;
    }

    /** Charges a tier and a tenant what a request took beyond what it was granted for, or gives back what it took less. */
    void correct(TierLane lane, String tenant, double tokens) {
        lane.virtualTime += tokens / lane.tier.weight();
        lane.queue.correct(tenant, tokens);
        for (Throughput promise : promises) {
            promise.corrected(lane, tenant, tokens);
        }
    }

    /** Notes what is owed to the floors of those who wait, of work that went to one tier, or to none of theirs. */
    private void owe(@Nullable TierLane served, double work, Ceilings limits) {
        for (int rest = waitingIn; rest != 0; rest &= rest - 1) {
            TierLane lane = lanes[Integer.numberOfTrailingZeros(rest)];
            Waiter head = lane.tier.floor() > 0 ? headOf(lane) : null;
            if (head != null) {
                double share = lane.tier.floor() * work - (lane == served ? work : 0);
                if (lane == served) {
                    lane.largest = work;
                }
                // Two heads at most, so that what cannot be served for a while does not come in a burst; bounded before
                // the
                // share is added, or what is more than a head would be lost each time.
                double most = 2 * Math.max(lane.largest, needed(lane, head, limits));
                lane.owed = Math.max(0, Math.min(lane.owed, most) + share);
            }
        }
    }

    private static double needed(TierLane lane, Waiter head, Ceilings limits) {
        return work(GateState.taken(head.units, limits, lane.rank));
    }

    private @Nullable TierLane owed(Ceilings limits) {
        for (int rest = waitingIn; rest != 0; rest &= rest - 1) {
            TierLane lane = lanes[Integer.numberOfTrailingZeros(rest)];
            Waiter head = lane.owed > 0 ? headOf(lane) : null;
            // A hair less: a sum of many shares is not exact.
            if (head != null && lane.owed >= needed(lane, head, limits) * (1 - 1e-9)) {
                return lane;
            }
        }
        return null;
    }

    /** Whose turn it is of those who wait and may fill more than this; ties go to rank. */
    private @Nullable TierLane turn(double reserved, Ceilings limits) {
        boolean weighted = order.alwaysWeighted() || order.weightedAt(state.saturationWithOneMore(limits));
        if (weighted && !byWeight) {
            // Who was passed over by rank earned nothing by it.
            for (TierLane lane : lanes) {
                lane.virtualTime = Math.max(lane.virtualTime, virtualNow);
            }
        }
        byWeight = weighted;
        TierLane best = null;
        for (int rest = waitingIn; rest != 0; rest &= rest - 1) {
            TierLane lane = lanes[Integer.numberOfTrailingZeros(rest)];
            if (limits.share(lane.rank) > reserved
                    && (best == null || (weighted && lane.virtualTime < best.virtualTime))
                    && headOf(lane) != null) {
                best = lane;
            }
        }
        return best;
    }

    /** The time, read when first asked and then kept for a batch. */
    interface Clock {

        long nanos();
    }
}
