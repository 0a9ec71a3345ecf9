/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tidegate.config.ConfigReader;
import io.tidegate.config.TidegateConfig;
import io.tidegate.ledger.LedgerQuery;
import io.tidegate.ledger.LedgerReader;
import io.tidegate.sim.RunPlan.Admission;
import io.tidegate.sim.physics.EngineModel;
import io.tidegate.sim.physics.ReplicaLife;
import io.tidegate.sim.report.JsonReport;
import io.tidegate.sim.score.RunScore;
import io.tidegate.sim.score.TierScore;
import io.tidegate.sim.trace.Generators;
import io.tidegate.sim.trace.Lengths;
import io.tidegate.sim.trace.Shares;
import io.tidegate.sim.trace.TraceEvent;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SimulatorTest {

    private static RunScore run(Scenario scenario, String scaler, Admission admission, long seed) {
        return Simulator.run(new RunPlan(scenario, scaler, admission, seed), share -> {});
    }

    @Nested
    class Conserves {

        @ParameterizedTest
        @CsvSource({
            "storm, tidegate, GATE",
            "storm, hpa-average, FIFO",
            "flash, knative-kpa, GATE",
            "from-zero, keda-queue, FIFO",
            "gateways, tidegate, GATE",
            "mooncake, static-3, FIFO"
        })
        void everyRequest_isCountedOnce(String scenario, String scaler, Admission admission) {
            Scenario short_ = shortened(Scenarios.named(scenario), Duration.ofMinutes(12));
            RunScore score = run(short_, scaler, admission, 1);
            TierScore all = score.all();
            long offered = 0;
            for (TraceEvent ignored : short_.trace().apply(1)) {
                offered++;
            }
            assertThat(all.offered()).isEqualTo(offered);
            assertThat(all.attained() + all.late() + all.shed() + all.expired() + all.left() + all.failed())
                    .isEqualTo(all.offered());
            assertThat(score.tiers().stream().mapToLong(TierScore::offered).sum())
                    .isEqualTo(all.offered());
            assertThat(score.tiers().stream().mapToLong(TierScore::attained).sum())
                    .isEqualTo(all.attained());
        }

        @Test
        void losses_areCountedAndReplaced() {
            Scenario lossy = shortened(Scenarios.named("azure"), Duration.ofMinutes(12))
                    .withLife(ReplicaLife.fixed(60).with(200, 0.2, 1.3));
            RunScore score = run(lossy, "static-6", Admission.GATE, 1);
            TierScore all = score.all();
            assertThat(all.failed()).isPositive();
            assertThat(all.attained() + all.late() + all.shed() + all.expired() + all.left() + all.failed())
                    .isEqualTo(all.offered());
        }
    }

    private static Scenario shortened(Scenario scenario, Duration length) {
        return scenario.withTrace(seed -> scenario.trace().apply(seed).slice(Duration.ZERO, length));
    }

    @ParameterizedTest
    @CsvSource({
        "tidegate, GATE",
        "tidegate, FIFO",
        "llm-d-slo, GATE",
        "knative-kpa, FIFO",
        "static-best, GATE",
        "bound, GATE"
    })
    void sameSeed_sameBytes(String scaler, Admission admission) {
        // A flash crowd overloads: then gates draw who is refused.
        Scenario scenario = shortened(Scenarios.named("flash"), Duration.ofMinutes(14));
        String first = JsonReport.of(run(scenario, scaler, admission, 3));
        assertThat(JsonReport.of(run(scenario, scaler, admission, 3))).isEqualTo(first);
        assertThat(JsonReport.of(run(scenario, scaler, admission, 4))).isNotEqualTo(first);
    }

    /** Replicas of one request at a time, behind one queue: M/D/c. Few enough that the balancer looks at all of them. */
    @ParameterizedTest
    @CsvSource({"1, 0.7", "2, 0.75", "4, 0.8"})
    void constantService_waitsAsTheFormulaForMdcSays(int servers, double use) {
        double service = 1;
        EngineModel model = new EngineModel("constant", "", 999, 1, 0, 0, 0, 0, 1, 1000, 100_000);
        TidegateConfig config = ConfigReader.parse(
                "test",
                "pools: {p: {tiers: {a: {maxQueueTime: 1h, slo: {timeToFirstToken: 1h}}}, replica: {slots: 1, timeToReady: 10s}, scaling: {min: 1, max: 20}}}");
        double rate = use * servers / service;
        Scenario scenario = new Scenario(
                "mdc",
                "",
                seed -> Generators.steady(
                                rate, Duration.ofSeconds(Math.round(60_000 / rate)), Lengths.fixed(10, 1), seed)
                        .assigned(Shares.of(Map.of("a", 1.0)), Shares.zipfTenants(1), seed),
                config,
                model,
                ReplicaLife.fixed(10),
                Clients.patient(),
                1,
                servers,
                Double.NaN);
        RunScore score = run(scenario, "static-" + servers, Admission.FIFO, 5);
        // Little: what waits on average is the rate times the mean wait. Sampled at the moments of the course.
        double waiting = score.course().stream()
                .filter(moment -> moment.arrivals() > 0)
                .mapToDouble(RunScore.Moment::queued)
                .average()
                .orElseThrow();
        assertThat(waiting / rate)
                .isCloseTo(mdcWait(servers, use, service), within(0.15 * mdcWait(servers, use, service)));
        // Nobody waits who need not: the share that does not is 1 less Erlang's C of M/D/c, above that of M/M/c.
        assertThat(score.all().ttftP50()).isGreaterThanOrEqualTo(service - 0.001);
        assertThat(score.meanReplicas()).isCloseTo(servers, within(0.001));
    }

    /** Mean wait in M/D/c by the approximation of Cosmetatos (1975), good to a few percent; exact for one server. */
    private static double mdcWait(int servers, double use, double service) {
        double offered = use * servers;
        double term = 1;
        double sum = 1;
        for (int k = 1; k < servers; k++) {
            term *= offered / k;
            sum += term;
        }
        double full = term * offered / servers / (1 - use);
        double erlangC = full / (sum + full);
        double mmc = erlangC * service / (servers * (1 - use));
        double correction = 1 + (1 - use) * (servers - 1) * (Math.sqrt(4 + 5.0 * servers) - 2) / (16 * use * servers);
        return mmc / 2 * correction;
    }

    @Test
    void fromZero_nobodyIsLost() {
        RunScore score = run(Scenarios.named("from-zero"), "tidegate", Admission.GATE, 1);
        assertThat(score.all().attained()).isEqualTo(score.all().offered());
        assertThat(score.replicaHours()).isLessThan(score.seconds() / 3600);
    }

    @Test
    void ledger_holdsTheDecisions(@TempDir Path folder) {
        Scenario scenario = shortened(Scenarios.named("llm-d"), Duration.ofMinutes(10));
        TidegateConfig config = scenario.config();
        Path file = folder.resolve("ledger.jsonl");
        RunScore score = run(
                scenario.withConfig(new TidegateConfig(
                        config.pools(),
                        config.quotas(),
                        config.ledger().withFile(file),
                        config.memory(),
                        config.alerts())),
                "tidegate",
                Admission.GATE,
                1);
        long raised = LedgerReader.of(file)
                .decisions(LedgerQuery.all())
                .filter(each -> each.decision().to() > each.decision().from())
                .count();
        assertThat(raised).isEqualTo(score.ups()).isPositive();
        assertThat(run(scenario, "tidegate", Admission.GATE, 1)).isEqualTo(score);
    }

    @Nested
    class Refuses {

        @Test
        void unknownScaler_saysWhoThereIs() {
            Scenario scenario = Scenarios.named("llm-d");
            assertThatThrownBy(() -> run(scenario, "nobody", Admission.GATE, 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("llm-d-slo");
        }

        @Test
        void unknownScenario_saysWhichThereAre() {
            assertThatThrownBy(() -> Scenarios.named("nothing"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("overshoot");
        }

        @Test
        void traceWithAnotherTier_saysWhich() {
            Scenario scenario = Scenarios.named("llm-d");
            Scenario other = scenario.withTrace(seed -> scenario.trace()
                    .apply(seed)
                    .slice(Duration.ZERO, Duration.ofMinutes(1))
                    .named("x"));
            Scenario strange = other.withConfig(
                    ConfigReader.parse("test", "pools: {p: {tiers: {gold: {}}, scaling: {min: 1, max: 3}}}"));
            assertThatThrownBy(() -> run(strange, "tidegate", Admission.GATE, 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("gold");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "llm-d",
                "overshoot",
                "step",
                "flash",
                "storm",
                "day",
                "week",
                "azure",
                "mooncake",
                "servegen",
                "from-zero",
                "gateways"
            })
    void namedScenario_runsForAWhile(String name) {
        Scenario scenario = shortened(Scenarios.named(name), Duration.ofMinutes(3));
        assertThat(scenario.about()).isNotBlank();
        assertThat(run(scenario, "tidegate", Admission.GATE, 1).seconds()).isGreaterThanOrEqualTo(180);
        assertThat(Scenarios.names()).contains(name);
    }

    @Test
    void longerTrace_keepsNoMore() {
        // What an episode holds beside the trace is the course, of at most so many moments.
        List<RunScore.Moment> course = run(
                        shortened(Scenarios.named("day"), Duration.ofHours(2)), "static-4", Admission.FIFO, 1)
                .course();
        assertThat(course).hasSizeBetween(590, 700);
    }

    @Test
    void longerTrace_heapIsNoLarger() {
        Scenario day = Scenarios.named("day");
        long short_ = heapNearTheEnd(shortened(day, Duration.ofMinutes(10)));
        long long_ = heapNearTheEnd(shortened(day, Duration.ofMinutes(100)));
        // Some 146,000 requests more: kept, each would be a hundred bytes and more.
        assertThat(long_ - short_).isLessThan(4L << 20);
    }

    /** Bytes that are still reachable when nine tenths have been simulated. */
    private static long heapNearTheEnd(Scenario scenario) {
        long[] used = new long[1];
        Simulator.run(new RunPlan(scenario, "static-6", Admission.GATE, 1), progress -> {
            if (progress >= 0.9 && used[0] == 0) {
                System.gc();
                used[0] =
                        ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
            }
        });
        assertThat(used[0]).isPositive();
        return used[0];
    }
}
