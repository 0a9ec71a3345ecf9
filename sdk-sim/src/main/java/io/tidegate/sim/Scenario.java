/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim;

import io.tidegate.config.TidegateConfig;
import io.tidegate.config.TidegateConfig.PoolConfig;
import io.tidegate.config.TidegateConfig.ScalingConfig;
import io.tidegate.pool.Tier;
import io.tidegate.sim.physics.EngineModel;
import io.tidegate.sim.physics.ReplicaLife;
import io.tidegate.sim.trace.Trace;
import java.util.List;
import java.util.Objects;
import java.util.function.LongFunction;

/**
 * What happens in an episode, apart from who decides and the seed. Made by {@link Scenarios}, or from a trace of one's own.
 *
 * @param name lower case
 * @param about one line: trace, scale, model, fleet
 * @param trace gives the requests for a seed, with tiers and tenants
 * @param config the pool as a user would configure it: tiers with their objectives, replica, limits, scaling
 * @param engine how fast a replica is
 * @param life how replicas come and go
 * @param clients how those who ask behave
 * @param gateways that share the traffic, at least 1
 * @param start replicas that serve when it begins
 * @param believedThroughput what Tidegate believes of a replica when it begins, as a multiple of what it sustains; NaN if it knows
 *     nothing
 * @param signalPeriod seconds between two reads of the engines' metrics, where the pool has them as signals, as with a source added by
 *     {@code Tidegate.Builder.signals}: nothing goes down while a replica has not been read twice. NaN for a pool without signals
 * @since 0.1.0
 */
public record Scenario(
        String name,
        String about,
        LongFunction<Trace> trace,
        TidegateConfig config,
        EngineModel engine,
        ReplicaLife life,
        Clients clients,
        int gateways,
        int start,
        double believedThroughput,
        double signalPeriod) {

    public Scenario {
        Objects.requireNonNull(trace, "trace");
        if (config.pools().size() != 1) {
            throw new IllegalArgumentException("a scenario has exactly one pool, but the configuration has "
                    + config.pools().keySet());
        }
        if (config.pools().values().iterator().next().scaling() == null) {
            throw new IllegalArgumentException(
                    "pools." + config.pools().keySet().iterator().next()
                            + ".scaling is required: a scenario is about how many replicas there are");
        }
        if (gateways < 1 || start < 0) {
            throw new IllegalArgumentException(
                    "gateways must be >= 1 and start >= 0 but were " + gateways + " and " + start);
        }
        if (signalPeriod <= 0 || Double.isInfinite(signalPeriod)) {
            throw new IllegalArgumentException("signalPeriod must be > 0 and finite, or NaN, but was " + signalPeriod);
        }
    }

    /** A pool without signals. */
    public Scenario(
            String name,
            String about,
            LongFunction<Trace> trace,
            TidegateConfig config,
            EngineModel engine,
            ReplicaLife life,
            Clients clients,
            int gateways,
            int start,
            double believedThroughput) {
        this(name, about, trace, config, engine, life, clients, gateways, start, believedThroughput, Double.NaN);
    }

    /** The same under another configuration. */
    public Scenario withConfig(TidegateConfig other) {
        return new Scenario(
                name, about, trace, other, engine, life, clients, gateways, start, believedThroughput, signalPeriod);
    }

    /** The same with other requests, for example a slice of them. */
    public Scenario withTrace(LongFunction<Trace> other) {
        return new Scenario(
                name, about, other, config, engine, life, clients, gateways, start, believedThroughput, signalPeriod);
    }

    /** The same where Tidegate begins with another belief: a multiple of what a replica sustains, or NaN for none. */
    public Scenario withBelief(double multiple) {
        return new Scenario(name, about, trace, config, engine, life, clients, gateways, start, multiple, signalPeriod);
    }

    /** The same with replicas of another life. */
    public Scenario withLife(ReplicaLife other) {
        return new Scenario(
                name, about, trace, config, engine, other, clients, gateways, start, believedThroughput, signalPeriod);
    }

    /** The same with other clients. */
    public Scenario withClients(Clients other) {
        return new Scenario(
                name, about, trace, config, engine, life, other, gateways, start, believedThroughput, signalPeriod);
    }

    /** The same where the engines' metrics are read as signals of the pool. */
    public Scenario withSignals(double periodSeconds) {
        return new Scenario(
                name, about, trace, config, engine, life, clients, gateways, start, believedThroughput, periodSeconds);
    }

    /** The name of the pool. */
    public String pool() {
        return config.pools().keySet().iterator().next();
    }

    PoolConfig poolConfig() {
        return config.pools().values().iterator().next();
    }

    ScalingConfig scaling() {
        return Objects.requireNonNull(poolConfig().scaling());
    }

    /** The tiers, highest rank first. */
    public List<Tier> tiers() {
        return poolConfig().tierList();
    }
}
