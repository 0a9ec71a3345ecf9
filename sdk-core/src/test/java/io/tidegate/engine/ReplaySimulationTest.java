/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.engine.Replay.Replayed;
import io.tidegate.guardrail.Behavior;
import io.tidegate.guardrail.Behavior.Rate;
import io.tidegate.guardrail.Behavior.Select;
import io.tidegate.guardrail.Coverage;
import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.Decision.Mode;
import io.tidegate.guardrail.Fallback;
import io.tidegate.guardrail.FlapDamping;
import io.tidegate.guardrail.Guardrails;
import io.tidegate.guardrail.History;
import io.tidegate.guardrail.Narrowing;
import io.tidegate.guardrail.SpendCap;
import io.tidegate.guardrail.ToZero;
import io.tidegate.guardrail.Tolerance;
import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.guardrail.spi.SpendCheck;
import io.tidegate.ledger.Entry;
import io.tidegate.ledger.Ledger;
import io.tidegate.policy.AdaptiveThresholdPolicy;
import io.tidegate.policy.BacklogPolicy;
import io.tidegate.policy.FormulaPolicy;
import io.tidegate.policy.LatencyPolicy;
import io.tidegate.policy.PanicWindowPolicy;
import io.tidegate.policy.PolicySets;
import io.tidegate.policy.PolicyTypes;
import io.tidegate.policy.Proposal;
import io.tidegate.policy.Proposal.Cause;
import io.tidegate.policy.TargetTrackingPolicy;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.PoolView;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/**
 * Hours of whole pools under random policies, guardrails, faults, overrides and changes of their settings; then each decision is made
 * again. What the ledger was given is replayed, and beside it one round a second, whatever was decided in it.
 */
class ReplaySimulationTest {

    private static final int SEEDS = 12;
    private static final int MINUTES = 12;

    /** Where a run leaves its entries, and where they are read from to be replayed. */
    interface Shelf {
        Ledger ledger();

        List<Entry.Decided> decided();
    }

    /** In memory. */
    static final class Memory implements Shelf {
        private final List<Entry.Decided> kept = new ArrayList<>();

        @Override
        public Ledger ledger() {
            return new Ledger() {
                @Override
                public CompletableFuture<Void> append(Entry entry) {
                    if (entry instanceof Entry.Decided decided) {
                        kept.add(decided);
                    }
                    return CompletableFuture.completedFuture(null);
                }

                @Override
                public void close() {}
            };
        }

        @Override
        public List<Entry.Decided> decided() {
            return List.copyOf(kept);
        }
    }

    /** A run of one seed. */
    static final class Run {
        private final SplittableRandom random;
        private final WholePool pool;
        private final Ledger ledger;
        final List<Entry.Decided> rounds = new ArrayList<>();
        private boolean failing;
        private double rate = 2;

        Run(long seed, Ledger ledger) {
            this.random = new SplittableRandom(seed);
            this.ledger = ledger;
            this.pool = new WholePool(1 + random.nextInt(3), seed).withGauge();
        }

        void go(int minutes) {
            try (pool) {
                pool.start(settings(), builder -> builder.ledger(ledger));
                for (int i = 0; i < minutes; i++) {
                    happen();
                    for (int second = 0; second < 60; second++) {
                        pool.load(rate, Duration.ofSeconds(1));
                        if (pool.state().latest().isPresent()) {
                            rounds.addAll(LatestRound.of(pool.engine()));
                        }
                    }
                }
            }
        }

        private void happen() {
            failing = random.nextInt(8) == 0;
            pool.gauge.fails = random.nextInt(5) == 0;
            pool.cluster.silent = random.nextInt(9) == 0;
            pool.cluster.refuses = random.nextInt(9) == 0;
            pool.cluster.comes = random.nextInt(6) > 0;
            switch (random.nextInt(4)) {
                case 0 -> rate = 0;
                case 1 -> rate = random.nextDouble() * 4;
                case 2 -> rate = random.nextDouble() * 20;
                default -> rate *= 0.8 + random.nextDouble() * 0.4;
            }
            switch (random.nextInt(9)) {
                case 0 ->
                    pool.engine()
                            .override(
                                    "chat",
                                    ManualOverride.pin(
                                            random.nextInt(12),
                                            Duration.ofSeconds(20 + random.nextInt(100)),
                                            "ana",
                                            " launch\n"));
                case 1 ->
                    pool.engine()
                            .override(
                                    "chat",
                                    ManualOverride.pause(Duration.ofSeconds(20 + random.nextInt(100)), "bo", ""));
                case 2, 3, 4 -> pool.engine().reconfigure(settings());
                default -> pool.engine().resume("chat");
            }
        }

        private ScaledPool settings() {
            ScaledPool.Builder settings = pool.settings().guardrails(this::guardrails);
            policies().forEach(settings::policy);
            settings.mode(random.nextInt(4) == 0 ? Mode.DRY_RUN : Mode.ACT);
            if (random.nextBoolean()) {
                Guardrails.Builder beside = Guardrails.builder();
                guardrails(beside);
                settings.shadow(new PolicySet("beside" + random.nextInt(2), policies(), beside.build()));
            }
            return settings.build();
        }

        private List<Policy> policies() {
            List<Policy> all = new ArrayList<>(random.nextInt(4) == 0 ? List.of() : PolicySets.standard());
            for (int i = random.nextInt(3); i >= 0; i--) {
                Policy more = more();
                if (all.stream().noneMatch(each -> each.name().equals(more.name()))) {
                    all.add(more);
                }
            }
            return all;
        }

        private Policy more() {
            double share = 0.3 + random.nextDouble() * 0.7;
            return switch (random.nextInt(9)) {
                case 0 ->
                    PolicyTypes.create(
                            "second",
                            BacklogPolicy.builder()
                                    .targetUtilization(share)
                                    .drainWindow(Duration.ofNanos(random.nextLong(1, 60_000_000_000L)))
                                    .build()
                                    .recipe()
                                    .orElseThrow());
                case 1 -> PolicyTypes.create("slo", "promised", Map.of("promisedUse", Double.toString(share)));
                case 2 ->
                    TargetTrackingPolicy.queueDepth(share * 5).toleranceUp(0).build();
                case 3 ->
                    TargetTrackingPolicy.of("gauge.use", TargetTrackingPolicy.Type.PER_REPLICA, share)
                            .unit("ratio")
                            .build();
                case 4 ->
                    LatencyPolicy.timeToFirstTokenP95(Duration.ofMillis(1 + random.nextInt(9_000)))
                            .build();
                case 5 -> PanicWindowPolicy.builder().targetUtilization(share).build();
                case 6 -> FormulaPolicy.of(" ceil(gate.concurrency / " + (1 + random.nextInt(20)) + ") ");
                case 7 ->
                    AdaptiveThresholdPolicy.builder()
                            .raise(Duration.ofSeconds(1 + random.nextInt(20)), 0.01)
                            .warmUp(Duration.ZERO)
                            .latencyWindow(Duration.ofSeconds(5))
                            .build();
                default -> new Own();
            };
        }

        private void guardrails(Guardrails.Builder all) {
            int min = random.nextInt(3);
            all.bounds(min, min + 1 + random.nextInt(15));
            if (random.nextInt(4) == 0) {
                return;
            }
            all.tolerance(new Tolerance(random.nextDouble() * 0.2, random.nextDouble() * 0.2))
                    .fallback(
                            new Fallback(random.nextInt(6), Duration.ofSeconds(random.nextInt(90)), random.nextInt(4)))
                    .coverage(new Coverage(random.nextDouble()))
                    .toZero(new ToZero(Duration.ofSeconds(random.nextInt(120))))
                    .down(new Behavior(
                            Behavior.Direction.DOWN,
                            Duration.ofSeconds(random.nextInt(60)),
                            List.of(Rate.share(0.5, Duration.ofSeconds(20)), Rate.replicas(2, Duration.ofSeconds(9))),
                            random.nextBoolean() ? Select.MIN : Select.MAX))
                    .flapDamping(
                            random.nextBoolean()
                                    ? null
                                    : new FlapDamping(Duration.ofSeconds(1 + random.nextInt(60)), random.nextDouble()));
            switch (random.nextInt(3)) {
                case 0 -> all.spend(new SpendCap(4 + random.nextDouble() * 20, 1.1));
                case 1 -> all.spend((view, from, to) -> new SpendCheck.Allowed(Math.min(to, 9), "the till says nine"));
                default -> {}
            }
            if (random.nextBoolean()) {
                all.guardrail(new OwnGuardrail(random.nextBoolean()));
            }
        }

        /** Somebody's own, which remembers, and fails at times: what a replay cannot ask again. */
        private final class Own implements Policy {
            private int asked;

            @Override
            public String name() {
                return "own";
            }

            @Override
            public Proposal propose(PoolView view) {
                asked++;
                if (failing) {
                    throw new IllegalStateException("asked " + asked + " times");
                }
                return asked % 7 == 0
                        ? new Proposal.Abstains("somebody", "asked too often")
                        : new Proposal.Wants("somebody", asked / 50 % 6, Cause.SCHEDULE, "asked " + asked + " times");
            }
        }

        private final class OwnGuardrail implements Guardrail {
            private final boolean binds;
            private int asked;

            OwnGuardrail(boolean binds) {
                this.binds = binds;
            }

            @Override
            public String name() {
                return "own";
            }

            @Override
            public boolean bindsOverrides() {
                return binds;
            }

            @Override
            public Narrowing narrow(PoolView view, History history, int proposed) {
                asked++;
                if (failing && asked % 2 == 0) {
                    throw new IllegalStateException("asked " + asked + " times");
                }
                return asked % 3 == 0
                        ? new Narrowing("somebody", Math.max(0, proposed - 1), asked % 2 == 0 ? "" : "asked " + asked)
                        : Narrowing.none(name(), proposed);
            }
        }
    }

    /** How often what is to be shown occurred. */
    private final Map<String, Integer> seen = new TreeMap<>();

    private void see(boolean is, String what) {
        if (is) {
            seen.merge(what, 1, Integer::sum);
        }
    }

    private void look(Entry.Decided entry, Replayed replayed) {
        Decision decision = entry.decision();
        see(true, decision.direction().toString());
        see(decision.origin().mode() == Mode.DRY_RUN, "dry run");
        see(decision.cause() == Cause.OVERRIDE, "override");
        see(decision.cause() == Cause.NO_DATA, "no data");
        see(!entry.inputs().trusted(), "not trusted");
        see(!entry.inputs().view().complete(), "incomplete");
        see(!entry.inputs().learned().isEmpty(), "learned");
        see(replayed.taken().isEmpty(), "all made again");
        replayed.taken().forEach(who -> see(true, "taken " + who));
        for (Proposal proposal : decision.proposals()) {
            see(proposal instanceof Proposal.Wants, "wants " + proposal.policy());
            see(Decider.failed(proposal), "failed policy");
        }
        for (Narrowing narrowing : decision.narrowings()) {
            see(narrowing.narrowed(), "narrowed by " + narrowing.guardrail());
            see(Decider.failed(narrowing), "failed guardrail");
        }
    }

    @Test
    void replay_hoursOfPoolsWhoseSettingsChange_everyDecisionIsTheSame() {
        int replayed = 0;
        for (long seed = 1; seed <= SEEDS; seed++) {
            Memory shelf = new Memory();
            Run run = new Run(seed, shelf.ledger());
            run.go(MINUTES);
            List<Entry.Decided> all = new ArrayList<>(shelf.decided());
            assertThat(all).as("seed %d", seed).isNotEmpty();
            all.addAll(run.rounds);
            for (Entry.Decided entry : all) {
                Replayed again = Replay.of(entry);
                assertThat(again.differences()).as("seed %d", seed).isEmpty();
                assertThat(again.again()).isEqualTo(entry.decision());
                look(entry, again);
                replayed++;
            }
        }
        assertThat(replayed).as("%s", seen).isGreaterThanOrEqualTo(10_000);
        assertThat(seen.keySet()).containsAll(OCCURRED);
    }

    /** Without these a run would show little. */
    private static final List<String> OCCURRED = List.of(
            "UP",
            "DOWN",
            "HOLD",
            "dry run",
            "override",
            "no data",
            "not trusted",
            "incomplete",
            "learned",
            "all made again",
            "taken policy own",
            "taken guardrail own",
            "taken guardrail spend cap",
            "failed policy",
            "failed guardrail",
            "wants backlog",
            "wants slo",
            "wants second",
            "wants promised",
            "wants target gate.queue.depth",
            "wants target gauge.use",
            "wants latency gate.ttft.p95",
            "wants panic",
            "wants formula",
            "wants adaptive",
            "wants own",
            "narrowed by bounds",
            "narrowed by behavior up",
            "narrowed by behavior down",
            "narrowed by complete data",
            "narrowed by spend cap",
            "narrowed by own");
}
