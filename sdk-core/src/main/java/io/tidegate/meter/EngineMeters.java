/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.meter;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Timer;
import io.tidegate.alert.Alert;
import io.tidegate.alert.AlertKind;
import io.tidegate.engine.Engine;
import io.tidegate.engine.PoolState;
import io.tidegate.engine.ShadowState;
import io.tidegate.engine.spi.EngineListener;
import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.Decision.Direction;
import io.tidegate.guardrail.Decision.Trigger;
import io.tidegate.ledger.Account;
import io.tidegate.ledger.Account.Stage;
import io.tidegate.ledger.ScaleEvent;
import io.tidegate.ledger.ScaleEvent.Phase;
import io.tidegate.plugin.PluginStatus.Kind;
import io.tidegate.policy.Proposal;
import io.tidegate.policy.Proposal.Cause;
import io.tidegate.pool.Replicas;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.DoubleSupplier;
import java.util.function.ToDoubleFunction;

/** The meters of the engine. */
final class EngineMeters implements EngineListener, Publishing {

    private static final Set<Phase> TIMED = Set.of(Phase.ACCEPTED, Phase.FIRST_READY, Phase.READY, Phase.FAILED);
    private static final Replicas NONE = Replicas.ready(0);

    private final Map<String, Map<Phase, Timer>> phases = new HashMap<>();
    private final Map<String, Timer> timeToReady = new HashMap<>();
    private final Map<String, Map<Trigger, Timer>> reactions = new HashMap<>();
    private final Map<Ended, Counter> events = new HashMap<>();
    private final Map<String, Map<Stage, Timer>> stages = new HashMap<>();
    private final Map<String, Map<Stage, Counter>> broken = new HashMap<>();
    private final Map<String, Counter> costs = new HashMap<>();
    private final Map<String, Account> accounts = new ConcurrentHashMap<>();

    /** What the registry is still to be told: the engine's thread, which puts it here, must never wait for a registry. */
    private final Queue<Runnable> untold = new ArrayBlockingQueue<>(MOST_UNTOLD);

    private final LongAdder dropped;

    /** A thousand pools that scale once a second fill it in four seconds. */
    private static final int MOST_UNTOLD = 4_096;

    /** How an event ended: the tags of its counter. */
    private record Ended(String pool, Direction direction, Cause cause, Phase outcome) {}

    EngineMeters(Engine engine, Registration registration, Map<String, DoubleSupplier> prices, LongAdder dropped) {
        this.dropped = dropped;
        registration.counter(
                Meters.LEDGER_WRITTEN, engine, it -> it.ledgerStatus().written());
        registration.counter(Meters.LEDGER_LOST, engine, it -> it.ledgerStatus().lost());
        registration.gauge(Meters.LEDGER_WAITING, () -> engine.ledgerStatus().waiting());
        for (String listener : engine.alertListeners()) {
            registration.counter(
                    Meters.ALERTS_UNDELIVERED, engine, it -> it.alertsFailed(listener), listener, "failed");
            registration.counter(
                    Meters.ALERTS_UNDELIVERED, engine, it -> it.alertsDropped(listener), listener, "dropped");
        }
        for (String pool : engine.pools()) {
            for (Kind kind : List.of(Kind.BACKEND, Kind.POLICY)) {
                PluginMeters.register(pool, kind, () -> engine.plugins(pool), registration);
            }
            replicas(engine, registration, pool);
            registration.counter(
                    Meters.ENGINE_FAILURES, engine, it -> it.state(pool).failures(), pool);
            evidence(engine, registration, pool);
            alerts(engine, registration, pool);
            shadow(engine, registration, pool);
            Map<Trigger, Timer> byTrigger = new EnumMap<>(Trigger.class);
            for (Trigger trigger : Trigger.values()) {
                if (trigger != Trigger.PERIOD) {
                    byTrigger.put(trigger, registration.timer(Meters.SCALE_REACTION, pool, Registration.tag(trigger)));
                }
            }
            reactions.put(pool, byTrigger);
            DoubleSupplier price = prices.get(pool);
            if (price != null) {
                registration.gauge(Meters.COST_RATE, () -> engine.state(pool).running() * price.getAsDouble(), pool);
            }
            account(registration, pool, price != null);
            Map<Phase, Timer> timers = new EnumMap<>(Phase.class);
            TIMED.forEach(
                    phase -> timers.put(phase, registration.timer(Meters.SCALE_PHASE, pool, Registration.tag(phase))));
            phases.put(pool, timers);
            timeToReady.put(pool, registration.timer(Meters.SCALE_TIME_TO_READY, pool));
            for (Direction direction : Set.of(Direction.UP, Direction.DOWN)) {
                for (Cause cause : Cause.values()) {
                    for (Phase outcome : Set.of(Phase.READY, Phase.FAILED, Phase.SUPERSEDED)) {
                        events.put(
                                new Ended(pool, direction, cause, outcome),
                                registration.counter(
                                        Meters.SCALE_EVENTS,
                                        pool,
                                        Registration.tag(direction),
                                        Registration.tag(cause),
                                        Registration.tag(outcome)));
                    }
                }
            }
        }
    }

    private void account(Registration registration, String pool, boolean priced) {
        Map<Stage, Timer> timers = new EnumMap<>(Stage.class);
        Map<Stage, Counter> counters = new EnumMap<>(Stage.class);
        for (Stage stage : Stage.values()) {
            timers.put(stage, registration.timer(Meters.SCALE_STAGE, pool, Registration.tag(stage)));
            counters.put(stage, registration.counter(Meters.SCALE_EVENT_VIOLATIONS, pool, Registration.tag(stage)));
        }
        stages.put(pool, timers);
        broken.put(pool, counters);
        last(registration, Meters.SCALE_USE, Account::usedBefore, pool, "before");
        last(registration, Meters.SCALE_USE, Account::usedAfter, pool, "after");
        if (priced) {
            costs.put(pool, registration.counter(Meters.SCALE_EVENT_COST, pool));
            last(registration, Meters.SCALE_EVENT_REQUEST_COST, Account::costPerRequest, pool);
        }
    }

    private void last(
            Registration registration, Meters meter, ToDoubleFunction<Account> value, String pool, String... tags) {
        List<String> all = new ArrayList<>(List.of(tags));
        all.add(0, pool);
        registration.gauge(
                meter,
                () -> {
                    Account account = accounts.get(pool);
                    return account == null ? Double.NaN : value.applyAsDouble(account);
                },
                all.toArray(String[]::new));
    }

    @Override
    public void accounted(Account account) {
        accounts.put(account.pool(), account);
        later(() -> tell(account));
    }

    private void tell(Account account) {
        String pool = account.pool();
        Map<Stage, Timer> timers = Objects.requireNonNull(stages.get(pool));
        account.stages()
                .forEach((stage, time) ->
                        Objects.requireNonNull(timers.get(stage)).record(time));
        Map<Stage, Counter> counters = Objects.requireNonNull(broken.get(pool));
        account.brokenByStage()
                .forEach((stage, count) ->
                        Objects.requireNonNull(counters.get(stage)).increment(count));
        Counter cost = costs.get(pool);
        if (cost != null && account.addedCost() > 0) {
            cost.increment(account.addedCost());
        }
    }

    private static void replicas(Engine engine, Registration registration, String pool) {
        registration.gauge(Meters.REPLICAS, () -> known(engine.state(pool)).desired(), pool, "desired");
        registration.gauge(Meters.REPLICAS, () -> known(engine.state(pool)).ready(), pool, "ready");
        registration.gauge(Meters.REPLICAS, () -> known(engine.state(pool)).due(), pool, "due");
        registration.gauge(Meters.REPLICAS, () -> engine.state(pool).running(), pool, "running");
    }

    private static void evidence(Engine engine, Registration registration, String pool) {
        registration.gauge(
                Meters.REPLICAS,
                () -> engine.state(pool)
                        .latest()
                        .map(decision -> (Number) decision.to())
                        .orElse(Double.NaN),
                pool,
                "decided");
        registration.gauge(
                Meters.SCALE_OVERRIDDEN, () -> engine.state(pool).override().isPresent() ? 1 : 0, pool);
        registration.gauge(
                Meters.EVIDENCE_GAPS,
                () -> engine.state(pool)
                        .view()
                        .map(view -> (Number) view.evidence().gaps().size())
                        .orElse(Double.NaN),
                pool);
        registration.gauge(
                Meters.EVIDENCE_COVERAGE,
                () -> engine.state(pool)
                        .view()
                        .map(view -> (Number) view.evidence().coverage())
                        .orElse(Double.NaN),
                pool);
        registration.gauge(
                Meters.POLICIES_ABSTAINING,
                () -> engine.state(pool)
                        .latest()
                        .map(decision -> (Number) decision.proposals().stream()
                                .filter(Proposal.Abstains.class::isInstance)
                                .count())
                        .orElse(Double.NaN),
                pool);
        registration.gauge(
                Meters.REPLICA_CAPACITY,
                () -> engine.state(pool)
                        .view()
                        .map(view -> (Number) view.capacity().tokensPerSecond())
                        .orElse(Double.NaN),
                pool);
    }

    private static void alerts(Engine engine, Registration registration, String pool) {
        for (AlertKind kind : AlertKind.values()) {
            for (Alert.Severity severity : Alert.Severity.values()) {
                registration.gauge(
                        Meters.ALERTS,
                        () -> engine.state(pool).alerts().stream()
                                        .anyMatch(alert -> alert.kind() == kind && alert.severity() == severity)
                                ? 1
                                : 0,
                        pool,
                        kind.code(),
                        severity.code());
            }
            registration.counter(
                    Meters.ALERTS_FIRED, engine, it -> it.state(pool).alertsFired(kind), pool, kind.code());
        }
    }

    private static void shadow(Engine engine, Registration registration, String pool) {
        registration.gauge(
                Meters.SHADOW_REPLICAS,
                () -> engine.state(pool)
                        .shadow()
                        .map(it -> (Number) it.desired())
                        .orElse(Double.NaN),
                pool);
        registration.gauge(
                Meters.SHADOW_DIFFERENCE,
                () -> engine.state(pool)
                        .shadow()
                        .map(it -> (Number)
                                (it.desired() - known(engine.state(pool)).desired()))
                        .orElse(Double.NaN),
                pool);
        registration.counter(
                Meters.SHADOW_REPLICA_SECONDS,
                engine,
                it -> it.state(pool).shadow().map(ShadowState::replicaSeconds).orElse(0.0),
                pool,
                "shadow");
        registration.counter(
                Meters.SHADOW_REPLICA_SECONDS,
                engine,
                it -> it.state(pool)
                        .shadow()
                        .map(ShadowState::liveReplicaSeconds)
                        .orElse(0.0),
                pool,
                "live");
    }

    private static Replicas known(PoolState state) {
        return state.view().map(view -> view.replicas()).orElse(NONE);
    }

    @Override
    public void called(Decision decision, Duration reaction) {
        Timer timer = Objects.requireNonNull(reactions.get(decision.pool()))
                .get(decision.origin().trigger());
        if (timer != null) {
            later(() -> timer.record(reaction));
        }
    }

    @Override
    public void stepped(ScaleEvent event) {
        Phase phase = event.phase();
        if (TIMED.contains(phase)) {
            Timer timer = Objects.requireNonNull(
                    Objects.requireNonNull(phases.get(event.pool())).get(phase));
            event.timeTo(phase).ifPresent(time -> later(() -> timer.record(time)));
        }
        if (phase == Phase.READY && event.direction() == Direction.UP) {
            Timer timer = Objects.requireNonNull(timeToReady.get(event.pool()));
            event.timeTo(Phase.READY).ifPresent(time -> later(() -> timer.record(time)));
        }
        if (phase.last()) {
            later(
                    Objects.requireNonNull(events.get(new Ended(event.pool(), event.direction(), event.cause(), phase)))
                            ::increment);
        }
    }

    private void later(Runnable telling) {
        if (!untold.offer(telling)) {
            dropped.increment();
        }
    }

    /** Hands on to the registry what happened since the last call. One call at a time. */
    @Override
    public void publish() {
        for (Runnable telling = untold.poll(); telling != null; telling = untold.poll()) {
            telling.run();
        }
    }
}
