/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy;

import io.tidegate.guardrail.Behavior;
import io.tidegate.guardrail.Bounds;
import io.tidegate.guardrail.CompleteData;
import io.tidegate.guardrail.History;
import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.policy.spi.LearningPolicy;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.Capacity;
import io.tidegate.pool.Evidence;
import io.tidegate.pool.LatencySnapshot;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.PoolView.ServedView;
import io.tidegate.pool.PoolView.TierView;
import io.tidegate.pool.Recent;
import io.tidegate.pool.Replicas;
import io.tidegate.pool.Slo;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Real policies, the learner and the guardrails with their defaults on a {@link PoolSimulation}, decided once a second. */
final class SimulatedPolicies implements PoolSimulation.Law {

    private static final double RATE_WINDOW = 15;
    private static final double LATENCY_WINDOW = 60;

    private final List<Policy> policies;
    private final List<Guardrail> guardrails;
    private final CapacityLearner learner = CapacityLearner.builder().build();
    private final Map<String, Learned> learned = new HashMap<>();
    private final List<Counted> counted;
    private final Deque<Recent.Second> recent = new ArrayDeque<>();
    private History history;
    Capacity capacity;
    PoolView view;

    SimulatedPolicies(
            PoolSimulation.Profile profile,
            List<Policy> policies,
            Capacity known,
            Duration stabilization,
            boolean both) {
        this.policies = policies;
        this.capacity = known;
        this.guardrails = List.of(
                new CompleteData(),
                Behavior.up(),
                new Behavior(
                        Behavior.Direction.DOWN, stabilization, Behavior.down().rates(), Behavior.Select.MAX),
                new Bounds(profile.min(), profile.max()));
        this.history = History.startingAt(0, profile.start());
        Slo slo = Slo.timeToFirstToken(Duration.ofMillis((long) (profile.promise() * 1000)));
        Duration longest = Duration.ofSeconds((long) profile.longestWait());
        this.counted = List.of(
                new Counted(
                        Tier.builder("premium").maxQueueTime(longest).slo(slo).build()),
                new Counted(Tier.builder("standard")
                        .maxQueueTime(longest)
                        .slo(both ? slo : Slo.none())
                        .build()));
    }

    @Override
    public int desired(PoolSimulation pool) {
        long nanos = (long) (pool.now * 1e9);
        view = view(pool, nanos);
        capacity = learner.learn(view);
        view = new PoolView(
                view.pool(),
                nanos,
                view.evidence(),
                view.replicas(),
                view.replicaWork(),
                view.timeToReady(),
                view.tiers(),
                view.signals(),
                capacity,
                view.recent());
        Proposal.Wants highest = null;
        boolean abstains = false;
        for (Policy policy : policies) {
            Proposal proposal = propose(policy);
            abstains |= proposal instanceof Proposal.Abstains;
            if (proposal instanceof Proposal.Wants wants
                    && (highest == null || wants.replicas() > highest.replicas())) {
                highest = wants;
            }
        }
        boolean keep = highest == null || (abstains && highest.replicas() < pool.desired);
        int replicas = keep ? pool.desired : highest.replicas();
        history = history.withProposal(
                nanos, replicas, keep ? pool.desired : highest.demand(), History.HORIZON.toNanos());
        for (Guardrail guardrail : guardrails) {
            replicas = guardrail.narrow(view, history, replicas).replicas();
        }
        if (replicas != pool.desired) {
            history = history.withChange(nanos, pool.desired, replicas);
        }
        return replicas;
    }

    Learned learned(String policy) {
        return learned.getOrDefault(policy, Learned.NOTHING);
    }

    private Proposal propose(Policy policy) {
        if (policy instanceof LearningPolicy learning) {
            Learned known = learning.learn(view, learned(policy.name()));
            learned.put(policy.name(), known);
            return learning.propose(view, known);
        }
        return policy.propose(view);
    }

    private PoolView view(PoolSimulation pool, long nanos) {
        for (int i = 0; i < counted.size(); i++) {
            counted.get(i).count(pool, i);
        }
        if (pool.now > 0) {
            recent.add(new Recent.Second(
                    nanos,
                    1_000_000_000L,
                    pool.running() + pool.waiting(),
                    pool.arrivedNow.size(),
                    pool.endedNow.size(),
                    pool.endedNow.stream()
                            .mapToDouble(PoolSimulation.Request::tokens)
                            .sum(),
                    pool.ready()));
        }
        if (recent.size() > 600) {
            recent.remove();
        }
        List<TierView> tiers = new ArrayList<>();
        for (int i = 0; i < counted.size(); i++) {
            tiers.add(counted.get(i).view(pool, i));
        }
        return new PoolView(
                "simulated",
                nanos,
                Evidence.COMPLETE,
                new Replicas(
                        pool.desired,
                        pool.ready(),
                        pool.due().stream().map(due -> (long) (due * 1e9)).toList()),
                Work.slots(pool.profile.slots()),
                Duration.ofMillis((long) (pool.profile.toReady() * 1000)),
                tiers,
                Map.of(),
                capacity,
                new Recent(List.copyOf(recent)));
    }

    /** One tier's counts, smoothed as the engine does. */
    private static final class Counted {
        private final Tier tier;
        private final Deque<PoolSimulation.Request> window = new ArrayDeque<>();
        private double arrivals;
        private double completed;
        private double tokensPerSecond;
        private double inFlightSeconds = Double.NaN;
        private double tokens = Double.NaN;

        Counted(Tier tier) {
            this.tier = tier;
        }

        void count(PoolSimulation pool, int index) {
            double weight = 1 - Math.exp(-1 / RATE_WINDOW);
            double arrivedNow = 0;
            double endedNow = 0;
            double tokensNow = 0;
            for (PoolSimulation.Request request : pool.arrivedNow) {
                arrivedNow += request.tier == index ? 1 : 0;
            }
            for (PoolSimulation.Request request : pool.sentNow) {
                if (request.tier == index) {
                    tokens = mean(tokens, request.tokens());
                    window.add(request);
                }
            }
            for (PoolSimulation.Request request : pool.endedNow) {
                if (request.tier == index) {
                    endedNow++;
                    tokensNow += request.tokens();
                    inFlightSeconds = mean(inFlightSeconds, pool.now - request.sent);
                }
            }
            while (!window.isEmpty() && window.peek().sent < pool.now - LATENCY_WINDOW) {
                window.remove();
            }
            arrivals += weight * (arrivedNow - arrivals);
            completed += weight * (endedNow - completed);
            tokensPerSecond += weight * (tokensNow - tokensPerSecond);
        }

        private static double mean(double old, double one) {
            return Double.isNaN(old) ? one : old + (one - old) / 64;
        }

        TierView view(PoolSimulation pool, int index) {
            PoolSimulation.Request oldest = pool.queues.get(index).peek();
            long broken = window.stream()
                    .filter(request -> request.firstToken > pool.profile.promise())
                    .count();
            return new TierView(
                    tier,
                    pool.inFlight[index],
                    pool.queues.get(index).size(),
                    oldest == null ? Duration.ZERO : Duration.ofMillis((long) ((pool.now - oldest.arrived) * 1000)),
                    arrivals,
                    0,
                    inFlightSeconds,
                    tokens,
                    new ServedView(
                            completed,
                            tokensPerSecond * 0.8,
                            tokensPerSecond * 0.2,
                            Math.round(completed * LATENCY_WINDOW),
                            0,
                            window.size(),
                            broken,
                            LatencySnapshot.EMPTY,
                            LatencySnapshot.EMPTY,
                            LatencySnapshot.EMPTY));
        }
    }
}
