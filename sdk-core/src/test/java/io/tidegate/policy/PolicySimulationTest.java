/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.policy.PoolSimulation.Outcome;
import io.tidegate.policy.PoolSimulation.Profile;
import io.tidegate.policy.PoolSimulation.Stage;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.Capacity;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/**
 * Compares laws in {@link PoolSimulation}, ten seeds each, and fails when the order that the default set was chosen by no longer holds.
 * The constants are those published for llm-d's SLO-aware benchmark (1.45 requests/s a replica, 100 s to ready, 3 to 8 replicas, 3 s
 * promised, 12 480 requests from 2 to 10 and down to 1 a second); the rise of the time to first token with use was chosen so that its
 * law comes near its published 95.8 % at 5.93 replicas. So it says which law does better in one simple model, and nothing about a GPU.
 */
class PolicySimulationTest {

    private static final int SEEDS = 10;
    private static final double FULL = 64 / 1.45;

    static final Profile RAMP = profile(
            "ramp",
            new Stage(330, 2),
            new Stage(360, 4),
            new Stage(360, 6),
            new Stage(360, 8),
            new Stage(360, 10),
            new Stage(360, 4),
            new Stage(300, 1));
    private static final Profile HARD_STEP = profile("hard step", new Stage(300, 2), new Stage(900, 10));

    /** One replica of 10 requests/s; from 8 to 100 requests/s at once; a gate that lets nobody wait longer than 10 s. */
    private static final Profile BURST = new Profile(
            "burst", 40, 2, 4, 0.2, 60, 1, 100, 1, 3, 10, 0.3, 0, List.of(new Stage(300, 8), new Stage(600, 100)));

    /** 128 clients, each of which sends its next request when it has its answer: two replicas full, or more with room. */
    private static final Profile CLOSED =
            new Profile("closed loop", 64, 20, FULL, 0.6, 100, 1, 8, 2, 3, 3600, 0.3, 128, List.of(new Stage(1800, 0)));

    private static Profile profile(String name, Stage... stages) {
        return new Profile(name, 64, 20, FULL, 0.6, 100, 3, 8, 3, 3, 3600, 0.3, 0, List.of(stages));
    }

    /** Policies with throughput known as so many times the true one, or not at all (0). */
    private static Function<Profile, PoolSimulation.Law> ours(List<Policy> policies, double known) {
        return ours(policies, known, Duration.ofMinutes(3), true);
    }

    private static Function<Profile, PoolSimulation.Law> ours(
            List<Policy> policies, double known, Duration stabilization, boolean bothPromised) {
        return profile -> {
            double each = profile.capacity() * known;
            Capacity capacity = known > 0 ? new Capacity(each * 5000, each, 100) : Capacity.UNKNOWN;
            return new SimulatedPolicies(profile, policies, capacity, stabilization, bothPromised);
        };
    }

    private static Outcome run(
            String name, Profile profile, boolean strict, Function<Profile, PoolSimulation.Law> law) {
        List<Outcome> runs = new ArrayList<>();
        for (int seed = 0; seed < SEEDS; seed++) {
            runs.add(new PoolSimulation(profile, strict, seed).run(law.apply(profile)));
        }
        Outcome mean = Outcome.mean(runs);
        System.out.printf(
                Locale.ROOT,
                "| %s | %s | %.1f | %.1f | %.2f | %.1f | %.1f |%n",
                profile.name(),
                name,
                mean.attained(),
                mean.premiumAttained(),
                mean.replicas(),
                mean.peak(),
                mean.changes());
        return mean;
    }

    private final List<Policy> backlog = List.of(BacklogPolicy.builder().build());
    private final List<Policy> slo = List.of(SloPolicy.builder().build());
    private final List<Policy> standard = PolicySets.standard();

    @Test
    void ramp_standardSet_keepsMorePromisesThanTheSloAwareLawForNoMoreReplicas() {
        Outcome sloAware = run("llm-d SLO-aware", RAMP, false, p -> SimulatedHpa.sloAware());
        run("llm-d SLO-aware, strict tiers", RAMP, true, p -> SimulatedHpa.sloAware());
        run("HPA, queue 1 + running 48", RAMP, false, p -> SimulatedHpa.queueAndRunning(48));
        Outcome alone = run("backlog", RAMP, true, ours(backlog, 1));
        run("backlog, cold", RAMP, true, ours(backlog, 0));
        Outcome sloAlone = run("slo", RAMP, true, ours(slo, 1));
        Outcome known = run("standard", RAMP, true, ours(standard, 1));
        Outcome cold = run("standard, cold", RAMP, true, ours(standard, 0));
        Outcome wrong = run("standard, throughput 30 % too high", RAMP, true, ours(standard, 1.3));
        run("standard, tiers not told apart", RAMP, false, ours(standard, 1));
        run("standard, 300 s stabilization", RAMP, true, ours(standard, 1, Duration.ofMinutes(5), true));

        assertThat(sloAware.attained())
                .as("the model is where it was published")
                .isBetween(94.0, 98.0);
        // Tuned in the simulator of the project, whose replicas slow down less before they are full than those of this
        // model.
        assertThat(known.attained()).isGreaterThan(97.8).isGreaterThan(sloAware.attained() + 1);
        assertThat(known.premiumAttained()).isGreaterThan(99.9);
        assertThat(known.replicas()).isLessThan(sloAware.replicas() + 0.05);
        assertThat(known.replicas()).isLessThan(alone.replicas()).isLessThan(sloAlone.replicas());
        assertThat(cold.attained()).isGreaterThan(97);
        assertThat(wrong.attained()).isGreaterThan(96);
    }

    @Test
    void ramp_onlyPremiumPromised_standardSetBuysFewerThanBacklogAndPremiumLosesNothing() {
        Duration window = Duration.ofMinutes(3);
        Outcome alone = run("backlog, standard not promised", RAMP, true, ours(backlog, 1, window, false));
        Outcome set = run("standard, standard not promised", RAMP, true, ours(standard, 1, window, false));
        assertThat(set.replicas()).isLessThan(alone.replicas() - 0.05);
        assertThat(set.premiumAttained()).isGreaterThan(99.9);
    }

    @Test
    void hardStep_strictTiers_savePremiumWhereNoLawCould() {
        Outcome sloAware = run("llm-d SLO-aware", HARD_STEP, false, p -> SimulatedHpa.sloAware());
        Outcome untold = run("standard, tiers not told apart", HARD_STEP, false, ours(standard, 1));
        Outcome set = run("standard", HARD_STEP, true, ours(standard, 1));
        assertThat(untold.attained()).isGreaterThan(sloAware.attained() + 20);
        assertThat(set.premiumAttained()).isGreaterThan(untold.premiumAttained() + 20);
    }

    @Test
    void burst_standardSet_doesNotOvershoot() {
        Outcome sloAware = run("llm-d SLO-aware", BURST, false, p -> SimulatedHpa.sloAware());
        Outcome hpa = run("HPA, queue 1 + running 30", BURST, false, p -> SimulatedHpa.queueAndRunning(30));
        Outcome set = run("standard", BURST, true, ours(standard, 1));
        // 100 requests/s are 10 replicas, 11.8 at 85 %.
        assertThat(set.peak()).isLessThan(15).isLessThan(sloAware.peak() / 2).isLessThan(hpa.peak() / 2);
        assertThat(set.attained()).isGreaterThan(sloAware.attained() + 15).isGreaterThan(hpa.attained() - 1);
    }

    @Test
    void closedLoop_standardSet_isNotPinnedAtTheMaximum() {
        Outcome hpa = run("HPA, queue 1 + running 16", CLOSED, false, p -> SimulatedHpa.queueAndRunning(16));
        Outcome set = run("standard", CLOSED, true, ours(standard, 1));
        assertThat(hpa.replicas()).isGreaterThan(7.5);
        assertThat(set.replicas()).isLessThan(5.5);
        assertThat(set.attained()).isGreaterThan(99);
    }

    @Test
    void run_sameSeed_sameOutcome() {
        Outcome one = new PoolSimulation(RAMP, true, 7).run(ours(standard, 0).apply(RAMP));
        Outcome other = new PoolSimulation(RAMP, true, 7).run(ours(standard, 0).apply(RAMP));
        assertThat(one).isEqualTo(other);
    }
}
