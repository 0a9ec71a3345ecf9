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
    private final Map<Tier, Double> largest = new LinkedHashMap<>();
    private final Map<Tier, Double> owed = new LinkedHashMap<>();
    private final Map<Tier, Double> tenantLevel = new LinkedHashMap<>();
    private final Map<Tier, Map<String, Tenant>> tenants = new LinkedHashMap<>();
    private final TierOrder order;
    private boolean byWeight = true;
    private boolean holding;
    private double passed;
    private final Map<Tier, Counts> counts = new LinkedHashMap<>();
    private double level;
    private long now;
    private double meanInFlight;
    private Supply supply;
    private boolean closed;

    /** Times are relative to the start. */
    private record Waiter(int id, Tier tier, String tenant, long tokens, long arrived, long expires) {}

    private static final class Tenant {
        double service;
        final int number;

        Tenant(int number) {
            this.number = number;
        }
    }

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

    PlainGate(List<Tier> tiers, int maxQueued, TierOrder order, Supply supply) {
        this.tiers = tiers;
        this.order = order;
        this.maxQueued = maxQueued;
        this.supply = supply;
        for (Tier tier : tiers) {
            service.put(tier, 0.0);
            owed.put(tier, 0.0);
            tenantLevel.put(tier, 0.0);
            tenants.put(tier, new LinkedHashMap<>());
            counts.put(tier, new Counts());
        }
    }

    // ---- operations ------------------------------------------------------------------------------------------------

    /** @param start the gate's clock at the beginning, from which deadlines are counted here */
    void ask(int id, Request request, boolean waits, long start) {
        Tier tier = request.tier();
        counts.get(tier).arrivals++;
        long expires = request.deadlineNanos(now + start) - start;
        if (request.hasDeadline() && expires < now) {
            shed(id, tier, Reason.DEADLINE_PASSED);
            return;
        }
        if (!closed && mayPass(tier) && fits(tier, request.tokens())) {
            passed += work(tier, request.tokens());
            admit(id, tier, request.tokens(), now);
            // Who does not wait learns its answer when the others have been told theirs.
            String answer = waits ? "" : answers.remove(answers.size() - 1);
            grant();
            if (!waits) {
                answers.add(answer);
            }
            return;
        }
        Reason refusal = waits ? refusal(request, expires) : closed ? Reason.DRAINING : Reason.NO_ROOM;
        if (refusal != null) {
            shed(id, tier, refusal);
            return;
        }
        if (queued(tier) == 0) {
            service.merge(tier, level, Math::max);
            owed.put(tier, 0.0);
            largest.put(tier, 0.0);
        }
        Tenant tenant = tenants.get(tier)
                .computeIfAbsent(
                        request.tenant(), name -> new Tenant(tenants.get(tier).size()));
        if (queue.stream().noneMatch(each -> each.tier == tier && each.tenant.equals(request.tenant()))) {
            tenant.service = Math.max(tenant.service, tenantLevel.get(tier));
        }
        queue.add(new Waiter(id, tier, request.tenant(), request.tokens(), now, expires));
        while (overfull(tier)) {
            evict(tier);
        }
        if (queue.size() > maxQueued) {
            evict(queue.stream()
                    .map(Waiter::tier)
                    .max(Comparator.comparingInt(tiers::indexOf))
                    .orElseThrow());
        }
        grant();
    }

    private boolean overfull(Tier tier) {
        return queued(tier) > tier.maxQueued() || unitsQueued(tier) > tier.maxQueuedTokens() / UNIT;
    }

    private long unitsQueued(Tier tier) {
        return queue.stream()
                .filter(each -> each.tier == tier)
                .mapToLong(each -> queuedUnits(tier, each.tokens))
                .sum();
    }

    private long queued(Tier tier, String tenant) {
        return queue.stream()
                .filter(each -> each.tier == tier && each.tenant.equals(tenant))
                .count();
    }

    /** Tenants of which somebody waits, and this one. */
    private long tenantsWith(Tier tier, String tenant) {
        return java.util.stream.Stream.concat(
                        queue.stream().filter(each -> each.tier == tier).map(Waiter::tenant),
                        java.util.stream.Stream.of(tenant))
                .distinct()
                .count();
    }

    private boolean belowAverage(Tier tier, String tenant) {
        return (queued(tier, tenant) + 1) * tenantsWith(tier, tenant) <= queued(tier);
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
            meanInFlight = meanInFlight < 1 ? 0 : meanInFlight;
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
            // All whose time runs out at this instant, before anybody is granted what they leave.
            for (Waiter each : List.copyOf(queue)) {
                if (each.expires == now) {
                    queue.remove(each);
                    counts.get(each.tier).expired++;
                    counts.get(each.tier).broken++;
                    answers.add(each.id + " expired " + (now - each.arrived));
                }
            }
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
            for (Waiter head = head(tier); head != null; head = head(tier)) {
                queue.remove(head);
                shed(head.id, tier, Reason.DRAINING);
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
        if (mayPass(tier) && fits(tier, 1)) {
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
        return supply.limit().tokens() == 0
                ? 0
                : Math.max(1, (long) (supply.limit().tokens() * tier.ceiling()) / UNIT);
    }

    private long units(Tier tier, long tokens) {
        return Math.min((tokens + UNIT - 1) / UNIT, unitsFor(tier));
    }

    private boolean fits(Tier tier, long tokens) {
        return running.size() + 1 <= slotsFor(tier)
                && (unitsFor(tier) == 0 || unitsInFlight() + Math.max(1, units(tier, tokens)) <= unitsFor(tier));
    }

    private boolean mayPass(Tier tier) {
        return (queue.isEmpty() || !holding) && queue.stream().allMatch(each -> each.tier.ceiling() < tier.ceiling());
    }

    private double work(Tier tier, long tokens) {
        return 1.0 + units(tier, tokens) * UNIT;
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

    private Reason refusal(Request request, long expires) {
        Tier tier = request.tier();
        if (closed) {
            return Reason.DRAINING;
        }
        if (expires <= now) {
            return Reason.NO_ROOM;
        }
        OptionalDouble wait = waitOf(ahead(tier));
        long inTurn = (queued(tier, request.tenant()) + 1) * tenantsWith(tier, request.tenant());
        OptionalDouble waitInTurn = inTurn > queued(tier) ? wait : waitOf(ahead(tier, inTurn));
        if (wait.isPresent()
                && wait.getAsDouble() * 1e9 > expires - now
                && waitInTurn.getAsDouble() * 1e9 > expires - now) {
            return Reason.WAIT_TOO_LONG;
        }
        boolean lowerWaits = queue.stream().anyMatch(each -> tiers.indexOf(each.tier) > tiers.indexOf(tier));
        boolean below = belowAverage(tier, request.tenant());
        boolean tooMany = unitsQueued(tier) + queuedUnits(tier, request.tokens()) > tier.maxQueuedTokens() / UNIT
                || queued(tier) >= tier.maxQueued();
        boolean share = (queued(tier, request.tenant()) + 1)
                        * tenantsWith(tier, request.tenant())
                        * queuedUnits(tier, request.tokens())
                <= tier.maxQueuedTokens() / UNIT;
        if ((tooMany && !(below && share)) || (queue.size() >= maxQueued && !lowerWaits && !below)) {
            return supply.replicas().ready() == 0 ? Reason.NO_CAPACITY : Reason.QUEUE_FULL;
        }
        return null;
    }

    private static long queuedUnits(Tier tier, long tokens) {
        return Math.min((tokens + UNIT - 1) / UNIT, Math.max(1, tier.maxQueuedTokens() / UNIT / 2));
    }

    /** The last of the tenant that most of this tier wait of. */
    private void evict(Tier tier) {
        String longest = queue.stream()
                .filter(each -> each.tier == tier)
                .map(Waiter::tenant)
                .max(Comparator.<String>comparingLong(tenant -> queued(tier, tenant))
                        .thenComparingInt(tenant -> tenants.get(tier).get(tenant).number))
                .orElseThrow();
        Waiter out = queue.stream()
                .filter(each -> each.tier == tier && each.tenant.equals(longest))
                .max(Comparator.comparingLong(Waiter::expires).thenComparingInt(Waiter::id))
                .orElseThrow();
        queue.remove(out);
        shed(out.id, out.tier, Reason.EVICTED);
    }

    private Waiter head(Tier tier) {
        return queue.stream()
                .filter(each -> each.tier == tier)
                .min(Comparator.<Waiter>comparingDouble(each -> tenantOf(each).service)
                        .thenComparingInt(each -> tenantOf(each).number)
                        .thenComparingLong(Waiter::expires)
                        .thenComparingInt(Waiter::id))
                .orElse(null);
    }

    private Tenant tenantOf(Waiter waiter) {
        return tenants.get(waiter.tier).get(waiter.tenant);
    }

    private void grant() {
        if (queue.isEmpty()) {
            passed = 0;
            return;
        }
        owe(null, passed);
        passed = 0;
        holding = false;
        double reserved = 0;
        while (true) {
            Tier forFloor = tiers.stream()
                    .filter(tier -> queued(tier) > 0 && owed.get(tier) > 0)
                    .filter(tier -> owed.get(tier) >= work(tier, head(tier).tokens) * (1 - 1e-9))
                    .findFirst()
                    .orElse(null);
            Tier tier = forFloor != null ? forFloor : turn(reserved);
            if (tier == null) {
                return;
            }
            Waiter head = head(tier);
            boolean room = forFloor != null ? fitsTheLimit(tier, head.tokens) : fits(tier, head.tokens);
            if (!room) {
                if (forFloor != null) {
                    holding = true;
                    return;
                }
                reserved = tier.ceiling();
                continue;
            }
            queue.remove(head);
            double work = work(tier, head.tokens);
            Tenant tenant = tenantOf(head);
            tenantLevel.put(tier, tenant.service);
            tenant.service += work;
            if (forFloor == null) {
                level = Math.max(level, service.get(tier));
            }
            service.merge(tier, work / tier.weight(), Double::sum);
            admit(head.id, tier, head.tokens, head.arrived);
            owe(tier, work);
            reserved = 0;
        }
    }

    private Tier turn(double reserved) {
        double slots = (running.size() + 1.0) / Math.max(1, supply.limit().slots());
        double units = (double) unitsInFlight() / Math.max(1, supply.limit().tokens() / UNIT);
        boolean weighted = order.weightedAt(Math.max(slots, units));
        if (weighted && !byWeight) {
            tiers.forEach(tier -> service.merge(tier, level, Math::max));
        }
        byWeight = weighted;
        Tier turn = null;
        for (Tier tier : tiers) {
            if (tier.ceiling() > reserved
                    && queued(tier) > 0
                    && (turn == null || (weighted && service.get(tier) < service.get(turn)))) {
                turn = tier;
            }
        }
        return turn;
    }

    private boolean fitsTheLimit(Tier tier, long tokens) {
        long all = supply.limit().tokens() == 0 ? 0 : Math.max(1, supply.limit().tokens() / UNIT);
        return running.size() + 1 <= supply.limit().slots()
                && (all == 0 || unitsInFlight() + Math.max(1, units(tier, tokens)) <= all);
    }

    private void owe(Tier served, double work) {
        for (Tier tier : tiers) {
            double share = tier.floor() * work - (tier == served ? work : 0);
            if (queued(tier) == 0) {
                owed.put(tier, 0.0);
            } else if (work > 0) {
                double most = work(tier, head(tier).tokens);
                if (tier == served) {
                    largest.put(tier, work);
                }
                most = 2 * Math.max(most, largest.getOrDefault(tier, 0.0));
                owed.put(tier, Math.max(0, Math.min(owed.get(tier), most) + share));
            }
        }
    }

    private long ahead(Tier tier) {
        return ahead(tier, queued(tier) + 1);
    }

    private long ahead(Tier tier, long ownCount) {
        double own = (double) ownCount;
        double ahead = own;
        for (Tier other : tiers) {
            if (other == tier || other.ceiling() < tier.ceiling()) {
                continue;
            }
            ahead += other.ceiling() > tier.ceiling()
                    ? queued(other)
                    : Math.min((double) queued(other), (own - 0.5) * other.weight() / tier.weight());
        }
        return (long) Math.ceil(tier.floor() > 0 ? Math.min(ahead, own / tier.floor()) : ahead);
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
