/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import io.tidegate.admission.Admission.Reason;
import io.tidegate.admission.GateState.Take;
import io.tidegate.admission.Refusals.RetryAfter;
import io.tidegate.admission.spi.GateListener;
import io.tidegate.pool.LatencySnapshot;
import io.tidegate.pool.PoolLoad;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.quota.QuotaTier;
import io.tidegate.quota.Quotas;
import io.tidegate.supply.Supply;
import io.tidegate.time.TimeSource;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jctools.queues.varhandle.MpscUnboundedVarHandleArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * Decides for one pool which requests run, wait or are refused.
 *
 * <p><b>Guarantees.</b> No more is in flight than the limit, and no tier takes room above its ceiling of it, but for its floor.
 * A permit counts until it is closed, once; one that is dropped is found and its room given back. A waiter is granted, expired,
 * evicted or cancelled, exactly one of them. Nobody is granted after its time in queue, or its deadline, has passed. An arrival
 * does not pass those who wait, unless all of them are of tiers that may not have the room it takes. Whoever must wait longer
 * than it may, as far as can be told, is refused at once.
 *
 * <p><b>Order.</b> Between tiers by {@link TierOrder}, with each tier's floor kept; in a tier the tenant served least; of a
 * tenant the earliest deadline. {@code docs/admission.md} describes the algorithm.
 *
 * <p><b>Threads.</b> All methods are safe for many threads and none blocks, except {@link #acquire(Request)}, which parks the
 * caller. There is no thread of its own: whoever returns a permit grants the next, at most {@value #BATCH} in a row. Callbacks
 * run outside of all that decides, see {@link Builder#callbackExecutor}.
 *
 * <p><b>Cost.</b> With room and nobody waiting, one compare-and-set on one word; returning is one fetch-and-add. Times are read
 * from {@link TimeSource#coarseNanos()}, so that TTFT, time in queue and time in flight may be off by a few milliseconds;
 * deadlines are checked by the exact clock.
 *
 * @since 0.1.0
 */
@SuppressWarnings("EnumOrdinal") // an array is the quickest map from an enum, and none of them leaves this package
public final class Gate implements AutoCloseable {

    /*
     * The slow path is a queue-drain: tickets enter a lock-free intake, and whoever raises the count of wake-ups from zero
     * owns the drain. Only the owner touches the scheduler, so that is plain single-threaded code. Everybody else leaves after
     * one fetch-and-add. Settled tickets are told after the owner has left, so foreign code never holds up the gate. After a
     * batch the owner gives up the drain and has an executor wake it, so that no caller works for others without end.
     *
     * A wake-up is owed by whoever changes what the owner would decide: a ticket that enters or leaves, a permit returned
     * while somebody waits, a new supply, an expiry, closing.
     */

    /** Most that one call grants, and most callbacks it runs, before it leaves the rest to the executor. */
    static final int BATCH = 64;

    private static final long PASSED = 1L << 32;

    private static final long LEAST_RETRY_NANOS = Duration.ofSeconds(1).toNanos();

    /** What a request is told that its quota can never hold, or not for longer than this. */
    private static final long MOST_QUOTA_NANOS = Duration.ofHours(1).toNanos();

    /** Part of its bound that a newcomer may be expected to wait while others have been told when to come back. */
    private static final double LEFT_TO_NEWCOMERS = 0.75;

    /** So many times fewer than tenants have on average. */
    private static final int FAR_FEWER = 4;

    /** How much later than the timer a blocked caller looks after itself, should the timer fail. */
    private static final long TIMER_SLACK_NANOS = 10_000_000;

    /** The answer where there is not even memory for one. */
    private static final Admission LAST_RESORT = new Admission.Shed(Reason.NO_ROOM, Duration.ofSeconds(1));

    private static final Set<Objective> BROKEN_ADMISSION = Set.of(Objective.ADMISSION);
    private static final Latency[] IN_FLIGHT = inFlightByOutcome();

    private static final VarHandle LIMITS;

    static {
        try {
            LIMITS = MethodHandles.lookup().findVarHandle(Gate.class, "limits", Limits.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /**
     * Whether this thread tells, and what it is to tell then. Of the JDK's classes alone and empty in between, as it stays with
     * the thread: it must not keep this class from being unloaded.
     */
    private static final ThreadLocal<@Nullable Object @Nullable []> TELLING = new ThreadLocal<>();

    private static final int IS_TELLING = 0;
    private static final int LATER = 1;

    /** The gate whose drain this thread is handing over. */
    private static final ThreadLocal<HandOver> HANDING_OVER = new ThreadLocal<>();

    private final String pool;
    private final List<Tier> tiers;

    /** The tiers again, for the quickest look-up there is of a handful. */
    private final Tier[] ranks;

    private final TierLane[] lanes;
    private final int maxQueued;
    private final TimeSource time;
    private final @Nullable Executor callbacks;
    private final Executor handOvers;
    private final GateState state;
    private final GateListeners listeners = new GateListeners();
    private final List<Runnable> demandListeners = new CopyOnWriteArrayList<>();
    private final WaitEstimator waits = new WaitEstimator();
    private final MpscUnboundedVarHandleArrayQueue<Correction> corrections = new MpscUnboundedVarHandleArrayQueue<>(64);
    private final MpscUnboundedVarHandleArrayQueue<Waiter> intake = new MpscUnboundedVarHandleArrayQueue<>(256);
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicLong jitter;
    private final AtomicLong passed = new AtomicLong();
    private final @Nullable LeakDetector leaks;
    private final boolean notesSites;
    private final AtomicReference<@Nullable Alarm> alarm = new AtomicReference<>();
    private final AtomicReference<@Nullable CompletableFuture<Drained>> draining = new AtomicReference<>();
    private final @Nullable Lending lending;
    private final @Nullable RankCursor cursor;
    private final @Nullable Quotas quotas;
    private final boolean reservesMaximum;

    /** Whether there are quotas or guarantees, so that there is more to do when a request ends. */
    private final boolean more;

    /** Whether there are guarantees or promises, so that those who wait are looked after now and then. */
    private final boolean looksAgain;

    /* Of the owner of the drain. */

    private final Scheduler scheduler;
    private final TimerWheel wheel;
    private final Settled settled = new Settled();
    private final Moment moment = new Moment();
    private final Consumer<Waiter> due = settled::due;
    private boolean queueOpen;
    private final double[] perTier;
    private long lookedNanos;

    /** When the oldest of the refusals that are handed out was made; 0 if there are none. */
    private volatile long refusalsNanos;

    /** Whether something has changed since, that the predictions in them do not know of. */
    private volatile boolean refusalsChanged;

    /** Whether somebody has taken a place beyond those of its tier, for which another is to be given up. */
    private volatile boolean displaced;

    private volatile Limits limits;
    private volatile boolean admitting = true;
    private volatile boolean closed;

    /** A supply, and the ceilings that follow from it. */
    private record Limits(Supply supply, GateState.Ceilings ceilings) {}

    /** What a request took beyond what it was granted for, while others wait. */
    private record Correction(TierLane lane, String tenant, double tokens) {}

    private Gate(Builder builder) {
        this.pool = builder.pool;
        this.tiers = List.copyOf(builder.tiers);
        this.time = Objects.requireNonNull(builder.time);
        this.wheel = new TimerWheel(time.nanos());
        this.ranks = tiers.toArray(new Tier[0]);
        this.lanes = new TierLane[tiers.size()];
        long shardSeed = builder.shardSeed();
        for (int rank = 0; rank < lanes.length; rank++) {
            WaitQueue queue = new WaitQueue(wheel, builder.maxTenants, shardSeed);
            lanes[rank] =
                    new TierLane(this, tiers.get(rank), rank, queue, time.nanos(), builder.leakDetection, shardSeed);
        }
        this.state = new GateState(builder.wakeUps);
        this.scheduler = new Scheduler(List.of(lanes), builder.order, state, settled);
        this.scheduler.promise(promises(builder));
        this.quotas = builder.quotas;
        this.reservesMaximum = builder.reservesMaximum;
        for (TierLane lane : lanes) {
            lane.quota = quotas == null ? null : quotas.tier(lane.tier.name());
        }
        this.lending = Lending.of(tiers, time.nanos());
        this.more = quotas != null || lending != null;
        this.looksAgain = lending != null || !scheduler.promises().isEmpty();
        this.cursor = builder.shedByRank ? new RankCursor(lanes.length, shardSeed, time.nanos()) : null;
        this.perTier = new double[lanes.length];
        this.maxQueued = builder.maxQueued;
        this.callbacks = builder.callbacks;
        this.handOvers = builder.callbacks != null ? builder.callbacks : ForkJoinPool.commonPool();
        this.jitter = new AtomicLong(builder.seed);
        this.leaks = builder.leakDetection
                ? new LeakDetector(pool, lanes, time, builder.leakSites, this::giveBackLeaked)
                : null;
        this.notesSites = builder.leakSites > 0;
        this.limits = limitsOf(builder.supply);
    }

    private List<Throughput> promises(Builder builder) {
        List<Throughput> made = new ArrayList<>();
        for (TierLane lane : lanes) {
            if (lane.tier.tokensPerSecond() > 0) {
                made.add(new Throughput(lane, null, lane.tier.tokensPerSecond()));
            }
            builder.tenantRates.getOrDefault(lane.tier, Map.of()).forEach((tenant, rate) -> {
                lane.queue.keep(tenant);
                made.add(new Throughput(lane, tenant, rate));
            });
        }
        return made;
    }

    private static Latency[] inFlightByOutcome() {
        Outcome[] outcomes = Outcome.values();
        Latency[] of = new Latency[outcomes.length];
        for (Outcome outcome : outcomes) {
            of[outcome.ordinal()] = Latency.inFlight(outcome);
        }
        return of;
    }

    private Limits limitsOf(Supply supply) {
        return new Limits(supply, ceilings(supply.limit()));
    }

    /** With what is kept for guarantees now, and not in use. */
    private GateState.Ceilings ceilings(Work limit) {
        if (lending == null) {
            return new GateState.Ceilings(limit, tiers);
        }
        Work[] unused = new Work[lanes.length];
        for (TierLane lane : lanes) {
            PoolLoad.TierLoad load = lane.load(0);
            double kept = lending.reserved(lane.rank);
            // What is lent is rounded to the nearest, or a demand that fades would keep a slot for ever; what is not is
            // rounded up, a hair less before it: shares are no exact numbers.
            long slots = Math.max(Math.round(kept * limit.slots()), (long)
                    Math.ceil(lending.notLent(lane.rank) * limit.slots() - 1e-6));
            unused[lane.rank] = new Work(
                    (int) Math.max(0, slots - load.inFlight()),
                    Math.max(0, (long) (kept * (double) limit.tokens()) - load.tokensInFlight()));
        }
        return new GateState.Ceilings(limit, tiers, unused);
    }

    /** Takes a look at who needs its guarantee, and lends the rest. Owner of the drain only. */
    private void lend(Lending by, long now) {
        by.looks();
        Limits before = limits;
        Work limit = before.supply.limit();
        for (TierLane lane : lanes) {
            PoolLoad.TierLoad load = lane.load(now);
            perTier[lane.rank] = Math.max(
                    (double) (load.inFlight() + load.queued()) / Math.max(1, limit.slots()),
                    (double) load.tokensInFlight() / (double) Math.max(1, limit.tokens()));
        }
        by.look(perTier, now);
        // Where a new supply came meanwhile, its wake-up brings another look.
        LIMITS.compareAndSet(this, before, new Limits(before.supply, ceilings(limit)));
    }

    /**
     * Starts a gate.
     *
     * @param pool name of the pool; a tag of meters
     */
    public static Builder builder(String pool) {
        return new Builder(pool);
    }

    /** The pool it guards. */
    public String pool() {
        return pool;
    }

    /** The tiers, highest rank first. */
    public List<Tier> tiers() {
        return tiers;
    }

    /** The clock it was given. */
    public TimeSource time() {
        return time;
    }

    /**
     * The tier of that name.
     *
     * @throws IllegalArgumentException if there is none, naming those there are
     */
    public Tier tier(String name) {
        for (Tier tier : tiers) {
            if (tier.name().equals(name)) {
                return tier;
            }
        }
        throw new IllegalArgumentException("pool " + pool + " has no tier \"" + name + "\", only " + tiers);
    }

    // ---- asking ----------------------------------------------------------------------------------------------------

    /**
     * Asks without waiting: a {@link Permit}, or {@link Admission.Shed} if the request would have to wait.
     *
     * <p>Refusals of a flood are handed out again and again: two callers may be given the same object.
     */
    public Admission tryAcquire(Request request) {
        TierLane lane = laneOf(request);
        if (!request.plain || quotas != null) {
            return tryAcquireMore(lane, request);
        }
        long taken = tryTake(lane, request.units);
        if (taken < 0) {
            return refuse(lane, admitting ? Reason.NO_ROOM : Reason.DRAINING);
        }
        Permit permit = null;
        try {
            // Read before the permit is made: what is stored into it then needs no barrier.
            long now = time.coarseNanos();
            permit = new Permit(lane, request, now, (int) taken);
            noteSite(permit);
            admitted(lane, permit);
        } catch (RuntimeException | Error e) {
            undo((int) taken, permit);
            throw e;
        }
        return tellAdmitted(lane, permit, taken);
    }

    private Permit tellAdmitted(TierLane lane, Permit permit, long taken) {
        if (!listeners.none()) {
            listeners.tellAdmitted(lane.tier, 0);
        }
        if (taken >= PASSED) {
            wake(true);
        }
        return permit;
    }

    /** The same for one with a deadline, a key or an expectation to be learned, or where there are quotas. */
    private Admission tryAcquireMore(TierLane lane, Request request) {
        if (request.hasDeadline() && isOver(request)) {
            return refuse(lane, Reason.DEADLINE_PASSED);
        }
        int units = units(lane, request);
        long now = time.coarseNanos();
        long wait = reserve(lane, request, units, now);
        if (wait > 0) {
            return refuseOverQuota(lane, wait);
        }
        long taken = tryTake(lane, units);
        if (taken < 0) {
            unreserve(lane, request, units);
            Reason reason = admitting ? Reason.NO_ROOM : Reason.DRAINING;
            return request.mayReturn() ? refuseAgain(lane, request, reason) : refuse(lane, reason);
        }
        Permit permit = null;
        try {
            permit = new Permit(lane, request, now, (int) taken);
            noteSite(permit);
            admitted(lane, permit);
        } catch (RuntimeException | Error e) {
            unreserve(lane, request, units);
            undo((int) taken, permit);
            throw e;
        }
        cut(permit, units, (int) taken);
        if (request.mayReturn()) {
            cameBack(lane, request, now);
        }
        return tellAdmitted(lane, permit, taken);
    }

    // ---- quotas ----------------------------------------------------------------------------------------------------

    /** Takes what it asks for off the quotas; 0, or how long until that could be, and then nothing is taken. */
    private long reserve(TierLane lane, Request request, int units, long now) {
        Quotas by = quotas;
        QuotaTier tier = lane.quota;
        return by == null || tier == null ? 0 : by.reserve(request.tenant(), tier, reserved(request, units), now);
    }

    private long reserved(Request request, int units) {
        if (reservesMaximum) {
            return request.promptTokens() + request.maxOutputTokens();
        }
        // A pool that counts no tokens gives none, which is not to say that none are taken.
        return GateState.tokensOf(units == 0 ? request.units : units);
    }

    /** It never ran. */
    private void unreserve(TierLane lane, Request request, int units) {
        Quotas by = quotas;
        QuotaTier tier = lane.quota;
        if (by != null && tier != null) {
            by.cancel(request.tenant(), tier, reserved(request, units));
        }
    }

    private void unreserve(Waiter waiter) {
        if (quotas != null) {
            unreserve(waiter.lane, waiter.request, waiter.units);
        }
    }

    /** It was given less than it asked for, which was more than its tier may fill: so much less is reserved for it. */
    private void cut(Permit permit, int asked, int taken) {
        if (asked != taken && taken > 0) {
            reserveLess(permit, asked - taken);
        }
    }

    private void reserveLess(Permit permit, int units) {
        QuotaTier tier = permit.lane.quota;
        if (quotas != null && tier != null && !reservesMaximum) {
            quotas.settle(permit.request.tenant(), tier, GateState.tokensOf(units), 0, permit.arrivedNanos);
        }
    }

    /** It has ended: what it took takes the place of what was reserved. */
    @SuppressWarnings("ReferenceEquality") // of one that says nothing, and one that says that it was nothing
    private void settle(Permit permit, int units, Outcome outcome, Usage usage) {
        Quotas by = quotas;
        QuotaTier tier = permit.lane.quota;
        if (by != null && tier != null) {
            long reserved = reserved(permit.request, units);
            long took =
                    Math.min(usage.promptTokens(), Work.MAX_TOKENS) + Math.min(usage.outputTokens(), Work.MAX_TOKENS);
            if (took == 0 && outcome != Outcome.FAILED && usage != Usage.UNUSED) {
                // Nobody said what it took.
                took = reserved;
            }
            by.settle(permit.request.tenant(), tier, reserved, took, permit.arrivedNanos);
        }
    }

    private Admission refuseOverQuota(TierLane lane, long waitNanos) {
        lane.countShed(Reason.QUOTA_EXCEEDED, false);
        Admission answer = new Admission.Shed(Reason.QUOTA_EXCEEDED, overQuota(waitNanos));
        tellListeners(lane, answer, 0);
        return answer;
    }

    private static Duration overQuota(long waitNanos) {
        return Duration.ofNanos(Math.min(Math.max(waitNanos, LEAST_RETRY_NANOS), MOST_QUOTA_NANOS));
    }

    /** The tokens it asks for, in units. */
    private static int units(TierLane lane, Request request) {
        if (!request.learns()) {
            return request.units;
        }
        long output = lane.outputs.expected(request.modelOrNull(), request.maxOutputTokens());
        return GateState.units(request.promptTokens() + output);
    }

    /**
     * No time or no memory: the room must not be lost with it. Where the stack has ended, there may be too little of it left for
     * this as well.
     */
    private void undo(int units, @Nullable Permit permit) {
        boolean ours = permit == null || permit.tryDiscard() || permit.state() == Permit.WAITING;
        if (ours && state.giveBack(units)) {
            wake(true);
        }
    }

    private boolean isOver(Request request) {
        long now = time.nanos();
        return request.deadlineNanos(now) - now < 0;
    }

    /**
     * Asks and waits on the calling thread, platform or virtual, at most as long as the request and its tier allow.
     *
     * @throws InterruptedException if the thread is interrupted while waiting; the request has then left the queue and holds
     *     no permit
     */
    public Admission acquire(Request request) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        Waiter waiter = submit(request, Thread.currentThread());
        Admission answer = waiter.answer();
        // The deadline bounds the wait also where the timer fails.
        while (answer == null) {
            LockSupport.parkNanos(this, Math.max(0, waiter.deadlineNanos() - time.nanos()) + TIMER_SLACK_NANOS);
            if (Thread.interrupted()) {
                abandon(waiter);
                throw new InterruptedException();
            }
            answer = waiter.answer();
            if (answer == null && time.nanos() - waiter.deadlineNanos() >= TIMER_SLACK_NANOS) {
                answer = expireLate(waiter);
            }
        }
        return answer;
    }

    private static void abandon(Waiter waiter) {
        if (!waiter.cancel()) {
            // Settled a moment ago, and perhaps not yet told. If it was granted, it is the permit.
            waiter.awaitGranted();
            waiter.close(Outcome.CANCELLED, Usage.UNUSED);
        }
    }

    /** Looks after itself: the timer has failed, or whoever granted it could not tell it. */
    private @Nullable Admission expireLate(Waiter waiter) {
        long waited = waitedUntilNow(waiter);
        if (!waiter.tryRefuse(Permit.EXPIRED)) {
            return waiter.state() >= Permit.HELD ? waiter : waiter.answer();
        }
        unreserve(waiter);
        left(waiter);
        countExpired(waiter.lane, waited);
        tell(waiter, expired(waiter, waited), waited, true);
        wake(false);
        return waiter.answer();
    }

    /**
     * Asks and answers by a future, which never completes exceptionally by itself.
     *
     * <p>Cancelling the future, or completing it in any other way, gives up waiting; if a permit was granted in that moment it
     * is returned.
     */
    @SuppressWarnings("FutureReturnValueIgnored") // the stage that watches for cancellation has no result of its own
    public CompletableFuture<Admission> acquireAsync(Request request) {
        CompletableFuture<Admission> future = new CompletableFuture<>();
        Ticket ticket = acquire(request, outcome -> {
            if (!future.complete(outcome) && outcome instanceof Permit permit) {
                permit.close(Outcome.CANCELLED, Usage.UNUSED);
            }
        });
        if (!future.isDone()) {
            // Does nothing when it was the gate that completed it.
            future.whenComplete((outcome, failure) -> ticket.cancel());
        }
        return future;
    }

    /**
     * Asks and answers by a callback.
     *
     * <p>The callback is called exactly once: on the calling thread before this method returns if the answer is known at
     * once, else as {@link Builder#callbackExecutor} says. What it throws is counted and logged; a permit it was given stays
     * its own to close.
     *
     * @return the ticket, by which the caller may give up
     */
    public Ticket acquire(Request request, Consumer<? super Admission> callback) {
        return submit(request, Objects.requireNonNull(callback, "callback"));
    }

    /** @param sink a callback or a thread */
    private Waiter submit(Request request, Object sink) {
        TierLane lane = laneOf(request);
        long now = time.coarseNanos();
        int units = units(lane, request);
        Waiter waiter = new Waiter(lane, request, units, now, sink);
        Reason refusal;
        long quotaWait = 0;
        if (request.hasDeadline() && waiter.deadlineNanos() - time.nanos() < 0) {
            refusal = Reason.DEADLINE_PASSED;
        } else if (quotas != null && (quotaWait = reserve(lane, request, units, now)) > 0) {
            refusal = Reason.QUOTA_EXCEEDED;
        } else {
            long taken = tryTake(lane, units);
            if (taken >= 0) {
                if (request.mayReturn()) {
                    cameBack(lane, request, now);
                }
                try {
                    waiter.place = Waiter.NEVER_QUEUED;
                    waiter.tryGrant((int) taken, now);
                    noteSite(waiter);
                    admitted(lane, waiter);
                } catch (RuntimeException | Error e) {
                    unreserve(lane, request, units);
                    undo((int) taken, waiter);
                    throw e;
                }
                cut(waiter, units, (int) taken);
                answerAtOnce(waiter, waiter);
                if (taken >= PASSED) {
                    wake(true);
                }
                return waiter;
            }
            refusal = reservePlaces(waiter);
            if (refusal != null) {
                unreserve(waiter);
            }
        }
        if (refusal != null) {
            waiter.tryRefuse(Permit.REFUSED);
            // Listeners are told when the ticket has its answer.
            turnSlo(lane, now);
            long number = lane.countShed(refusal, supply().scaling());
            answerAtOnce(waiter, refusalOf(waiter, refusal, quotaWait, number));
        } else {
            noteSite(waiter);
            enqueue(waiter);
        }
        return waiter;
    }

    private void answerAtOnce(Waiter waiter, Admission answer) {
        Object told = waiter.answered(answer);
        tellListeners(waiter.lane, answer, 0);
        if (told instanceof Consumer) {
            runCallback(told, answer);
        }
    }

    /**
     * The units taken, or -1 if it must not run now. With {@link #PASSED} added if it passed those who wait, which is noted in
     * favour of their floors: one of them may be due by it, and so a wake-up is owed.
     */
    private long tryTake(TierLane lane, int asked) {
        long taken = tryTakeOnce(lane, asked);
        if (taken < 0 && lending != null && isBelowGuarantee(lane)) {
            // What was kept for others at the last look may be in use by now, so that it is not kept a second time.
            lending.limitChanged();
            wake(true);
            taken = tryTakeOnce(lane, asked);
        }
        return taken;
    }

    private boolean isBelowGuarantee(TierLane lane) {
        double guaranteed = lane.tier.guarantee() * supply().limit().slots();
        return guaranteed > 0 && (double) lane.load(0).inFlight() < guaranteed;
    }

    private long tryTakeOnce(TierLane lane, int asked) {
        if (!admitting) {
            return -1;
        }
        GateState.Ceilings ceilings = limits.ceilings;
        int units = GateState.taken(asked, ceilings, lane.rank);
        Take taken = state.tryTake(units, ceilings, lane.rank);
        if (taken == Take.QUEUE_OPEN) {
            if (!mayPass(lane, ceilings) || !state.tryTakeForWaiter(units, ceilings, lane.rank)) {
                return -1;
            }
            passed.addAndGet((long) Scheduler.work(units));
            return PASSED | units;
        }
        return taken == Take.TAKEN ? units : -1;
    }

    /** Whether all who wait are of lower ceilings, so that the room above is held back from them, and for this tier. */
    private boolean mayPass(TierLane lane, GateState.Ceilings ceilings) {
        for (TierLane other : lanes) {
            if (ceilings.share(other.rank) >= ceilings.share(lane.rank) && other.waiting() > 0) {
                return false;
            }
        }
        return !scheduler.holding();
    }

    private void admitted(TierLane lane, Permit permit) {
        Permit before = lane.countAdmitted(permit);
        LeakDetector detector = leaks;
        if (detector != null && detector.wants(before)) {
            try {
                detector.track(permit, before);
            } catch (RuntimeException | Error e) {
                listeners.failed("time source", e);
            }
        }
    }

    private void noteSite(Permit asked) {
        if (notesSites && leaks != null) {
            try {
                leaks.noteSite(asked);
            } catch (RuntimeException | Error e) {
                listeners.failed("noting a leak's site", e);
            }
        }
    }

    /** Why the request must not wait, or null if it may; then places are taken for it. */
    private @Nullable Reason reservePlaces(Waiter waiter) {
        TierLane lane = waiter.lane;
        if (!admitting) {
            return Reason.DRAINING;
        }
        Request request = waiter.request;
        Appointments.Told told = request.mayReturn() ? toldBefore(lane, request, waiter.arrivedNanos) : null;
        if (told != null && told.tooSoon(waiter.arrivedNanos)) {
            return Reason.RETRY_TOO_SOON;
        }
        long boundNanos = waiter.deadlineNanos() - waiter.arrivedNanos;
        if (boundNanos <= 0) {
            return Reason.NO_ROOM;
        }
        Reason refusal = told == null || !told.right() ? foreseen(waiter, boundNanos) : null;
        return refusal == null ? takePlaces(waiter, told) : refusal;
    }

    /** Why it would wait in vain, or in the way of others, as far as can be told. */
    private @Nullable Reason foreseen(Waiter waiter, long boundNanos) {
        TierLane lane = waiter.lane;
        long now = waiter.arrivedNanos;
        // Where others were told when to come, what is left of the bound is theirs: no prediction is exact.
        boolean anyTold = lane.appoints && lane.appointments.givenAheadNanos(now) > 0;
        // But not where this tenant was told far more seldom than others.
        boolean seldomTold = anyTold && lane.appointments.isSeldomTold(waiter.request.tenant());
        long wait = seldomTold ? waitNanos(lane, now) : predictedWaitNanos(lane, now);
        double longest = anyTold ? boundNanos * LEFT_TO_NEWCOMERS : (double) boundNanos;
        if ((double) wait > longest && inTurnNanos(waiter, anyTold) > longest) {
            return Reason.WAIT_TOO_LONG;
        }
        RankCursor ranks = cursor;
        double calm = boundNanos * RankCursor.CALM_BELOW;
        return ranks != null && (double) wait > calm && ranks.counts() && isBelow(ranks, waiter, anyTold, calm)
                ? Reason.OVERLOADED
                : null;
    }

    /** Whether its rank is one of those that do not queue now, and neither its floor nor its turn would serve it soon. */
    private boolean isBelow(RankCursor ranks, Waiter waiter, boolean anyTold, double calm) {
        if (waiting.get() == 0
                || inTurnNanos(waiter, anyTold) <= calm
                || ranks.mayQueue(waiter.lane.rank, waiter.request.tenant())) {
            return false;
        }
        if (ranks.isLate(waiter.arrivedNanos)) {
            // Nobody waits whose coming and going would move it.
            wake(true);
        }
        return true;
    }

    private @Nullable Reason takePlaces(Waiter waiter, Appointments.@Nullable Told told) {
        TierLane lane = waiter.lane;
        Request request = waiter.request;
        int units = lane.queuedUnits(waiter.request);
        if (!lane.reservePlace(units, request.tenant())) {
            if (!lane.isBelowAverage(request.tenant(), 0) || !lane.isShareOfTokens(request.tenant(), units)) {
                return full();
            }
            lane.takePlaceOfAnother(units, request.tenant());
            displaced = true;
        }
        if (!reservePlace(waiter)) {
            lane.freePlace(units, request.tenant());
            return full();
        }
        if (told != null) {
            lane.appointments.kept(told);
        }
        return null;
    }

    /**
     * How long it would wait as tenants take turns, where others of its tier wait of tenants that have more of them waiting; the largest
     * number where that is no less than what it would wait behind all.
     *
     * @param anyTold whether others were told when to come, so that its tenant must have far fewer waiting to come before them
     */
    private long inTurnNanos(Waiter waiter, boolean anyTold) {
        TierLane lane = waiter.lane;
        long own = lane.aheadOf(waiter.request.tenant());
        if (own * (anyTold ? FAR_FEWER : 1) > lane.waiting()) {
            return Long.MAX_VALUE;
        }
        return waits.nanosUntilGranted(ahead(lane, own), state.slotsInFlight(), supply(), waiter.arrivedNanos);
    }

    /** Looks whether it was refused before, and counts it as one that came back if so. */
    private static Appointments.@Nullable Told toldBefore(TierLane lane, Request request, long now) {
        Appointments.Told told = request.key == 0 ? null : lane.appointments.told(request.key, now);
        if (told != null || request.attempt() > 1) {
            lane.countRetry();
        }
        return told;
    }

    /** Admitted at once, when it came back or sooner. */
    private static void cameBack(TierLane lane, Request request, long now) {
        Appointments.Told told = toldBefore(lane, request, now);
        if (told != null) {
            lane.appointments.kept(told);
        }
    }

    /** Refuses at once one that may have been refused before. */
    private Admission refuseAgain(TierLane lane, Request request, Reason reason) {
        long now = time.coarseNanos();
        Appointments.Told told = toldBefore(lane, request, now);
        boolean tooSoon = told != null && told.tooSoon(now) && reason != Reason.DRAINING;
        Reason counted = tooSoon ? Reason.RETRY_TOO_SOON : reason;
        long number = lane.countShed(counted, limits.supply.scaling());
        Admission answer = request.key == 0 || counted == Reason.DRAINING
                ? refusals(lane, counted).get(number)
                : new Admission.Shed(counted, appointment(lane, request, now));
        tellListeners(lane, answer, 0);
        return answer;
    }

    private Admission refusalOf(Waiter waiter, Reason reason, long quotaWaitNanos, long number) {
        if (reason == Reason.QUOTA_EXCEEDED) {
            return new Admission.Shed(reason, overQuota(quotaWaitNanos));
        }
        boolean comesBack = reason != Reason.DEADLINE_PASSED && reason != Reason.DRAINING;
        return waiter.request.key == 0 || !comesBack
                ? refusals(waiter.lane, reason).get(number)
                : new Admission.Shed(reason, appointment(waiter.lane, waiter.request, waiter.arrivedNanos));
    }

    /** How long until a request that can be told apart is to come back: as it was told before, or as it is told now. */
    private Duration appointment(TierLane lane, Request request, long now) {
        Appointments.Told told = lane.appointments.told(request.key, now);
        if (told == null || !told.tooSoon(now)) {
            lane.appoints = true;
            long ahead = Math.max(0, waitNanos(lane, now));
            told = lane.appointments.give(request.key, request.tenant(), now, ahead, intervalNanos(lane, ahead, now));
        }
        return Duration.ofNanos(told.atNanos() - now);
    }

    /** Between two of this tier that are granted, once what waits now has been; its share is that of its weight. */
    private double intervalNanos(TierLane lane, long aheadNanos, long now) {
        if (!waits.knows()) {
            // Until one has returned a second is assumed.
            return (double) LEAST_RETRY_NANOS / Math.max(1, supply().limit().slots());
        }
        double weights = 0;
        for (TierLane other : lanes) {
            weights += other == lane || other.waiting() > 0 ? other.tier.weight() : 0;
        }
        Supply supply = supply();
        double interval = waits.intervalNanos(state.slotsInFlight(), supply, now + aheadNanos);
        return interval * weights / lane.tier.weight();
    }

    /** Never counts a request that gets no place: the drain would evict another for it. */
    private boolean reservePlace(Waiter waiter) {
        int seen = waiting.get();
        while (seen < maxQueued || lowerTierWaits(waiter.lane) || isBelowAverage(waiter)) {
            int found = waiting.compareAndExchange(seen, seen + 1);
            if (found == seen) {
                // Told of demand if it is the first; noted where it is of no other use yet.
                waiter.place = seen;
                return true;
            }
            seen = found;
        }
        return false;
    }

    /** Of one that has its place in its tier. */
    private static boolean isBelowAverage(Waiter waiter) {
        return waiter.lane.isBelowAverage(waiter.request.tenant(), 1);
    }

    private Reason full() {
        return supply().replicas().ready() == 0 ? Reason.NO_CAPACITY : Reason.QUEUE_FULL;
    }

    private boolean lowerTierWaits(TierLane lane) {
        for (int rank = lane.rank + 1; rank < lanes.length; rank++) {
            if (lanes[rank].waiting() > 0) {
                return true;
            }
        }
        return false;
    }

    private void enqueue(Waiter waiter) {
        boolean firstToWait = waiter.place == 0;
        if (state.wakeUp()) {
            // Nobody is there: it need not go through the intake.
            drain(waiter, true);
        } else {
            offer(waiter);
            wake(true);
        }
        // Told last, so that a listener that looks at the gate finds the queue; and by the first even if only
        // others are left in it, since they took the queue for one that was told of.
        if (firstToWait && waiting.get() > 0) {
            tellDemand();
        }
    }

    private void offer(Waiter waiter) {
        try {
            intake.offer(waiter);
        } catch (RuntimeException | Error e) {
            // No memory: it must not keep a place in which nothing would end its wait.
            if (waiter.tryRefuse(Permit.CANCELLED)) {
                unreserve(waiter);
                left(waiter);
                waiter.lane.countCancelled(0);
                wake(true);
            }
            throw e;
        }
    }

    private void tellDemand() {
        for (Runnable listener : demandListeners) {
            try {
                listener.run();
            } catch (Throwable e) {
                listeners.failed("demand listener", e);
            }
        }
    }

    // ---- leaving the queue -----------------------------------------------------------------------------------------

    boolean cancel(Waiter waiter) {
        // Read before anything is decided: a clock that fails must not leave it half done.
        long waited = waitedUntilNow(waiter);
        if (!waiter.tryRefuse(Permit.CANCELLED)) {
            return false;
        }
        unreserve(waiter);
        left(waiter);
        waiter.lane.countCancelled(waited);
        tell(waiter, new Admission.Cancelled(Duration.ofNanos(waited)), waited, callbacks == null);
        wake(true);
        return true;
    }

    private long waitedUntilNow(Waiter waiter) {
        try {
            return Math.max(0, time.coarseNanos() - waiter.arrivedNanos);
        } catch (RuntimeException | Error e) {
            listeners.failed("time source", e);
            return 0;
        }
    }

    private void left(Waiter waiter) {
        waiting.decrementAndGet();
        waiter.lane.freePlace(waiter.lane.queuedUnits(waiter.request), waiter.request.tenant());
    }

    private void countExpired(TierLane lane, long waitedNanos) {
        turnSlo(lane, time.coarseNanos());
        lane.countExpired(waitedNanos, supply().scaling());
    }

    private Admission expired(Waiter waiter, long waitedNanos) {
        Reason reason = Reason.QUEUE_TIMEOUT;
        if (supply().replicas().ready() == 0) {
            reason = Reason.NO_CAPACITY;
        } else if (waiter.request.endsByDeadline(waiter.arrivedNanos)) {
            reason = Reason.DEADLINE_PASSED;
        }
        return new Admission.Expired(Duration.ofNanos(waitedNanos), retryAfter(waiter), reason);
    }

    /** Refuses at once. Nearly all there is to do in a flood. */
    private Admission refuse(TierLane lane, Reason reason) {
        Refusals made = refusals(lane, reason);
        boolean told = !listeners.none();
        // Last: a processor does not look ahead past it.
        Admission answer = made.get(lane.countShed(reason, limits.supply.scaling()));
        if (told) {
            tellListeners(lane, answer, 0);
        }
        return answer;
    }

    private Refusals refusals(TierLane lane, Reason reason) {
        if (refusalsChanged) {
            forgetRefusals(time.coarseNanos());
        }
        Refusals made = lane.refusals(reason);
        return made == null ? makeRefusals(lane, reason) : made;
    }

    private Refusals makeRefusals(TierLane lane, Reason reason) {
        long now = time.coarseNanos();
        turnSlo(lane, now);
        long wait = Math.max(0, predictedWaitNanos(lane, now));
        Refusals made = new Refusals(reason, wait, jitter.getAndAdd(Refusals.DIFFERENT));
        lane.refusals(reason, made);
        if (refusalsNanos == 0) {
            refusalsNanos = now == 0 ? 1 : now;
        }
        return made;
    }

    /**
     * Something has changed: what was predicted a while ago may not be true any more, and is forgotten; what was predicted just
     * now is forgotten once it is a while ago, if somebody asks again.
     */
    private void forgetRefusals(long now) {
        long made = refusalsNanos;
        if (made != 0 && now - made >= Refusals.FRESH_NANOS) {
            forgetAllRefusals();
        } else if (!refusalsChanged) {
            refusalsChanged = true;
        }
    }

    private void forgetAllRefusals() {
        refusalsNanos = 0;
        refusalsChanged = false;
        for (TierLane lane : lanes) {
            lane.forgetRefusals();
        }
    }

    // ---- the drain -------------------------------------------------------------------------------------------------

    /**
     * Leaves a wake-up, and drains unless somebody does.
     *
     * @param callersOwn whether the thread is a caller's, so that callbacks may run on it
     */
    private void wake(boolean callersOwn) {
        if (state.wakeUp()) {
            drain(null, callersOwn);
        }
    }

    /** By whoever took the count of wake-ups from zero. */
    private void drain(@Nullable Waiter arrival, boolean callersOwn) {
        if (arrival != null) {
            try {
                takeIn();
            } catch (RuntimeException | Error e) {
                listeners.failed("drain", e);
            }
            takeIn(arrival);
        }
        Waiter first = null;
        Waiter last = null;
        long alarmNanos = 0;
        boolean alarmed = false;
        boolean empty = false;
        long owed = 1;
        while (owed != 0) {
            boolean more = false;
            try {
                more = serve();
            } catch (RuntimeException | Error e) {
                // Whatever goes wrong, the next wake-up must find that it can own the drain, or nobody is granted ever
                // again.
                listeners.failed("drain", e);
            }
            if (last == null) {
                first = settled.first;
            } else {
                last.next = settled.first;
            }
            last = settled.first == null ? last : settled.last;
            settled.first = null;
            settled.last = null;
            alarmed = wheel.size() > 0;
            alarmNanos = wheel.earliestNanos();
            empty = waiting.get() == 0;
            if (looksAgain && !empty && alarmed) {
                // What is kept for others, and what is owed to promises, changes by time alone.
                long again = lookedNanos + Lending.PERIOD_NANOS;
                alarmNanos = again - alarmNanos < 0 ? again : alarmNanos;
            }
            if (!more || !handOver()) {
                owed = more ? 1 : state.served(owed);
            } else {
                owed = 0;
            }
        }
        if (alarmed) {
            setAlarm(alarmNanos);
        }
        if (first != null) {
            tellAll(first, callersOwn);
        }
        if (empty && !admitting) {
            completeDraining(false);
        }
    }

    /**
     * Gives up the drain and has the executor take it up.
     *
     * @return false if the caller is the owner again and must go on itself
     */
    private boolean handOver() {
        HandOver task;
        try {
            task = new HandOver(this);
            HANDING_OVER.set(task);
        } catch (Throwable e) {
            listeners.failed("drain", e);
            return false;
        }
        state.handOver();
        try {
            handOvers.execute(task);
        } catch (Throwable e) {
            if (!(e instanceof RejectedExecutionException)) {
                listeners.failed("callback executor", e);
            }
            task.here = true;
        } finally {
            HANDING_OVER.remove();
        }
        return !task.here || !state.wakeUp();
    }

    private static final class HandOver implements Runnable {

        private final Gate gate;

        /** Whether the executor runs what it is given on the thread that gives it, or not at all. */
        private boolean here;

        HandOver(Gate gate) {
            this.gate = gate;
        }

        @Override
        public void run() {
            if (HANDING_OVER.get() == this) {
                // Not nested, or the stack would grow with the queue.
                here = true;
            } else {
                gate.wake(false);
            }
        }
    }

    /** @return whether a batch was full and there may be more to grant */
    private boolean serve() {
        takeIn();
        moment.known = false;
        lookedNanos = time.coarseNanos();
        boolean anyWaited = lookAround(lookedNanos);
        boolean more = false;
        if (anyWaited) {
            openQueue();
            if (closed) {
                shedAll();
            } else {
                more = grant();
            }
        }
        if (waiting.get() == 0) {
            nobodyWaits(anyWaited);
        }
        if (!admitting) {
            // While it drains the flag stays, so that whoever returns the last permit leaves a wake-up too.
            openQueue();
        }
        for (TierLane lane : lanes) {
            lane.tidy();
        }
        return more;
    }

    /** What time has brought, apart from grants. Returns whether anybody waits. */
    private boolean lookAround(long coarse) {
        if (wheel.size() > 0 && wheel.earliestNanos() - coarse <= 0) {
            wheel.expire(moment.nanos(), due);
        }
        if (refusalsNanos != 0) {
            forgetRefusals(coarse);
        }
        evictSurplus();
        if (lending != null && lending.isDueContended(coarse)) {
            lend(lending, coarse);
        }
        boolean anyWaits = waiting.get() > 0;
        if (cursor != null && cursor.isDue(coarse, anyWaits)) {
            turn(cursor, coarse);
        }
        return anyWaits;
    }

    private boolean grant() {
        double past = passed.getOpaque() == 0 ? 0 : passed.getAndSet(0);
        GateState.Ceilings ceilings = limits.ceilings;
        scheduler.accrue(ceilings, moment);
        return (past > 0 || state.hasAnyRoom(ceilings)) && scheduler.grant(ceilings, past, BATCH, moment);
    }

    private void nobodyWaits(boolean anyWaited) {
        scheduler.empty();
        if (passed.getOpaque() != 0) {
            passed.set(0);
        }
        if (admitting && queueOpen && !anyWaited) {
            // Nobody waits, and nobody did when this pass began: it is not closed between one waiter and the next,
            // where
            // requests come as fast as others end. Whoever queues after this look leaves a wake-up, and opens it again.
            queueOpen = false;
            state.closeQueue();
        }
    }

    private void openQueue() {
        if (!queueOpen) {
            queueOpen = true;
            state.openQueue();
        }
    }

    private void turn(RankCursor ranks, long now) {
        for (TierLane lane : lanes) {
            Waiter oldest = lane.queue.oldest();
            perTier[lane.rank] = oldest == null ? -1 : lane.shareOfBound(now - oldest.arrivedNanos);
        }
        ranks.turn(now, perTier);
    }

    private void takeIn() {
        for (Correction each = corrections.relaxedPoll(); each != null; each = corrections.relaxedPoll()) {
            scheduler.correct(each.lane, each.tenant, each.tokens);
        }
        for (Waiter waiter = intake.relaxedPoll(); waiter != null; waiter = intake.relaxedPoll()) {
            takeIn(waiter);
        }
    }

    private void takeIn(Waiter waiter) {
        try {
            scheduler.add(waiter);
        } catch (RuntimeException | Error e) {
            // No memory to queue it, which must not be the end of the drain, nor of an answer.
            listeners.failed("drain", e);
            refuse(waiter, Permit.EVICTED, Reason.EVICTED);
        }
    }

    /**
     * Gives places to those that came when all were taken: of the same tier, or else of the lowest, the tenant with most of them gives up
     * its last.
     */
    private void evictSurplus() {
        if (displaced) {
            evictDisplaced();
        }
        for (int rank = lanes.length - 1; rank >= 0 && waiting.get() > maxQueued; rank--) {
            boolean evicted = true;
            while (evicted && waiting.get() > maxQueued) {
                evicted = evictLastOfLongest(lanes[rank]);
            }
        }
    }

    private void evictDisplaced() {
        displaced = false;
        for (TierLane lane : lanes) {
            boolean evicted = true;
            while (evicted && lane.overfull()) {
                evicted = evictLastOfLongest(lane);
            }
        }
    }

    private boolean evictLastOfLongest(TierLane lane) {
        Waiter last = lane.queue.lastOfLongest(lane.tenants);
        if (last == null) {
            return false;
        }
        refuse(last, Permit.EVICTED, Reason.EVICTED);
        lane.queue.forget(last);
        return true;
    }

    private void shedAll() {
        for (TierLane lane : lanes) {
            for (Waiter waiter = lane.queue.head(); waiter != null; waiter = lane.queue.head()) {
                refuse(waiter, Permit.DRAINED, Reason.DRAINING);
                lane.queue.removeHead(waiter, 0);
            }
        }
    }

    private void refuse(Waiter waiter, int refusal, Reason reason) {
        if (waiter.tryRefuse(refusal, moment.nanos())) {
            unreserve(waiter);
            left(waiter);
            wheel.remove(waiter);
            TierLane lane = waiter.lane;
            turnSlo(lane, moment.nanos());
            lane.countShed(reason, supply().scaling());
            lane.record(Latency.QUEUE_SHED, waiter.queueNanos());
            settled.add(waiter);
        }
    }

    /** The time of this pass of the drain, read when it is first asked for. */
    private final class Moment implements Scheduler.Clock {

        private boolean known;
        private long nanos;

        @Override
        public long nanos() {
            if (!known) {
                nanos = time.nanos();
                known = true;
            }
            return nanos;
        }
    }

    /** Those whom the owner has settled, in order, through their own links. */
    private final class Settled implements Scheduler.Settling {

        @Nullable
        private Waiter first;

        @Nullable
        private Waiter last;

        private void add(Waiter waiter) {
            if (last == null) {
                first = waiter;
            } else {
                last.next = waiter;
            }
            last = waiter;
        }

        @Override
        public void granted(Waiter waiter, int asked) {
            left(waiter);
            cut(waiter, asked, waiter.units);
            if (cursor != null && cursor.counts()) {
                cursor.granted(waiter.lane.rank, waiter.lane.shareOfBound(waiter.queueNanos()));
            }
            add(waiter);
        }

        @Override
        public void expired(Waiter waiter) {
            unreserve(waiter);
            left(waiter);
            wheel.remove(waiter);
            countExpired(waiter.lane, waiter.queueNanos());
            add(waiter);
        }

        @Override
        public boolean anyWaits() {
            return waiting.get() > 0;
        }

        private void due(Waiter waiter) {
            if (waiter.tryRefuse(Permit.EXPIRED, moment.nanos())) {
                expired(waiter);
            }
        }
    }

    // ---- the alarm -------------------------------------------------------------------------------------------------

    /** The next look at the timer wheel. One is set at a time, and the earliest stands. */
    private final class Alarm implements Runnable {

        private final long atNanos;
        private volatile TimeSource.@Nullable Task task;

        Alarm(long atNanos) {
            this.atNanos = atNanos;
        }

        @Override
        public void run() {
            // An alarm that an earlier one has replaced finds that one's place taken and only looks.
            alarm.compareAndSet(this, null);
            wake(false);
        }
    }

    /** Foreign code: never called by the owner of the drain. */
    private void setAlarm(long atNanos) {
        Alarm wanted = null;
        while (true) {
            Alarm set = alarm.get();
            if (set != null && set.atNanos - atNanos <= 0) {
                return;
            }
            if (wanted == null) {
                wanted = new Alarm(atNanos);
            }
            if (alarm.compareAndSet(set, wanted)) {
                break;
            }
        }
        try {
            wanted.task = time.schedule(Math.max(0, atNanos - time.nanos()), wanted);
        } catch (RuntimeException | Error e) {
            // The next that queues or leaves sets it again; blocked callers look after themselves.
            alarm.compareAndSet(wanted, null);
            listeners.failed("time source", e);
        }
    }

    private void stopAlarm() {
        Alarm set = alarm.getAndSet(null);
        TimeSource.Task task = set == null ? null : set.task;
        if (task != null) {
            try {
                task.cancel();
            } catch (RuntimeException | Error e) {
                listeners.failed("time source", e);
            }
        }
    }

    // ---- telling ---------------------------------------------------------------------------------------------------

    /**
     * Tells listeners and whoever waits. A callback that runs here and returns a permit grants the next: that one is told
     * after it and not inside it, or the stack would grow with the queue.
     */
    private static void tellAll(Waiter first, boolean callersOwn) {
        @Nullable Object[] mine = ofThisThread();
        if (mine[IS_TELLING] != null) {
            ArrayDeque<Object> later = later(mine);
            for (Waiter waiter = first; waiter != null; waiter = unlinked(waiter)) {
                later.addLast(waiter);
            }
            return;
        }
        mine[IS_TELLING] = mine;
        try {
            int here = callersOwn ? BATCH : 0;
            for (Waiter waiter = first; waiter != null; ) {
                Waiter following = unlinked(waiter);
                waiter.lane.gate.tell(waiter, here-- > 0);
                waiter = following;
            }
            if (mine[LATER] != null) {
                ArrayDeque<Object> later = later(mine);
                for (Object waiter = later.poll(); waiter != null; waiter = later.poll()) {
                    ((Waiter) waiter).lane.gate.tell((Waiter) waiter, here-- > 0);
                }
            }
        } finally {
            mine[IS_TELLING] = null;
        }
    }

    private static @Nullable Object[] ofThisThread() {
        @Nullable Object[] mine = TELLING.get();
        if (mine == null) {
            mine = new @Nullable Object[2];
            TELLING.set(mine);
        }
        return mine;
    }

    @SuppressWarnings("unchecked") // nothing else is put there
    private static ArrayDeque<Object> later(@Nullable Object[] mine) {
        if (mine[LATER] == null) {
            mine[LATER] = new ArrayDeque<>();
        }
        return (ArrayDeque<Object>) mine[LATER];
    }

    private static @Nullable Waiter unlinked(Waiter waiter) {
        Waiter next = waiter.next;
        waiter.next = null;
        return next;
    }

    /** Tells one that the owner has settled. Never throws. */
    private void tell(Waiter waiter, boolean here) {
        TierLane lane = waiter.lane;
        long waited = waiter.queueNanos();
        Admission answer;
        try {
            answer = switch (waiter.state()) {
                case Permit.EXPIRED -> expired(waiter, waited);
                case Permit.EVICTED -> new Admission.Shed(Reason.EVICTED, retryAfter(waiter));
                case Permit.DRAINED -> new Admission.Shed(Reason.DRAINING, retryAfter(waiter));
                // Held, or closed already by a caller that was interrupted.
                default -> waiter;
            };
        } catch (RuntimeException | Error e) {
            listeners.failed("telling", e);
            answer = LAST_RESORT;
        }
        if (answer instanceof Permit) {
            admitted(lane, waiter);
        }
        tell(waiter, answer, waited, here);
    }

    /** Tells listeners and whoever waits for this settled ticket. Never called by the owner of the drain. Never throws. */
    private void tell(Waiter waiter, Admission answer, long waitedNanos, boolean here) {
        Object told = waiter.answered(answer);
        try {
            tellListeners(waiter.lane, answer, waitedNanos);
        } catch (RuntimeException | Error e) {
            listeners.failed("telling", e);
        }
        if (!(told instanceof Consumer)) {
            Waiter.tell(told, answer);
        } else if (callbacks == null && here) {
            runCallback(told, answer);
        } else {
            runElsewhere(told, answer);
        }
    }

    /** Runs a callback on the executor, or here if that cannot be: a permit would be lost with the answer. */
    private void runElsewhere(Object told, Admission answer) {
        CallbackTask task = null;
        try {
            task = new CallbackTask(this, told, answer);
            handOvers.execute(task);
        } catch (Throwable e) {
            if (!(e instanceof RejectedExecutionException)) {
                listeners.failed("callback executor", e);
            }
            if (task != null) {
                task.run();
            } else {
                runCallback(told, answer);
            }
        }
    }

    /** Runs a callback once, however often an executor runs the task. */
    private static final class CallbackTask extends AtomicBoolean implements Runnable {

        private static final long serialVersionUID = 1;

        private final transient Gate gate;
        private final transient Object told;
        private final transient Admission answer;

        CallbackTask(Gate gate, Object told, Admission answer) {
            this.gate = gate;
            this.told = told;
            this.answer = answer;
        }

        @Override
        public void run() {
            if (!getAndSet(true)) {
                gate.runCallback(told, answer);
            }
        }
    }

    private void runCallback(Object told, Admission answer) {
        try {
            Waiter.tell(told, answer);
        } catch (Throwable e) {
            listeners.failed("callback", e);
        }
    }

    private void tellListeners(TierLane lane, Admission answer, long waitedNanos) {
        if (listeners.none()) {
            return;
        }
        if (answer instanceof Permit) {
            listeners.tellAdmitted(lane.tier, waitedNanos);
            return;
        }
        listeners.tell(listener -> listener.refused(lane.tier, answer, waitedNanos));
        boolean ofPool = !(answer instanceof Admission.Shed shed) || TierLane.isOfPool(shed.reason());
        if (ofPool && !(answer instanceof Admission.Cancelled)) {
            tellEvaluated(lane, BROKEN_ADMISSION);
        }
    }

    // ---- permits ---------------------------------------------------------------------------------------------------

    long now() {
        return time.coarseNanos();
    }

    void onFirstToken(TierLane lane, long sinceArrivalNanos) {
        lane.record(Latency.TIME_TO_FIRST_TOKEN, sinceArrivalNanos);
        if (!listeners.none()) {
            listeners.tell(listener -> listener.firstToken(lane.tier, sinceArrivalNanos));
        }
    }

    /** Takes units for a permit that is held, up to as many as it wants, and charges them; how many, or 0. */
    int tryGrow(Permit permit, int held, int wanted) {
        TierLane lane = permit.lane;
        // Not more than the tier could be given at all: what is reported may be nonsense.
        int most = GateState.taken(wanted, limits.ceilings, lane.rank) - held;
        if (most <= 0 || !state.tryGrow(most)) {
            return 0;
        }
        QuotaTier tier = lane.quota;
        if (quotas != null && tier != null && !reservesMaximum) {
            quotas.extend(permit.request.tenant(), tier, GateState.tokensOf(most), permit.arrivedNanos);
        }
        return most;
    }

    /** It was closed meanwhile, or grown by another thread. */
    void shrink(Permit permit, int units) {
        reserveLess(permit, units);
        if (state.shrink(units)) {
            wake(true);
        }
    }

    void onGrown(Permit permit, int units) {
        permit.lane.countGrown(units);
        if (waiting.get() > 0) {
            corrections.offer(new Correction(permit.lane, permit.request.tenant(), (double) GateState.tokensOf(units)));
        }
    }

    /** Gives room back; true if somebody waits for it, and then {@link #onClosed} is owed. */
    boolean giveBack(int units) {
        return state.giveBack(units);
    }

    /**
     * After the room was given back: nothing here can keep it, whatever fails.
     *
     * @param units what it held in the end
     * @param firstTokenNanos time from arrival to the first token; 0 if it was not told
     * @param awaited whether somebody waits for the room
     */
    void onClosed(Permit permit, int units, Outcome outcome, Usage usage, long firstTokenNanos, boolean awaited) {
        TierLane lane = permit.lane;
        long inFlightNanos = 0;
        boolean lends = false;
        Set<Objective> broken = Set.of();
        try {
            long now = time.coarseNanos();
            long sinceArrival = Math.max(0, now - permit.arrivedNanos);
            inFlightNanos = Math.max(0, sinceArrival - permit.queueNanos());
            turnSlo(lane, now);
            lane.countClosed(IN_FLIGHT[outcome.ordinal()], inFlightNanos, units, usage);
            if (awaited || more || !permit.request.plain) {
                lends = onClosedMore(permit, units, outcome, usage, awaited, now);
            }
            if (outcome != Outcome.CANCELLED) {
                waits.returned(inFlightNanos);
                broken = broken(lane, outcome, usage, firstTokenNanos, sinceArrival);
                boolean scaling = supply().scaling();
                if (scaling || !broken.isEmpty()) {
                    lane.countEvaluated(broken, scaling);
                }
            }
            if (refusalsNanos != 0) {
                forgetRefusals(now);
            }
        } catch (RuntimeException | Error e) {
            listeners.failed("time source", e);
        } finally {
            if (awaited || lends) {
                wake(true);
            }
        }
        if (!listeners.none()) {
            tellClosed(lane, outcome, usage, inFlightNanos, broken);
        }
    }

    /** What is to be done only where there are quotas, guarantees, others that wait, or something to be learned. */
    private boolean onClosedMore(Permit permit, int units, Outcome outcome, Usage usage, boolean awaited, long now) {
        if (quotas != null) {
            settle(permit, units, outcome, usage);
        }
        if (usage.outputTokens() > 0 || usage.promptTokens() > 0) {
            learn(permit, units, outcome, usage, awaited);
        }
        return lending != null && lending.isDue(now);
    }

    private void learn(Permit permit, int units, Outcome outcome, Usage usage, boolean awaited) {
        Request request = permit.request;
        if (request.learns()
                && usage.outputTokens() > 0
                && (outcome == Outcome.COMPLETED || outcome == Outcome.UNREPORTED)) {
            permit.lane.outputs.wrote(request.modelOrNull(), usage.outputTokens());
        }
        double took = (double) usage.promptTokens() + (double) usage.outputTokens();
        double more = took - (double) GateState.tokensOf(units);
        // What was granted without a wait was charged to nobody, and is not given back.
        boolean charged = more > 0 || (permit instanceof Waiter waiter && waiter.place != Waiter.NEVER_QUEUED);
        if (awaited && charged && units > 0 && Math.abs(more) > GateState.TOKENS_PER_UNIT) {
            corrections.offer(new Correction(permit.lane, request.tenant(), more));
        }
    }

    private void tellClosed(TierLane lane, Outcome outcome, Usage usage, long inFlightNanos, Set<Objective> broken) {
        if (outcome != Outcome.CANCELLED) {
            tellEvaluated(lane, broken);
        }
        listeners.tell(listener -> listener.closed(lane.tier, outcome, inFlightNanos, usage));
    }

    private static Set<Objective> broken(
            TierLane lane, Outcome outcome, Usage usage, long firstTokenNanos, long sinceArrival) {
        // An answer that is not streamed has its first token at its end.
        boolean streamed = firstTokenNanos != 0;
        long firstToken = streamed ? Math.min(firstTokenNanos, Math.max(1, sinceArrival)) : sinceArrival;
        long later = usage.outputTokens() - 1;
        boolean failed = outcome == Outcome.FAILED;
        boolean late = firstToken > lane.maxFirstTokenNanos;
        boolean slow = streamed && later > 0 && (sinceArrival - firstToken) / later > lane.maxTokenNanos;
        if (!failed && !late && !slow) {
            // Nearly always: nothing is allocated for it.
            return Set.of();
        }
        EnumSet<Objective> broken = EnumSet.noneOf(Objective.class);
        if (failed) {
            broken.add(Objective.COMPLETION);
        }
        if (late) {
            broken.add(Objective.TIME_TO_FIRST_TOKEN);
        }
        if (slow) {
            broken.add(Objective.TIME_PER_OUTPUT_TOKEN);
        }
        return Collections.unmodifiableSet(broken);
    }

    private void tellEvaluated(TierLane lane, Set<Objective> broken) {
        boolean scaling = supply().scaling();
        listeners.tell(listener -> listener.evaluated(lane.tier, broken, scaling));
    }

    private static void turnSlo(TierLane lane, long now) {
        if (lane.slo.isOver(now)) {
            long evaluated = lane.evaluated();
            lane.slo.turn(now, evaluated, evaluated - lane.broken());
        }
    }

    private void giveBackLeaked(LeakDetector.Tracked lost) {
        lost.lane.countLeaked(lost.units());
        if (state.giveBack(lost.units())) {
            wake(false);
        }
    }

    // ---- looking ahead ---------------------------------------------------------------------------------------------

    /**
     * How long a request of this tier would wait if it came now, counting replicas on their way; empty if nothing tells yet.
     */
    public Optional<Duration> predictedWait(Tier tier) {
        TierLane lane = lanes[rankOf(tier)];
        GateState.Ceilings ceilings = limits.ceilings;
        if (mayPass(lane, ceilings) && state.hasRoom(ceilings, lane.rank)) {
            return Optional.of(Duration.ZERO);
        }
        long nanos = predictedWaitNanos(lane, time.nanos());
        return nanos >= 0 ? Optional.of(Duration.ofNanos(nanos)) : Optional.empty();
    }

    /** Until a newcomer would be granted: after those who wait, and those who were given a time to come back at. */
    private long predictedWaitNanos(TierLane lane, long now) {
        long wait = waitNanos(lane, now);
        return wait < 0 || !lane.appoints ? wait : Math.max(wait, lane.appointments.givenAheadNanos(now));
    }

    /** Until those who wait have been granted, and one more; {@link WaitEstimator#UNKNOWN} if nothing tells. */
    private long waitNanos(TierLane lane, long now) {
        return waits.knows()
                ? waits.nanosUntilGranted(ahead(lane), state.slotsInFlight(), supply(), now)
                : WaitEstimator.UNKNOWN;
    }

    /**
     * Requests granted until a newcomer of this tier has been, itself among them, if all are of one size: its own tier's, all
     * of those tiers for which room is held back from it, and as many of tiers with the same ceiling as their weight lets go
     * meanwhile.
     */
    private long ahead(TierLane lane) {
        return ahead(lane, lane.waiting() + 1L);
    }

    private long ahead(TierLane lane, long own) {
        double ahead = own;
        for (TierLane other : lanes) {
            if (other != lane && other.tier.ceiling() >= lane.tier.ceiling()) {
                double most = other.tier.ceiling() > lane.tier.ceiling()
                        ? Double.POSITIVE_INFINITY
                        : (own - 0.5) * other.tier.weight() / lane.tier.weight();
                ahead += Math.min(other.waiting(), most);
            }
        }
        // Whatever is ahead, its floor is its share of all that is granted.
        double byFloor = lane.tier.floor() > 0 ? (double) own / lane.tier.floor() : Double.POSITIVE_INFINITY;
        return (long) Math.ceil(Math.min(ahead, byFloor));
    }

    private Duration retryAfter(Waiter waiter) {
        TierLane lane = waiter.lane;
        long now = time.coarseNanos();
        if (waiter.request.key != 0) {
            return appointment(lane, waiter.request, now);
        }
        return RetryAfter.jittered((double) Math.max(0, predictedWaitNanos(lane, now)), jitter.incrementAndGet());
    }

    // ---- supply, state, closing ------------------------------------------------------------------------------------

    /**
     * Takes a new supply: the limit changes at once, and whoever fits now is granted. A limit below what is in flight takes
     * nothing back; nobody is granted until there is room again.
     */
    @SuppressWarnings("ReferenceEquality") // of compare-and-exchange
    public void supply(Supply supply) {
        Objects.requireNonNull(supply, "supply");
        Limits before = limits;
        while (true) {
            boolean changed = !before.supply.limit().equals(supply.limit());
            Limits after = changed ? limitsOf(supply) : new Limits(supply, before.ceilings);
            Limits found = (Limits) LIMITS.compareAndExchange(this, before, after);
            if (found == before) {
                forgetAllRefusals();
                if (changed) {
                    if (lending != null) {
                        lending.limitChanged();
                    }
                    wake(false);
                }
                return;
            }
            before = found;
        }
    }

    /** The supply it was last given. */
    public Supply supply() {
        return limits.supply;
    }

    /** Work in flight now. Exact. */
    public Work inFlight() {
        return new Work(state.slotsInFlight(), state.tokensInFlight());
    }

    /** Requests that wait now, all tiers. */
    public int queued() {
        return waiting.get();
    }

    /** What was counted so far. */
    public PoolLoad load() {
        long now = time.nanos();
        List<PoolLoad.TierLoad> loads = new ArrayList<>();
        for (TierLane lane : lanes) {
            loads.add(lane.load(now));
        }
        return new PoolLoad(pool, now, loads);
    }

    /** The distribution of a time of this tier's requests, since the gate was made. */
    public LatencySnapshot latency(Tier tier, Latency which) {
        return lanes[rankOf(tier)].snapshot(which);
    }

    /** Requests of this tier that were shed for this reason so far. */
    public long shed(Tier tier, Reason reason) {
        return lanes[rankOf(tier)].tally.sum(TierLane.SHED + reason.ordinal());
    }

    /** Model tokens of this tier as reported at the end of requests so far. */
    public Usage usage(Tier tier) {
        Tally tally = lanes[rankOf(tier)].tally;
        return new Usage(tally.sum(TierLane.PROMPT_TOKENS), tally.sum(TierLane.OUTPUT_TOKENS));
    }

    /**
     * Requests of this tier that were held against its SLO so far.
     *
     * @param scaling those that ended while a scale event was under way, or those that did not
     */
    public long sloEvaluated(Tier tier, boolean scaling) {
        TierLane lane = lanes[rankOf(tier)];
        return scaling ? lane.evaluatedScaling() : Math.max(0, lane.evaluated() - lane.evaluatedScaling());
    }

    /** Times that a request of this tier broke this objective so far; a request can break several. */
    public long sloViolations(Tier tier, Objective objective, boolean scaling) {
        return lanes[rankOf(tier)].broken(objective, scaling);
    }

    /** Share of requests that kept the tier's SLO over the last five minutes; empty if there were none. */
    public OptionalDouble sloAttainment(Tier tier) {
        TierLane lane = lanes[rankOf(tier)];
        long evaluated = lane.evaluated();
        return lane.slo.attainment(time.nanos(), evaluated, evaluated - lane.broken());
    }

    /** Requests of this tier so far that said they had been refused before, or were known to. */
    public long retries(Tier tier) {
        return lanes[rankOf(tier)].tally.sum(TierLane.RETRIES);
    }

    /** Tokens that a request of this tier, and of this model if one is named, will probably write. */
    public long expectedOutputTokens(Tier tier, @Nullable String model, long maxOutputTokens) {
        return lanes[rankOf(tier)].outputs.expected(model, maxOutputTokens);
    }

    /** What this tier may fill now, as a share of the limit: its ceiling, less what is kept for guarantees of others. */
    public double openTo(Tier tier) {
        return limits.ceilings.share(rankOf(tier));
    }

    /** Share of ranks, highest first, that may queue now; 1 unless more arrives than can be served for a while. */
    public double openRanks() {
        return cursor == null ? 1 : cursor.openShare();
    }

    /** The quotas it was given, if any. */
    public Optional<Quotas> quotas() {
        return Optional.ofNullable(quotas);
    }

    /** Times that a promise of tokens per second to this tier, or to a tenant in it, was broken so far, by cause. */
    public long throughputBreaches(Tier tier, ThroughputBreach cause) {
        long sum = 0;
        for (Throughput promise : scheduler.promises()) {
            sum += promise.lane == lanes[rankOf(tier)] ? promise.breaches(cause) : 0;
        }
        return sum;
    }

    /** Permits that were dropped without being closed, and whose room was given back, so far. */
    public long leakedPermits() {
        return leaks == null ? 0 : leaks.leaked();
    }

    /** Attaches a listener. */
    public void addListener(GateListener listener) {
        listeners.add(Objects.requireNonNull(listener, "listener"));
    }

    /** Detaches a listener; harmless if it is not attached. */
    public void removeListener(GateListener listener) {
        listeners.remove(listener);
    }

    /** Asks to be told when a request has to wait and none did before; called on that request's thread, so be quick. */
    public void onDemand(Runnable listener) {
        demandListeners.add(Objects.requireNonNull(listener, "listener"));
    }

    /** Times that a listener, a callback, an executor or the time source threw. */
    public long listenerFailures() {
        return listeners.failures();
    }

    /**
     * How a gate was emptied.
     *
     * @param empty whether nobody waits and nothing is in flight any more
     * @param inFlight permits still held when the time was over
     * @since 0.1.0
     */
    public record Drained(boolean empty, int inFlight) {}

    /**
     * Admits nobody from now on, lets those who wait and those in flight go on for a while, then sheds those who still wait.
     *
     * <p>Permits that are held when the time is over stay good, and their room counts until they are closed. Called again, it
     * changes nothing and answers the same future; {@link #close()} ends it early.
     *
     * @param grace how long, 0 or more
     * @return completed as soon as nobody waits and nothing is in flight, or when the time is over; on the thread that made it
     *     so, so dependants that take long belong on an executor
     */
    @SuppressWarnings("FutureReturnValueIgnored") // the stage that stops the clock has no result of its own
    public CompletableFuture<Drained> drain(Duration grace) {
        if (grace.isNegative()) {
            throw new IllegalArgumentException("grace must be >= 0 but was " + grace);
        }
        CompletableFuture<Drained> made = new CompletableFuture<>();
        CompletableFuture<Drained> found = draining.compareAndExchange(null, made);
        if (found != null) {
            return found.copy();
        }
        admitting = false;
        if (!closed && !grace.isZero()) {
            try {
                TimeSource.Task end = time.schedule(grace.toNanos(), this::close);
                made.whenComplete((drained, failure) -> end.cancel());
            } catch (RuntimeException | Error e) {
                // Without a clock nothing would end it.
                listeners.failed("time source", e);
                close();
            }
        } else {
            close();
        }
        wake(true);
        return made.copy();
    }

    private void completeDraining(boolean timeIsOver) {
        CompletableFuture<Drained> future = draining.get();
        if (future != null && !future.isDone()) {
            int held = state.slotsInFlight();
            boolean empty = held == 0 && waiting.get() == 0;
            if (empty || timeIsOver) {
                try {
                    future.complete(new Drained(empty, held));
                } catch (RuntimeException | Error e) {
                    listeners.failed("dependant of drain", e);
                }
            }
        }
    }

    /** Admits nobody from now on and sheds those who wait; permits that are held stay good. Harmless when called twice. */
    @Override
    public void close() {
        admitting = false;
        closed = true;
        wake(false);
        stopAlarm();
        if (leaks != null) {
            leaks.close();
        }
        completeDraining(true);
    }

    private TierLane laneOf(Request request) {
        return lanes[rankOf(request.tier())];
    }

    private int rankOf(Tier tier) {
        Tier[] ranked = ranks;
        // Written out: a loop over three is set up for thousands, which takes longer than the three.
        if (ranked[0] == tier) {
            return 0;
        }
        if (ranked.length > 1 && ranked[1] == tier) {
            return 1;
        }
        return ranked.length > 2 && ranked[2] == tier ? 2 : lowerRankOf(tier);
    }

    private int lowerRankOf(Tier tier) {
        for (int rank = 3; rank < ranks.length; rank++) {
            if (ranks[rank] == tier) {
                return rank;
            }
        }
        throw new IllegalArgumentException(
                "tier " + tier + " is not of pool " + pool + "; take tiers from gate.tier(name), which has " + tiers);
    }

    @Override
    public String toString() {
        return "Gate[pool=" + pool + ", inFlight=" + inFlight() + ", queued=" + queued() + "]";
    }

    /** Collects the settings of a {@link Gate}. Not safe for use by several threads. */
    public static final class Builder {

        private static final int MAX_TIERS = 32;

        private final String pool;
        private final List<Tier> tiers = new ArrayList<>();
        private int maxQueued = 1024;
        private Supply supply = Supply.fixed(0, Work.NONE);
        private @Nullable TimeSource time;
        private @Nullable Executor callbacks;
        private TierOrder order = TierOrder.weighted();
        private boolean leakDetection = true;
        private int leakSites;
        private int maxTenants = WaitQueue.MAX_TENANTS;
        private boolean shedByRank = true;
        private @Nullable Quotas quotas;
        private boolean reservesMaximum;
        private final Map<Tier, Map<String, Double>> tenantRates = new LinkedHashMap<>();
        private long seed = 1;
        private @Nullable Long shardSeed;
        private long wakeUps;

        private Builder(String pool) {
            this.pool = Objects.requireNonNull(pool, "pool");
        }

        /** Adds a tier below those added before. At least one, at most 32, of different names. */
        public Builder tier(Tier tier) {
            tiers.add(Objects.requireNonNull(tier, "tier"));
            return this;
        }

        /** Most requests that wait at once, all tiers; 0 or more, 1024 by default. */
        public Builder maxQueued(int maxQueued) {
            if (maxQueued < 0) {
                throw new IllegalArgumentException("maxQueued must be >= 0 but was " + maxQueued);
            }
            this.maxQueued = maxQueued;
            return this;
        }

        /** What there is at the start; nothing by default, so that all wait until {@link Gate#supply(Supply)} is called. */
        public Builder supply(Supply supply) {
            this.supply = Objects.requireNonNull(supply, "supply");
            return this;
        }

        /** The same limit for good: for a gate without an engine. */
        public Builder limit(Work limit) {
            return supply(Supply.fixed(1, limit));
        }

        /** The clock. Required. */
        public Builder time(TimeSource time) {
            this.time = Objects.requireNonNull(time, "time");
            return this;
        }

        /**
         * Where callbacks of requests that waited run.
         *
         * <p>By default on the thread that brought it about, by returning a permit or by giving up, once the gate has decided:
         * as {@link CompletableFuture} does, so a callback must not block. The gate's clock and engine run none: what they
         * bring about, and what exceeds {@value Gate#BATCH} in a row, runs on the common pool. With an executor all run there;
         * one that rejects is not left to lose an answer, which then comes on the thread at hand.
         */
        public Builder callbackExecutor(Executor callbacks) {
            this.callbacks = Objects.requireNonNull(callbacks, "callbacks");
            return this;
        }

        /** Which tier is next among those that wait; {@link TierOrder#weighted()} by default. */
        public Builder tierOrder(TierOrder order) {
            this.order = Objects.requireNonNull(order, "order");
            return this;
        }

        /**
         * Whether permits that are dropped without being closed are found and their room given back; true by default. Found by
         * the second garbage collection after it was dropped, once a second.
         */
        public Builder leakDetection(boolean leakDetection) {
            this.leakDetection = leakDetection;
            return this;
        }

        /**
         * Notes for one in so many requests where it was made, for the log of a leak; 0, the default, notes none, and 1 notes
         * all, at some microseconds each. Needs leak detection.
         */
        public Builder leakSites(int oneIn) {
            if (oneIn < 0) {
                throw new IllegalArgumentException("leakSites must be >= 0 but was " + oneIn);
            }
            this.leakSites = oneIn;
            return this;
        }

        /**
         * Most tenants of each tier that wait in queues of their own or are remembered; 4096 by default. Further ones share 64 queues,
         * and with them their turns.
         */
        public Builder maxTenants(int maxTenants) {
            if (maxTenants < 0) {
                throw new IllegalArgumentException("maxTenants must be >= 0 but was " + maxTenants);
            }
            this.maxTenants = maxTenants;
            return this;
        }

        /**
         * Whether, while more arrives than can be served for 10 s, the lowest tiers, and in them the same tenants for a while, are refused
         * with {@link Reason#OVERLOADED} before they queue; true by default. Without it all queue until their places or times are
         * over.
         */
        public Builder shedByRank(boolean shedByRank) {
            this.shedByRank = shedByRank;
            return this;
        }

        /**
         * What each tenant and tier may ask for in a minute; no bounds by default. What a request takes is reserved before it may wait or
         * run, given back if it does neither, and settled by what it took at the end, or by what was reserved if nobody says. One over
         * quota is refused with {@link Reason#QUOTA_EXCEEDED} and the time until there is enough.
         *
         * @param quotas also those of other gates, where a tenant's quota holds for all of them together
         */
        public Builder quotas(Quotas quotas) {
            this.quotas = Objects.requireNonNull(quotas, "quotas");
            return this;
        }

        /**
         * Whether a request reserves all that it may write, and not what it is expected to; false by default. Then no quota is ever
         * exceeded, and a budget never overspent, at the price that long {@code max_tokens} are refused sooner. Else a request that writes
         * more than expected leaves a debt, and the next wait until that is paid.
         */
        public Builder quotasReserveMaximum(boolean reservesMaximum) {
            this.reservesMaximum = reservesMaximum;
            return this;
        }

        /**
         * Promises a tenant so many tokens a second, prompt and output, while its requests of this tier wait: as {@link
         * Tier#tokensPerSecond()} does for a tier.
         *
         * @param tokensPerSecond above 0, at most 10^9
         */
        public Builder tokensPerSecond(Tier tier, String tenant, double tokensPerSecond) {
            if (!(tokensPerSecond > 0 && tokensPerSecond <= 1e9)) {
                throw new IllegalArgumentException(
                        "tokensPerSecond must be above 0 and at most 10^9 but was " + tokensPerSecond);
            }
            tenantRates
                    .computeIfAbsent(tier, ignored -> new LinkedHashMap<>())
                    .put(Request.nameOf(tenant), tokensPerSecond);
            return this;
        }

        private long shardSeed() {
            // Unknown to tenants unless a test wants it known.
            return shardSeed != null ? shardSeed : new SplittableRandom().nextLong();
        }

        /** Where the count of wake-ups starts; for tests of its wrapping. */
        Builder wakeUps(long wakeUps) {
            this.wakeUps = wakeUps;
            return this;
        }

        /** Seed of the jitter on retry times, 1 by default, and of how tenants are dealt into shards and ranks, which is random. */
        public Builder seed(long seed) {
            this.seed = seed;
            this.shardSeed = seed;
            return this;
        }

        /** The gate. */
        public Gate build() {
            if (time == null) {
                throw new IllegalArgumentException("time is required: SystemTime.start(), or ManualTime in a test");
            }
            if (tiers.isEmpty() || tiers.size() > MAX_TIERS) {
                throw new IllegalArgumentException(
                        "a gate needs 1 to " + MAX_TIERS + " tiers but pool " + pool + " has " + tiers.size());
            }
            double guaranteed = tiers.stream().mapToDouble(Tier::guarantee).sum();
            if (guaranteed > 1 + 1e-9) {
                throw new IllegalArgumentException("the guarantees of pool " + pool
                        + "'s tiers must be at most 1 together but are " + guaranteed + "; lower some");
            }
            for (Tier tier : tenantRates.keySet()) {
                if (!tiers.contains(tier)) {
                    throw new IllegalArgumentException("tokensPerSecond was set for a tenant of tier " + tier
                            + ", which is not a tier of pool " + pool + "; it has " + tiers);
                }
            }
            Set<String> names = new HashSet<>();
            for (Tier tier : tiers) {
                if (!names.add(tier.name())) {
                    throw new IllegalArgumentException("pool " + pool + " has two tiers named " + tier);
                }
            }
            return new Gate(this);
        }
    }
}
