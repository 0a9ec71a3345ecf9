/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim;

import io.tidegate.pool.Tier;
import io.tidegate.sim.baseline.Bound;
import io.tidegate.sim.baseline.Observation.Profile;
import io.tidegate.sim.physics.EngineModel;
import io.tidegate.sim.score.RunScore;
import io.tidegate.sim.score.TierScore;
import io.tidegate.sim.trace.Trace;
import io.tidegate.sim.trace.TraceEvent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;

/** What somebody would need who knew every request beforehand. */
final class Bounds {

    /** Replicas of which the one that is ready soonest counts. */
    private static final int REPLICAS = 200;

    /** Results that are kept: each of a few seeds is asked for by every scaler. */
    private static final int KEPT = 64;

    private static final Map<Key, Bound.Result> RESULTS = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Bound.Result> eldest) {
            return size() > KEPT;
        }
    };

    private record Key(Scenario scenario, long seed) {}

    private Bounds() {}

    static Bound.Result of(Scenario scenario, Trace trace, Profile profile, long seed) {
        Key key = new Key(scenario, seed);
        synchronized (RESULTS) {
            Bound.Result known = RESULTS.get(key);
            if (known != null) {
                return known;
            }
        }
        Bound.Result found = compute(scenario, trace, profile, seed);
        synchronized (RESULTS) {
            RESULTS.put(key, found);
        }
        return found;
    }

    private static Bound.Result compute(Scenario scenario, Trace trace, Profile profile, long seed) {
        EngineModel engine = scenario.engine();
        List<Tier> tiers = scenario.tiers();
        int seconds = (int) Math.max(1, Math.ceil(trace.duration().toNanos() / 1e9));
        Map<String, double[]> work = new LinkedHashMap<>();
        tiers.forEach(tier -> work.put(tier.name(), new double[seconds]));
        int most = scenario.clients().maxOutputTokens();
        for (TraceEvent event : trace) {
            double[] of = work.get(event.tier());
            if (of != null) {
                int at = (int) Math.min(seconds - 1L, event.offsetNanos() / 1_000_000_000L);
                of[at] += engine.workSeconds(
                        Math.max(1, event.promptTokens()),
                        Math.max(1, Math.min(event.outputTokens(), most)),
                        profile.concurrency());
            }
        }
        List<Bound.Demand> demands = new ArrayList<>();
        for (Tier tier : tiers) {
            double[] ofTier = Objects.requireNonNull(work.get(tier.name()));
            double bound = tier.slo()
                    .timeToFirstToken()
                    .map(each -> each.toNanos() / 1e9)
                    .orElse((double) seconds);
            demands.add(new Bound.Demand(ofTier, Math.max(0, bound - profile.timeToFirstTokenAlone())));
        }
        double soonest = Double.POSITIVE_INFINITY;
        for (int number = 0; number < REPLICAS; number++) {
            soonest = Math.min(soonest, scenario.life().course(seed, number).ready());
        }
        return Bound.of(
                demands,
                new Bound.Limits(
                        soonest, scenario.scaling().min(), scenario.scaling().max(), true));
    }

    /** As a score: everything attains, at the least cost. */
    static RunScore score(RunPlan plan, Trace trace, Bound.Result bound) {
        Scenario scenario = plan.scenario();
        Map<String, Long> offered = new LinkedHashMap<>();
        scenario.tiers().forEach(tier -> offered.put(tier.name(), 0L));
        long all = 0;
        for (TraceEvent event : trace) {
            offered.merge(event.tier(), 1L, Long::sum);
            all++;
        }
        List<TierScore> tiers = new ArrayList<>();
        offered.forEach((tier, count) -> tiers.add(perfect(tier, count)));
        double seconds = Math.max(1, trace.duration().toNanos() / 1e9);
        double hours = bound.lowerReplicaSeconds() / 3600;
        OptionalDouble price = scenario.poolConfig().replica().pricePerHour();
        return new RunScore(
                scenario.name(),
                plan.scaler(),
                plan.admission().label(),
                plan.seed(),
                perfect("all", all),
                tiers,
                seconds,
                hours,
                bound.lowerReplicaSeconds() / seconds,
                bound.peak(),
                bound.peak(),
                0,
                0,
                0,
                price.isPresent() ? OptionalDouble.of(price.getAsDouble() * hours) : OptionalDouble.empty(),
                0,
                0,
                List.of());
    }

    private static TierScore perfect(String tier, long offered) {
        double unknown = Double.NaN;
        return new TierScore(tier, offered, offered, 0, 0, 0, 0, 0, unknown, unknown, unknown, unknown, unknown);
    }
}
