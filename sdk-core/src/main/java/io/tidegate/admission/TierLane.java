/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import io.tidegate.admission.Admission.Reason;
import io.tidegate.pool.LatencySnapshot;
import io.tidegate.pool.PoolLoad;
import io.tidegate.pool.Tier;
import io.tidegate.quota.QuotaTier;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * One tier's side of a gate: its waiters and its counts.
 *
 * <p>The queue and what decides its turn belong to the owner of the drain and are plain. {@code places} is exact and shared: a
 * place is taken before the ticket is queued and given back by whoever settles the ticket. Counters are striped and may be
 * read while they move.
 */
@SuppressWarnings("EnumOrdinal") // an array is the quickest map from an enum, and none of them leaves this package
final class TierLane {

    /* What is counted. What follows from other counts is not counted again: arrivals are all answers and those who wait, and
     * promises are kept by all that ended and broke none. So most requests touch four counters. */

    static final int ADMITTED = 0;
    static final int ADMITTED_UNITS = 1;
    static final int RETURNED_UNITS = 2;
    static final int IN_FLIGHT_NANOS = 3;
    static final int PROMPT_TOKENS = 4;
    static final int OUTPUT_TOKENS = 5;
    static final int LEAKED = 6;
    static final int EXPIRED = 7;
    static final int CANCELLED = 8;
    /** Requests that broke a promise while no scale event was under way, and while one was. */
    static final int BROKEN = 9;

    static final int BROKEN_SCALING = 10;
    static final int KEPT_SCALING = 11;
    /** Requests shed while a scale event was under way; those that were not are the others. */
    static final int SHED_SCALING = 12;
    /** Requests that came back after they had been refused. */
    static final int RETRIES = 13;

    /** One for each reason. */
    static final int SHED = 14;
    /** One for each objective, twice: without and with a scale event under way. */
    static final int OBJECTIVE = SHED + Reason.values().length;

    /** Recent permits of each stripe. A power of 2. */
    static final int RECENT = 256;

    /** So many times in a row, a second apart, nobody counts on a stripe: somebody's stack ended while it did. */
    private static final int ABANDONED = 3;

    private static final VarHandle REFUSALS = MethodHandles.arrayElementVarHandle(Refusals[].class);
    private static final VarHandle RECENT_SLOT = MethodHandles.arrayElementVarHandle(Permit[].class);
    private static final VarHandle OLDEST;
    private static final VarHandle ANY_OLDEST;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            OLDEST = lookup.findVarHandle(TierLane.class, "oldestArrivedNanos", long.class);
            ANY_OLDEST = lookup.findVarHandle(TierLane.class, "anyOldest", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private static final Reason[] REASONS = Reason.values();
    static final Objective[] OBJECTIVES = Objective.values();

    private static final long PLACE = 1;
    private static final long COUNT_MASK = (1L << 22) - 1;

    /** Tenants are counted in cells, of which there are fewer than these 11 bits hold. */
    private static final long TENANT = COUNT_MASK + 1;

    private static final long TENANT_MASK = (1L << 11) - 1;
    private static final int TENANT_SHIFT = 22;
    private static final int UNIT_SHIFT = 33;

    /** Half of what can be counted, so that one that takes the place of another is counted too: 17 billion tokens. */
    private static final long MOST_UNITS = 1L << 30;

    private static final int MOST_QUEUED = (int) COUNT_MASK / 2;

    final Gate gate;
    final Tier tier;
    final int rank;
    final WaitQueue queue;
    final Tally tally = new Tally();
    final SloWindow slo;
    final OutputLengths outputs = new OutputLengths();
    final Appointments appointments;
    final TenantCounts tenants;

    /** Whether anybody was ever given a time to come back at. */
    volatile boolean appoints;

    /** The tier's quota, if there are quotas. */
    @Nullable
    QuotaTier quota;

    /** What the SLO promises; {@link Long#MAX_VALUE} where it promises nothing. */
    final long maxFirstTokenNanos;

    final long maxTokenNanos;

    /** Permits given last on each stripe, for the leak detector; null where there is none. */
    private final @Nullable Permit @Nullable [][] recent;

    /** How often in a row each stripe was claimed when its ring was to be taken. Of whoever looks for leaks. */
    private final int[] busy = new int[Tally.STRIPES];

    private final LatencyHistogram[] latencies;
    private final @Nullable Refusals[] refusals = new @Nullable Refusals[REASONS.length];

    /** Requests in queue (bits 0–21), tenants they are of (22–32), and their tokens in units (the others). */
    private final AtomicLong places = new AtomicLong();

    private final int maxQueued;
    private final long maxQueuedUnits;
    /** 1 ÷ the longest time in queue: a product is quicker than a quotient. */
    private final double perMaxQueueNanos;

    /** Work served divided by weight; the tier with the least is next. Owner only. */
    double virtualTime;

    /** Work its floor entitles it to beyond what it got. Owner only. */
    double owed;

    /** Work it was granted last since it came back. Owner only. */
    double largest;

    /** Arrival of the longest waiter, published by the owner after each drain; meaningful if {@code anyOldest}. */
    @SuppressWarnings("unused") // through the VarHandle
    private long oldestArrivedNanos;

    @SuppressWarnings("unused") // through the VarHandle
    private boolean anyOldest;

    @SuppressWarnings("this-escape") // kept, not used, by what is made here
    TierLane(Gate gate, Tier tier, int rank, WaitQueue queue, long nowNanos, boolean findsLeaks) {
        this(gate, tier, rank, queue, nowNanos, findsLeaks, 1);
    }

    @SuppressWarnings("this-escape") // kept, not used, by what is made here
    TierLane(Gate gate, Tier tier, int rank, WaitQueue queue, long nowNanos, boolean findsLeaks, long seed) {
        this.tenants = new TenantCounts(seed);
        this.gate = gate;
        this.tier = tier;
        this.rank = rank;
        this.queue = queue;
        this.appointments = new Appointments(nowNanos);
        this.slo = new SloWindow(nowNanos);
        this.perMaxQueueNanos = 1 / (double) Math.max(1, tier.maxQueueTime().toNanos());
        this.maxQueued = Math.min(tier.maxQueued(), MOST_QUEUED);
        this.maxQueuedUnits = Math.min(tier.maxQueuedTokens() / GateState.TOKENS_PER_UNIT, MOST_UNITS);
        this.maxFirstTokenNanos = bound(tier.slo().timeToFirstToken());
        this.maxTokenNanos = bound(tier.slo().timePerOutputToken());
        this.recent = findsLeaks ? new @Nullable Permit[Tally.STRIPES][RECENT] : null;
        this.latencies = new LatencyHistogram[Latency.values().length];
        for (int i = 0; i < latencies.length; i++) {
            latencies[i] = new LatencyHistogram();
        }
    }

    /** A time in queue as a part of what this tier allows. */
    double shareOfBound(long waitedNanos) {
        return (double) waitedNanos * perMaxQueueNanos;
    }

    private static long bound(Optional<Duration> promised) {
        return promised.map(Duration::toNanos).orElse(Long.MAX_VALUE);
    }

    // ---- places ----------------------------------------------------------------------------------------------------

    int waiting() {
        return (int) (places.get() & COUNT_MASK);
    }

    /** What a request counts for in queue: its tokens, up to half of what may be queued, so that one alone closes no tier. */
    int queuedUnits(Request request) {
        return (int) Math.min(request.units, Math.max(1, maxQueuedUnits / 2));
    }

    /** Takes a place to wait, unless the tier's are all taken or its waiters would hold too many tokens. */
    boolean reservePlace(int units, String tenant) {
        long seen = places.get();
        if (!hasPlace(seen, units)) {
            return false;
        }
        boolean first = tenants.came(tenant);
        long taken = PLACE + ((long) units << UNIT_SHIFT) + (first ? TENANT : 0);
        seen = places.get();
        while (hasPlace(seen, units)) {
            long found = places.compareAndExchange(seen, seen + taken);
            if (found == seen) {
                return true;
            }
            seen = found;
        }
        // Others of its tenant may have come meanwhile, and left it to this one to count the tenant.
        boolean last = tenants.left(tenant);
        if (first != last) {
            places.addAndGet(first ? TENANT : -TENANT);
        }
        return false;
    }

    private boolean hasPlace(long seen, int units) {
        return (seen & COUNT_MASK) < maxQueued && (seen >>> UNIT_SHIFT) + units <= maxQueuedUnits;
    }

    /** Takes a place beyond those there are, for which {@link Gate} takes one from the tenant that has most of them. */
    void takePlaceOfAnother(int units, String tenant) {
        boolean first = tenants.came(tenant);
        places.addAndGet(PLACE + ((long) units << UNIT_SHIFT) + (first ? TENANT : 0));
    }

    /** Whether more wait than may. */
    boolean overfull() {
        long seen = places.get();
        return (seen & COUNT_MASK) > maxQueued || (seen >>> UNIT_SHIFT) > maxQueuedUnits;
    }

    void freePlace(int units, String tenant) {
        boolean last = tenants.left(tenant);
        places.addAndGet(-PLACE - ((long) units << UNIT_SHIFT) - (last ? TENANT : 0));
    }

    /** Tenants of which somebody waits. */
    int waitingTenants() {
        return (int) ((places.get() >>> TENANT_SHIFT) & TENANT_MASK);
    }

    private long tenantsWith(int own) {
        return (long) waitingTenants() + (own == 0 ? 1 : 0);
    }

    /**
     * Whether one more of this tenant would have no more places than tenants have on average.
     *
     * @param counted 1 if its own place is among those taken already, else 0
     */
    boolean isBelowAverage(String tenant, int counted) {
        int own = tenants.of(tenant) - counted;
        long all = tenantsWith(own + counted);
        return (own + 1L) * all <= waiting() - counted;
    }

    /** Whether a tenant with one more of so many units has no more of the tokens that may wait than its share, were all its own as large. */
    boolean isShareOfTokens(String tenant, int units) {
        int own = tenants.of(tenant);
        return (own + 1L) * tenantsWith(own) * units <= maxQueuedUnits;
    }

    /**
     * Requests of this tier that are granted until one more of this tenant has been, itself among them: all that wait, or, as tenants
     * take turns, as many of each as its own.
     */
    long aheadOf(String tenant) {
        int own = tenants.of(tenant);
        return Math.min(waiting() + 1L, (own + 1L) * tenantsWith(own));
    }

    // ---- counting --------------------------------------------------------------------------------------------------

    /** Counts a permit that was given. Returns one of those before it that is still open and is no longer a recent one. */
    @Nullable
    Permit countAdmitted(Permit permit) {
        Permit before = null;
        long queueNanos = permit.queueNanos();
        long @Nullable [] times =
                queueNanos > 0 ? latency(Latency.QUEUE_ADMITTED).prepare() : null;
        int stripe = tally.enter();
        if (times != null) {
            LatencyHistogram.record(times, stripe, queueNanos);
        }
        long number = tally.add(stripe, ADMITTED, 1);
        if (permit.units > 0) {
            tally.add(stripe, ADMITTED_UNITS, permit.units);
        }
        if (recent != null) {
            @Nullable Permit[] ring = recent[stripe];
            int place = (int) number & (RECENT - 1);
            if (stripe == Tally.SHARED) {
                before = (Permit) RECENT_SLOT.getAndSet(ring, place, permit);
            } else {
                // Plain: whoever takes the ring out does so under the same claim.
                before = ring[place];
                ring[place] = permit;
            }
        }
        tally.leave(stripe);
        return before != null && before.state() >= Permit.HELD ? before : null;
    }

    /**
     * Takes out the recent permits of a stripe, and puts a new ring in their place: a young one, into which the collector lets
     * young permits be put at no cost.
     *
     * @param fresh an empty ring, which is used if the permits are taken
     * @return the ring with them, or null if somebody counts there just now
     */
    @Nullable
    Permit @Nullable [] takeRecent(int stripe, @Nullable Permit[] fresh) {
        if (recent == null) {
            return null;
        }
        if (stripe == Tally.SHARED) {
            for (int i = 0; i < RECENT; i++) {
                fresh[i] = (Permit) RECENT_SLOT.getAndSet(recent[stripe], i, (Permit) null);
            }
            return fresh;
        }
        boolean entered = tally.tryEnter(stripe);
        busy[stripe] = entered ? 0 : busy[stripe] + 1;
        if (!entered && busy[stripe] < ABANDONED) {
            return null;
        }
        @Nullable Permit[] taken = recent[stripe];
        recent[stripe] = fresh;
        if (entered) {
            tally.leave(stripe);
        }
        return taken;
    }

    void countClosed(Latency outcome, long inFlightNanos, int units, Usage usage) {
        long[] times = latency(outcome).prepare();
        int stripe = tally.enter();
        LatencyHistogram.record(times, stripe, inFlightNanos);
        tally.add(stripe, IN_FLIGHT_NANOS, inFlightNanos);
        if (units > 0) {
            tally.add(stripe, RETURNED_UNITS, units);
        }
        if (usage.promptTokens() > 0) {
            tally.add(stripe, PROMPT_TOKENS, usage.promptTokens());
        }
        if (usage.outputTokens() > 0) {
            tally.add(stripe, OUTPUT_TOKENS, usage.outputTokens());
        }
        tally.leave(stripe);
    }

    void countLeaked(int units) {
        int stripe = tally.enter();
        tally.add(stripe, LEAKED, 1);
        tally.add(stripe, RETURNED_UNITS, units);
        tally.leave(stripe);
    }

    void countExpired(long waitedNanos, boolean scaling) {
        long[] times = latency(Latency.QUEUE_EXPIRED).prepare();
        int stripe = tally.enter();
        LatencyHistogram.record(times, stripe, waitedNanos);
        tally.add(stripe, EXPIRED, 1);
        tally.add(stripe, scaling ? BROKEN_SCALING : BROKEN, 1);
        tally.add(stripe, objectiveCounter(Objective.ADMISSION, scaling), 1);
        tally.leave(stripe);
    }

    void countCancelled(long waitedNanos) {
        long[] times = latency(Latency.QUEUE_CANCELLED).prepare();
        int stripe = tally.enter();
        LatencyHistogram.record(times, stripe, waitedNanos);
        tally.add(stripe, CANCELLED, 1);
        tally.leave(stripe);
    }

    /** Counts one that was shed, and tells how many were on that stripe before. */
    long countShed(Reason reason, boolean scaling) {
        if (scaling && isOfPool(reason)) {
            tally.countAlone(SHED_SCALING);
        }
        return tally.countAlone(SHED + reason.ordinal());
    }

    /** Counts one that was refused before, so that it is no arrival of its own. */
    void countRetry() {
        tally.countAlone(RETRIES);
    }

    /** Counts units that an admitted request took later. */
    void countGrown(int units) {
        int stripe = tally.enter();
        tally.add(stripe, ADMITTED_UNITS, units);
        tally.leave(stripe);
    }

    /** Notes a time of which the count is kept elsewhere. */
    void record(Latency which, long nanos) {
        long[] times = latency(which).prepare();
        int stripe = tally.enter();
        LatencyHistogram.record(times, stripe, nanos);
        tally.leave(stripe);
    }

    /** Counts a request that was held against the SLO, where that does not follow from other counts. */
    void countEvaluated(Set<Objective> broken, boolean scaling) {
        int stripe = tally.enter();
        if (broken.isEmpty()) {
            tally.add(stripe, KEPT_SCALING, 1);
        } else {
            tally.add(stripe, scaling ? BROKEN_SCALING : BROKEN, 1);
            for (Objective objective : OBJECTIVES) {
                if (broken.contains(objective)) {
                    tally.add(stripe, objectiveCounter(objective, scaling), 1);
                }
            }
        }
        tally.leave(stripe);
    }

    // ---- counts ----------------------------------------------------------------------------------------------------

    LatencyHistogram latency(Latency which) {
        return latencies[which.ordinal()];
    }

    LatencySnapshot snapshot(Latency which) {
        LatencyHistogram recorded = latency(which);
        // Those who did not wait are not recorded one by one, which would be the most of what a request costs.
        return switch (which) {
            case QUEUE_ADMITTED -> recorded.snapshot(tally.sum(ADMITTED) - recorded.count());
            case QUEUE_SHED -> recorded.snapshot(shed() - recorded.count());
            default -> recorded.snapshot(0);
        };
    }

    @Nullable
    Refusals refusals(Reason reason) {
        // All in it is final or may be seen late; one that was forgotten a moment ago does no harm.
        return (Refusals) REFUSALS.getOpaque(refusals, reason.ordinal());
    }

    void refusals(Reason reason, Refusals made) {
        REFUSALS.setRelease(refusals, reason.ordinal(), made);
    }

    void forgetRefusals() {
        for (int i = 0; i < REASONS.length; i++) {
            REFUSALS.setRelease(refusals, i, (Refusals) null);
        }
    }

    long shed() {
        long sum = 0;
        for (Reason reason : REASONS) {
            sum += tally.sum(SHED + reason.ordinal());
        }
        return sum;
    }

    /** Whether a refusal says something of the pool, and not only of who asked. */
    static boolean isOfPool(Reason reason) {
        return reason != Reason.QUOTA_EXCEEDED && reason != Reason.RETRY_TOO_SOON;
    }

    /** Those shed that the pool should have served: none that asked for more than it may, or sooner. */
    private long shedOfPool() {
        return shed()
                - tally.sum(SHED + Reason.QUOTA_EXCEEDED.ordinal())
                - tally.sum(SHED + Reason.RETRY_TOO_SOON.ordinal());
    }

    long closed() {
        long sum = 0;
        for (Outcome outcome : Outcome.values()) {
            sum += latency(Latency.inFlight(outcome)).count();
        }
        return sum;
    }

    /** Requests held against the SLO: all but those whose client went away, and those that asked for more than they may. */
    long evaluated() {
        return closed() - latency(Latency.IN_FLIGHT_CANCELLED).count() + shedOfPool() + tally.sum(EXPIRED);
    }

    /** Requests that broke a promise. Whoever was shed broke that of being admitted, and is not counted a second time. */
    long broken() {
        return tally.sum(BROKEN) + tally.sum(BROKEN_SCALING) + shedOfPool();
    }

    long evaluatedScaling() {
        return tally.sum(KEPT_SCALING) + tally.sum(BROKEN_SCALING) + tally.sum(SHED_SCALING);
    }

    long broken(Objective objective, boolean scaling) {
        long counted = tally.sum(objectiveCounter(objective, scaling));
        if (objective != Objective.ADMISSION) {
            return counted;
        }
        long scalingShed = tally.sum(SHED_SCALING);
        return counted + (scaling ? scalingShed : Math.max(0, shedOfPool() - scalingShed));
    }

    static int objectiveCounter(Objective objective, boolean scaling) {
        return OBJECTIVE + objective.ordinal() + (scaling ? OBJECTIVES.length : 0);
    }

    // ---- looking from outside --------------------------------------------------------------------------------------

    /** Owner only, at the end of a drain. */
    void tidy() {
        if (!queue.isEmpty() || anyOldest) {
            queue.sweep(waiting());
            publishOldest();
        }
    }

    /** Says since when the longest waiter waits. Owner only. */
    void publishOldest() {
        Waiter oldest = queue.oldest();
        // Release: whoever sees that there is one sees when it came, or when a later one did.
        if (oldest == null) {
            ANY_OLDEST.setRelease(this, false);
        } else {
            OLDEST.setRelease(this, oldest.arrivedNanos);
            ANY_OLDEST.setRelease(this, true);
        }
    }

    PoolLoad.TierLoad load(long nowNanos) {
        // Given before returned: a sum taken while requests pass may see a return and not the grant before it.
        long closed = closed();
        long leaked = tally.sum(LEAKED);
        long returnedUnits = tally.sum(RETURNED_UNITS);
        long inFlightNanos = tally.sum(IN_FLIGHT_NANOS);
        long retries = tally.sum(RETRIES);
        long overQuota = tally.sum(SHED + Reason.QUOTA_EXCEEDED.ordinal());
        int queued = waiting();
        long shed = shed();
        long expired = tally.sum(EXPIRED);
        long cancelled = tally.sum(CANCELLED);
        long admitted = tally.sum(ADMITTED);
        long admittedUnits = tally.sum(ADMITTED_UNITS);
        boolean anyAge = queued > 0 && (boolean) ANY_OLDEST.getAcquire(this);
        long oldestAge = anyAge ? Math.max(0, nowNanos - (long) OLDEST.getAcquire(this)) : 0;
        return new PoolLoad.TierLoad(
                tier,
                Math.max(0, admitted - closed - leaked),
                queued,
                oldestAge,
                // What is over quota is no demand that anybody means to serve.
                Math.max(0, admitted + shed - overQuota + expired + cancelled + queued - retries),
                admitted,
                shed,
                expired,
                cancelled,
                closed,
                inFlightNanos,
                GateState.tokensOf(admittedUnits),
                GateState.tokensOf(Math.max(0, admittedUnits - returnedUnits)),
                retries,
                served());
    }

    private PoolLoad.Served served() {
        long broken = broken();
        return new PoolLoad.Served(
                latency(Latency.IN_FLIGHT_COMPLETED).count()
                        + latency(Latency.IN_FLIGHT_UNREPORTED).count(),
                latency(Latency.IN_FLIGHT_FAILED).count(),
                Math.max(broken, evaluated()),
                broken,
                tally.sum(PROMPT_TOKENS),
                tally.sum(OUTPUT_TOKENS),
                snapshot(Latency.TIME_TO_FIRST_TOKEN),
                snapshot(Latency.QUEUE_ADMITTED),
                snapshot(Latency.IN_FLIGHT_COMPLETED));
    }
}
