/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.tidegate.admission.Admission;
import io.tidegate.admission.Admission.Reason;
import io.tidegate.admission.Admission.Shed;
import io.tidegate.admission.Gate;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.admission.ThroughputBreach;
import io.tidegate.config.ConfigReader;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.ledger.LedgerStatus;
import io.tidegate.limit.EngineReading;
import io.tidegate.limit.LimitController;
import io.tidegate.limit.LimitMode;
import io.tidegate.pool.Signal;
import io.tidegate.signal.spi.SignalSource;
import io.tidegate.time.ManualTime;
import io.tidegate.time.TimeSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a configuration makes of gates, limits and quotas. */
class TidegateTest {

    private final ManualTime time = new ManualTime();

    private Tidegate.Builder configured(String yaml) {
        return Tidegate.builder(ConfigReader.parse("test", yaml))
                .time(time)
                .executor(Runnable::run)
                .callbackExecutor(Runnable::run);
    }

    private static Admission ask(Tidegate tidegate, String pool, String tenant) {
        Gate gate = tidegate.gate(pool);
        return gate.tryAcquire(Request.of(gate.tiers().get(0)).withTenant(tenant));
    }

    private static int limit(Tidegate tidegate) {
        return tidegate.gate("chat").supply().limit().slots();
    }

    /** An engine that is asked for its load when the source is read. */
    private static final class Engines implements SignalSource {
        private final TimeSource time;
        private final LimitController limit;
        private int waiting;
        private boolean closed;

        Engines(TimeSource time, LimitController limit) {
            this.time = time;
            this.limit = limit;
        }

        @Override
        public String name() {
            return "engines";
        }

        @Override
        public Map<String, Signal> read() {
            limit.readings(List.of(EngineReading.of("a", signal(5), signal(waiting))));
            return Map.of();
        }

        private Signal signal(double value) {
            return Signal.ofNonNegative(value, "requests", time.nanos(), "a");
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    @Test
    void ledger_itsSettings_areThoseItIsWrittenWith(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("ledger.jsonl");
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        String yaml = "{ledger: {file: \"" + file + "\", sync: none}, pools: {chat: {tiers: {standard: {}}}}}";
        try (Tidegate tidegate = configured(yaml).meters(registry).start()) {
            assertThat(file).exists();
            assertThat(tidegate.engine().ledgerStatus()).isEqualTo(new LedgerStatus(0, 0, 0, ""));
            assertThat(registry.get("tidegate.ledger.waiting").gauge().value()).isZero();
            assertThat(registry.get("tidegate.ledger.written").functionCounter().count())
                    .isZero();
            assertThatIllegalStateException()
                    .isThrownBy(() -> configured(yaml).start())
                    .withMessageContaining("ledger.file");
        }
        // Closed with the gateway, so that the next one may write it.
        configured(yaml).start().close();
        assertThat(Files.readString(file).lines()).hasSize(2);
    }

    @Test
    void quotas_tenantOverItsQuota_isRefusedUntilItRefills() {
        try (Tidegate tidegate = configured("""
                        pools:
                          chat:
                            tiers: {standard: {}}
                            quotas: {eachTenant: {requestsPerMinute: 60, burst: 2s}, tenants: {acme: {}}}
                        """).start()) {
            for (int i = 0; i < 2; i++) {
                assertThat(ask(tidegate, "chat", "small")).isInstanceOf(Permit.class);
            }

            assertThat(ask(tidegate, "chat", "small"))
                    .isInstanceOfSatisfying(
                            Shed.class, shed -> assertThat(shed.reason()).isEqualTo(Reason.QUOTA_EXCEEDED));
            for (int i = 0; i < 3; i++) {
                assertThat(ask(tidegate, "chat", "acme"))
                        .as("named, and without a limit")
                        .isInstanceOf(Permit.class);
            }
            time.advance(Duration.ofSeconds(3));
            assertThat(ask(tidegate, "chat", "small")).isInstanceOf(Permit.class);
            assertThat(tidegate.quotas("chat"))
                    .hasValueSatisfying(quotas -> assertThat(quotas.tenants()).isEqualTo(1));
        }
    }

    @Test
    void quotas_ofATierAndOfATenantInIt_hold() {
        try (Tidegate tidegate = configured("""
                        pools:
                          chat:
                            tiers: {standard: {}}
                            quotas:
                              tiers: {standard: {budget: 2}}
                              tenantsInTiers: {standard: {acme: {requestsPerMinute: 1}}}
                        """).start()) {
            assertThat(ask(tidegate, "chat", "acme")).isInstanceOf(Permit.class);
            assertThat(ask(tidegate, "chat", "acme")).isInstanceOf(Shed.class);
            assertThat(ask(tidegate, "chat", "other")).isInstanceOf(Permit.class);
            assertThat(tidegate.quotas("chat").orElseThrow().remaining("acme").requests())
                    .isEqualTo(Long.MAX_VALUE);
        }
    }

    @Test
    void reserveMaximum_requestThatMayWriteMoreThanTheBudget_isRefused() {
        String yaml = """
                pools:
                  chat:
                    tiers: {standard: {}}
                    quotas: {tenants: {acme: {budget: 5000}}, reserveMaximum: %s}
                """;
        try (Tidegate expected = configured(yaml.formatted(false)).start();
                Tidegate maximum = configured(yaml.formatted(true)).start()) {
            assertThat(askForMuch(expected)).isInstanceOf(Permit.class);
            assertThat(askForMuch(maximum)).isInstanceOf(Shed.class);
        }
    }

    private static Admission askForMuch(Tidegate tidegate) {
        Gate gate = tidegate.gate("chat");
        return gate.tryAcquire(
                Request.of(gate.tier("standard")).withTenant("acme").withPrompt(10, 100_000));
    }

    @Test
    void sharedQuotas_holdForTheirPoolsTogether() {
        try (Tidegate tidegate = configured("""
                        pools:
                          chat: {tiers: {standard: {}}}
                          code: {tiers: {standard: {}}}
                          own: {tiers: {standard: {}}, quotas: {eachTenant: {requestsPerMinute: 1}}}
                          free: {tiers: {standard: {}}, quotas: {}}
                        quotas: {eachTenant: {requestsPerMinute: 2}}
                        """).start()) {
            assertThat(ask(tidegate, "chat", "acme")).isInstanceOf(Permit.class);
            assertThat(ask(tidegate, "code", "acme")).isInstanceOf(Permit.class);
            assertThat(ask(tidegate, "chat", "acme")).isInstanceOf(Shed.class);
            assertThat(ask(tidegate, "code", "acme")).isInstanceOf(Shed.class);

            assertThat(ask(tidegate, "own", "acme")).isInstanceOf(Permit.class);
            assertThat(ask(tidegate, "own", "acme")).isInstanceOf(Shed.class);
            for (int i = 0; i < 3; i++) {
                assertThat(ask(tidegate, "free", "acme")).isInstanceOf(Permit.class);
            }
            assertThat(tidegate.quotas("chat")).isEqualTo(tidegate.quotas("code"));
            assertThat(tidegate.quotas("own")).isNotEqualTo(tidegate.quotas("code"));
        }
    }

    @Test
    void quotas_noneConfigured_areEmpty() {
        try (Tidegate tidegate =
                configured("pools: {chat: {tiers: {standard: {}}}}").start()) {
            assertThat(tidegate.quotas("chat")).isEmpty();
            assertThatIllegalArgumentException().isThrownBy(() -> tidegate.quotas("caht"));
        }
    }

    @Test
    void guarantee_notLent_closesItsPartToOthers() {
        try (Tidegate tidegate = configured("""
                        pools:
                          chat:
                            tiers: {premium: {guarantee: 0.5, lends: 0}, batch: {}}
                            replica: {slots: 10}
                        """).start()) {
            Gate gate = tidegate.gate("chat");
            // The gate looks at what is needed when a request ends, ten times a second.
            time.advance(Duration.ofSeconds(1));
            ((Permit) ask(tidegate, "chat", "acme")).close();

            assertThat(gate.openTo(gate.tier("batch"))).isCloseTo(0.5, within(1e-9));
            assertThat(gate.openTo(gate.tier("premium"))).isEqualTo(1);
        }
    }

    @Test
    void tenantRates_notKept_areBreachesOfTheTier() {
        try (Tidegate tidegate = configured("""
                        pools:
                          chat:
                            tiers: {standard: {}, batch: {maxQueueTime: 5m}}
                            replica: {slots: 1}
                            tenantRates: {batch: {acme: 500}}
                        """).start()) {
            Gate gate = tidegate.gate("chat");
            Permit only = (Permit) ask(tidegate, "chat", "first");
            List<Admission> answers = new ArrayList<>();
            Request waits = Request.of(gate.tier("batch")).withTenant("acme").withTokens(50, 50);
            for (int i = 0; i < 3; i++) {
                gate.acquire(waits, answers::add);
            }
            only.close();
            time.advance(Duration.ofSeconds(15));
            ((Permit) answers.get(0)).close();

            assertThat(answers).hasSize(2);
            assertThat(breaches(gate, "batch")).isPositive();
            assertThat(breaches(gate, "standard")).isZero();
        }
    }

    private static long breaches(Gate gate, String tier) {
        return Arrays.stream(ThroughputBreach.values())
                .mapToLong(cause -> gate.throughputBreaches(gate.tier(tier), cause))
                .sum();
    }

    @Test
    void limitOfModeEngine_readingsSayThatRequestsWait_fallsAndGateHeedsIt() {
        List<Engines> made = new ArrayList<>();
        try (Tidegate tidegate = configured("""
                        pools:
                          chat: {tiers: {standard: {}}, replica: {slots: 10}, limit: {mode: engine}}
                        """)
                .signals(
                        "chat",
                        (clock, limit) -> {
                            Engines engines = new Engines(clock, limit);
                            made.add(engines);
                            return engines;
                        },
                        Duration.ofSeconds(1))
                .start()) {
            assertThat(limit(tidegate)).isEqualTo(10);
            for (int i = 0; i < 10; i++) {
                assertThat(ask(tidegate, "chat", "acme")).isInstanceOf(Permit.class);
            }

            made.get(0).waiting = 5;
            time.advance(Duration.ofSeconds(2));

            assertThat(limit(tidegate)).as("10 × (5 + 2) ÷ (5 + 5)").isEqualTo(7);
            assertThat(tidegate.limit("chat").limit().slots()).isEqualTo(7);
            assertThat(tidegate.limit("chat").settings().mode()).isEqualTo(LimitMode.ENGINE);
        }
        assertThat(made)
                .singleElement()
                .satisfies(engines -> assertThat(engines.closed).isTrue());
    }

    @Test
    void limitOfAPoolThatIsNotScaled_engineRejects_isGivenBackByTimeAlone() {
        try (Tidegate tidegate = configured("""
                        pools:
                          chat: {tiers: {standard: {}}, replica: {slots: 10, count: 2}}
                        """).start()) {
            assertThat(limit(tidegate))
                    .as("replicas that served before count in full")
                    .isEqualTo(20);

            tidegate.limit("chat").rejected("a", Duration.ofSeconds(5));
            assertThat(limit(tidegate)).isEqualTo(15);
            time.advance(Duration.ofSeconds(4));
            assertThat(limit(tidegate)).isEqualTo(15);
            time.advance(Duration.ofSeconds(12));
            assertThat(limit(tidegate)).isEqualTo(20);
        }
    }

    /** A backend whose replicas are ready at once. */
    private static final class Backend implements ScalerBackend {
        private int replicas = 1;

        @Override
        public ReplicaStatus status(String pool) {
            return new ReplicaStatus(replicas, replicas, replicas);
        }

        @Override
        public void scale(ScaleRequest request) {
            replicas = request.to();
        }
    }

    private static final String SCALED = """
            pools:
              chat:
                tiers: {standard: {}}
                replica: {slots: 100}
                scaling: {min: 1, max: 2, period: 1s}
                limit: {slowStart: %s}
            """;

    @Test
    void limitOfAScaledPool_newReplica_startsSlowly() {
        Backend backend = new Backend();
        try (Tidegate tidegate =
                configured(SCALED.formatted("30s")).backend("chat", backend).start()) {
            time.advance(Duration.ofSeconds(2));
            assertThat(limit(tidegate)).isEqualTo(100);

            backend.replicas = 2;
            time.advance(Duration.ofSeconds(2));
            assertThat(limit(tidegate)).isBetween(125, 135);
            time.advance(Duration.ofSeconds(32));
            assertThat(limit(tidegate)).isEqualTo(200);
        }
    }

    @Test
    void limitOfAScaledPool_slowStartOff_countsAtOnce() {
        Backend backend = new Backend();
        try (Tidegate tidegate =
                configured(SCALED.formatted("0s")).backend("chat", backend).start()) {
            time.advance(Duration.ofSeconds(2));
            backend.replicas = 2;
            time.advance(Duration.ofSeconds(2));

            assertThat(limit(tidegate)).isEqualTo(200);
        }
    }

    @Test
    void limit_unknownPool_namesThoseThereAre() {
        try (Tidegate tidegate =
                configured("pools: {chat: {tiers: {standard: {}}}}").start()) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> tidegate.limit("caht"))
                    .withMessage("no pool \"caht\" is configured, only [chat]");
        }
    }

    @Test
    void close_nothingTicksAnyMore() {
        Tidegate tidegate = configured("pools: {chat: {tiers: {standard: {}}, replica: {slots: 10}}}")
                .start();
        tidegate.close();
        tidegate.limit("chat").rejected("a", Duration.ofSeconds(1));
        int rejecting = tidegate.limit("chat").rejectingReplicas();
        time.advance(Duration.ofMinutes(1));

        assertThat(rejecting).isEqualTo(1);
        assertThat(tidegate.limit("chat").rejectingReplicas())
                .as("as of the last call")
                .isEqualTo(1);
    }

    @Test
    void start_sourceThatCannotBeMade_leavesNothingRunning() {
        List<Engines> made = new ArrayList<>();
        Tidegate.Builder builder = configured("pools: {chat: {tiers: {standard: {}}}}")
                .signals(
                        "chat",
                        (clock, limit) -> {
                            Engines engines = new Engines(clock, limit);
                            made.add(engines);
                            return engines;
                        },
                        Duration.ofSeconds(1))
                .signals(
                        "chat",
                        (clock, limit) -> {
                            throw new IllegalStateException("no address");
                        },
                        Duration.ofSeconds(1));

        assertThatIllegalStateException().isThrownBy(builder::start).withMessage("no address");
        assertThat(made)
                .singleElement()
                .satisfies(engines -> assertThat(engines.closed).isTrue());
    }
}
