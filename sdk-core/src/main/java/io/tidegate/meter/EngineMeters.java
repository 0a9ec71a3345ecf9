/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.meter;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Timer;
import io.tidegate.engine.Engine;
import io.tidegate.engine.PoolState;
import io.tidegate.engine.spi.EngineListener;
import io.tidegate.guardrail.Decision.Direction;
import io.tidegate.ledger.ScaleEvent;
import io.tidegate.ledger.ScaleEvent.Phase;
import io.tidegate.policy.Proposal.Cause;
import io.tidegate.pool.Replicas;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** The meters of the engine. */
final class EngineMeters implements EngineListener {

    private static final Set<Phase> TIMED = Set.of(Phase.ACCEPTED, Phase.FIRST_READY, Phase.READY, Phase.FAILED);
    private static final Replicas NONE = Replicas.ready(0);

    private final Map<String, Map<Phase, Timer>> phases = new HashMap<>();
    private final Map<String, Timer> timeToReady = new HashMap<>();
    private final Map<Ended, Counter> events = new HashMap<>();

    /** How an event ended: the tags of its counter. */
    private record Ended(String pool, Direction direction, Cause cause, Phase outcome) {}

    EngineMeters(Engine engine, Registration registration, Map<String, Double> prices) {
        for (String pool : engine.pools()) {
            replicas(engine, registration, pool);
            registration.counter(
                    Meters.ENGINE_FAILURES, engine, it -> it.state(pool).failures(), pool);
            Double price = prices.get(pool);
            if (price != null) {
                registration.gauge(Meters.COST_RATE, () -> engine.state(pool).running() * price, pool);
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

    private static Replicas known(PoolState state) {
        return state.view().map(view -> view.replicas()).orElse(NONE);
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
