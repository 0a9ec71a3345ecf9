/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.alert.AlertSettings;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.guardrail.Behavior;
import io.tidegate.guardrail.Behavior.Direction;
import io.tidegate.guardrail.Behavior.Rate;
import io.tidegate.guardrail.Behavior.Select;
import io.tidegate.guardrail.Bounds;
import io.tidegate.guardrail.CompleteData;
import io.tidegate.guardrail.Decision.Mode;
import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.PoolLoad;
import io.tidegate.pool.Signal;
import io.tidegate.pool.Work;
import io.tidegate.supply.Supply;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A pool with few guardrails, so that a test of the engine sees what the engine does: one's own, complete data, a step each way and a
 * window where they are set, bounds.
 */
final class TestPool {

    private final ScaledPool.Builder builder;
    private final List<Policy> policies = new ArrayList<>();
    private final List<Guardrail> own = new ArrayList<>();
    private Bounds bounds = new Bounds(1, 1);
    private @Nullable Behavior up;
    private @Nullable Behavior down;
    private Duration window = Duration.ZERO;

    private TestPool(String name) {
        this.builder = ScaledPool.builder(name);
    }

    static TestPool of(String name) {
        return new TestPool(name);
    }

    /** So many replicas, or such a share, in a period; no window. */
    static Behavior step(Direction direction, int replicas, double share, Duration period) {
        List<Rate> rates = new ArrayList<>();
        if (replicas > 0) {
            rates.add(Rate.replicas(replicas, period));
        }
        if (share > 0) {
            rates.add(Rate.share(share, period));
        }
        return new Behavior(direction, Duration.ZERO, rates, Select.MAX);
    }

    TestPool load(Supplier<PoolLoad> load) {
        builder.load(load);
        return this;
    }

    TestPool supply(Consumer<Supply> supply) {
        builder.supply(supply);
        return this;
    }

    TestPool backend(ScalerBackend backend) {
        builder.backend(backend);
        return this;
    }

    TestPool replicaWork(Work work) {
        builder.replicaWork(work);
        return this;
    }

    TestPool signals(Supplier<Map<String, Signal>> signals) {
        builder.signals(signals);
        return this;
    }

    TestPool period(Duration period) {
        builder.period(period);
        return this;
    }

    TestPool statusPeriod(Duration period) {
        builder.statusPeriod(period);
        return this;
    }

    TestPool staleAfter(Duration age) {
        builder.staleAfter(age);
        return this;
    }

    TestPool timeToReady(Duration time) {
        builder.timeToReady(time);
        return this;
    }

    TestPool rateWindow(Duration rateWindow) {
        builder.rateWindow(rateWindow);
        return this;
    }

    TestPool latencyWindow(Duration latencyWindow) {
        builder.latencyWindow(latencyWindow);
        return this;
    }

    TestPool eventGap(Duration gap) {
        builder.eventGap(gap);
        return this;
    }

    TestPool backendTimeout(Duration timeout) {
        builder.backendTimeout(timeout);
        return this;
    }

    TestPool mode(Mode mode) {
        builder.mode(mode);
        return this;
    }

    TestPool shadow(@Nullable PolicySet set) {
        builder.shadow(set);
        return this;
    }

    TestPool alerts(AlertSettings settings) {
        builder.alerts(settings);
        return this;
    }

    TestPool pricePerHour(double price) {
        builder.pricePerHour(price);
        return this;
    }

    TestPool policy(Policy policy) {
        policies.add(policy);
        return this;
    }

    TestPool guardrail(Guardrail guardrail) {
        own.add(guardrail);
        return this;
    }

    TestPool bounds(int min, int max) {
        bounds = new Bounds(min, max);
        return this;
    }

    TestPool stepUp(@Nullable Behavior step) {
        up = step;
        return this;
    }

    TestPool stepDown(@Nullable Behavior step) {
        down = step;
        return this;
    }

    TestPool stabilizationWindow(Duration length) {
        window = length;
        return this;
    }

    ScaledPool build() {
        List<Guardrail> guardrails = new ArrayList<>(own);
        guardrails.add(new CompleteData());
        if (up != null) {
            guardrails.add(up);
        }
        guardrails.add(new Behavior(Direction.DOWN, window, down == null ? List.of() : down.rates(), Select.MAX));
        guardrails.add(bounds);
        return builder.decides(new PolicySet("test", policies, guardrails)).build();
    }
}
