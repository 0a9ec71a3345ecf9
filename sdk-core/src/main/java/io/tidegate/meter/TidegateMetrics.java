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

    /**
     * Registers the meters and begins to count.
     *
     * @throws IllegalStateException if it is bound already: each request would be counted twice
     */
    @Override
    public void bindTo(MeterRegistry registry) {
        if (!undo.isEmpty()) {
            throw new IllegalStateException("already bound to a registry; close it first, or make another for another");
        }
        Registration registration = new Registration(registry);
        // First, so that nothing is left behind where a registry refuses a meter halfway.
        undo.add(() -> registration.meters().forEach((Meter meter) -> registry.remove(meter)));
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
    }

    @Override
    public void close() {
        undo.forEach(Runnable::run);
        undo.clear();
    }
}
