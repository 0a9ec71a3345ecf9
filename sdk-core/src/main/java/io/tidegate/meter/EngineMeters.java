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
import io.tidegate.ledger.ScaleEvent;
import io.tidegate.ledger.ScaleEvent.Phase;
import io.tidegate.policy.Proposal;
import io.tidegate.policy.Proposal.Cause;
import io.tidegate.pool.Replicas;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.DoubleSupplier;

/** The meters of the engine. */
final class EngineMeters implements EngineListener {

    private static final Set<Phase> TIMED = Set.of(Phase.ACCEPTED, Phase.FIRST_READY, Phase.READY, Phase.FAILED);
    private static final Replicas NONE = Replicas.ready(0);

    private final Map<String, Map<Phase, Timer>> phases = new HashMap<>();
    private final Map<String, Timer> timeToReady = new HashMap<>();
    private final Map<String, Map<Trigger, Timer>> reactions = new HashMap<>();
    private final Map<Ended, Counter> events = new HashMap<>();

    /** How an event ended: the tags of its counter. */
    private record Ended(String pool, Direction direction, Cause cause, Phase outcome) {}

    EngineMeters(Engine engine, Registration registration, Map<String, DoubleSupplier> prices) {
        for (String listener : engine.alertListeners()) {
            registration.counter(
                    Meters.ALERTS_UNDELIVERED, engine, it -> it.alertsFailed(listener), listener, "failed");
            registration.counter(
                    Meters.ALERTS_UNDELIVERED, engine, it -> it.alertsDropped(listener), listener, "dropped");
        }
        for (String pool : engine.pools()) {
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
            timer.record(reaction);
        }
    }

    @Override
    public void stepped(ScaleEvent event) {
        Phase phase = event.phase();
        if (TIMED.contains(phase)) {
            Timer timer = Objects.requireNonNull(
                    Objects.requireNonNull(phases.get(event.pool())).get(phase));
            event.timeTo(phase).ifPresent(timer::record);
        }
        if (phase == Phase.READY && event.direction() == Direction.UP) {
            event.timeTo(Phase.READY).ifPresent(Objects.requireNonNull(timeToReady.get(event.pool()))::record);
        }
        if (phase.last()) {
            Objects.requireNonNull(events.get(new Ended(event.pool(), event.direction(), event.cause(), phase)))
                    .increment();
        }
    }
}
