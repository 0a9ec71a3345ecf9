/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.meter;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.tidegate.admission.Gate;
import io.tidegate.engine.Engine;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * Registers the meters of gates and of the engine: {@code new TidegateMetrics(gates, engine).bindTo(registry)}.
 *
 * <p>Every meter is registered once, when it is bound, and held: nothing is looked up while requests pass. Tags come from
 * closed sets; tenants are never one. {@link #close()} detaches from the gates and the engine and removes the meters. What a
 * registry throws is counted at the gate and does not reach requests. For one registry; make another for another.
 *
 * @since 0.1.0
 */
public final class TidegateMetrics implements MeterBinder, AutoCloseable {

    private final List<Gate> gates;
    private final List<Engine> engines;
    private final Map<String, Double> prices = new LinkedHashMap<>();
    private final List<Runnable> undo = new ArrayList<>();

    /** Meters of gates alone. */
    public TidegateMetrics(Collection<Gate> gates) {
        this.gates = List.copyOf(gates);
        this.engines = List.of();
    }

    /** Meters of gates and of the engine that scales their pools. */
    public TidegateMetrics(Collection<Gate> gates, Engine engine) {
        this.gates = List.copyOf(gates);
        this.engines = List.of(engine);
    }

    /** Adds the price of a replica of a pool, for {@link Meters#COST_RATE}; empty adds nothing. Call before binding. */
    public TidegateMetrics withPrice(String pool, OptionalDouble pricePerHour) {
        pricePerHour.ifPresent(price -> prices.put(pool, price));
        return this;
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        Registration registration = new Registration(registry);
        for (Gate gate : gates) {
            GateMeters meters = new GateMeters(gate, registration);
            gate.addListener(meters);
            undo.add(() -> gate.removeListener(meters));
        }
        for (Engine engine : engines) {
            EngineMeters meters = new EngineMeters(engine, registration, prices);
            engine.addListener(meters);
            undo.add(() -> engine.removeListener(meters));
        }
        undo.add(() -> registration.meters().forEach((Meter meter) -> registry.remove(meter)));
    }

    @Override
    public void close() {
        undo.forEach(Runnable::run);
        undo.clear();
    }
}
