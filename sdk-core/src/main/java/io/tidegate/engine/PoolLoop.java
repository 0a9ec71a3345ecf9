/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.engine.spi.EngineListener;
import io.tidegate.engine.spi.EngineMemory;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.Decision.Direction;
import io.tidegate.guardrail.Decision.Mode;
import io.tidegate.guardrail.Decision.Origin;
import io.tidegate.guardrail.Decision.Trigger;
import io.tidegate.guardrail.History;
import io.tidegate.ledger.Entry;
import io.tidegate.ledger.Ledger;
import io.tidegate.ledger.Refusal;
import io.tidegate.ledger.ScaleEvent;
import io.tidegate.ledger.ScaleEvent.Phase;
import io.tidegate.ledger.ScaleEvent.Step;
import io.tidegate.policy.CapacityLearner;
import io.tidegate.pool.Capacity;
import io.tidegate.pool.Evidence;
import io.tidegate.pool.PoolLoad;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.PoolView.TierView;
import io.tidegate.pool.Recent;
import io.tidegate.pool.Replicas;
import io.tidegate.pool.Signal;
import io.tidegate.supply.Supply;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The loop of one pool. All methods but {@link #state()} and {@link #request()} run on the engine's executor, one at a time;
 * calls to the backend run elsewhere and come back to it. What it knows of the backend is only what the backend said: until
 * the first status nothing is decided, and when statuses stop, the last one stands and nothing scales down.
 */
final class PoolLoop {

    private static final Logger LOG = LoggerFactory.getLogger(Engine.class);
    private static final int KEPT = 256;
    private static final long MAX_BACKOFF_NANOS = Duration.ofMinutes(1).toNanos();
    private static final int STATUS_FAILURES = 5;
    private static final long STATUS_PAUSE_NANOS = Duration.ofSeconds(5).toNanos();
    private static final CapacityLearner LEARNER = CapacityLearner.builder().build();

    private final String name;
    private final TimeSource time;
    private final Executor engine;
    private final Ledger ledger;
    private final List<EngineListener> listeners;
    private final Executor calls;
    private final Failures failures;
    private final Course live;
    private final ReadyTimes readyTimes;
    private final AlertDesk alerts;
    private final MarkKeeper marks;
    private final @Nullable Remembering memory;
    private final RecentLoad recentLoad = new RecentLoad();

    /** Written on the engine's thread. */
    private volatile ScaledPool pool;

    private GuardedBackend backend;
    private final LoadRates rates;
    private @Nullable Shadow shadow;
    private Capacity capacity = Capacity.UNKNOWN;

    private final ArrayDeque<Decision> decisions = new ArrayDeque<>();
    private final ArrayDeque<ScaleEvent> events = new ArrayDeque<>();
    /** When each replica that is not ready yet was asked for, oldest first. */
    private final ArrayDeque<Long> asked = new ArrayDeque<>();
    /** How many were ready when an event that is still open was accepted, by its id. */
    private final Map<String, Integer> readyBefore = new HashMap<>();

    private @Nullable ReplicaStatus status;
    private long statusNanos;
    /** Whether the backend has said anything; false again for one it was exchanged for. */
    private boolean heard;

    private boolean readingStatus;
    private long nextReadNanos;
    private int failedReadsInARow;
    private boolean scaling;
    /** Grows whenever a scale call begins or ends: a status asked for at another count may be from before that call. */
    private long scaleMoments;

    private int failedInARow;
    private long notBeforeNanos;
    private int target;
    private boolean remembered;
    private boolean askedMemory;
    private @Nullable PoolMemory recalled;
    private long nextId = 1;
    private int saidTo = -1;
    private double replicaSeconds;
    private long accruedNanos;
    /** What the gate counted in this round; null if that could not be read. */
    private @Nullable PoolLoad load;

    private @Nullable PoolView view;
    private @Nullable Decision latest;

    private final AtomicBoolean requested = new AtomicBoolean();
    private final AtomicInteger wakes = new AtomicInteger();
    /** What set the next round off, if not the period: the first since the last round. */
    private final AtomicReference<@Nullable Origin> origin = new AtomicReference<>();

    private final AtomicReference<@Nullable InForce> override = new AtomicReference<>();
    /** Whether a person has said anything since the start: what was said before it then counts no more. */
    private volatile boolean overridden;

    private TimeSource.@Nullable Task budgetAlarm;
    private volatile boolean started;
    private volatile boolean closed;
    private volatile PoolState state;

    /** What a person said, when it ends, and what sets off a round then. */
    private record InForce(ManualOverride override, long untilNanos, Instant until, TimeSource.Task end) {}

    PoolLoop(
            ScaledPool pool,
            TimeSource time,
            Executor engine,
            Executor calls,
            Ledger ledger,
            @Nullable EngineMemory memory,
            List<EngineListener> listeners,
            AlertDeliveries deliveries) {
        this.pool = pool;
        this.name = pool.name;
        this.time = time;
        this.engine = engine;
        this.calls = calls;
        this.ledger = ledger;
        this.listeners = listeners;
        this.failures = new Failures(pool.name);
        this.backend = new GuardedBackend(pool.backend, pool.backendTimeout, calls);
        this.live = new Course(decider(pool.policySet(), ""), History.startingAt(time.nanos(), 0));
        this.rates = new LoadRates(pool.rateWindow, pool.latencyWindow);
        this.readyTimes = new ReadyTimes(pool.timeToReady);
        this.alerts = new AlertDesk(pool, ledger, deliveries, this::append);
        this.marks = new MarkKeeper(time.nanos(), time.wallTime());
        this.marks.period(pool.period);
        this.memory = memory == null ? null : new Remembering(pool.name, memory, calls, time);
        this.remembered = memory == null;
        this.notBeforeNanos = time.nanos();
        this.state = PoolState.UNKNOWN;
    }

    /**
     * @param prefix to the names of what fails, so that the same policy at two places is told apart
     */
    private Decider decider(PolicySet set, String prefix) {
        return new Decider(
                set.policies(),
                set.guardrails(),
                (who, failure) -> failures.failed(prefix + who, failure),
                who -> failures.recovered(prefix + who));
    }

    private Decider shadowDecider(PolicySet set) {
        return decider(set, "shadow ");
    }

    PoolState state() {
        return state;
    }

    Duration period() {
        return pool.period;
    }

    Duration statusPeriod() {
        return pool.statusPeriod;
    }

    /** From now on it may be woken. */
    void start() {
        started = true;
    }

    /** Asks for a round soon, from any thread. */
    void request() {
        // Many wishes before the next round are one.
        if (requested.compareAndSet(false, true)) {
            boolean taken = submit(() -> {
                requested.set(false);
                tick();
            });
            if (!taken) {
                requested.set(false);
            }
        }
    }

    /**
     * Asks for a round at once, from any thread; what is asked for shortly after is one more round, at the end of the gap. Ignored
     * before the start and after the end.
     */
    void wake(Trigger trigger) {
        if (!started || closed) {
            return;
        }
        origin.compareAndSet(null, new Origin(trigger, time.nanos(), Mode.ACT));
        wakeAgain();
    }

    private void wakeAgain() {
        if (wakes.getAndIncrement() == 0) {
            request();
            time.schedule(pool.eventGap.toNanos(), () -> {
                if (wakes.getAndSet(0) > 1) {
                    wakeAgain();
                }
            });
        }
    }

    /** From any thread: holds from the next round on. */
    void override(@Nullable ManualOverride said) {
        if (closed) {
            return;
        }
        overridden = true;
        InForce before = override.getAndSet(said == null ? null : inForce(said, said.lifetime()));
        if (before != null) {
            before.end().cancel();
        }
        if (said != null) {
            LOG.info("pool {}: {}", name, said);
        } else if (before != null) {
            LOG.info("pool {}: no longer overridden", name);
        }
        if (memory != null) {
            memory.hurry();
        }
        wake(Trigger.OVERRIDE);
    }

    /** Ends on time also where the period is long. */
    private InForce inForce(ManualOverride said, Duration left) {
        long now = time.nanos();
        TimeSource.Task end = time.schedule(left.toNanos(), () -> wake(Trigger.OVERRIDE));
        return new InForce(said, now + left.toNanos(), time.wallTime().plus(left), end);
    }

    /**
     * From any thread: goes on with other settings from the next round on, keeping all that is known.
     *
     * @param changed run on the engine's thread when they hold
     */
    void reconfigure(ScaledPool next, Runnable changed) {
        // Here, so that a plugin that throws is told to whoever hands it in, and nothing is done by halves.
        Decider deciding = decider(next.policySet(), "");
        PolicySet beside = next.shadow;
        Decider shadowing = beside == null ? null : shadowDecider(beside);
        submit(() -> {
            ScaledPool before = pool;
            pool = next;
            if (next.backend != before.backend) {
                exchange(next);
            } else {
                backend.timeout(next.backendTimeout);
                long soonest = time.nanos() + next.statusPeriod.toNanos();
                nextReadNanos = nextReadNanos - soonest > 0 ? soonest : nextReadNanos;
            }
            if (next.mode != before.mode) {
                saidTo = -1;
            }
            rates.use(next.rateWindow, next.latencyWindow);
            readyTimes.configure(next.timeToReady);
            marks.period(next.period);
            live.use(deciding);
            if (shadow != null
                    && beside != null
                    && shadowing != null
                    && shadow.name().equals(beside.name())) {
                shadow.use(shadowing);
            } else {
                shadow = null;
            }
            changed.run();
        });
        wake(Trigger.RELOAD);
    }

    /** Goes on with another backend, of which nothing is known: until it is heard of, nothing is decided. */
    private void exchange(ScaledPool next) {
        backend = new GuardedBackend(next.backend, next.backendTimeout, calls);
        heard = false;
        // An answer of the one before must not be taken for one of this.
        scaleMoments++;
        readingStatus = false;
        scaling = false;
        failedReadsInARow = 0;
        nextReadNanos = time.nanos();
        failedInARow = 0;
        notBeforeNanos = time.nanos();
        for (ScaleEvent event : List.copyOf(events)) {
            if (event.open() && !event.reached(Phase.ACCEPTED)) {
                step(event, Phase.SUPERSEDED, "the backend was exchanged");
            }
        }
    }

    /** Asks for a look at the backend's status if rounds are too seldom for it, from any thread. */
    void lookBetweenRounds() {
        if (pool.period.compareTo(pool.statusPeriod) > 0) {
            submit(() -> readStatus(time.nanos()));
        }
    }

    /** Does nothing from now on; done when what must survive is written down, or cannot be. */
    CompletableFuture<?> close() {
        closed = true;
        InForce said = override.get();
        if (said != null) {
            said.end().cancel();
        }
        CompletableFuture<Void> done = new CompletableFuture<>();
        try {
            engine.execute(() -> {
                if (budgetAlarm != null) {
                    budgetAlarm.cancel();
                }
                if (memory != null && remembered && status != null) {
                    try {
                        memory.saveLast(remembered(), () -> done.complete(null));
                        return;
                    } catch (RuntimeException | Error e) {
                        failures.failed("the memory", e);
                    }
                }
                done.complete(null);
            });
        } catch (RejectedExecutionException e) {
            done.complete(null);
        }
        return memory == null ? CompletableFuture.completedFuture(null) : done;
    }

    private void tick() {
        try {
            round();
        } catch (RuntimeException | Error e) {
            failures.failed("a round", e);
        }
        guarded("the alerts", this::lookForAlerts);
    }

    /** At the end of every round, also of one in which nothing could be decided. */
    private void lookForAlerts() {
        long now = time.nanos();
        if (!alerts.isDue(now)) {
            return;
        }
        ReplicaStatus known = status;
        boolean deciding = known != null && heard && remembered;
        alerts.look(
                pool,
                now,
                time.wallTime(),
                new AlertDesk.Facts(
                        deciding ? view : null,
                        deciding ? latest : null,
                        deciding && now - statusNanos <= pool.staleAfter.toNanos(),
                        events,
                        live.history(),
                        known == null ? 0 : known.running(),
                        replicaSeconds,
                        load));
    }

    private void round() {
        long now = time.nanos();
        marks.clock(now, time.wallTime());
        load = null;
        PoolLoad counted = pool.load.get();
        load = counted;
        List<TierView> tiers = rates.update(counted);
        recall();
        readStatus(now);
        ReplicaStatus known = status;
        if (known == null || !heard || !remembered) {
            return;
        }
        accrue(known, now);
        Recent recent = recentLoad.update(counted, known.ready());
        Map<String, Signal> measured = signals();
        boolean fresh = now - statusNanos <= pool.staleAfter.toNanos();
        Evidence evidence = evidence(measured, fresh, now);
        boolean trusted = evidence.complete() && evidence.coverage() >= pool.leastCoverage();
        marks.evidence(now, trusted, fresh, statusNanos, measured);
        Map<String, Signal> all = new HashMap<>(measured);
        all.putAll(GateSignals.of(tiers, known.ready(), pool.replicaWork, now));
        PoolView seen = new PoolView(
                name,
                now,
                evidence,
                replicas(known),
                pool.replicaWork,
                readyTimes.expected(),
                tiers,
                all,
                capacity,
                recent);
        if (seen.inFlight() > 0 || seen.queued() > 0 || recent.arrived()) {
            marks.traffic(now);
        }
        view = seen;
        // For the next round: what is decided now rests on what is shown.
        guarded("learning the capacity", () -> capacity = LEARNER.learn(seen));
        Decision decision =
                live.decide(seen, marks.marks(), trusted, nextId++, time.wallTime(), takeOrigin(now), inForce(now));
        latest = decision;
        boolean changes = decision.direction() != Direction.HOLD;
        if (pool.mode == Mode.DRY_RUN) {
            say(decision, changes);
        } else if (!scaling && changes && now - notBeforeNanos >= 0) {
            send(decision);
        }
        guarded("the shadow", () -> inShadow(seen, known, trusted));
        supply(known);
        watchBudgets(tiers);
        remember();
        failures.recovered("a round");
    }

    private Origin takeOrigin(long now) {
        Origin first = origin.getAndSet(null);
        return first == null
                ? new Origin(Trigger.PERIOD, now, pool.mode)
                : new Origin(first.trigger(), first.sinceNanos(), pool.mode);
    }

    private @Nullable ManualOverride inForce(long now) {
        InForce said = override.get();
        if (said == null) {
            return null;
        }
        if (now - said.untilNanos() >= 0) {
            if (override.compareAndSet(said, null)) {
                LOG.info("pool {}: the override has ended: {}", name, said.override());
            }
            return null;
        }
        return said.override();
    }

    private Evidence evidence(Map<String, Signal> measured, boolean fresh, long now) {
        List<String> gaps = new ArrayList<>();
        if (!fresh) {
            gaps.add("the backend's status was last heard "
                    + Duration.ofNanos(now - statusNanos).toSeconds() + " s ago");
        }
        double coverage = 1;
        boolean anyKnown = false;
        for (Map.Entry<String, Signal> each : new TreeMap<>(measured).entrySet()) {
            if (each.getValue() instanceof Signal.Known signal) {
                coverage = Math.min(coverage, signal.coverage());
                anyKnown = true;
            } else {
                gaps.add(each.getKey() + ": " + each.getValue().gap());
            }
        }
        return new Evidence(gaps, coverage, measured.isEmpty() ? !fresh : !anyKnown);
    }

    /** In a dry run a decision is recorded when it differs from the last that was. */
    private void say(Decision decision, boolean changes) {
        if (changes && decision.to() != saidTo) {
            record(decision);
            LOG.info("{}", decision.explain());
        }
        saidTo = changes ? decision.to() : -1;
    }

    private void inShadow(PoolView seen, ReplicaStatus known, boolean trusted) {
        PolicySet set = pool.shadow;
        if (set == null) {
            return;
        }
        Shadow beside = shadow;
        if (beside == null) {
            beside = new Shadow(set.name(), shadowDecider(set), seen, time.wallTime());
            shadow = beside;
        }
        beside.round(seen, known.running(), marks.marks(), trusted, nextId, time.wallTime());
    }

    /** Comes back when the one who waits longest will have used up half of what its tier allows, if that is before the next round. */
    private void watchBudgets(List<TierView> tiers) {
        if (budgetAlarm != null) {
            budgetAlarm.cancel();
            budgetAlarm = null;
        }
        long soonest = pool.period.toNanos();
        boolean any = false;
        for (TierView tier : tiers) {
            if (tier.queued() > 0) {
                long bound = tier.tier().maxQueueTime().toNanos();
                Duration firstToken =
                        tier.tier().slo().timeToFirstToken().orElse(tier.tier().maxQueueTime());
                long left = Math.min(bound, firstToken.toNanos()) / 2
                        - tier.oldestAge().toNanos();
                if (left > 0 && left < soonest) {
                    soonest = left;
                    any = true;
                }
            }
        }
        if (any) {
            budgetAlarm = time.schedule(soonest, () -> wake(Trigger.BUDGET));
        }
    }

    private Map<String, Signal> signals() {
        try {
            Map<String, Signal> signals = Map.copyOf(pool.signals.get());
            failures.recovered("the signals");
            return signals;
        } catch (RuntimeException | Error e) {
            failures.failed("the signals", e);
            return Map.of("signals", new Signal.Missing("signals", String.valueOf(e.getMessage())));
        }
    }

    private Replicas replicas(ReplicaStatus known) {
        long expected = readyTimes.expected().toNanos();
        return new Replicas(
                target, known.ready(), asked.stream().map(at -> at + expected).toList());
    }

    private void supply(ReplicaStatus known) {
        boolean underWay = events.stream().anyMatch(ScaleEvent::open);
        ScaledPool now = pool;
        guarded("supply", () -> now.supply.accept(new Supply(replicas(known), now.replicaWork, underWay)));
    }

    private void accrue(ReplicaStatus known, long now) {
        replicaSeconds += known.running() * ((now - accruedNanos) / 1e9);
        accruedNanos = now;
    }

    // ---- remembering over a restart ------------------------------------------------------------------------------

    private void recall() {
        if (memory != null && !askedMemory) {
            askedMemory = true;
            memory.load((found, failure) -> submit(() -> onRecalled(found, failure)));
        }
    }

    private void onRecalled(Optional<PoolMemory> found, @Nullable Throwable failure) {
        if (remembered) {
            return;
        }
        remembered = true;
        Throwable wrong = failure;
        try {
            found.ifPresent(this::recallFrom);
        } catch (RuntimeException | Error e) {
            // A memory may be anybody's, and so may be what it returns.
            wrong = e;
        }
        if (wrong != null) {
            failures.failed("the memory", wrong);
        }
        if (status != null) {
            begin(time.nanos());
        }
    }

    private void recallFrom(PoolMemory kept) {
        PoolMemory sound = kept.sound();
        recalled = sound;
        capacity = sound.capacity();
        sound.timesToReady().forEach(readyTimes::add);
        if (sound.override().isPresent() && !overridden) {
            PoolMemory.Said said = sound.override().get();
            // Not longer than it was given for, should the wall clock have gone back.
            Duration left = Duration.between(time.wallTime(), said.until());
            Duration longest = said.override().lifetime();
            if (!left.isNegative() && !left.isZero()) {
                InForce again = inForce(said.override(), left.compareTo(longest) < 0 ? left : longest);
                if (!override.compareAndSet(null, again)) {
                    again.end().cancel();
                }
            }
        }
    }

    /** Begins with what is known of the time before the start. */
    private void begin(long now) {
        PoolMemory kept = recalled;
        if (kept == null) {
            live.begin(History.startingAt(now, target), Map.of());
        } else {
            live.begin(Remembering.history(kept, now, time.wallTime(), target), kept.learned());
        }
    }

    private void remember() {
        if (memory == null || !memory.isDue()) {
            return;
        }
        memory.save(
                remembered(),
                failure -> submit(() -> {
                    if (failure == null) {
                        failures.recovered("the memory");
                    } else {
                        failures.failed("the memory", failure);
                    }
                }));
    }

    private PoolMemory remembered() {
        long now = time.nanos();
        History history = live.history();
        return new PoolMemory(
                time.wallTime(),
                target,
                history.proposals().stream()
                        .map(each -> new PoolMemory.Wanted(Duration.ofNanos(now - each.atNanos()), each.replicas()))
                        .toList(),
                history.changes().stream()
                        .map(each ->
                                new PoolMemory.Changed(Duration.ofNanos(now - each.atNanos()), each.from(), each.to()))
                        .toList(),
                live.learned(),
                capacity,
                readyTimes.measured(),
                Optional.ofNullable(override.get()).map(said -> new PoolMemory.Said(said.override(), said.until())));
    }

    // ---- the backend's status --------------------------------------------------------------------------------------

    private void readStatus(long now) {
        // Until the first answer each round asks: nothing can be decided before.
        boolean patient = status != null || failedReadsInARow >= STATUS_FAILURES;
        if (readingStatus || (patient && now - nextReadNanos < 0)) {
            return;
        }
        readingStatus = true;
        nextReadNanos = now + pool.statusPeriod.toNanos();
        long moment = scaleMoments;
        GuardedBackend asked = backend;
        try {
            asked.status(
                    name,
                    (found, failure) -> submit(() -> {
                        // What one says that was exchanged meanwhile is of no concern any more.
                        if (asked == backend) {
                            onStatusAnswer(found, failure, moment);
                        }
                    }));
        } catch (RuntimeException e) {
            onStatusAnswer(null, e, moment);
        }
    }

    private void onStatusAnswer(@Nullable ReplicaStatus found, @Nullable Throwable failure, long askedMoment) {
        readingStatus = false;
        if (found != null) {
            if (failedReadsInARow >= STATUS_FAILURES) {
                // It could not be reached at all, so what failed meanwhile says nothing of now.
                failedInARow = 0;
                notBeforeNanos = time.nanos();
            }
            failedReadsInARow = 0;
            failures.recovered("the backend's status");
            onStatus(found, askedMoment == scaleMoments && !scaling);
            return;
        }
        failedReadsInARow++;
        if (failedReadsInARow >= STATUS_FAILURES) {
            nextReadNanos = time.nanos() + STATUS_PAUSE_NANOS;
        }
        failures.failed("the backend's status", Objects.requireNonNull(failure));
    }

    /**
     * @param current whether no scale call is under way, nor began or ended since the status was asked for; one that is not current tells of ready
     *     replicas, but neither of what is desired nor of what became of a scale event
     */
    private void onStatus(ReplicaStatus found, boolean current) {
        long now = time.nanos();
        if (status == null) {
            target = found.desired();
            if (remembered) {
                begin(now);
            }
            accruedNanos = now;
        } else {
            accrue(status, now);
            if (current && found.desired() != target) {
                takeOver(found.desired(), now);
            }
        }
        boolean lost = status != null && found.ready() < status.ready() && found.ready() < target;
        status = found;
        heard = true;
        statusNanos = now;
        int missing = Math.max(0, target - found.ready());
        while (asked.size() > missing) {
            asked.pollFirst();
        }
        while (asked.size() < missing) {
            asked.addLast(now);
        }
        for (ScaleEvent event : List.copyOf(events)) {
            if (current && event.open() && event.reached(Phase.ACCEPTED)) {
                advance(event, found);
            }
        }
        marks.status(now, found.ready(), asked.size());
        supply(found);
        if (lost) {
            wake(Trigger.REPLICA_LOST);
        }
    }

    private void takeOver(int desired, long now) {
        LOG.info(
                "pool {}: somebody else set {} replicas instead of {}; going on from there",
                pool.name,
                desired,
                target);
        alerts.takenOver(now);
        // A raise counts as a proposal, so that it is not undone before a stabilization window has passed.
        live.proposed(now, desired);
        live.changed(now, target, desired);
        target = desired;
        for (ScaleEvent event : List.copyOf(events)) {
            if (event.open()) {
                step(event, Phase.SUPERSEDED, "somebody else set " + desired + " replicas");
            }
        }
    }

    private void advance(ScaleEvent event, ReplicaStatus found) {
        ScaleEvent moved = event;
        if (event.direction() == Direction.UP) {
            int before = readyBefore.getOrDefault(event.id(), event.from());
            if (found.ready() > Math.max(before, event.from()) && !event.reached(Phase.FIRST_READY)) {
                moved = step(moved, Phase.FIRST_READY, "");
            }
            if (found.ready() >= event.to()) {
                moved = step(moved, Phase.READY, "");
                // Where as many were ready before, nobody was waited for, and nothing is learned.
                if (before < event.to()) {
                    moved.timeTo(Phase.READY).ifPresent(readyTimes::add);
                }
            }
        } else if (found.running() <= event.to()) {
            step(moved, Phase.READY, "");
        }
    }

    // ---- acting ----------------------------------------------------------------------------------------------------

    private void send(Decision decision) {
        long now = time.nanos();
        record(decision);
        supersedeOpposite(decision);
        Step decided = new Step(Phase.DECIDED, decision.at(), decision.atNanos(), "");
        ScaleEvent begun = new ScaleEvent(
                pool.name + "-" + decision.id(),
                pool.name,
                decision.id(),
                decision.from(),
                decision.to(),
                decision.cause(),
                List.of(decided));
        events.addLast(begun);
        trim(events);
        recordStep(begun);
        ScaleEvent sent = step(begun, Phase.SENT, "");
        scaling = true;
        scaleMoments++;
        ScaleRequest request =
                new ScaleRequest(pool.name, decision.from(), decision.to(), decision.id(), decision.explain());
        try {
            long moment = scaleMoments;
            AtomicLong called = new AtomicLong(now);
            backend.scale(
                    request,
                    () -> called.set(time.nanos()),
                    (accepted, failure) -> submit(() -> {
                        Duration reaction = Duration.ofNanos(
                                called.get() - decision.origin().sinceNanos());
                        tell(listener -> listener.called(decision, reaction));
                        onScaleAnswer(sent, now, moment, failure);
                    }));
        } catch (RuntimeException e) {
            onScaleAnswer(sent, now, scaleMoments, e);
        }
    }

    private void record(Decision decision) {
        decisions.addLast(decision);
        trim(decisions);
        append(new Entry.Decided(decision, live.inputs()));
        tell(listener -> listener.decided(decision));
    }

    private void onScaleAnswer(ScaleEvent sent, long sentNanos, long moment, @Nullable Throwable failure) {
        if (moment != scaleMoments) {
            // Of a backend that was exchanged meanwhile.
            return;
        }
        scaling = false;
        scaleMoments++;
        if (failure == null) {
            onAccepted(sent, sentNanos);
        } else {
            onRefused(sent, failure);
        }
        supply(Objects.requireNonNull(status));
    }

    private void supersedeOpposite(Decision decision) {
        for (ScaleEvent event : List.copyOf(events)) {
            if (event.open() && event.direction() != decision.direction()) {
                step(event, Phase.SUPERSEDED, "by decision " + decision.id());
            }
        }
    }

    private void onAccepted(ScaleEvent event, long sentNanos) {
        long now = time.nanos();
        failedInARow = 0;
        target = event.to();
        readyBefore.put(event.id(), Objects.requireNonNull(status).ready());
        live.changed(now, event.from(), event.to());
        for (int i = event.from(); i < event.to(); i++) {
            asked.addLast(sentNanos);
        }
        for (int i = event.to(); i < event.from() && !asked.isEmpty(); i++) {
            asked.pollLast();
        }
        failures.recovered("the backend");
        step(event, Phase.ACCEPTED, "");
    }

    private void onRefused(ScaleEvent event, Throwable failure) {
        failedInARow++;
        long backoff = Math.min(MAX_BACKOFF_NANOS, Duration.ofSeconds(1).toNanos() << Math.min(failedInARow - 1, 6));
        notBeforeNanos = time.nanos() + backoff;
        // It may have been applied and only its answer lost: look before the next attempt.
        nextReadNanos = time.nanos();
        failures.failed("the backend", failure);
        String message = failure.getMessage();
        step(
                event,
                Phase.FAILED,
                message == null ? failure.toString() : message,
                failure instanceof BackendException said ? Optional.of(said.refusal()) : Optional.empty());
    }

    private ScaleEvent step(ScaleEvent event, Phase phase, String detail) {
        return step(event, phase, detail, Optional.empty());
    }

    private ScaleEvent step(ScaleEvent event, Phase phase, String detail, Optional<Refusal> refusal) {
        ScaleEvent moved = event.with(new Step(phase, time.wallTime(), time.nanos(), detail, refusal));
        // Events keep their place and their number is small; a copy is plainer than an index.
        List<ScaleEvent> all = new ArrayList<>(events);
        all.replaceAll(each -> each.id().equals(moved.id()) ? moved : each);
        events.clear();
        events.addAll(all);
        if (!moved.open()) {
            readyBefore.remove(moved.id());
        }
        recordStep(moved);
        return moved;
    }

    private void recordStep(ScaleEvent event) {
        append(new Entry.Stepped(event));
        tell(listener -> listener.stepped(event));
    }

    // ---- containing ------------------------------------------------------------------------------------------------

    private void tell(Consumer<EngineListener> event) {
        for (EngineListener listener : listeners) {
            guarded("listener " + listener.getClass().getName(), () -> event.accept(listener));
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // what becomes of it is told by the stage it returns
    private void append(Entry entry) {
        guarded("the ledger", () -> ledger.append(entry));
    }

    private void guarded(String who, Runnable foreign) {
        try {
            foreign.run();
            failures.recovered(who);
        } catch (RuntimeException | Error e) {
            failures.failed(who, e);
        }
    }

    private boolean submit(Runnable task) {
        try {
            engine.execute(() -> {
                if (!closed) {
                    try {
                        task.run();
                    } catch (RuntimeException | Error e) {
                        failures.failed("the engine", e);
                    }
                    publish();
                }
            });
            return true;
        } catch (RejectedExecutionException e) {
            LOG.debug("pool {}: a round was dropped, the engine is closed", pool.name);
            return false;
        }
    }

    private void publish() {
        state = new PoolState(
                view,
                latest,
                List.copyOf(decisions),
                List.copyOf(events),
                status == null ? 0 : status.running(),
                replicaSeconds,
                failures.count(),
                Optional.ofNullable(override.get()).map(InForce::override),
                Optional.ofNullable(shadow).map(Shadow::state),
                live.learned(),
                alerts.active(),
                alerts.fired());
    }

    private static void trim(ArrayDeque<?> kept) {
        while (kept.size() > KEPT) {
            kept.removeFirst();
        }
    }
}
