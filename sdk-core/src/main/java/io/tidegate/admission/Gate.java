/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import io.tidegate.admission.Admission.Reason;
import io.tidegate.admission.spi.GateListener;
import io.tidegate.pool.PoolLoad;
import io.tidegate.pool.Slo;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.supply.Supply;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jctools.queues.varhandle.MpscUnboundedVarHandleArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * Decides for one pool which requests run, wait or are refused.
 *
 * <p><b>Guarantees.</b> No tier ever holds more than its ceiling of the limit. A permit counts until it is closed, once. A
 * waiter is granted, expired, evicted or cancelled, exactly one of them. Nobody is granted after its time in queue has run
 * out. An arrival does not pass those who wait. Whoever must wait longer than it may, as far as can be told, is refused at
 * once.
 *
 * <p><b>Not promised.</b> Order between tiers is by weight, not strict; inside a tier it is arrival order.
 *
 * <p><b>Threads.</b> All methods are safe for many threads and none blocks, except {@link #acquire(Request)}, which parks the
 * caller. There is no thread of its own: whoever returns a permit grants the next. Callbacks run on the executor given to
 * the builder, never while the gate decides.
 *
 * <p><b>Cost.</b> With room and nobody waiting, one compare-and-set on one word; returning is one fetch-and-add.
 *
 * @since 0.1.0
 */
public final class Gate implements AutoCloseable {

    /*
     * The slow path is a queue-drain: tickets enter a lock-free intake, and whoever raises the count of wake-ups from zero
     * owns the drain. Only the owner touches the lanes' queues, so these are plain collections. Everybody else leaves after
     * one fetch-and-add. Settled tickets are told after the owner has left, so foreign code never holds up the gate.
     *
     * A wake-up is owed by whoever changes what the owner would decide: a ticket that enters or leaves, a permit returned
     * while somebody waits, a new supply, an expiry, closing.
     */

    private static final Duration MIN_RETRY_AFTER = Duration.ofSeconds(1);
    private static final Duration MAX_RETRY_AFTER = Duration.ofSeconds(30);
    private static final double RETRY_JITTER = 0.3;

    private static final Set<Objective> BROKEN_ADMISSION = Set.of(Objective.ADMISSION);

    /** What this thread has yet to deliver, while it delivers. */
    private static final ThreadLocal<ArrayDeque<Ticket>> DELIVERING = new ThreadLocal<>();

    private final String pool;
    private final List<Tier> tiers;
    private final List<TierLane> lanes;
    private final int maxQueued;
    private final TimeSource time;
    private final Executor callbacks;
    private final GateState state = new GateState();
    private final GateListeners listeners = new GateListeners();
    private final List<Runnable> demandListeners = new CopyOnWriteArrayList<>();
    private final WaitEstimator waits = new WaitEstimator();
    private final MpscUnboundedVarHandleArrayQueue<Ticket> intake = new MpscUnboundedVarHandleArrayQueue<>(256);
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicLong jitter;

    /** Virtual time of the tier served last: where a tier that comes back begins. Owner of the drain only. */
    private double virtualNow;

    /** Orders writers of the next two, so that both are of the same supply in the end. */
    private final Object supplyLock = new Object();

    private volatile Supply supply;
    private volatile GateState.Ceilings ceilings;
    private volatile boolean closing;

    private Gate(Builder builder) {
        this.pool = builder.pool;
        this.tiers = List.copyOf(builder.tiers);
        this.time = Objects.requireNonNull(builder.time);
        List<TierLane> made = new ArrayList<>();
        for (int rank = 0; rank < tiers.size(); rank++) {
            made.add(new TierLane(tiers.get(rank), rank, time.nanos()));
        }
        this.lanes = List.copyOf(made);
        this.maxQueued = builder.maxQueued;
        this.callbacks = builder.callbacks;
        this.jitter = new AtomicLong(builder.seed);
        this.supply = builder.supply;
        this.ceilings = new GateState.Ceilings(supply.limit(), tiers);
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

    /** Asks without waiting: a {@link Permit}, or {@link Admission.Shed} if the request would have to wait. */
    public Admission tryAcquire(Request request) {
        TierLane lane = laneOf(request);
        long now = time.nanos();
        lane.arrivals.increment();
        Permit permit = tryAdmit(lane, request, now);
        Admission answer = permit != null ? permit : shed(lane, closing ? Reason.DRAINING : Reason.NO_ROOM, now);
        tellAnswer(lane, answer, 0);
        return answer;
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
        Ticket ticket = submit(request, null, Thread.currentThread());
        Admission outcome = ticket.outcome().orElse(null);
        while (outcome == null) {
            LockSupport.park(this);
            if (Thread.interrupted()) {
                abandon(ticket);
                throw new InterruptedException();
            }
            outcome = ticket.outcome().orElse(null);
        }
        return outcome;
    }

    private static void abandon(Ticket ticket) {
        if (!ticket.cancel()) {
            // Settled a moment ago; the answer follows without anybody's help, and a permit must not be lost with us.
            Admission outcome = ticket.outcome().orElse(null);
            while (outcome == null) {
                Thread.onSpinWait();
                outcome = ticket.outcome().orElse(null);
            }
            if (outcome instanceof Permit permit) {
                permit.close(Outcome.CANCELLED, Usage.NONE);
            }
        }
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
                permit.close(Outcome.CANCELLED, Usage.NONE);
            }
        });
        // Does nothing when it was the gate that completed it.
        future.whenComplete((outcome, failure) -> ticket.cancel());
        return future;
    }

    /**
     * Asks and answers by a callback.
     *
     * <p>The callback is called exactly once: on the calling thread before this method returns if the answer is known at
     * once, else on the gate's callback executor. What it throws is counted and logged; a permit it was given stays its own
     * to close.
     *
     * @return the ticket, by which the caller may give up
     */
    public Ticket acquire(Request request, Consumer<? super Admission> callback) {
        return submit(request, Objects.requireNonNull(callback, "callback"), null);
    }

    private Ticket submit(Request request, @Nullable Consumer<? super Admission> callback, @Nullable Thread waiter) {
        TierLane lane = laneOf(request);
        long now = time.nanos();
        Ticket ticket = new Ticket(this, lane, request, now, callback, waiter);
        lane.arrivals.increment();
        Admission atOnce = tryAdmit(lane, request, now);
        if (atOnce == null) {
            Reason refusal = refusal(ticket);
            if (refusal == null) {
                enqueue(ticket);
                return ticket;
            }
            atOnce = shed(lane, refusal, now);
        }
        ticket.trySettle();
        ticket.answer(atOnce, now);
        tellAnswer(lane, atOnce, 0);
        if (callback != null) {
            runCallback(ticket);
        }
        return ticket;
    }

    private @Nullable Permit tryAdmit(TierLane lane, Request request, long now) {
        if (closing) {
            return null;
        }
        GateState.Ceilings limits = ceilings;
        long cost = GateState.cost(request.tokens(), limits, lane.rank);
        if (!state.tryTake(cost, limits, lane.rank)
                && !(noneWaitsFor(lane) && state.tryTakeForWaiter(cost, limits, lane.rank))) {
            return null;
        }
        return admit(lane, cost, now, now);
    }

    /** Whether all who wait are of lower ceilings, so that the room above is held back from them, and for this tier. */
    private boolean noneWaitsFor(TierLane lane) {
        for (TierLane other : lanes) {
            if (other.waiting.get() > 0 && other.tier.ceiling() >= lane.tier.ceiling()) {
                return false;
            }
        }
        return true;
    }

    private Permit admit(TierLane lane, long cost, long arrivedNanos, long now) {
        Permit permit = new Permit(this, lane, cost, arrivedNanos, now);
        lane.inFlight.increment();
        lane.admitted.increment();
        long tokens = GateState.tokensOf(cost);
        lane.admittedTokens.add(tokens);
        lane.tokensInFlight.add(tokens);
        return permit;
    }

    /** Why the request must not wait, or null if it may; then a place is taken for it. */
    private @Nullable Reason refusal(Ticket ticket) {
        TierLane lane = ticket.lane;
        if (closing) {
            return Reason.DRAINING;
        }
        long boundNanos = ticket.request.maxQueueTime().toNanos();
        if (boundNanos == 0) {
            return Reason.NO_ROOM;
        }
        OptionalLong wait = predictedWaitNanos(lane, ticket.arrivedNanos);
        if (wait.isPresent() && wait.getAsLong() > boundNanos) {
            return Reason.WAIT_TOO_LONG;
        }
        if (!lane.reservePlace()) {
            return full();
        }
        if (!reservePlace(ticket)) {
            lane.waiting.decrementAndGet();
            return full();
        }
        return null;
    }

    /** Never counts a request that gets no place: the drain would evict another for it. */
    private boolean reservePlace(Ticket ticket) {
        int seen = waiting.get();
        while (seen < maxQueued || lowerTierWaits(ticket.lane)) {
            int found = waiting.compareAndExchange(seen, seen + 1);
            if (found == seen) {
                ticket.firstToWait = seen == 0;
                return true;
            }
            seen = found;
        }
        return false;
    }

    private Reason full() {
        return supply.replicas().ready() == 0 ? Reason.NO_CAPACITY : Reason.QUEUE_FULL;
    }

    private boolean lowerTierWaits(TierLane lane) {
        for (int rank = lane.rank + 1; rank < lanes.size(); rank++) {
            if (lanes.get(rank).waiting.get() > 0) {
                return true;
            }
        }
        return false;
    }

    private void enqueue(Ticket ticket) {
        try {
            ticket.expireBy(time.schedule(ticket.request.maxQueueTime().toNanos(), () -> expire(ticket)));
        } catch (RuntimeException | Error e) {
            // It must not keep a place in which nothing would end its wait.
            if (ticket.trySettle()) {
                left(ticket).cancelled.increment();
                drain();
            }
            throw e;
        }
        intake.offer(ticket);
        drain();
        // Told last, so that a listener that looks at the gate finds the queue; and by the first even if only
        // others are left in it, since they took the queue for one that was told of.
        if (ticket.firstToWait && waiting.get() > 0) {
            tellDemand();
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

    boolean cancel(Ticket ticket) {
        if (!ticket.trySettle()) {
            return false;
        }
        long now = time.nanos();
        left(ticket).cancelled.increment();
        ticket.answer(new Admission.Cancelled(Duration.ofNanos(now - ticket.arrivedNanos)), now);
        deliver(ticket);
        drain();
        return true;
    }

    private void expire(Ticket ticket) {
        if (ticket.trySettle()) {
            answerExpired(ticket, time.nanos());
            deliver(ticket);
            drain();
        }
    }

    /** For the winner of the ticket's settlement. */
    private void answerExpired(Ticket ticket, long now) {
        TierLane lane = left(ticket);
        lane.expired.increment();
        lane.slo.record(false, now);
        Duration waited = Duration.ofNanos(now - ticket.arrivedNanos);
        ticket.answer(new Admission.Expired(waited, retryAfter(lane, now)), now);
    }

    private TierLane left(Ticket ticket) {
        waiting.decrementAndGet();
        ticket.lane.waiting.decrementAndGet();
        return ticket.lane;
    }

    private Admission shed(TierLane lane, Reason reason, long now) {
        lane.shed.increment();
        lane.slo.record(false, now);
        return new Admission.Shed(reason, retryAfter(lane, now));
    }

    /** For the winner of the ticket's settlement. */
    private void answerShed(Ticket ticket, Reason reason, long now) {
        ticket.answer(shed(left(ticket), reason, now), now);
    }

    // ---- the drain -------------------------------------------------------------------------------------------------

    private void drain() {
        if (!state.wakeUp()) {
            return;
        }
        ArrayDeque<Ticket> settled = new ArrayDeque<>(0);
        long owed = 1;
        do {
            try {
                serve(settled);
            } catch (RuntimeException | Error e) {
                // Whatever goes wrong, the next wake-up must find that it can own the drain, or nobody is granted ever
                // again.
                listeners.failed("drain", e);
            }
            owed = state.served(owed);
        } while (owed != 0);
        if (!settled.isEmpty()) {
            deliverAll(settled);
        }
    }

    private void serve(ArrayDeque<Ticket> settled) {
        takeIn();
        evictSurplus(settled);
        if (waiting.get() > 0) {
            state.openQueue();
            if (closing) {
                shedAll(settled);
            } else {
                grant(settled);
            }
        }
        if (waiting.get() == 0) {
            // Whoever queues after this look leaves a wake-up, and the queue is opened again.
            state.closeQueue();
        }
        for (TierLane lane : lanes) {
            lane.sweep();
            lane.publishOldest();
        }
    }

    private void takeIn() {
        for (Ticket ticket = intake.relaxedPoll(); ticket != null; ticket = intake.relaxedPoll()) {
            TierLane lane = ticket.lane;
            if (lane.head() == null) {
                // A tier that comes back starts level with those served: having been away earns no credit, also not
                // against a tier whose own queue is empty just now.
                lane.virtualTime = Math.max(lane.virtualTime, virtualNow);
            }
            lane.add(ticket);
        }
    }

    /** Gives the places of the newest of the lowest tier to higher tiers that came when all were taken. */
    private void evictSurplus(ArrayDeque<Ticket> settled) {
        for (int rank = lanes.size() - 1; rank >= 0 && waiting.get() > maxQueued; rank--) {
            TierLane lane = lanes.get(rank);
            for (Ticket newest = lane.takeNewest();
                    newest != null;
                    newest = waiting.get() > maxQueued ? lane.takeNewest() : null) {
                if (newest.trySettle()) {
                    answerShed(newest, Reason.EVICTED, time.nanos());
                    settled.add(newest);
                }
            }
        }
    }

    private void grant(ArrayDeque<Ticket> settled) {
        GateState.Ceilings limits = ceilings;
        // The ceiling of the tier whose turn it is and that finds no room. Tiers that may fill no more wait with
        // it: small requests must not take, one by one, the room that a large one waits for.
        double reserved = 0;
        for (TierLane lane = next(reserved); lane != null; lane = next(reserved)) {
            Ticket head = lane.head();
            if (head == null) {
                // It left since it was looked at.
                continue;
            }
            long now = time.nanos();
            if (now - head.arrivedNanos > head.request.maxQueueTime().toNanos()) {
                lane.removeHead();
                if (head.trySettle()) {
                    answerExpired(head, now);
                    settled.add(head);
                }
                continue;
            }
            long cost = GateState.cost(head.request.tokens(), limits, lane.rank);
            if (!state.tryTakeForWaiter(cost, limits, lane.rank)) {
                reserved = lane.tier.ceiling();
                continue;
            }
            lane.removeHead();
            if (!head.trySettle()) {
                // It left a moment ago: its room goes to the next.
                state.giveBack(cost);
                continue;
            }
            left(head);
            virtualNow = Math.max(virtualNow, lane.virtualTime);
            lane.virtualTime += (1 + GateState.tokensOf(cost)) / lane.tier.weight();
            head.answer(admit(lane, cost, head.arrivedNanos, now), now);
            settled.add(head);
        }
    }

    /** The tier with the least service for its weight among those that wait and may fill more than this; ties go to rank. */
    private @Nullable TierLane next(double reserved) {
        TierLane best = null;
        for (TierLane lane : lanes) {
            if (lane.tier.ceiling() > reserved
                    && lane.head() != null
                    && (best == null || lane.virtualTime < best.virtualTime)) {
                best = lane;
            }
        }
        return best;
    }

    private void shedAll(ArrayDeque<Ticket> settled) {
        for (TierLane lane : lanes) {
            for (Ticket ticket = lane.head(); ticket != null; ticket = lane.head()) {
                lane.removeHead();
                if (ticket.trySettle()) {
                    answerShed(ticket, Reason.DRAINING, time.nanos());
                    settled.add(ticket);
                }
            }
        }
    }

    /**
     * Tells listeners and whoever waits. A callback that runs here and returns a permit grants the next: that one is told
     * after it and not inside it, or the stack would grow with the queue.
     */
    private static void deliverAll(ArrayDeque<Ticket> settled) {
        ArrayDeque<Ticket> outer = DELIVERING.get();
        if (outer != null) {
            outer.addAll(settled);
            return;
        }
        DELIVERING.set(settled);
        try {
            for (Ticket ticket = settled.poll(); ticket != null; ticket = settled.poll()) {
                ticket.gate.deliver(ticket);
            }
        } finally {
            DELIVERING.remove();
        }
    }

    /** Tells listeners and whoever waits for this settled ticket. Never called by the owner of the drain. Never throws. */
    private void deliver(Ticket ticket) {
        try {
            ticket.disarm();
        } catch (Throwable e) {
            listeners.failed("time source", e);
        }
        ticket.outcome().ifPresent(answer -> tellAnswer(ticket.lane, answer, ticket.waitedNanos()));
        if (!ticket.hasCallback()) {
            ticket.deliver();
            return;
        }
        try {
            callbacks.execute(() -> runCallback(ticket));
        } catch (RejectedExecutionException e) {
            // The answer must arrive all the same, or a permit would be lost with it.
            runCallback(ticket);
        } catch (Throwable e) {
            listeners.failed("callback executor", e);
            runCallback(ticket);
        }
    }

    private void tellAnswer(TierLane lane, Admission answer, long waitedNanos) {
        if (answer instanceof Permit) {
            listeners.tell(listener -> listener.admitted(lane.tier, waitedNanos));
            return;
        }
        listeners.tell(listener -> listener.refused(lane.tier, answer, waitedNanos));
        if (!(answer instanceof Admission.Cancelled)) {
            tellEvaluated(lane, BROKEN_ADMISSION);
        }
    }

    private void runCallback(Ticket ticket) {
        try {
            ticket.deliver();
        } catch (Throwable e) {
            listeners.failed("callback", e);
        }
    }

    // ---- permits ---------------------------------------------------------------------------------------------------

    long now() {
        return time.nanos();
    }

    void onFirstToken(TierLane lane, long sinceArrivalNanos) {
        listeners.tell(listener -> listener.firstToken(lane.tier, sinceArrivalNanos));
    }

    void onClosed(Permit permit, Outcome outcome, Usage usage) {
        TierLane lane = permit.lane();
        long now = time.nanos();
        long inFlightNanos = now - permit.admittedNanos();
        lane.inFlight.decrement();
        lane.tokensInFlight.add(-GateState.tokensOf(permit.cost()));
        lane.closed.increment();
        lane.inFlightNanos.add(inFlightNanos);
        if (state.giveBack(permit.cost())) {
            drain();
        }
        // After the room is given back: nothing below may delay the next, and nothing below can keep the permit.
        if (outcome != Outcome.CANCELLED) {
            waits.returned(inFlightNanos);
            Set<Objective> broken = broken(permit, outcome, usage, now);
            lane.slo.record(broken.isEmpty(), now);
            tellEvaluated(lane, broken);
        }
        listeners.tell(listener -> listener.closed(lane.tier, outcome, inFlightNanos, usage));
    }

    private static Set<Objective> broken(Permit permit, Outcome outcome, Usage usage, long now) {
        Slo slo = permit.tier().slo();
        long end = now - permit.arrivedNanos();
        // An answer that is not streamed has its first token at its end.
        long firstToken = permit.firstTokenNanos() == 0 ? end : permit.firstTokenNanos();
        long later = usage.outputTokens() - 1;
        boolean failed = outcome == Outcome.FAILED;
        boolean late = slo.timeToFirstToken().isPresent()
                && firstToken > slo.timeToFirstToken().get().toNanos();
        boolean slow = slo.timePerOutputToken().isPresent()
                && permit.firstTokenNanos() != 0
                && later > 0
                && (end - firstToken) / later > slo.timePerOutputToken().get().toNanos();
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
        boolean scaling = supply.scaling();
        listeners.tell(listener -> listener.evaluated(lane.tier, broken, scaling));
    }

    // ---- looking ahead ---------------------------------------------------------------------------------------------

    /**
     * How long a request of this tier would wait if it came now, counting replicas on their way; empty if nothing tells yet.
     */
    public Optional<Duration> predictedWait(Tier tier) {
        TierLane lane = lanes.get(rankOf(tier));
        if (noneWaitsFor(lane) && state.hasRoom(ceilings, lane.rank)) {
            return Optional.of(Duration.ZERO);
        }
        OptionalLong nanos = predictedWaitNanos(lane, time.nanos());
        return nanos.isPresent() ? Optional.of(Duration.ofNanos(nanos.getAsLong())) : Optional.empty();
    }

    private OptionalLong predictedWaitNanos(TierLane lane, long now) {
        return waits.nanosUntilGranted(ahead(lane), state.slotsInFlight(), supply, now);
    }

    /**
     * Requests granted until a newcomer of this tier has been, itself among them, if all are of one size: its own tier's, all
     * of those tiers for which room is held back from it, and as many of tiers with the same ceiling as their weight lets go
     * meanwhile.
     */
    private long ahead(TierLane lane) {
        long own = lane.waiting.get() + 1L;
        double ahead = own;
        for (TierLane other : lanes) {
            if (other != lane && other.tier.ceiling() >= lane.tier.ceiling()) {
                double most = other.tier.ceiling() > lane.tier.ceiling()
                        ? Double.POSITIVE_INFINITY
                        : (own - 0.5) * other.tier.weight() / lane.tier.weight();
                ahead += Math.min(other.waiting.get(), most);
            }
        }
        return (long) Math.ceil(ahead);
    }

    private Duration retryAfter(TierLane lane, long now) {
        // Bounded before the jitter, not after it: those refused together must not all be told the same bound.
        double longest = MAX_RETRY_AFTER.toNanos() / (1 + RETRY_JITTER);
        double wait = predictedWaitNanos(lane, now).orElse(0);
        double bounded = Math.min(Math.max(wait, (double) MIN_RETRY_AFTER.toNanos()), longest);
        return Duration.ofNanos((long) (bounded * (1 + RETRY_JITTER * fraction(jitter.incrementAndGet()))));
    }

    /** A number in [0, 1) from a counter: the finalizer of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). */
    private static double fraction(long counter) {
        long z = counter * 0x9E3779B97F4A7C15L;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return ((z ^ z >>> 31) >>> 11) * 0x1p-53;
    }

    // ---- supply, state, closing ------------------------------------------------------------------------------------

    /**
     * Takes a new supply: the limit changes at once, and whoever fits now is granted. A limit below what is in flight takes
     * nothing back; nobody is granted until there is room again.
     */
    public void supply(Supply supply) {
        Objects.requireNonNull(supply, "supply");
        boolean changed;
        synchronized (supplyLock) {
            changed = !this.supply.limit().equals(supply.limit());
            this.supply = supply;
            if (changed) {
                ceilings = new GateState.Ceilings(supply.limit(), tiers);
            }
        }
        if (changed) {
            drain();
        }
    }

    /** The supply it was last given. */
    public Supply supply() {
        return supply;
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
        return new PoolLoad(
                pool, now, lanes.stream().map(lane -> lane.load(now)).toList());
    }

    /** Share of requests that kept the tier's SLO over the last five minutes; empty if there were none. */
    public OptionalDouble sloAttainment(Tier tier) {
        return lanes.get(rankOf(tier)).slo.attainment(time.nanos());
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

    /** Times that a listener or callback threw. */
    public long listenerFailures() {
        return listeners.failures();
    }

    /** Admits nobody from now on and sheds those who wait; permits that are held stay good. Harmless when called twice. */
    @Override
    public void close() {
        closing = true;
        drain();
    }

    private TierLane laneOf(Request request) {
        return lanes.get(rankOf(request.tier()));
    }

    private int rankOf(Tier tier) {
        for (int rank = 0; rank < lanes.size(); rank++) {
            if (lanes.get(rank).tier == tier) {
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
        private Executor callbacks = ForkJoinPool.commonPool();
        private long seed = 1;

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
         * Where callbacks of requests that waited run; the common pool by default. {@code Runnable::run} runs them on the
         * thread that returned the permit, which is quickest and only right for callbacks that never block.
         */
        public Builder callbackExecutor(Executor callbacks) {
            this.callbacks = Objects.requireNonNull(callbacks, "callbacks");
            return this;
        }

        /** Seed of the jitter on retry times; 1 by default. */
        public Builder seed(long seed) {
            this.seed = seed;
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
