/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate;

import io.tidegate.admission.Gate;
import io.tidegate.config.TidegateConfig.BackendConfig;
import io.tidegate.config.TidegateConfig.PoolConfig;
import io.tidegate.config.TidegateConfig.QuotasConfig;
import io.tidegate.config.TidegateConfig.ReplicaConfig;
import io.tidegate.config.TidegateConfig.ScalingConfig;
import io.tidegate.config.TidegateConfig.ShadowConfig;
import io.tidegate.config.TidegateConfig.SignalConfig;
import io.tidegate.engine.PolicySet;
import io.tidegate.engine.ScaledPool;
import io.tidegate.engine.ScalerBackends;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.guardrail.Guardrails;
import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.limit.LimitController;
import io.tidegate.log.BoundedLog;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.Tier;
import io.tidegate.quota.Quotas;
import io.tidegate.signal.SignalBoard;
import io.tidegate.signal.SignalSources;
import io.tidegate.signal.SourceStatus;
import io.tidegate.signal.spi.SignalSource;
import io.tidegate.supply.Supply;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/** What is made of one pool's settings: once a gate, a limit, sources and a backend; what scales it anew at each reload. */
final class PoolAssembly {

    private static final Logger LOG = BoundedLog.of(PoolAssembly.class);

    /** After this no call to a backend that was replaced is under way: each is interrupted after 2 s. */
    private static final Duration CALLS_OVER = Duration.ofSeconds(30);

    private final Tidegate.Builder builder;
    private final String name;
    private final TimeSource clock;
    private final List<AutoCloseable> made;
    private final Gate gate;
    private final LimitController limit;
    private final @Nullable SignalBoard board;
    private @Nullable Made backend;
    /** Made for settings that do not hold yet; null where these name the same backend. */
    private @Nullable Made next;

    /** A backend and what it was made of. */
    private record Made(BackendConfig config, ScalerBackend backend) {}

    /**
     * @param quotas the pool's, if it has some
     * @param shared settings of the quotas that pools share
     * @param made takes what must be closed
     */
    PoolAssembly(
            Tidegate.Builder builder,
            String name,
            PoolConfig pool,
            @Nullable QuotasConfig shared,
            @Nullable Quotas quotas,
            TimeSource clock,
            List<AutoCloseable> made) {
        this.builder = builder;
        this.name = name;
        this.clock = clock;
        this.made = made;
        QuotaWiring.check(name, quotas, canary -> gate(pool, shared, canary), clock);
        this.gate = gate(pool, shared, quotas);
        this.limit = LimitController.builder(clock, gate::supply, gate::inFlight)
                .settings(pool.limit().toSettings())
                .build();
        if (pool.scaling() == null) {
            fix(pool.replica());
        }
        this.board = board(pool.signals());
    }

    Gate gate() {
        return gate;
    }

    /** How each source of the pool does; empty if it has none. */
    List<SourceStatus> sources() {
        return board == null ? List.of() : board.sources();
    }

    /** There is one for each pool, whatever its mode: each may be told of rejections, and new replicas start slowly in each. */
    LimitController limit() {
        return limit;
    }

    /** A pool that is not scaled has as many replicas as its settings say. */
    void fix(ReplicaConfig replica) {
        limit.accept(Supply.fixed(replica.count(), replica.work()));
    }

    private Gate gate(PoolConfig pool, @Nullable QuotasConfig shared, @Nullable Quotas quotas) {
        Gate.Builder gates = Gate.builder(name)
                .time(clock)
                .maxQueued(pool.maxQueued())
                .maxTenants(pool.maxTenants())
                .shedByRank(pool.shedByRank())
                .tierOrder(pool.order())
                .leakDetection(pool.leakDetection())
                .leakSites(pool.leakSites());
        for (Tier tier : pool.tierList()) {
            gates.tier(tier);
            pool.tenantRates()
                    .getOrDefault(tier.name(), Map.of())
                    .forEach((tenant, rate) -> gates.tokensPerSecond(tier, tenant, rate));
        }
        QuotasConfig settings = pool.quotas() == null ? shared : pool.quotas();
        if (quotas != null && settings != null) {
            gates.quotas(quotas).quotasReserveMaximum(settings.reserveMaximum());
        }
        if (builder.seed != null) {
            gates.seed(builder.seed);
        }
        if (builder.callbacks != null) {
            gates.callbackExecutor(builder.callbacks);
        }
        // A pool that is scaled has no replicas until its backend says so; the others get theirs by way of the limit.
        return gates.supply(Supply.fixed(0, pool.replica().work())).build();
    }

    /** Reads the sources of a pool, also of one that is not scaled: its limit may hang on them. */
    private @Nullable SignalBoard board(Map<String, SignalConfig> configured) {
        List<Tidegate.Builder.Polled> polled = new ArrayList<>();
        configured.forEach((source, settings) -> polled.add(polled(source, settings)));
        polled.addAll(builder.sources.getOrDefault(name, List.of()));
        if (polled.isEmpty()) {
            return null;
        }
        SignalBoard signals = Tidegate.Builder.owned(
                made,
                SignalBoard.builder(clock, signalExecutor())
                        .activity(this::ended)
                        .build());
        polled.forEach(each -> signals.add(each.source().apply(clock, limit), each.period(), each.staleAfter()));
        return signals;
    }

    /** Made here and now, so that what is wrong with it is said before anything reads. */
    private Tidegate.Builder.Polled polled(String source, SignalConfig settings) {
        try {
            SignalSource found = SignalSources.create(settings.type(), source, settings.settings(), clock);
            made.add(found);
            return new Tidegate.Builder.Polled((time, ofPool) -> found, settings.period());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("pools." + name + ".signals." + source + ": " + e.getMessage(), e);
        }
    }

    private long ended() {
        return gate.load().tiers().stream().mapToLong(tier -> tier.closed()).sum();
    }

    private Executor signalExecutor() {
        if (builder.executor != null) {
            return builder.executor;
        }
        ExecutorService threads = Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, "tidegate-signals");
            thread.setDaemon(true);
            return thread;
        });
        made.add(threads::shutdownNow);
        return threads;
    }

    /** What the engine does for the pool by these settings. */
    ScaledPool scaled(PoolConfig pool, ScalingConfig scaling) {
        List<Policy> own = builder.policies.getOrDefault(name, List.of());
        List<Policy> live = new ArrayList<>(scaling.policyList());
        live.addAll(own);
        List<Guardrail> guardrails = guardrails(pool, scaling);
        ShadowConfig beside = scaling.shadow();
        ScaledPool.Builder scaled = ScaledPool.builder(name)
                .load(gate::load)
                .supply(limit)
                .backend(backend(scaling))
                .replicaWork(pool.replica().work())
                .timeToReady(pool.replica().timeToReady())
                .pricePerHour(pool.replica().pricePerHour().orElse(Double.NaN))
                .alerts(scaling.alerts().toSettings())
                .mode(scaling.mode())
                .period(scaling.period())
                .rateWindow(scaling.rateWindow())
                .latencyWindow(scaling.latencyWindow())
                .decides(new PolicySet("live", live, guardrails))
                .demands(demanded(scaling))
                .shadow(beside == null ? null : new PolicySet(beside.name(), beside.policyList(), guardrails));
        if (board != null) {
            scaled.signals(board::signals);
        }
        return scaled.build();
    }

    /** Told from the settings, and not from what was made of them. */
    private Set<String> demanded(ScalingConfig scaling) {
        Set<String> names = new LinkedHashSet<>(List.of(
                "bounds",
                "complete data",
                "coverage",
                "healthy",
                "clock jump",
                "behavior up",
                "behavior down",
                "to zero",
                "pending cap",
                "fallback",
                "tolerance"));
        if (!scaling.guardrails().flapWindow().isZero()) {
            names.add("flap damping");
        }
        if (scaling.guardrails().maxCostPerHour().isPresent()) {
            names.add("spend cap");
        }
        builder.guardrails.getOrDefault(name, List.of()).forEach(own -> names.add(own.name()));
        return names;
    }

    private List<Guardrail> guardrails(PoolConfig pool, ScalingConfig scaling) {
        Guardrails.Builder guardrails = scaling.toGuardrails(pool.replica().pricePerHour());
        builder.guardrails.getOrDefault(name, List.of()).forEach(guardrails::guardrail);
        return guardrails.build();
    }

    /** The same as long as its settings are. */
    private ScalerBackend backend(ScalingConfig scaling) {
        ScalerBackend given = builder.backends.get(name);
        if (given != null) {
            return given;
        }
        BackendConfig wanted = scaling.backend();
        if (wanted == null) {
            throw new IllegalArgumentException(
                    "pools." + name + ".scaling.backend is required: name a type, or give a backend to the builder");
        }
        Made before = backend;
        if (before != null && wanted.equals(before.config())) {
            return before.backend();
        }
        Made other = new Made(wanted, create(wanted));
        next = other;
        return Tidegate.Builder.owned(made, other.backend());
    }

    /** What {@link #scaled} was asked for last holds from now on; a backend that it replaces is closed when calls to it are over. */
    void keep() {
        Made other = next;
        next = null;
        if (other != null) {
            Made before = backend;
            backend = other;
            if (before != null) {
                clock.schedule(CALLS_OVER.toNanos(), () -> retiring(() -> close(before.backend())));
            }
        }
    }

    /** Not on the clock's thread, since closing may block. */
    private void retiring(Runnable close) {
        if (builder.executor != null) {
            builder.executor.execute(close);
        } else {
            Thread thread = new Thread(close, "tidegate-backend-close");
            thread.setDaemon(true);
            thread.start();
        }
    }

    /** What {@link #scaled} was asked for last will never hold. */
    void discard() {
        Made other = next;
        next = null;
        if (other != null) {
            close(other.backend());
        }
    }

    private void close(ScalerBackend other) {
        // By identity; and only here or at the end, not in both.
        if (made.removeIf(each -> each == other)) {
            try {
                other.close();
            } catch (RuntimeException | Error e) {
                LOG.warn("closing a backend of pool {} that was replaced failed", name, e);
            }
        }
    }

    private ScalerBackend create(BackendConfig wanted) {
        try {
            return ScalerBackends.create(wanted.type(), wanted.settings());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("pools." + name + ".scaling.backend: " + e.getMessage(), e);
        }
    }
}
