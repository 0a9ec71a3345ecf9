/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.limit;

/**
 * How the factor of one replica follows its engine: a pure function of what was seen.
 *
 * <p>All requests of the engine make {@code running + waiting}; with only so many that {@code waitingPerReplica} of them wait, it
 * would be {@code running + waitingPerReplica}. What the gate has in flight there is cut in that proportion, so that several
 * gateways in front of one engine each give up the same part of their own. Example: 64 run, 36 wait, 100 in flight of ours,
 * of 256 slots: to 100 × 66 ÷ 100 = 66 slots; but no more than {@code largestCut} at once, so to 256 × 0.7 = 179 first, then
 * 125, 88, 66.
 */
final class EngineLaw {

    /** In flight, as a part of the limit, from which on the limit is what holds requests back. */
    static final double BINDING = 0.9;

    /** Part of the KV cache's target below which more may be sent: what is sent now grows there for as long as it is answered. */
    private static final double KV_ROOM = 0.9;

    /** What remains where a sign of overload has no size: a preemption, a slow first token. */
    private static final double PLAIN_CUT = 0.9;

    private static final int MOST_DOUBLINGS = 20;

    private EngineLaw() {}

    /**
     * What is known of one replica. {@code NaN} stands for a figure that is not known.
     *
     * @param slots what the replica holds in full
     * @param factor part of it that is promised now
     * @param raises raises since the last cut
     * @param inFlight own requests there, now
     * @param credit requests sent there since the reading was taken, less those that ended: not in the reading yet
     * @param running requests in the batch, by the reading
     * @param waiting requests that wait in the engine, by the reading
     * @param standing the least that waited at this reading and at the one before, credit included; {@code NaN} unless both have
     *     seen the last change
     * @param kvCache part of the KV cache in use
     * @param preempted whether the engine has put requests back since the reading before
     * @param slow whether the first token took too long at this reading and at the one before
     * @param within whether own requests had come down to the limit when the reading was taken
     * @param binding whether the limit held requests back, then and now
     */
    record Look(
            double slots,
            double factor,
            int raises,
            double inFlight,
            double credit,
            double running,
            double waiting,
            double standing,
            double kvCache,
            boolean preempted,
            boolean slow,
            boolean within,
            boolean binding) {}

    /**
     * @param factor the part of the replica to promise from now on
     * @param raises raises since the last cut
     */
    record Verdict(double factor, int raises) {}

    static Verdict decide(LimitSettings settings, Look look) {
        double keep = Math.min(keptForWaiting(settings, look), keptForOthers(settings, look));
        if (keep < 1) {
            // What is above the limit leaves by itself; until it has, the engine has not shown what the limit does.
            return look.within() ? cut(settings, look, keep) : hold(look);
        }
        return look.binding() ? raise(settings, look) : hold(look);
    }

    private static Verdict hold(Look look) {
        return new Verdict(look.factor(), look.raises());
    }

    /** Requests that may wait in the engine before the factor is cut. */
    private static double tolerated(LimitSettings settings, Look look) {
        return Math.max(settings.waitingPerReplica(), settings.waitingShare() * look.factor() * look.slots());
    }

    private static double keptForWaiting(LimitSettings settings, Look look) {
        // Not so where it is not known whether anybody stands.
        boolean stands = look.standing() > tolerated(settings, look);
        if (!stands) {
            return 1;
        }
        if (!(look.standing() > settings.waitingPerReplica())) {
            return 1;
        }
        double running = Double.isNaN(look.running()) ? Math.max(0, look.inFlight() - look.standing()) : look.running();
        return (running + settings.waitingPerReplica()) / (running + look.standing());
    }

    private static double keptForOthers(LimitSettings settings, Look look) {
        double keep = look.preempted() || look.slow() ? PLAIN_CUT : 1;
        return look.kvCache() > settings.kvCacheTarget()
                ? Math.min(keep, settings.kvCacheTarget() / look.kvCache())
                : keep;
    }

    private static Verdict cut(LimitSettings settings, Look look, double keep) {
        double used = Math.min(look.factor(), look.inFlight() / look.slots());
        double most = look.factor() * (1 - settings.largestCut());
        double factor = Math.max(settings.minShare(), Math.max(used * keep, most));
        return new Verdict(Math.min(look.factor(), factor), 0);
    }

    private static Verdict raise(LimitSettings settings, Look look) {
        double waiting = look.waiting() + Math.max(0, look.credit());
        double most = Math.max(settings.waitingPerReplica(), tolerated(settings, look) / 2);
        double room = waiting == 0 ? Double.POSITIVE_INFINITY : most - waiting;
        // Not so for NaN: what is not known allows nothing.
        boolean engineHasRoom = room >= 1;
        boolean cacheHasRoom = !(look.kvCache() > KV_ROOM * settings.kvCacheTarget());
        if (!engineHasRoom || !cacheHasRoom) {
            return new Verdict(look.factor(), Math.max(0, look.raises() - 1));
        }
        double share = settings.smallestRaise() * (1 << Math.min(look.raises(), MOST_DOUBLINGS));
        double step = Math.max(1, Math.min(share, settings.largestRaise()) * look.slots());
        double factor = Math.min(settings.maxShare(), look.factor() + Math.min(step, room) / look.slots());
        return new Verdict(Math.max(look.factor(), factor), look.raises() + 1);
    }
}
