/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.engine.spi.EngineListener;
import io.tidegate.engine.spi.EngineMemory;
import io.tidegate.engine.spi.Leadership;
import io.tidegate.engine.spi.Leadership.Term;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.Decision.Direction;
import io.tidegate.guardrail.Decision.Mode;
import io.tidegate.guardrail.Decision.Origin;
import io.tidegate.guardrail.Decision.Trigger;
import io.tidegate.guardrail.History;
import io.tidegate.ledger.Account;
import io.tidegate.ledger.Entry;
import io.tidegate.ledger.Ledger;
import io.tidegate.ledger.Recovered;
import io.tidegate.ledger.Refusal;
import io.tidegate.ledger.ScaleEvent;
import io.tidegate.ledger.ScaleEvent.Phase;
import io.tidegate.log.BoundedLog;
import io.tidegate.plugin.PluginStatus;
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

/**
 * The loop of one pool. All methods but {@link #state()} and {@link #request()} run on the engine's executor, one at a time;
 * calls to the backend run elsewhere and come back to it. What it knows of the backend is only what the backend said: until
 * the first status nothing is decided, and when statuses stop, the last one stands and nothing scales down.
 */
final class PoolLoop {

    private static final Logger LOG = BoundedLog.of(Engine.class);
    private static final int KEPT = 256;
    private static final long MAX_BACKOFF_NANOS = Duration.ofMinutes(1).toNanos();
    private static final int STATUS_FAILURES = 5;
    private static final long STATUS_PAUSE_NANOS = Duration.ofSeconds(5).toNanos();
    private static final Duration MAX_RETRY_AFTER = Duration.ofMinutes(10);
    /** Longest time for which a call waits for the ledger. */
    private static final long LEDGER_PATIENCE_NANOS = Duration.ofMillis(250).toNanos();

    private static final CapacityLearner LEARNER = CapacityLearner.builder().build();

    private final String name;
    private final TimeSource time;
    private final Executor engine;
    private final Ledger ledger;
    private final List<EngineListener> listeners;
    private final Executor calls;
    private final Failures failures;
    private final Plugins plugins;
    private final Course live;
    private final ReadyTimes readyTimes;
    private final ScaleEvents events;
    private final Accounting accounting;
    private final Overrides overrides;
    private final BudgetAlarm budgetAlarm;
    private final Holds holds = new Holds();
    /** Makes keys of requests unique over runs. */
    private final String run;

    private final Leadership leadership;
    /** Of the term that this gateway acts in, or would. */
    private Term term;

    private final AlertDesk alerts;
    private final MarkKeeper marks;
    private final @Nullable Remembering memory;
    private final RecentLoad recentLoad = new RecentLoad();

    /** Written on the engine's thread. */
    private volatile ScaledPool pool;

    /** Written on the engine's thread. */
    private volatile GuardedBackend backend;

    private final LoadRates rates;
    private @Nullable Shadow shadow;
    private Capacity capacity = Capacity.UNKNOWN;

    private final ArrayDeque<Decision> decisions = new ArrayDeque<>();
    /** When each replica that is not ready yet was asked for, oldest first. */
    private final ArrayDeque<Long> asked = new ArrayDeque<>();

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
    private long nextId;
    /** Scale events that were open when the gateway stopped, until their backend is heard of. */
    private List<ScaleEvent> left;

    private int saidTo = -1;
    /** When what set off the event that is being begun happened. */
    private long sinceNanos;
    /** What becomes of the entry that was appended last. */
    private volatile CompletableFuture<Void> lastAppended = CompletableFuture.completedFuture(null);

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

    private volatile boolean started;
    private volatile boolean closed;
    private volatile PoolState state;

    PoolLoop(
            ScaledPool pool,
            TimeSource time,
            Executor engine,
            Executor calls,
            Ledger ledger,
            @Nullable EngineMemory memory,
            Leadership leadership,
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
        this.plugins = new Plugins(time, calls, failures, () -> wake(Trigger.OTHER));
        this.backend = new GuardedBackend(pool.backend, pool.backendTimeout, calls);
        this.live = new Course(decider(pool.policySet(), ""), History.startingAt(time.nanos(), 0));
        this.rates = new LoadRates(pool.rateWindow, pool.latencyWindow);
        this.readyTimes = new ReadyTimes(pool.timeToReady);
        this.alerts = new AlertDesk(pool, ledger, deliveries, this::append);
        this.marks = new MarkKeeper(time.nanos(), time.wallTime());
        this.marks.period(pool.period);
        this.memory = memory == null ? null : new Remembering(pool.name, memory, calls, time);
        this.remembered = memory == null;
        this.leadership = leadership;
        this.term = leadership.term();
        this.notBeforeNanos = time.nanos();
        this.events = new ScaleEvents(pool.name, time, this::recordStep);
        this.accounting = new Accounting(time, this::account);
        this.accounting.price(pool.pricePerHour);
        this.overrides = new Overrides(pool.name, time, () -> wake(Trigger.OVERRIDE), this::overridden);
        this.budgetAlarm = new BudgetAlarm(time, () -> wake(Trigger.BUDGET));
        // Of two gateways that start in the same millisecond the monotonic clocks still differ.
        this.run = Long.toString(time.wallTime().toEpochMilli(), Character.MAX_RADIX)
                + Long.toUnsignedString(time.nanos() & 0xFFFF_FFFFL, Character.MAX_RADIX);
        Recovered before = recovered(ledger);
        this.nextId = before.lastDecisions().getOrDefault(pool.name, 0L) + 1;
        this.left = before.open().stream()
                .filter(event -> event.pool().equals(pool.name))
                .toList();
        this.state = PoolState.UNKNOWN;
    }

    /**
     * @param prefix to the names of what fails, so that the same policy at two places is told apart
     */
    private Decider decider(PolicySet set, String prefix) {
        return new Decider(
                plugins.guarded(prefix, set.policies()),
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

    /** How each plugin does that is called for the pool. */
    List<PluginStatus> plugins() {
        List<PluginStatus> all = new ArrayList<>(plugins.statuses());
        all.add(backend.plugin());
        return all;
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

    private Recovered recovered(Ledger from) {
        try {
            return from.recovered();
        } catch (RuntimeException | Error e) {
            failures.failed("the ledger", e);
            return Recovered.NOTHING;
        }
    }

    /** From any thread: holds from the next round on. */
    void override(@Nullable ManualOverride said) {
        if (!closed) {
            overrides.say(said);
            if (memory != null) {
                memory.hurry();
            }
            wake(Trigger.OVERRIDE);
        }
    }

    /** From any thread. */
    private void overridden(Optional<ManualOverride> said) {
        append(new Entry.Overridden(name, time.wallTime(), said.map(ManualOverride::said)));
    }

    /** From any thread: a replica wrote its first token. */
    void firstToken(String replica) {
        accounting.firstToken(replica);
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
            accounting.price(next.pricePerHour);
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
        events.supersedeUnaccepted("the backend was exchanged");
    }

    /** Asks for a look at the backend's status if rounds are too seldom for it, from any thread. */
    void lookBetweenRounds() {
        if (pool.period.compareTo(pool.statusPeriod) > 0) {
            submit(() -> readStatus(time.nanos()));
        }
    }

    /** Does nothing from now on; done when what must survive is written down, or cannot be. */
    CompletableFuture<?> close(boolean waits) {
        closed = true;
        overrides.close();
        plugins.close();
        CompletableFuture<Void> done = new CompletableFuture<>();
        try {
            engine.execute(() -> {
                budgetAlarm.cancel();
                guarded("the account", accounting::close);
                if (memory != null && remembered && status != null && leads()) {
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
        return waits || memory != null ? done : CompletableFuture.completedFuture(null);
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
                        events.all(),
                        live.history(),
                        known == null ? 0 : known.running(),
                        replicaSeconds,
                        load));
    }

    private void round() {
        long now = time.nanos();
        marks.clock(now, time.wallTime());
        followTerm();
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
        guarded(
                "the account",
                () -> accounting.round(counted, known.running(), known.ready(), pool.replicaWork.slots(), now));
        events.giveUp(now);
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
        Decision decision = live.decide(
                seen, marks.marks(), trusted, nextId++, time.wallTime(), takeOrigin(now), overrides.at(now));
        latest = decision;
        boolean changes = decision.direction() != Direction.HOLD;
        if (!term.leads()) {
            // Known and shown, so that it can go on at once when it is its turn.
            saidTo = -1;
        } else if (pool.mode == Mode.DRY_RUN) {
            say(decision, changes);
        } else if (!scaling
                && changes
                && now - notBeforeNanos >= 0
                && events.unanswered().isEmpty()) {
            send(decision);
        }
        if (term.leads() && holds.isNew(decision)) {
            append(new Entry.Decided(decision, live.inputs()));
        }
        guarded("the shadow", () -> inShadow(seen, known, trusted));
        supply(known);
        budgetAlarm.watch(tiers, pool.period);
        remember();
        failures.recovered("a round");
    }

    private Origin takeOrigin(long now) {
        Origin first = origin.getAndSet(null);
        Mode mode = term.leads() ? pool.mode : Mode.STANDBY;
        return first == null
                ? new Origin(Trigger.PERIOD, now, mode)
                : new Origin(first.trigger(), first.sinceNanos(), mode);
    }

    // ---- several gateways ------------------------------------------------------------------------------------------

    /** Whether this gateway may write now, in the term in which it decided. */
    private boolean leads() {
        Term now = leadership.term();
        return now.leads() && term.leads() && now.epoch() == term.epoch();
    }

    /** Notices that another term has begun. */
    private void followTerm() {
        Term before = term;
        Term now = leadership.term();
        if (before.leads() == now.leads() && before.epoch() == now.epoch()) {
            return;
        }
        term = now;
        if (now.leads()) {
            LOG.info("pool {}: this gateway leads now, in term {}", name, now.epoch());
            takeLead();
        } else if (before.leads()) {
            LOG.info("pool {}: this gateway leads no more; {}", name, leader(now));
            scaling = false;
            scaleMoments++;
            // What became of what was sent, the next leader sees at the backend.
            events.supersede(leader(now));
        }
    }

    private static String leader(Term term) {
        return term.leader().isEmpty() ? "another gateway may lead" : term.leader() + " leads";
    }

    /** Begins anew with what the leader before wrote down and what the backend says now; until both are heard nothing is decided. */
    private void takeLead() {
        exchange(pool);
        status = null;
        left = List.of();
        recalled = null;
        askedMemory = false;
        remembered = memory == null;
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
        boolean underWay = !events.open().isEmpty();
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
        sound.override().ifPresent(overrides::recall);
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
        if (memory == null || !leads() || !memory.isDue()) {
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
                overrides.kept());
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
        }
        boolean lost = status != null && found.ready() < status.ready() && found.ready() < target;
        status = found;
        heard = true;
        statusNanos = now;
        adopt(found);
        if (current) {
            resolve(found);
            if (found.desired() != target) {
                takeOver(found.desired(), now);
            }
        }
        int missing = Math.max(0, target - found.ready());
        while (asked.size() > missing) {
            asked.pollFirst();
        }
        while (asked.size() < missing) {
            asked.addLast(now);
        }
        guarded("the account", () -> accounting.status(found));
        if (current) {
            events.advance(found, readyTimes::add);
        }
        marks.status(now, found.ready(), asked.size());
        supply(found);
        if (lost) {
            wake(Trigger.REPLICA_LOST);
        }
    }

    private void takeOver(int desired, long now) {
        if (term.leads()) {
            LOG.info(
                    "pool {}: somebody else set {} replicas instead of {}; going on from there",
                    pool.name,
                    desired,
                    target);
            alerts.takenOver(now);
        }
        // A raise counts as a proposal, so that it is not undone before a stabilization window has passed.
        live.proposed(now, desired);
        live.changed(now, target, desired);
        target = desired;
        events.supersede("somebody else set " + desired + " replicas");
    }

    /** Goes on with what the gateway had begun before it stopped. */
    private void adopt(ReplicaStatus found) {
        if (left.isEmpty()) {
            return;
        }
        List<ScaleEvent> before = left;
        left = List.of();
        events.adopt(before, found);
        List<ScaleEvent> open = events.open();
        for (ScaleEvent event : open) {
            for (int i = event.from(); i < event.to(); i++) {
                asked.addLast(event.steps().get(0).atNanos());
            }
        }
        ScaleEvent newest = open.isEmpty() ? null : open.get(open.size() - 1);
        if (newest != null && newest.reached(Phase.ACCEPTED) && newest.to() != found.desired()) {
            events.supersede("somebody else set " + found.desired() + " replicas");
        }
    }

    /** What became of a request whose answer was lost, by what the backend runs. */
    private void resolve(ReplicaStatus found) {
        List<ScaleEvent> lost = events.unanswered();
        for (int i = lost.size() - 1; i >= 0; i--) {
            ScaleEvent event = lost.get(i);
            boolean newest = i == lost.size() - 1;
            if (newest && event.to() == found.desired()) {
                onAccepted(event, event.steps().get(0).atNanos(), "the backend's status says so");
            } else {
                events.failed(event, event.latest().detail());
            }
        }
    }

    // ---- acting ----------------------------------------------------------------------------------------------------

    /** Begins a scale event: into the ledger first, so that whatever becomes of this process it is known that it was sent. */
    @SuppressWarnings("FutureReturnValueIgnored") // the stage that goes on has no result of its own
    private void send(Decision decision) {
        long now = time.nanos();
        record(decision);
        sinceNanos = decision.origin().sinceNanos();
        ScaleEvent begun = events.begin(decision);
        scaling = true;
        scaleMoments++;
        long moment = scaleMoments;
        ScaleEvent sent = events.step(begun, Phase.SENT, "");
        Once call = new Once(() -> call(decision, sent, now, moment));
        CompletableFuture<Void> written = lastAppended;
        if (written.isDone()) {
            call.run();
        } else {
            // A ledger that hangs must not keep replicas from coming.
            TimeSource.Task late = time.schedule(LEDGER_PATIENCE_NANOS, () -> submit(call));
            written.whenComplete((done, failure) -> {
                late.cancel();
                submit(call);
            });
        }
    }

    private void call(Decision decision, ScaleEvent sent, long sentNanos, long moment) {
        if (moment != scaleMoments) {
            // The backend was exchanged meanwhile.
            return;
        }
        if (!leads()) {
            String instead = leader(leadership.term());
            onScaleAnswer(sent, sentNanos, moment, new BackendException(Refusal.CONFLICT, "not sent: " + instead));
            return;
        }
        ScaleRequest request = new ScaleRequest(
                name,
                decision.from(),
                decision.to(),
                decision.id(),
                decision.explain(),
                run + "-" + sent.id(),
                term.epoch());
        AtomicLong called = new AtomicLong(time.nanos());
        try {
            backend.scale(
                    request,
                    () -> called.set(time.nanos()),
                    (accepted, failure) -> submit(() -> {
                        accounting.called(sent.id(), called.get());
                        Duration reaction = Duration.ofNanos(
                                called.get() - decision.origin().sinceNanos());
                        tell(listener -> listener.called(decision, reaction));
                        onScaleAnswer(sent, sentNanos, moment, failure);
                    }));
        } catch (RuntimeException e) {
            // It was not even asked.
            String message = e.getMessage();
            Refusal refusal = Refusal.UNAVAILABLE;
            onScaleAnswer(
                    sent,
                    sentNanos,
                    moment,
                    new BackendException(refusal, message == null ? e.toString() : message, e));
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
            onAccepted(sent, sentNanos, "");
        } else {
            onRefused(sent, failure);
        }
        supply(Objects.requireNonNull(status));
    }

    private void onAccepted(ScaleEvent event, long sentNanos, String how) {
        long now = time.nanos();
        failedInARow = 0;
        target = event.to();
        live.changed(now, event.from(), event.to());
        for (int i = event.from(); i < event.to(); i++) {
            asked.addLast(sentNanos);
        }
        for (int i = event.to(); i < event.from() && !asked.isEmpty(); i++) {
            asked.pollLast();
        }
        failures.recovered("the backend");
        events.accepted(event, Objects.requireNonNull(status).ready(), how);
    }

    private void onRefused(ScaleEvent event, Throwable failure) {
        failedInARow++;
        long backoff = Math.min(MAX_BACKOFF_NANOS, Duration.ofSeconds(1).toNanos() << Math.min(failedInARow - 1, 6));
        if (failure instanceof BackendException known) {
            Duration asks = known.retryAfter().orElse(Duration.ZERO);
            backoff =
                    Math.max(backoff, asks.compareTo(MAX_RETRY_AFTER) < 0 ? asks.toNanos() : MAX_RETRY_AFTER.toNanos());
        }
        notBeforeNanos = time.nanos() + backoff;
        // It may have been applied and only its answer lost: look before the next attempt.
        nextReadNanos = time.nanos();
        failures.failed("the backend", failure);
        String message = failure.getMessage();
        String detail = message == null ? failure.toString() : message;
        if (failure instanceof BackendException known && known.refusal() != Refusal.UNANSWERED) {
            events.step(event, Phase.FAILED, detail, known.refusal());
        } else {
            events.step(event, Phase.UNANSWERED, detail, Refusal.UNANSWERED);
        }
    }

    private void recordStep(ScaleEvent event) {
        append(new Entry.Stepped(event));
        guarded("the account", () -> accounting.stepped(event, sinceNanos));
        tell(listener -> listener.stepped(event));
    }

    // ---- containing ------------------------------------------------------------------------------------------------

    private void tell(Consumer<EngineListener> event) {
        for (EngineListener listener : listeners) {
            guarded("listener " + listener.getClass().getName(), () -> event.accept(listener));
        }
    }

    private void account(Account account) {
        append(new Entry.Accounted(account));
        if (account.outcome() == Phase.READY && account.direction() == Direction.UP) {
            readyTimes.addStages(account.stages());
        }
        tell(listener -> listener.accounted(account));
    }

    /** From any thread. */
    private void append(Entry entry) {
        try {
            lastAppended = ledger.append(entry).whenComplete((done, failure) -> {
                if (failure == null) {
                    failures.recovered("the ledger");
                } else {
                    failures.failed("the ledger", failure);
                }
            });
        } catch (RuntimeException | Error e) {
            failures.failed("the ledger", e);
        }
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
                events.all(),
                status == null ? 0 : status.running(),
                replicaSeconds,
                failures.count(),
                overrides.now(),
                Optional.ofNullable(shadow).map(Shadow::state),
                live.learned(),
                readyTimes.times(),
                alerts.active(),
                alerts.fired());
    }

    private static void trim(ArrayDeque<?> kept) {
        while (kept.size() > KEPT) {
            kept.removeFirst();
        }
    }
}
