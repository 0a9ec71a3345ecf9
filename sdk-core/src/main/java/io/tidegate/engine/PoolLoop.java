/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.engine.spi.EngineListener;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.Decision.Direction;
import io.tidegate.guardrail.History;
import io.tidegate.ledger.Ledger;
import io.tidegate.ledger.ScaleEvent;
import io.tidegate.ledger.ScaleEvent.Phase;
import io.tidegate.ledger.ScaleEvent.Step;
import io.tidegate.pool.Capacity;
import io.tidegate.pool.Evidence;
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
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
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
    private static final long HISTORY_NANOS = History.HORIZON.toNanos();
    private static final long MAX_BACKOFF_NANOS = Duration.ofMinutes(1).toNanos();
    private static final int STATUS_FAILURES = 5;
    private static final long STATUS_PAUSE_NANOS = Duration.ofSeconds(5).toNanos();
    private static final long WAKE_GAP_NANOS = Duration.ofMillis(50).toNanos();

    private final ScaledPool pool;
    private final TimeSource time;
    private final Executor engine;
    private final Ledger ledger;
    private final List<EngineListener> listeners;
    private final GuardedBackend backend;
    private final Failures failures;
    private final Decider decider;
    private final LoadRates rates;
    private final ReadyTimes readyTimes;

    private final ArrayDeque<Decision> decisions = new ArrayDeque<>();
    private final ArrayDeque<ScaleEvent> events = new ArrayDeque<>();
    /** When each replica that is not ready yet was asked for, oldest first. */
    private final ArrayDeque<Long> asked = new ArrayDeque<>();
    /** How many were ready when an event that is still open was accepted, by its id. */
    private final Map<String, Integer> readyBefore = new HashMap<>();

    private @Nullable ReplicaStatus status;
    private long statusNanos;
    private boolean readingStatus;
    private long nextReadNanos;
    private int failedReadsInARow;
    private boolean scaling;
    /** Grows whenever a scale call begins or ends: a status asked for at another count may be from before that call. */
    private long scaleMoments;

    private int failedInARow;
    private long notBeforeNanos;
    private int target;
    private History history;
    private long nextId = 1;
    private double replicaSeconds;
    private long accruedNanos;
    private @Nullable PoolView view;
    private @Nullable Decision latest;

    private final AtomicBoolean requested = new AtomicBoolean();
    private final AtomicInteger wakes = new AtomicInteger();
    private volatile boolean closed;
    private volatile PoolState state;

    PoolLoop(
            ScaledPool pool,
            TimeSource time,
            Executor engine,
            Executor calls,
            Ledger ledger,
            List<EngineListener> listeners) {
        this.pool = pool;
        this.time = time;
        this.engine = engine;
        this.ledger = ledger;
        this.listeners = listeners;
        this.backend = new GuardedBackend(pool.backend, pool.backendTimeout, calls);
        this.failures = new Failures(pool.name);
        this.decider = new Decider(pool.policies, pool.guardrails, failures::failed, failures::recovered);
        this.rates = new LoadRates(pool.rateWindow);
        this.readyTimes = new ReadyTimes(pool.timeToReady);
        this.notBeforeNanos = time.nanos();
        this.history = History.startingAt(time.nanos(), 0);
        this.state = new PoolState(null, null, List.of(), List.of(), 0, 0, 0);
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

    /** Asks for a round at once, from any thread; what is asked for shortly after is one more round, at the end of the gap. */
    void wake() {
        if (wakes.getAndIncrement() == 0) {
            request();
            time.schedule(WAKE_GAP_NANOS, () -> {
                if (wakes.getAndSet(0) > 1) {
                    wake();
                }
            });
        }
    }

    /** Asks for a look at the backend's status if it is time for one, from any thread. */
    void look() {
        submit(() -> readStatus(time.nanos()));
    }

    /** Does nothing from now on. */
    void close() {
        closed = true;
    }

    private void tick() {
        try {
            round();
        } catch (RuntimeException | Error e) {
            failures.failed("a round", e);
        }
    }

    private void round() {
        long now = time.nanos();
        List<TierView> tiers = rates.update(pool.load.get());
        readStatus(now);
        ReplicaStatus known = status;
        if (known == null) {
            return;
        }
        accrue(known, now);
        Map<String, Signal> signals = signals();
        boolean fresh = now - statusNanos <= pool.staleAfter.toNanos();
        boolean complete = fresh && signals.values().stream().allMatch(Signal.Known.class::isInstance);
        PoolView seen = new PoolView(
                pool.name,
                now,
                complete ? Evidence.COMPLETE : Evidence.missing("some data is missing, stale or invalid"),
                replicas(known),
                pool.replicaWork,
                readyTimes.expected(),
                tiers,
                signals,
                Capacity.UNKNOWN,
                Recent.NOTHING);
        view = seen;
        Decider.Wanted wanted = decider.wanted(seen);
        // What is decided on incomplete data is no evidence against what there is: down needs a full window of complete
        // data.
        int evidence = complete ? wanted.replicas() : Math.max(wanted.replicas(), target);
        history = history.withProposal(now, evidence, HISTORY_NANOS);
        Decision decision = decider.decide(seen, wanted, history, nextId++, time.wallTime());
        latest = decision;
        if (!scaling && decision.direction() != Direction.HOLD && now - notBeforeNanos >= 0) {
            send(decision);
        }
        supply(known);
        failures.recovered("a round");
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
        guarded("supply", () -> pool.supply.accept(new Supply(replicas(known), pool.replicaWork, underWay)));
    }

    private void accrue(ReplicaStatus known, long now) {
        replicaSeconds += known.running() * ((now - accruedNanos) / 1e9);
        accruedNanos = now;
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
        try {
            backend.status(pool.name, (found, failure) -> submit(() -> onStatusAnswer(found, failure, moment)));
        } catch (RuntimeException e) {
            onStatusAnswer(null, e, moment);
        }
    }

    private void onStatusAnswer(@Nullable ReplicaStatus found, @Nullable Throwable failure, long askedMoment) {
        readingStatus = false;
        if (found != null) {
            failedReadsInARow = 0;
            failures.recovered("the backend's status");
            onStatus(found, askedMoment == scaleMoments);
            return;
        }
        failedReadsInARow++;
        if (failedReadsInARow >= STATUS_FAILURES) {
            nextReadNanos = time.nanos() + STATUS_PAUSE_NANOS;
        }
        failures.failed("the backend's status", Objects.requireNonNull(failure));
    }

    /**
     * @param current whether no scale call began or ended since the status was asked for; one that is not current tells of ready
     *     replicas, but neither of what is desired nor of what became of a scale event
     */
    private void onStatus(ReplicaStatus found, boolean current) {
        long now = time.nanos();
        if (status == null) {
            target = found.desired();
            history = History.startingAt(now, target);
            accruedNanos = now;
        } else {
            accrue(status, now);
            if (current && found.desired() != target) {
                takeOver(found.desired(), now);
            }
        }
        status = found;
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
        supply(found);
    }

    private void takeOver(int desired, long now) {
        LOG.info(
                "pool {}: somebody else set {} replicas instead of {}; going on from there",
                pool.name,
                desired,
                target);
        // A raise counts as a proposal, so that it is not undone before a stabilization window has passed.
        history = history.withProposal(now, desired, HISTORY_NANOS).withChange(now, target, desired);
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
        decisions.addLast(decision);
        trim(decisions);
        guarded("the ledger", () -> ledger.decided(decision));
        tell(listener -> listener.decided(decision));
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
            backend.scale(request, (accepted, failure) -> submit(() -> onScaleAnswer(sent, now, failure)));
        } catch (RuntimeException e) {
            onScaleAnswer(sent, now, e);
        }
    }

    private void onScaleAnswer(ScaleEvent sent, long sentNanos, @Nullable Throwable failure) {
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
        history = history.withChange(now, event.from(), event.to());
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
        step(event, Phase.FAILED, message == null ? failure.toString() : message);
    }

    private ScaleEvent step(ScaleEvent event, Phase phase, String detail) {
        ScaleEvent moved = event.with(new Step(phase, time.wallTime(), time.nanos(), detail));
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
        guarded("the ledger", () -> ledger.stepped(event));
        tell(listener -> listener.stepped(event));
    }

    // ---- containing ------------------------------------------------------------------------------------------------

    private void tell(Consumer<EngineListener> event) {
        for (EngineListener listener : listeners) {
            guarded("listener " + listener.getClass().getName(), () -> event.accept(listener));
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
                    task.run();
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
                failures.count());
    }

    private static void trim(ArrayDeque<?> kept) {
        while (kept.size() > KEPT) {
            kept.removeFirst();
        }
    }
}
