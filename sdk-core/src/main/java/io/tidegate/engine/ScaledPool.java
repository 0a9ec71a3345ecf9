/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.alert.AlertSettings;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.guardrail.Coverage;
import io.tidegate.guardrail.Decision.Mode;
import io.tidegate.guardrail.Guardrails;
import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.policy.PolicySets;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.PoolLoad;
import io.tidegate.pool.Signal;
import io.tidegate.pool.Work;
import io.tidegate.supply.Supply;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the engine does for one pool: where load is read, who proposes, what narrows, who acts. Immutable.
 *
 * @since 0.1.0
 */
public final class ScaledPool {

    final String name;
    final Supplier<PoolLoad> load;
    final Consumer<Supply> supply;
    final ScalerBackend backend;
    final Work replicaWork;
    final PolicySet decides;
    final Supplier<Map<String, Signal>> signals;
    final Duration period;
    final Duration timeToReady;
    final Duration rateWindow;
    final Duration backendTimeout;
    final Duration statusPeriod;
    final Duration staleAfter;
    final Duration latencyWindow;
    final Duration eventGap;
    final Mode mode;
    final @Nullable PolicySet shadow;
    final AlertSettings alerts;
    final double pricePerHour;

    private ScaledPool(Builder builder) {
        this.name = builder.name;
        this.load = Objects.requireNonNull(builder.load);
        this.supply = builder.supply;
        this.backend = Objects.requireNonNull(builder.backend);
        this.replicaWork = builder.replicaWork;
        this.decides = builder.decided();
        this.signals = builder.signals;
        this.period = builder.period;
        this.timeToReady = builder.timeToReady;
        this.rateWindow = builder.rateWindow;
        this.backendTimeout = builder.backendTimeout;
        this.statusPeriod = builder.statusPeriod;
        this.staleAfter = builder.staleAfter;
        this.latencyWindow = builder.latencyWindow;
        this.eventGap = builder.eventGap;
        this.mode = builder.mode;
        this.shadow = builder.shadow;
        this.alerts = builder.alerts;
        this.pricePerHour = builder.pricePerHour;
    }

    /** Starts the settings of a pool. */
    public static Builder builder(String name) {
        return new Builder(name);
    }

    /** Coverage from which what is known is evidence against what there is: that of the guardrail, where there is one. */
    double leastCoverage() {
        return decides.guardrails().stream()
                .filter(Coverage.class::isInstance)
                .mapToDouble(guardrail -> ((Coverage) guardrail).least())
                .findFirst()
                .orElse(new Coverage().least());
    }

    /** What decides. */
    PolicySet policySet() {
        return decides;
    }

    /** The pool's name. */
    public String name() {
        return name;
    }

    /** Collects the settings of a {@link ScaledPool}; durations are at most 1 day. Not safe for use by several threads. */
    public static final class Builder {

        private final String name;
        private @Nullable Supplier<PoolLoad> load;
        private Consumer<Supply> supply = ignored -> {};
        private @Nullable ScalerBackend backend;
        private Work replicaWork = Work.slots(32);
        private final List<Policy> policies = new ArrayList<>();
        private final Guardrails.Builder guardrails = Guardrails.builder();
        private @Nullable PolicySet decides;
        private Set<String> demanded = Set.of();
        private Supplier<Map<String, Signal>> signals = Map::of;
        private Duration period = Duration.ofMillis(250);
        private Duration timeToReady = Duration.ofMinutes(2);
        private Duration rateWindow = Duration.ofSeconds(15);
        private Duration backendTimeout = Duration.ofSeconds(2);
        private Duration statusPeriod = Duration.ofSeconds(1);
        private Duration staleAfter = Duration.ofSeconds(45);
        private Duration latencyWindow = Duration.ofMinutes(1);
        private Duration eventGap = Duration.ofMillis(20);
        private Mode mode = Mode.ACT;
        private @Nullable PolicySet shadow;
        private AlertSettings alerts = AlertSettings.defaults();
        private double pricePerHour = Double.NaN;

        private Builder(String name) {
            this.name = Objects.requireNonNull(name, "name");
        }

        /** Where load is read: {@code gate::load}. Required. */
        public Builder load(Supplier<PoolLoad> load) {
            this.load = load;
            return this;
        }

        /** Who is told of supply: {@code gate::supply}. Nobody by default. */
        public Builder supply(Consumer<Supply> supply) {
            this.supply = supply;
            return this;
        }

        /** Who carries decisions out. Required. */
        public Builder backend(ScalerBackend backend) {
            this.backend = backend;
            return this;
        }

        /** What one ready replica holds; 32 slots and any number of tokens by default. */
        public Builder replicaWork(Work replicaWork) {
            this.replicaWork = replicaWork;
            return this;
        }

        /** Adds a policy; the highest proposal wins. {@link PolicySets#standard()} if none is added. */
        public Builder policy(Policy policy) {
            policies.add(policy);
            return this;
        }

        /** Sets what narrows proposals, from the defaults on: {@code guardrails(all -> all.bounds(1, 8))}. */
        public Builder guardrails(Consumer<Guardrails.Builder> settings) {
            settings.accept(guardrails);
            return this;
        }

        /** Least and most replicas; 1 and 1 by default, which scales nothing. The same as {@code guardrails(all -> all.bounds(…))}. */
        public Builder bounds(int min, int max) {
            guardrails.bounds(min, max);
            return this;
        }

        /**
         * Exactly these policies and guardrails, in place of all that was set or added, and of the defaults. Nothing is added to them:
         * without bounds there are none.
         */
        public Builder decides(PolicySet set) {
            this.decides = Objects.requireNonNull(set, "set");
            return this;
        }

        /**
         * Guardrails that must be among those that are asked, by their names: where {@link #decides} hands in what something else has
         * made of settings, one that was lost on the way is found by it. None by default.
         */
        public Builder demands(Set<String> guardrails) {
            this.demanded = Set.copyOf(guardrails);
            return this;
        }

        /** Signals beside the gate's, read at each decision: {@code board::signals}. None by default. */
        public Builder signals(Supplier<Map<String, Signal>> signals) {
            this.signals = signals;
            return this;
        }

        /** Time between decisions; positive, 250 ms by default. */
        public Builder period(Duration period) {
            this.period = positive("period", period);
            return this;
        }

        /** Time from asking for a replica to its first request, until it has been measured; positive, 120 s by default. */
        public Builder timeToReady(Duration timeToReady) {
            this.timeToReady = positive("timeToReady", timeToReady);
            return this;
        }

        /** Time over which arrival rates are smoothed; positive, 15 s by default. */
        public Builder rateWindow(Duration rateWindow) {
            this.rateWindow = positive("rateWindow", rateWindow);
            return this;
        }

        /** Longest time a call to the backend may take, in real time; positive, 2 s by default. */
        public Builder backendTimeout(Duration backendTimeout) {
            this.backendTimeout = positive("backendTimeout", backendTimeout);
            return this;
        }

        /** Time between looks at the backend's status; positive, 1 s by default. */
        public Builder statusPeriod(Duration statusPeriod) {
            this.statusPeriod = positive("statusPeriod", statusPeriod);
            return this;
        }

        /** Age from which the backend's last status is not acted on; positive, 45 s by default. */
        public Builder staleAfter(Duration staleAfter) {
            this.staleAfter = positive("staleAfter", staleAfter);
            return this;
        }

        /** Time over which latencies and outcomes are counted; positive, 1 minute by default. */
        public Builder latencyWindow(Duration latencyWindow) {
            this.latencyWindow = positive("latencyWindow", latencyWindow);
            return this;
        }

        /**
         * Least time between two rounds that events set off; positive, 20 ms by default. Events within it are answered by one round at
         * its end, so that a queue that comes and goes with each request does not keep the engine busy.
         */
        public Builder eventGap(Duration eventGap) {
            this.eventGap = positive("eventGap", eventGap);
            return this;
        }

        /** Whether decisions are carried out, the default, or only made and recorded. */
        public Builder mode(Mode mode) {
            this.mode = Objects.requireNonNull(mode, "mode");
            return this;
        }

        /**
         * Other policies to run beside those that act, on the same load with replicas on paper: {@link PoolState#shadow()} says what
         * they would have done. None by default. It costs as much thought as those that act, and no replica.
         */
        public Builder shadow(@Nullable PolicySet shadow) {
            this.shadow = shadow;
            return this;
        }

        /** When things are alerts; {@link AlertSettings#defaults()} by default. */
        public Builder alerts(AlertSettings alerts) {
            this.alerts = Objects.requireNonNull(alerts, "alerts");
            return this;
        }

        /** What a replica costs an hour, in any one currency, for the account; 0 or more, NaN if unknown, which it is by default. */
        public Builder pricePerHour(double price) {
            if (price < 0 || price == Double.POSITIVE_INFINITY) {
                throw new IllegalArgumentException("pricePerHour must be finite and >= 0, or NaN, but was " + price);
            }
            this.pricePerHour = price;
            return this;
        }

        private PolicySet decided() {
            return decides != null
                    ? decides
                    : new PolicySet("live", policies.isEmpty() ? PolicySets.standard() : policies, guardrails.build());
        }

        private static Duration positive(String setting, Duration value) {
            if (value.isZero() || value.isNegative() || value.compareTo(Duration.ofDays(1)) > 0) {
                throw new IllegalArgumentException(setting + " must be positive and at most 1 day but was " + value);
            }
            return value;
        }

        /**
         * The settings, once each guardrail has been asked about proposals that it exists to reject: see {@link
         * Guardrail#canaries()}.
         *
         * @throws IllegalArgumentException if something is missing
         * @throws IllegalStateException naming the pool and the guardrail, if one that is demanded is missing or one lets a proposal pass
         *     that it exists to reject
         */
        public ScaledPool build() {
            if (load == null) {
                throw new IllegalArgumentException("pool " + name + " needs load: the gate's, as gate::load");
            }
            if (backend == null) {
                throw new IllegalArgumentException("pool " + name + " needs a backend");
            }
            ScaledPool built = new ScaledPool(this);
            // Here, so that no pool gets to an engine untested, neither at the start nor by a reload.
            SelfTest.check(name, built.decides, built.shadow, demanded);
            return built;
        }
    }
}
