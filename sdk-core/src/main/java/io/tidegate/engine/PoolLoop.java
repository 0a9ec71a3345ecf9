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
import io.tidegate.pool.PoolView;
import io.tidegate.pool.PoolView.TierView;
import io.tidegate.pool.Replicas;
import io.tidegate.pool.Signal;
import io.tidegate.supply.Supply;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
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
    private static final long HISTORY_NANOS = Duration.ofHours(1).toNanos();
    private static final long MAX_BACKOFF_NANOS = Duration.ofMinutes(1).toNanos();

    private final ScaledPool pool;
    private final TimeSource time;
    private final Executor engine;
    private final Executor calls;
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

    private @Nullable ReplicaStatus status;
    private long statusNanos;
    private boolean readingStatus;
    private long lastReadNanos;
    private boolean scaling;
    private int failedInARow;
    private long notBeforeNanos;
    private long acceptedNanos;
    private int target;
    private History history;
    private long nextId = 1;
    private double replicaSeconds;
    private long accruedNanos;
    private @Nullable PoolView view;
    private @Nullable Decision latest;

    private final AtomicBoolean requested = new AtomicBoolean();
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
        this.calls = calls;
        this.ledger = ledger;
        this.listeners = listeners;
        this.backend = new GuardedBackend(pool.backend, pool.backendTimeout);
        this.failures = new Failures(pool.name);
        this.decider = new Decider(pool.policies, pool.guardrails, failures::failed);
        this.rates = new LoadRates(pool.rateWindow);
        this.readyTimes = new ReadyTimes(pool.timeToReady);
        this.history = History.startingAt(time.nanos(), 0);
        this.state = new PoolState(null, null, List.of(), List.of(), 0, 0, 0);
    }

    PoolState state() {
        return state;
    }

    Duration period() {
        return pool.period;
    }

    /** Asks for a round soon, from any thread. */
    void request() {
        // Many wishes before the next round are one.
        if (requested.compareAndSet(false, true)) {
            submit(() -> {
                requested.set(false);
                tick();
            });
        }
    }

    private void tick() {
        try {
            round();
        } catch (RuntimeException | LinkageError | StackOverflowError e) {
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
        Map<String, Signal> signals = pool.signals.get();
        boolean fresh = now - statusNanos <= pool.staleAfter.toNanos();
        boolean complete = fresh && signals.values().stream().allMatch(Signal.Known.class::isInstance);
        PoolView seen = new PoolView(
                pool.name, now, complete, replicas(known), pool.replicaWork, readyTimes.expected(), tiers, signals);
        view = seen;
        Decider.Wanted wanted = decider.wanted(seen);
        history = history.withProposal(now, wanted.replicas(), HISTORY_NANOS);
        Decision decision = decider.decide(seen, wanted, history, nextId++, time.wallTime());
        latest = decision;
        if (!scaling && decision.direction() != Direction.HOLD && now - notBeforeNanos >= 0) {
            send(decision);
        }
        supply(known);
        failures.recovered("a round");
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
        if (readingStatus || (status != null && now - lastReadNanos < pool.statusPeriod.toNanos())) {
            return;
        }
        readingStatus = true;
        lastReadNanos = now;
        call(() -> {
            ReplicaStatus found;
            try {
                found = Objects.requireNonNull(backend.status(pool.name), "the backend returned null as its status");
            } catch (Exception | LinkageError | StackOverflowError e) {
                submit(() -> {
                    readingStatus = false;
                    failures.failed("the backend's status", e);
                });
                return;
            }
            submit(() -> {
                readingStatus = false;
                failures.recovered("the backend's status");
                onStatus(found, now);
            });
        });
    }

    private void onStatus(ReplicaStatus found, long askedNanos) {
        long now = time.nanos();
        if (status == null) {
            target = found.desired();
            history = History.startingAt(now, target);
            accruedNanos = now;
        } else if (!scaling && askedNanos - acceptedNanos >= 0 && found.desired() != target) {
            LOG.info(
                    "pool {}: somebody else set {} replicas instead of {}; going on from there",
                    pool.name,
                    found.desired(),
                    target);
            history = history.withChange(now, target, found.desired());
            target = found.desired();
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
            if (event.open() && event.reached(Phase.ACCEPTED) && askedNanos - acceptedNanos >= 0) {
                advance(event, found);
            }
        }
        supply(found);
    }

    private void advance(ScaleEvent event, ReplicaStatus found) {
        ScaleEvent moved = event;
        if (event.direction() == Direction.UP) {
            if (found.ready() > event.from() && !event.reached(Phase.FIRST_READY)) {
                moved = step(moved, Phase.FIRST_READY, "");
            }
            if (found.ready() >= event.to()) {
                moved = step(moved, Phase.READY, "");
                moved.timeTo(Phase.READY).ifPresent(readyTimes::add);
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
        ScaleRequest request =
                new ScaleRequest(pool.name, decision.from(), decision.to(), decision.id(), decision.explain());
        call(() -> {
            try {
                backend.scale(request);
            } catch (Exception | LinkageError | StackOverflowError e) {
                submit(() -> onRefused(sent, e));
                return;
            }
            submit(() -> onAccepted(sent, now));
        });
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
        scaling = false;
        failedInARow = 0;
        acceptedNanos = now;
        target = event.to();
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
        scaling = false;
        failedInARow++;
        long backoff = Math.min(MAX_BACKOFF_NANOS, Duration.ofSeconds(1).toNanos() << Math.min(failedInARow - 1, 6));
        notBeforeNanos = time.nanos() + backoff;
        failures.failed("the backend", failure);
        step(event, Phase.FAILED, String.valueOf(failure.getMessage()));
    }

    private ScaleEvent step(ScaleEvent event, Phase phase, String detail) {
        ScaleEvent moved = event.with(new Step(phase, time.wallTime(), time.nanos(), detail));
        // Events keep their place and their number is small; a copy is plainer than an index.
        List<ScaleEvent> all = new ArrayList<>(events);
        all.replaceAll(each -> each.id().equals(moved.id()) ? moved : each);
        events.clear();
        events.addAll(all);
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
        } catch (RuntimeException | LinkageError | StackOverflowError e) {
            failures.failed(who, e);
        }
    }

    private void call(Runnable task) {
        try {
            calls.execute(task);
        } catch (RejectedExecutionException e) {
            readingStatus = false;
            scaling = false;
            LOG.debug("pool {}: a backend call was dropped, the engine is closed", pool.name);
        }
    }

    private void submit(Runnable task) {
        try {
            engine.execute(() -> {
                task.run();
                publish();
            });
        } catch (RejectedExecutionException e) {
            LOG.debug("pool {}: a round was dropped, the engine is closed", pool.name);
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
