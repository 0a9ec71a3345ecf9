/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import io.tidegate.admission.Admission.Reason;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.supply.Supply;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * What a gate does, written down as plainly as possible: one thread, lists, nothing kept that can be counted anew. The
 * standard by which the real one is judged.
 *
 * <p>Answers are appended to {@link #answers} as {@code "id answer"} in the order in which they are given.
 */
final class PlainGate {

    private static final int UNIT = 16;

    final List<String> answers = new ArrayList<>();

    private final List<Tier> tiers;
    private final int maxQueued;
    private final List<Waiter> queue = new ArrayList<>();
    private final Map<Integer, Running> running = new LinkedHashMap<>();
    private final Map<Tier, Double> service = new LinkedHashMap<>();
    private final Map<Tier, Counts> counts = new LinkedHashMap<>();
    private double level;
    private long now;
    private double meanInFlight;
    private Supply supply;
    private boolean closed;

    /** Times are relative to the start. */
    private record Waiter(int id, Tier tier, long tokens, long arrived, long expires) {}

    private record Running(Tier tier, long units, long admitted) {}

    /** As a gate counts them. */
    static final class Counts {
        long arrivals;
        long admitted;
        long shed;
        long expired;
        long cancelled;
        long closed;
        long kept;
        long broken;
    }

    PlainGate(List<Tier> tiers, int maxQueued, Supply supply) {
        this.tiers = tiers;
        this.maxQueued = maxQueued;
        this.supply = supply;
        for (Tier tier : tiers) {
            service.put(tier, 0.0);
            counts.put(tier, new Counts());
        }
    }

    // ---- operations ------------------------------------------------------------------------------------------------

    void ask(int id, Request request, boolean waits) {
        Tier tier = request.tier();
        counts.get(tier).arrivals++;
        if (!closed && nobodyBefore(tier) && fits(tier, request.tokens())) {
            admit(id, tier, request.tokens(), now);
            return;
        }
        Reason refusal = waits ? refusal(request) : closed ? Reason.DRAINING : Reason.NO_ROOM;
        if (refusal != null) {
            shed(id, tier, refusal);
            return;
        }
        if (queued(tier) == 0) {
            service.merge(tier, level, Math::max);
        }
        queue.add(new Waiter(
                id, tier, request.tokens(), now, now + request.maxQueueTime().toNanos()));
        if (queue.size() > maxQueued) {
            evict();
        }
        grant();
    }

    boolean cancel(int id) {
        for (Waiter waiter : queue) {
            if (waiter.id == id) {
                queue.remove(waiter);
                counts.get(waiter.tier).cancelled++;
                answers.add(id + " cancelled " + (now - waiter.arrived));
                grant();
                return true;
            }
        }
        return false;
    }

    boolean giveBack(int id, Outcome outcome) {
        Running ended = running.remove(id);
        if (ended == null) {
            return false;
        }
        Counts of = counts.get(ended.tier);
        of.closed++;
        grant();
        if (outcome != Outcome.CANCELLED) {
            double held = now - ended.admitted;
            meanInFlight = meanInFlight == 0 ? held : meanInFlight + (held - meanInFlight) / 32;
            if (outcome == Outcome.FAILED) {
                of.broken++;
            } else {
                of.kept++;
            }
        }
        return true;
    }

    void advance(long nanos) {
        long target = now + nanos;
        while (true) {
            Waiter next = queue.stream()
                    .filter(each -> each.expires <= target)
                    .min(Comparator.comparingLong(Waiter::expires).thenComparingInt(Waiter::id))
                    .orElse(null);
            if (next == null) {
                break;
            }
            now = next.expires;
            queue.remove(next);
            counts.get(next.tier).expired++;
            counts.get(next.tier).broken++;
            answers.add(next.id + " expired " + (now - next.arrived));
            grant();
        }
        now = target;
    }

    void supply(Supply changed) {
        supply = changed;
        grant();
    }

    void close() {
        closed = true;
        for (Tier tier : tiers) {
            for (Waiter waiter : List.copyOf(queue)) {
                if (waiter.tier == tier) {
                    queue.remove(waiter);
                    shed(waiter.id, tier, Reason.DRAINING);
                }
            }
        }
    }

    // ---- what can be read ------------------------------------------------------------------------------------------

    Work inFlight() {
        return new Work(running.size(), unitsInFlight() * UNIT);
    }

    int queued() {
        return queue.size();
    }

    long queued(Tier tier) {
        return queue.stream().filter(each -> each.tier == tier).count();
    }

    long inFlight(Tier tier) {
        return running.values().stream().filter(each -> each.tier == tier).count();
    }

    long oldestAge(Tier tier) {
        return queue.stream()
                .filter(each -> each.tier == tier)
                .mapToLong(each -> now - each.arrived)
                .max()
                .orElse(0);
    }

    Counts counts(Tier tier) {
        return counts.get(tier);
    }

    /** Seconds until a newcomer would be granted, by small steps instead of in closed form; empty if nothing tells. */
    OptionalDouble predictedWait(Tier tier) {
        if (nobodyBefore(tier) && fits(tier, 1)) {
            return OptionalDouble.of(0);
        }
        return waitOf(ahead(tier));
    }

    // ---- how it works ----------------------------------------------------------------------------------------------

    private long unitsInFlight() {
        return running.values().stream().mapToLong(Running::units).sum();
    }

    private long slotsFor(Tier tier) {
        long slots = (long) (supply.limit().slots() * tier.ceiling());
        return supply.limit().slots() == 0 ? 0 : Math.max(1, slots);
    }

    private long unitsFor(Tier tier) {
        return (long) (supply.limit().tokens() * tier.ceiling()) / UNIT;
    }

    private long units(Tier tier, long tokens) {
        return Math.min((tokens + UNIT - 1) / UNIT, unitsFor(tier));
    }

    private boolean fits(Tier tier, long tokens) {
        return running.size() + 1 <= slotsFor(tier) && unitsInFlight() + units(tier, tokens) <= unitsFor(tier);
    }

    private boolean nobodyBefore(Tier tier) {
        return queue.stream().allMatch(each -> each.tier.ceiling() < tier.ceiling());
    }

    private void admit(int id, Tier tier, long tokens, long arrived) {
        running.put(id, new Running(tier, units(tier, tokens), now));
        counts.get(tier).admitted++;
        answers.add(id + " admitted " + (now - arrived));
    }

    private void shed(int id, Tier tier, Reason reason) {
        counts.get(tier).shed++;
        counts.get(tier).broken++;
        answers.add(id + " shed " + reason);
    }

    private Reason refusal(Request request) {
        Tier tier = request.tier();
        if (closed) {
            return Reason.DRAINING;
        }
        if (request.maxQueueTime().isZero()) {
            return Reason.NO_ROOM;
        }
        OptionalDouble wait = waitOf(ahead(tier));
        if (wait.isPresent()
                && wait.getAsDouble() * 1e9 > request.maxQueueTime().toNanos()) {
            return Reason.WAIT_TOO_LONG;
        }
        boolean lowerWaits = queue.stream().anyMatch(each -> tiers.indexOf(each.tier) > tiers.indexOf(tier));
        if (queued(tier) >= tier.maxQueued() || (queue.size() >= maxQueued && !lowerWaits)) {
            return supply.replicas().ready() == 0 ? Reason.NO_CAPACITY : Reason.QUEUE_FULL;
        }
        return null;
    }

    private void evict() {
        Waiter out = queue.stream()
                .max(Comparator.<Waiter>comparingInt(each -> tiers.indexOf(each.tier))
                        .thenComparingInt(Waiter::id))
                .orElseThrow();
        queue.remove(out);
        shed(out.id, out.tier, Reason.EVICTED);
    }

    private void grant() {
        double reserved = 0;
        while (true) {
            Tier turn = null;
            for (Tier tier : tiers) {
                if (tier.ceiling() > reserved
                        && queued(tier) > 0
                        && (turn == null || service.get(tier) < service.get(turn))) {
                    turn = tier;
                }
            }
            if (turn == null) {
                return;
            }
            Tier tier = turn;
            Waiter head =
                    queue.stream().filter(each -> each.tier == tier).findFirst().orElseThrow();
            if (!fits(tier, head.tokens)) {
                reserved = tier.ceiling();
                continue;
            }
            queue.remove(head);
            level = Math.max(level, service.get(tier));
            service.merge(tier, (1 + units(tier, head.tokens) * UNIT) / tier.weight(), Double::sum);
            admit(head.id, tier, head.tokens, head.arrived);
        }
    }

    private long ahead(Tier tier) {
        double own = queued(tier) + 1.0;
        double ahead = own;
        for (Tier other : tiers) {
            if (other == tier || other.ceiling() < tier.ceiling()) {
                continue;
            }
            ahead += other.ceiling() > tier.ceiling()
                    ? queued(other)
                    : Math.min((double) queued(other), (own - 0.5) * other.weight() / tier.weight());
        }
        return (long) Math.ceil(ahead);
    }

    private OptionalDouble waitOf(long ahead) {
        int ready = supply.replicas().ready();
        int due = supply.replicas().due();
        if (meanInFlight == 0 || ready + due == 0) {
            return OptionalDouble.empty();
        }
        double mean = meanInFlight / 1e9;
        double oneReplica = ready > 0
                ? Math.max(1, running.size()) / mean / ready
                : supply.replicaWork().slots() / mean;
        double at = 0;
        double left = ahead;
        for (int come = 0; come <= due; come++) {
            double rate = oneReplica * (ready + come);
            double until = come == due
                    ? Double.POSITIVE_INFINITY
                    : Math.max(at, (supply.replicas().dueNanos().get(come) - now) / 1e9);
            if (left <= rate * (until - at)) {
                return OptionalDouble.of(at + left / rate);
            }
            left -= rate * (until - at);
            at = until;
        }
        return OptionalDouble.of(Double.POSITIVE_INFINITY);
    }
}
