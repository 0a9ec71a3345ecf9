/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.tidegate.admission.Gate;
import io.tidegate.alert.AlertKind;
import io.tidegate.alert.AlertSettings;
import io.tidegate.config.ConfigException.Problem;
import io.tidegate.config.TidegateConfig.AlertsConfig;
import io.tidegate.config.TidegateConfig.BackendConfig;
import io.tidegate.config.TidegateConfig.BehaviorConfig;
import io.tidegate.config.TidegateConfig.GuardrailsConfig;
import io.tidegate.config.TidegateConfig.PolicyConfig;
import io.tidegate.config.TidegateConfig.PoolConfig;
import io.tidegate.config.TidegateConfig.QuotasConfig;
import io.tidegate.config.TidegateConfig.RateConfig;
import io.tidegate.config.TidegateConfig.ReplicaConfig;
import io.tidegate.config.TidegateConfig.ScalingConfig;
import io.tidegate.config.TidegateConfig.ShadowConfig;
import io.tidegate.config.TidegateConfig.TierConfig;
import io.tidegate.guardrail.Behavior.Select;
import io.tidegate.guardrail.Decision.Mode;
import io.tidegate.guardrail.Guardrails;
import io.tidegate.ledger.FileLedger.Sync;
import io.tidegate.limit.LimitMode;
import io.tidegate.limit.LimitSettings;
import io.tidegate.policy.PolicySets;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.Slo;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.quota.Quota;
import io.tidegate.quota.Quotas;
import io.tidegate.time.ManualTime;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigReaderTest {

    /** What stands where nothing is said of alerts. */
    private static final AlertsConfig NO_ALERTS_SET = ConfigReader.parse(
                    "test", "pools: {chat: {tiers: {standard: {}}, scaling: {max: 1}}}")
            .pools()
            .get("chat")
            .scaling()
            .alerts();

    private static final String SMALLEST = "pools: {chat: {tiers: {standard: {}}}}";

    private static TidegateConfig parse(String yaml) {
        return ConfigReader.parse("test.yaml", yaml);
    }

    private static List<Problem> problems(String yaml) {
        ConfigException e = catchThrowableOfType(ConfigException.class, () -> parse(yaml));
        assertThat(e).as("problems of: %s", yaml).isNotNull();
        return e.problems();
    }

    /** The only problem of a pool "chat" with one tier and this beside it. */
    private static Problem problem(String inPool) {
        List<Problem> all = problems("pools: {chat: {tiers: {standard: {}}, " + inPool + "}}");
        assertThat(all).hasSize(1);
        return all.get(0);
    }

    private static PoolConfig pool(String inPool) {
        return parse("pools: {chat: {tiers: {standard: {}}, " + inPool + "}}")
                .pools()
                .get("chat");
    }

    private static ScalingConfig scaling(String inScaling) {
        return pool("scaling: {max: 8, " + inScaling + "}").scaling();
    }

    @Nested
    class Good {

        @Test
        void everythingSet_isRead() {
            TidegateConfig config = parse("""
                    pools:
                      chat:
                        maxQueued: 500
                        tiers:
                          premium:
                            weight: 8
                            ceiling: 1.0
                            maxQueueTime: 2s
                            maxQueued: 100
                            slo: {timeToFirstToken: 2s, timePerOutputToken: 50ms, target: 0.95}
                          batch: {weight: 0.5, ceiling: 0.75, maxQueueTime: 5m}
                        replica: {slots: 64, tokens: 400000, count: 3, timeToReady: 90s, pricePerHour: 44}
                        scaling:
                          min: 2
                          max: 20
                          mode: dryRun
                          period: 500ms
                          rateWindow: 30s
                          latencyWindow: 2m
                          policies:
                            backlog: {settings: {targetUtilization: 0.7, drainWindow: 20s}}
                            cpu: {type: target, settings: {signal: pods.cpu.utilization, as: perReplica, target: 0.7}}
                          up: {stabilizationWindow: 1m, replicas: 2, share: 0.5, period: 30s, select: min}
                          down: {stabilizationWindow: 10m, replicas: 3, share: 0.25, period: 2m, rates: {slow: {replicas: 9, period: 1h}}}
                          guardrails:
                            toleranceUp: 0.1
                            toleranceDown: 0.2
                            coverage: 0.8
                            failedShare: 0.02
                            minRequests: 50
                            clockHold: 1m
                            flapWindow: 4m
                            flapBand: 0.3
                            pendingMost: 7
                            pendingFirstWait: 2m
                            pendingLongestWait: 20m
                            toZeroAfter: 15m
                            fallbackReplicas: 5
                            fallbackAfter: 3m
                            fallbackPolls: 4
                            maxCostPerHour: 500
                          shadow: {name: candidate, policies: {panic: {settings: {stableWindow: 2m}}}}
                          backend:
                            type: kubernetes-scale
                            settings: {namespace: llm, port: 8443, dryRun: false}
                    ledger: {file: /var/log/tidegate/ledger.jsonl, sync: all, rotateAt: 1000000, keep: 3}
                    memory: {folder: /var/lib/tidegate}
                    """);

            PoolConfig chat = config.pools().get("chat");
            assertThat(chat.maxQueued()).isEqualTo(500);
            assertThat(chat.tiers().keySet()).containsExactly("premium", "batch");
            List<Tier> tiers = chat.tierList();
            assertThat(tiers).extracting(Tier::name).containsExactly("premium", "batch");
            assertThat(tiers.get(0).weight()).isEqualTo(8);
            assertThat(tiers.get(0).maxQueueTime()).isEqualTo(Duration.ofSeconds(2));
            assertThat(tiers.get(0).maxQueued()).isEqualTo(100);
            assertThat(tiers.get(0).slo())
                    .isEqualTo(Slo.timeToFirstToken(Duration.ofSeconds(2))
                            .withTimePerOutputToken(Duration.ofMillis(50))
                            .withTarget(0.95));
            assertThat(tiers.get(1).weight()).isEqualTo(0.5);
            assertThat(tiers.get(1).ceiling()).isEqualTo(0.75);
            assertThat(tiers.get(1).maxQueueTime()).isEqualTo(Duration.ofMinutes(5));

            assertThat(chat.replica().work()).isEqualTo(new Work(64, 400_000));
            assertThat(chat.replica().count()).isEqualTo(3);
            assertThat(chat.replica().timeToReady()).isEqualTo(Duration.ofSeconds(90));
            assertThat(chat.replica().pricePerHour()).hasValue(44);

            assertThat(chat.scaling())
                    .isEqualTo(new ScalingConfig(
                            2,
                            20,
                            Mode.DRY_RUN,
                            Duration.ofMillis(500),
                            Duration.ofSeconds(30),
                            Duration.ofMinutes(2),
                            Map.of(
                                    "backlog",
                                    new PolicyConfig(
                                            "backlog", Map.of("targetUtilization", "0.7", "drainWindow", "20s")),
                                    "cpu",
                                    new PolicyConfig(
                                            "target",
                                            Map.of(
                                                    "signal",
                                                    "pods.cpu.utilization",
                                                    "as",
                                                    "perReplica",
                                                    "target",
                                                    "0.7"))),
                            new BehaviorConfig(
                                    Duration.ofMinutes(1), 2, 0.5, Duration.ofSeconds(30), Select.MIN, Map.of()),
                            new BehaviorConfig(
                                    Duration.ofMinutes(10),
                                    3,
                                    0.25,
                                    Duration.ofMinutes(2),
                                    Select.MAX,
                                    Map.of("slow", new RateConfig(9, 0, Duration.ofHours(1)))),
                            new GuardrailsConfig(
                                    0.1,
                                    0.2,
                                    0.8,
                                    0.02,
                                    50,
                                    Duration.ofMinutes(1),
                                    Duration.ofMinutes(4),
                                    0.3,
                                    OptionalInt.of(7),
                                    Duration.ofMinutes(2),
                                    Duration.ofMinutes(20),
                                    Duration.ofMinutes(15),
                                    5,
                                    Duration.ofMinutes(3),
                                    4,
                                    OptionalDouble.of(500)),
                            NO_ALERTS_SET,
                            new ShadowConfig(
                                    "candidate",
                                    Map.of("panic", new PolicyConfig("panic", Map.of("stableWindow", "2m")))),
                            new BackendConfig(
                                    "kubernetes-scale",
                                    Map.of("namespace", "llm", "port", "8443", "dryRun", "false"))));
            assertThat(config.ledger())
                    .isEqualTo(new TidegateConfig.LedgerConfig(
                            Optional.of(Path.of("/var/log/tidegate/ledger.jsonl")), Sync.ALL, 1_000_000, 3));
            assertThat(config.memory().folder()).contains(Path.of("/var/lib/tidegate"));
        }

        @Test
        void waiting_everySetting_isRead() {
            PoolConfig pool = pool("tierOrder: weightedAbove, weightedAbove: 0.9, leakSites: 128");
            TierConfig tier = parse("pools: {chat: {tiers: {low: {floor: 0.1, maxQueuedTokens: 4096}}}}")
                    .pools()
                    .get("chat")
                    .tiers()
                    .get("low");

            assertThat(pool.order()).hasToString("weighted above 0.9");
            assertThat(pool.leakSites()).isEqualTo(128);
            assertThat(pool("tierOrder: strict").order()).hasToString("strict");
            assertThat(pool("leakDetection: false").leakDetection()).isFalse();
            assertThat(tier.toTier("low").floor()).isEqualTo(0.1);
            assertThat(tier.toTier("low").maxQueuedTokens()).isEqualTo(4096);
        }

        @Test
        void waiting_settingsThatCannotBe_areNamed() {
            assertThat(problem("tierOrder: lottery").message()).contains("weighted, strict, weightedAbove", "lottery");
            assertThat(problem("weightedAbove: 0.5").message()).contains("tierOrder is weightedAbove");
            assertThat(problem("leakDetection: sometimes").message()).contains("true or false");
            assertThat(problem("leakDetection: false, leakSites: 1").path()).isEqualTo("pools.chat.leakSites");
        }

        @Test
        void tenantsAndTiers_everySetting_isRead() {
            TidegateConfig config = parse("""
                    pools:
                      chat:
                        tiers:
                          premium: {guarantee: 0.4, lends: 0.5, tokensPerSecond: 2000}
                          batch: {}
                        maxTenants: 100
                        shedByRank: false
                        tenantRates: {batch: {acme: 500.5, 7: 20}}
                        quotas:
                          eachTenant: {requestsPerMinute: 60, tokensPerMinute: 100000, burst: 10s}
                          tenants: {acme.com: {budget: 5000, reservationLifetime: 1h}, exempt: {}}
                          tiers: {batch: {tokensPerMinute: 5000000}}
                          tenantsInTiers: {batch: {acme.com: {tokensPerMinute: 200000}}}
                          maxTenants: 1000
                          reserveMaximum: true
                    """);
            PoolConfig pool = config.pools().get("chat");

            Tier premium = pool.tierList().get(0);
            assertThat(premium.guarantee()).isEqualTo(0.4);
            assertThat(premium.lends()).isEqualTo(0.5);
            assertThat(premium.tokensPerSecond()).isEqualTo(2000);
            assertThat(pool.maxTenants()).isEqualTo(100);
            assertThat(pool.shedByRank()).isFalse();
            assertThat(pool.tenantRates()).isEqualTo(Map.of("batch", Map.of("acme", 500.5, "7", 20.0)));
            QuotasConfig quotas = pool.quotas();
            assertThat(quotas.eachTenant().toQuota()).hasToString("60 requests/min 100000 tokens/min burst PT10S");
            assertThat(quotas.tenants().keySet()).containsExactly("acme.com", "exempt");
            assertThat(quotas.tenants().get("acme.com").toQuota().budget()).hasValue(5000);
            assertThat(quotas.tenants().get("acme.com").reservationLifetime()).isEqualTo(Duration.ofHours(1));
            assertThat(quotas.tenants().get("exempt").toQuota()).hasToString("unlimited");
            assertThat(quotas.tiers().get("batch").tokensPerMinute()).hasValue(5_000_000);
            assertThat(quotas.tenantsInTiers().get("batch").get("acme.com").tokensPerMinute())
                    .hasValue(200_000);
            assertThat(quotas.maxTenants()).isEqualTo(1000);
            assertThat(quotas.reserveMaximum()).isTrue();
        }

        @Test
        void quotas_ofAllPools_mayNameTiersOfAnyThatSharesThem() {
            TidegateConfig config = parse("""
                    pools:
                      chat: {tiers: {premium: {}}}
                      code: {tiers: {batch: {}}}
                      own: {tiers: {batch: {}}, quotas: {}}
                    quotas:
                      tiers: {premium: {requestsPerMinute: 1}}
                      tenantsInTiers: {batch: {acme: {requestsPerMinute: 1}}}
                    """);

            assertThat(config.quotas().tiers().keySet()).containsExactly("premium");
            assertThat(config.pools().get("chat").quotas()).isNull();
            assertThat(config.pools().get("own").quotas()).isNotNull();
        }

        @Test
        void limit_everySetting_reachesTheController() {
            LimitSettings read = pool("""
                            limit: {
                              mode: engine, waitingPerReplica: 3, waitingShare: 0.2, kvCacheTarget: 0.8,
                              timeToFirstTokenTolerance: 3, minShare: 0.1, maxShare: 4, largestCut: 0.5,
                              smallestRaise: 0.02, largestRaise: 0.2, staleAfter: 6s, staleHold: 11s, staleMove: 31s,
                              staleShare: 0.7, slowStart: 29s, slowStartShare: 0.3, rejectionShare: 0.4,
                              rejectionMax: 2m, rejectionRecovery: 12s}
                            """).limit().toSettings();

            assertThat(read)
                    .usingRecursiveComparison()
                    .isEqualTo(LimitSettings.builder()
                            .mode(LimitMode.ENGINE)
                            .waitingPerReplica(3)
                            .waitingShare(0.2)
                            .kvCacheTarget(0.8)
                            .timeToFirstTokenTolerance(3)
                            .minShare(0.1)
                            .maxShare(4)
                            .largestCut(0.5)
                            .smallestRaise(0.02)
                            .largestRaise(0.2)
                            .staleAfter(Duration.ofSeconds(6))
                            .staleHold(Duration.ofSeconds(11))
                            .staleMove(Duration.ofSeconds(31))
                            .staleShare(0.7)
                            .slowStart(Duration.ofSeconds(29))
                            .slowStartShare(0.3)
                            .rejectionShare(0.4)
                            .rejectionMax(Duration.ofMinutes(2))
                            .rejectionRecovery(Duration.ofSeconds(12))
                            .build());
            assertThat(pool("limit: {mode: tokens, tokenShare: 0.8}").limit().toSettings())
                    .usingRecursiveComparison()
                    .isEqualTo(LimitSettings.builder()
                            .mode(LimitMode.TOKENS)
                            .tokenShare(0.8)
                            .build());
        }

        @Test
        void bounds_ofQuotasAndLimits_areAcceptedByTheirBuilders() {
            String longest = "x".repeat(128);
            for (String quota : List.of(
                    "{requestsPerMinute: 1, tokensPerMinute: 1, burst: 1ms, budget: 0, reservationLifetime: 1s}",
                    "{requestsPerMinute: 10000000000, tokensPerMinute: 10000000000, burst: 1d,"
                            + " budget: 9007199254740992, reservationLifetime: 1d}")) {
                for (int most : List.of(1, 131_072)) {
                    String quotas = "quotas: {eachTenant: {requestsPerMinute: 1}, tenants: {%s: %s}, maxTenants: %d}"
                            .formatted(longest, quota, most);
                    assertThat(pool(quotas).quotas().toQuotas(new ManualTime()).tenants())
                            .isZero();
                }
            }
            assertThat(
                            pool("limit: {mode: engine, waitingPerReplica: 1000, maxShare: 16, largestCut: 0.9, largestRaise: 1,"
                                            + " staleAfter: 1ms, staleHold: 0s, staleMove: 1h, slowStart: 0s, rejectionMax: 1h}")
                                    .limit()
                                    .toSettings()
                                    .maxShare())
                    .isEqualTo(16);
        }

        @Test
        void nothingSet_hasTheDefaultsOfTheJavadoc() {
            TidegateConfig config = parse(SMALLEST);
            PoolConfig chat = config.pools().get("chat");

            assertThat(config.ledger().file()).isEmpty();
            assertThat(chat.maxQueued()).isEqualTo(1024);
            assertThat(chat.scaling()).isNull();
            assertThat(config.quotas()).isNull();
            assertThat(chat.quotas()).isNull();
            assertThat(chat.tenantRates()).isEmpty();
            assertThat(chat.replica())
                    .isEqualTo(new ReplicaConfig(
                            32, Work.MAX_TOKENS, 1, Duration.ofMinutes(2), java.util.OptionalDouble.empty()));
            TierConfig tier = chat.tiers().get("standard");
            assertThat(tier.weight()).isEqualTo(1);
            assertThat(tier.ceiling()).isEqualTo(1);
            assertThat(tier.maxQueueTime()).isEqualTo(Duration.ofSeconds(10));
            assertThat(tier.maxQueued()).isEqualTo(1024);
            assertThat(tier.maxQueuedTokens()).isEqualTo(16_777_216);
            assertThat(tier.floor()).isEqualTo(0.05);
            assertThat(chat.order()).hasToString("weighted");
            assertThat(chat.leakDetection()).isTrue();
            assertThat(chat.leakSites()).isZero();
            assertThat(tier.slo().timeToFirstToken()).isEmpty();
            assertThat(tier.slo().timePerOutputToken()).isEmpty();
            assertThat(tier.slo().target()).isEqualTo(0.99);
        }

        @Test
        void alerts_read_areThoseOfTheDocument() {
            AlertSettings alerts =
                    pool("replica: {pricePerHour: 4}, scaling: {max: 8, alerts: {enabled: {rapid-scaling: false, cost-rate: true},"
                                    + " holdFor: 2m, costPerHour: 40, budgetPerMonth: 20000, fastBurn: 10, fastLong: 30m}}")
                            .scaling()
                            .alerts()
                            .toSettings();
            assertThat(alerts.isOn(AlertKind.RAPID_SCALING)).isFalse();
            assertThat(alerts.isOn(AlertKind.COST_RATE)).isTrue();
            assertThat(alerts.isOn(AlertKind.SLO_BURN)).isTrue();
            assertThat(alerts.holdFor()).isEqualTo(Duration.ofMinutes(2));
            assertThat(alerts.costPerHour()).hasValue(40);
            assertThat(alerts.budgetPerDay()).isEmpty();
            assertThat(alerts.budgetPerMonth()).hasValue(20_000);
            assertThat(alerts.fastBurn()).isEqualTo(10);
            assertThat(alerts.fastLong()).isEqualTo(Duration.ofMinutes(30));
            assertThat(alerts.slowLong()).isEqualTo(AlertSettings.defaults().slowLong());
        }

        @Test
        void alerts_wrong_areAllNamed() {
            assertThatThrownBy(() -> ConfigReader.parse("test", """
                            pools:
                              chat:
                                tiers: {standard: {}}
                                scaling:
                                  max: 8
                                  alerts:
                                    enabled: {rapid-scalin: false}
                                    costPerHour: 40
                                    fastShort: 20s
                            alerts: {listeners: {pager: {}}}
                            """))
                    .hasMessageContaining("rapid-scalin: is not a setting; did you mean rapid-scaling?")
                    .hasMessageContaining("pools.chat.scaling.alerts.costPerHour: needs replica.pricePerHour")
                    .hasMessageContaining("pools.chat.scaling.alerts.fastShort: must be from a 60th of fastLong")
                    .hasMessageContaining("alerts.listeners.pager.type: is required");
        }

        @Test
        void scalingWithItsMaximumAlone_hasTheDefaultsOfTheJavadoc() {
            assertThat(pool("scaling: {max: 8}").scaling())
                    .isEqualTo(new ScalingConfig(
                            1,
                            8,
                            Mode.ACT,
                            Duration.ofMillis(250),
                            Duration.ofSeconds(15),
                            Duration.ofMinutes(1),
                            Map.of(),
                            new BehaviorConfig(Duration.ZERO, 4, 1.0, Duration.ofSeconds(15), Select.MAX, Map.of()),
                            new BehaviorConfig(
                                    Duration.ofMinutes(5), 1, 0.1, Duration.ofMinutes(1), Select.MAX, Map.of()),
                            new GuardrailsConfig(
                                    0.05,
                                    0,
                                    0.9,
                                    0.05,
                                    20,
                                    Duration.ofMinutes(5),
                                    Duration.ofMinutes(5),
                                    0.15,
                                    OptionalInt.empty(),
                                    Duration.ofMinutes(1),
                                    Duration.ofMinutes(30),
                                    Duration.ofMinutes(10),
                                    0,
                                    Duration.ofMinutes(5),
                                    3,
                                    OptionalDouble.empty()),
                            NO_ALERTS_SET,
                            null,
                            null));
        }

        @Test
        void scalingWithItsMaximumAlone_hasTheGuardrailsOfTheirBuilder() {
            assertThat(scaling("min: 2").toGuardrails(OptionalDouble.empty()).build())
                    .isEqualTo(Guardrails.builder()
                            .bounds(2, scaling("min: 2").max())
                            .build());
        }

        @Test
        void defaults_areThoseOfTheBuildersTheyGoTo() {
            Tier built = Tier.builder("standard").build();
            Tier read = parse(SMALLEST).pools().get("chat").tierList().get(0);
            assertThat(read).usingRecursiveComparison().isEqualTo(built);
            PoolConfig pool = pool("quotas: {eachTenant: {}}");
            assertThat(pool.limit().toSettings()).usingRecursiveComparison().isEqualTo(LimitSettings.defaults());
            assertThat(pool.quotas().eachTenant().toQuota())
                    .usingRecursiveComparison()
                    .isEqualTo(Quota.unlimited());
            // These cannot be asked for.
            assertThat(Gate.builder("chat"))
                    .extracting(
                            "maxQueued", "maxTenants", "shedByRank", "leakDetection", "leakSites", "reservesMaximum")
                    .containsExactly(
                            pool.maxQueued(),
                            pool.maxTenants(),
                            pool.shedByRank(),
                            pool.leakDetection(),
                            pool.leakSites(),
                            pool.quotas().reserveMaximum());
            assertThat(Quotas.builder(new ManualTime()))
                    .extracting("maxTenants")
                    .isEqualTo(pool.quotas().maxTenants());
        }

        @Test
        void emptyMaps_areAsGoodAsNone() {
            assertThat(parse("""
                    pools:
                      chat:
                        tiers:
                          standard:
                        replica:
                    ledger:
                    """)).isEqualTo(parse(SMALLEST));
        }

        @Test
        void json_isYaml() {
            assertThat(parse("{\"pools\":{\"chat\":{\"tiers\":{\"standard\":{\"maxQueued\":5}}}}}")
                            .pools()
                            .get("chat")
                            .tiers()
                            .get("standard")
                            .maxQueued())
                    .isEqualTo(5);
        }

        @Test
        void behavior_oneOfBothNamed_isOnlyThatOne() {
            assertThat(scaling("up: {replicas: 1}").up())
                    .isEqualTo(new BehaviorConfig(Duration.ZERO, 1, 0, Duration.ofSeconds(15), Select.MAX, Map.of()));
            assertThat(scaling("up: {share: 0.5}").up())
                    .isEqualTo(new BehaviorConfig(Duration.ZERO, 0, 0.5, Duration.ofSeconds(15), Select.MAX, Map.of()));
            assertThat(scaling("down: {period: 5m}").down())
                    .isEqualTo(new BehaviorConfig(
                            Duration.ofMinutes(5), 1, 0.1, Duration.ofMinutes(5), Select.MAX, Map.of()));
            assertThat(scaling("down: {rates: {a: {share: 0.5}}}").down())
                    .isEqualTo(new BehaviorConfig(
                            Duration.ofMinutes(5),
                            0,
                            0,
                            Duration.ofMinutes(1),
                            Select.MAX,
                            Map.of("a", new RateConfig(0, 0.5, Duration.ofMinutes(1)))));
        }

        @Test
        void policies_none_areTheStandardOnes() {
            assertThat(scaling("min: 1").policyList())
                    .extracting(Policy::name)
                    .isEqualTo(PolicySets.standard().stream().map(Policy::name).toList());
        }

        @ParameterizedTest
        @CsvSource(delimiter = '|', textBlock = """
                        mine: {}                                       | no policy of type "mine" is on the class path, only [adaptive, backlog, formula, latency, panic, slo, target]
                        cpu: {type: target}                            | signal is required, such as gate.queue.depth; target is required: a number from 0.000000001 to 1000000000000
                        backlog: {settings: {targetUtilization: 80}}   | targetUtilization must be a number from 0.01 to 1 but is "80"
                        backlog: {settings: {drainWindow: soon}}       | drainWindow must be a duration from 0.001s to 24h but is "soon"
                        backlog: {settings: {drain: 3s}}               | drain is not a setting of this type; known are [drainWindow, onlyLasting, sigmas, targetThroughput, targetUtilization]
                        f: {type: formula, settings: {replicas: "ceil("}} | a formula
                        q: {type: target, settings: {signal: gate.queue.dept, target: 1}} | signal is wrong: the gate gives no signal "gate.queue.dept"; there are gate. and one of [requests.in.flight,
                        q: {type: latency, settings: {signal: gate.tier.premium.ttft.p90, objective: 1s}} | signal is wrong: the gate gives no signal "gate.tier.premium.ttft.p90"; of a tier
                        q: {type: formula, settings: {replicas: "ceil(gate.queue.dept / 10)"}} | replicas is wrong: the gate gives no signal "gate.queue.dept"
                        cpu: {type: target, settings: {signal: a.b, as: mean, target: 1}} | as must be one of [averageValue, value, perReplica] but is "mean"
                        """)
        void policies_wrong_areNamedWithTheirPath(String policy, String message) {
            List<Problem> problems =
                    problems("pools: {chat: {tiers: {standard: {}}, scaling: {max: 2, policies: {" + policy + "}}}}");
            assertThat(problems).hasSize(1);
            assertThat(problems.get(0).path()).startsWith("pools.chat.scaling.policies.");
            assertThat(problems.get(0).message()).contains(message.equals("a formula") ? "ceil(" : message);
        }

        @Test
        void policies_twoOfOneType_goByTheirNames() {
            assertThat(scaling("policies: {a: {type: slo}, b: {type: slo}, c: {type: adaptive}}")
                            .policyList())
                    .extracting(Policy::name)
                    .containsExactly("a", "b", "c");
        }

        @ParameterizedTest
        @CsvSource({
            "250ms, 250",
            "30s, 30000",
            "1.5s, 1500",
            "5m, 300000",
            "1h, 3600000",
            "PT30S, 30000",
            "pt1m, 60000",
            "PT0.25S, 250",
            "' 30s ', 30000"
        })
        void durations(String text, long millis) {
            assertThat(scaling("rateWindow: '" + text + "'").rateWindow()).isEqualTo(Duration.ofMillis(millis));
        }

        @Test
        void zeroes_whereTheyMeanSomething() {
            assertThat(scaling("min: 0, down: {stabilizationWindow: 0s}").min()).isZero();
            assertThat(pool("maxQueued: 0").maxQueued()).isZero();
            assertThat(pool("replica: {count: 0, pricePerHour: 0}").replica().count())
                    .isZero();
        }

        @Test
        void settingsOfABackend_areTexts() {
            assertThat(scaling("backend: {type: x, settings: {a: text, b: 12, c: true, d: '007', e: null}}")
                            .backend()
                            .settings())
                    .containsExactly(
                            Map.entry("a", "text"),
                            Map.entry("b", "12"),
                            Map.entry("c", "true"),
                            Map.entry("d", "007"));
        }

        @Test
        void settings_ofABackend_areFlattened() {
            assertThat(scaling(
                                    "backend: {type: x, settings: {a: {b: {c: 1}, d: text}, command: [run, {x: y}], secret: hidden}}")
                            .backend())
                    .satisfies(backend -> {
                        assertThat(backend.settings())
                                .containsExactly(
                                        Map.entry("a.b.c", "1"),
                                        Map.entry("a.d", "text"),
                                        Map.entry("command.0", "run"),
                                        Map.entry("command.1.x", "y"),
                                        Map.entry("secret", "hidden"));
                        assertThat(backend.toString()).contains("a.b.c").doesNotContain("hidden");
                    });
        }

        @Test
        void settingsOfABackend_numbersStayAsWritten() {
            assertThat(scaling("backend: {type: x, settings: {version: 1.10, big: 123456789012345678901234567890}}")
                            .backend()
                            .settings())
                    .containsExactly(Map.entry("version", "1.10"), Map.entry("big", "123456789012345678901234567890"));
        }

        @Test
        void byteOrderMark_isSkipped() {
            assertThat(parse("\ufeff" + SMALLEST)).isEqualTo(parse(SMALLEST));
        }
    }

    @Nested
    class Wrong {

        @Test
        void everyProblemAtOnce_withItsPathAndARemedy() {
            List<Problem> problems = problems("""
                    pools:
                      chat:
                        tiers:
                          Premium: {weight: 0, slo: {target: 2}}
                          batch: {maxQueTime: 5s, ceiling: "half"}
                        replica: {slots: -3, timeToReady: soon}
                        scaling: {min: 9, max: 3, up: {replicas: 0}, backend: {}}
                        maxQueue: 7
                      code:
                    legder: {file: x}
                    """);

            assertThat(problems.stream().map(Problem::toString))
                    .containsExactlyInAnyOrder(
                            "pools.chat.tiers.Premium.weight: must be a number above 0 but is 0",
                            "pools.chat.tiers.Premium.slo.target: must be a number above 0 and at most 1 but is 2",
                            "pools.chat.tiers.Premium: tier name must be 1 to 63 of [a-z0-9_.-], beginning and ending"
                                    + " with a letter or digit, but was \"Premium\"",
                            "pools.chat.tiers.batch.maxQueTime: is not a setting; did you mean maxQueueTime?",
                            "pools.chat.tiers.batch.ceiling: must be a number above 0 and at most 1 but is the text \"half\"",
                            "pools.chat.replica.slots: must be a whole number from 1 to 1048575 but is -3",
                            "pools.chat.replica.timeToReady: must be a duration such as 250ms, 30s, 5m or PT30S but is the"
                                    + " text \"soon\"",
                            "pools.chat.scaling.max: must be at least min (9) but is 3",
                            "pools.chat.scaling.up.replicas: or share must be above 0, or the pool could never change that way: for that say select: disabled",
                            "pools.chat.scaling.backend.type: is required: the type of a scaler backend on the class path",
                            "pools.chat.maxQueue: is not a setting; did you mean maxQueued?",
                            "pools.code.tiers: needs 1 to 32 tiers but has 0",
                            "legder: is not a setting; did you mean ledger?");
        }

        @Test
        void message_namesTheSourceAndCounts() {
            assertThatExceptionOfType(ConfigException.class)
                    .isThrownBy(() -> parse("pools: {chat: {tiers: {a: {}}}, x: 1}"))
                    .withMessageStartingWith("test.yaml has 1 problem:")
                    .withMessageContaining(System.lineSeparator() + "  pools.x: must be a map but is 1");
            assertThatExceptionOfType(ConfigException.class)
                    .isThrownBy(() -> parse("{a: 1, b: 2, pools: {chat: {tiers: {a: {}}}}}"))
                    .withMessageStartingWith("test.yaml has 2 problems:");
        }

        @DisplayName("L2: a value that cannot be is rejected with its path and the reason")
        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "maxQueued: -1            | maxQueued | must be a whole number from 0 to 1000000 but is -1",
                    "maxQueued: 1000001       | maxQueued | must be a whole number from 0 to 1000000 but is 1000001",
                    "maxQueued: 1.5           | maxQueued | must be a whole number from 0 to 1000000 but is 1.5",
                    "maxQueued: many          | maxQueued | must be a whole number from 0 to 1000000 but is the text \"many\"",
                    "maxQueued: true          | maxQueued | must be a whole number from 0 to 1000000 but is true",
                    "maxQueued: [1]           | maxQueued | must be a whole number from 0 to 1000000 but is a list",
                    "maxQueued: {a: 1}        | maxQueued | must be a whole number from 0 to 1000000 but is a map",
                    "maxQueued: 99999999999999999999 | maxQueued | must be a whole number from 0 to 1000000 but is 99999999999999999999",
                    "maxQueued: 4294967297    | maxQueued | must be a whole number from 0 to 1000000 but is 4294967297",
                    "replica: {tokens: 0}     | replica.tokens | must be a whole number from 1 to 1099511627760 but is 0",
                    "replica: {count: 100001} | replica.count | must be a whole number from 0 to 100000 but is 100001",
                    "replica: {pricePerHour: -1} | replica.pricePerHour | must be a number at least 0 but is -1",
                    "replica: {timeToReady: 0s} | replica.timeToReady | must be a duration from 0.001s to 24h but is the text \"0s\"",
                    "replica: {timeToReady: 25h} | replica.timeToReady | must be a duration from 0.001s to 24h but is the text \"25h\"",
                    "replica: {timeToReady: -5s} | replica.timeToReady | must be a duration such as 250ms, 30s, 5m or PT30S but is the text \"-5s\"",
                    "replica: {timeToReady: PT-5S} | replica.timeToReady | must be a duration from 0.001s to 24h but is the text \"PT-5S\"",
                    "replica: {timeToReady: 30} | replica.timeToReady | must be a duration such as 250ms, 30s, 5m or PT30S but is 30",
                    "replica: {timeToReady: 1000000000000000000s} | replica.timeToReady | must be a duration such as 250ms, 30s, 5m or PT30S but is the text \"1000000000000000000s\"",
                    "replica: {timeToReady: 999999999999d} | replica.timeToReady | must be a duration such as 250ms, 30s, 5m or PT30S but is the text \"999999999999d\"",
                    "replica: {timeToReady: PT9223372036854775807S} | replica.timeToReady | must be a duration from 0.001s to 24h but is the text \"PT9223372036854775807S\"",
                    "replica: 5               | replica | must be a map but is 5",
                    "scaling: {}              | scaling.max | is required: a whole number from 1 to 100000",
                    "scaling: {max: 0}        | scaling.max | must be a whole number from 1 to 100000 but is 0",
                    "'scaling: {max: 1, min: 2}' | scaling.max | must be at least min (2) but is 1",
                    "'scaling: {max: 2, guardrails: {pendingMost: 0}}' | scaling.guardrails.pendingMost | must be a whole number from 1 to 100000 but is 0",
                    "'scaling: {max: 2, guardrails: {coverage: 80}}' | scaling.guardrails.coverage | must be a number at least 0 and at most 1 but is 80",
                    "'scaling: {max: 2, guardrails: {coverage: .nan}}' | scaling.guardrails.coverage | must be a number at least 0 and at most 1 but is NaN",
                    "'scaling: {max: 2, period: 1ms}' | scaling.period | must be a duration from 0.01s to 1h but is the text \"1ms\"",
                    "'scaling: {max: 2, down: {stabilizationWindow: 2h}}' | scaling.down.stabilizationWindow | must be a duration from 0s to 1h but is the text \"2h\"",
                    "'scaling: {max: 2, up: {share: -1}}' | scaling.up.share | must be a number at least 0 and at most 1000 but is -1",
                    "'scaling: {max: 2, up: {share: 1e400}}' | scaling.up.share | must be a number at least 0 and at most 1000 but is 1E+400",
                    "'scaling: {max: 2, mode: maybe}' | scaling.mode | must be one of [act, dryRun] but is the text \"maybe\"",
                    "'scaling: {max: 2, guardrails: {maxCostPerHour: 5}}' | scaling.guardrails.maxCostPerHour | needs replica.pricePerHour above 0",
                    "'replica: {pricePerHour: 4}, scaling: {min: 2, max: 2, guardrails: {maxCostPerHour: 5}}' | scaling.guardrails.maxCostPerHour | must pay for the minimum of 2 replicas, 8, but is 5",
                    "'scaling: {max: 2, guardrails: {pendingFirstWait: 20m, pendingLongestWait: 10m}}' | scaling.guardrails.pendingFirstWait | must be at most pendingLongestWait",
                    "'scaling: {max: 2, guardrails: {pendingFirstWait: 50m}}' | scaling.guardrails.pendingFirstWait | must be a duration from 0.001s to 30m but is the text \"50m\"",
                    "'scaling: {max: 2, guardrails: {pendingLongestWait: 1h}}' | scaling.guardrails.pendingLongestWait | must be a duration from 0.001s to 30m but is the text \"1h\"",
                    "'scaling: {max: 2, guardrails: {toZeroAfter: 2h}}' | scaling.guardrails.toZeroAfter | must be a duration from 0s to 1h but is the text \"2h\"",
                    "'scaling: {max: 2, up: {rates: {a: {}}}}' | scaling.up.rates.a.replicas | or share must be above 0",
                    "'scaling: {max: 2, backend: kubernetes}' | scaling.backend | must be a map but is the text \"kubernetes\"",
                    "'scaling: {max: 2, backend: {type: x, settings: {a: {b: 1}, a.b: 2}}}' | scaling.backend.settings.a.b | is given twice, once with dots and once as a map",
                    "'scaling: {max: 2, policies: {backlog: {settings: {a: [1]}}}}' | scaling.policies.backlog.settings.a | must be a plain value but is a list"
                })
        void oneValue_isNamedWithItsPathAndOnlyOnce(String inPool, String path, String message) {
            String yaml = inPool.startsWith("'") ? inPool.substring(1, inPool.length() - 1) : inPool;
            List<Problem> problems = problems("pools: {chat: {tiers: {standard: {}}, " + yaml + "}}");
            assertThat(problems).containsExactly(new Problem("pools.chat." + path, message));
        }

        @Test
        void maxCostPerHour_paysForTheMinimumExactly_isRight() {
            TidegateConfig config = parse("pools: {chat: {tiers: {standard: {}}, replica: {pricePerHour: 0.1}, "
                    + "scaling: {min: 3, max: 3, guardrails: {maxCostPerHour: 0.3}}}}");
            assertThat(config.pools()).containsKey("chat");
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "maxTenants: -1 | maxTenants | must be a whole number from 0 to 1000000 but is -1",
                    "shedByRank: often | shedByRank | must be true or false but is the text \"often\"",
                    "tenantRates: {standrd: {acme: 5}} | tenantRates.standrd | is not a tier of this pool; did you mean standard?",
                    "tenantRates: {batch: {acme: 5}} | tenantRates.batch | is not a tier of this pool; known are [standard]",
                    "tenantRates: {standard: {acme: 0}} | tenantRates.standard.acme | must be a number above 0 and at most 1000000000 but is 0",
                    "tenantRates: {standard: {acme: }} | tenantRates.standard.acme | needs a number above 0 and at most 1000000000",
                    "tenantRates: {standard: 5} | tenantRates.standard | must be a map but is 5",
                    "quotas: {tiers: {standrd: {}}} | quotas.tiers.standrd | is not a tier of this pool; did you mean standard?",
                    "quotas: {tenantsInTiers: {batch: {acme: {}}}} | quotas.tenantsInTiers.batch | is not a tier of this pool; known are [standard]",
                    "quotas: {eachTenant: {budget: 5}} | quotas.eachTenant.budget | is for tenants that are named; move it to quotas.tenants",
                    "quotas: {tenants: {acme: {requestsPerMinute: 0}}} | quotas.tenants.acme.requestsPerMinute | must be a whole number from 1 to 10000000000 but is 0",
                    "quotas: {tenants: {acme: {requestPerMinute: 1}}} | quotas.tenants.acme.requestPerMinute | is not a setting; did you mean requestsPerMinute?",
                    "quotas: {tenants: {acme: {burst: 5s}}} | quotas.tenants.acme.burst | says nothing unless requestsPerMinute or tokensPerMinute is set",
                    "quotas: {tenants: {acme: {requestsPerMinute: 1, burst: 2d}}} | quotas.tenants.acme.burst | must be a duration from 0.001s to 24h but is the text \"2d\"",
                    "quotas: {tenants: {acme: {reservationLifetime: 5m}}} | quotas.tenants.acme.reservationLifetime | says nothing unless budget is set",
                    "quotas: {tenants: {acme: {budget: -1}}} | quotas.tenants.acme.budget | must be a whole number from 0 to 9007199254740992 but is -1",
                    "quotas: {tenants: {'': {}}} | quotas.tenants. | is not a tenant: an id has 1 to 128 characters but this has 0",
                    "quotas: {maxTenants: 5} | quotas.maxTenants | says nothing unless eachTenant is set",
                    "quotas: {reserveMaximum: 1} | quotas.reserveMaximum | must be true or false but is 1",
                    "limit: {mode: vegas} | limit.mode | must be one of [fixed, tokens, engine] but is the text \"vegas\"",
                    "limit: {tokenShare: 0.8} | limit.tokenShare | says nothing unless mode is tokens",
                    "limit: {maxShare: 2} | limit.maxShare | says nothing unless mode is engine",
                    "limit: {mode: engine, maxShare: 17} | limit.maxShare | must be a number above 0 and at most 16 but is 17",
                    "limit: {mode: engine, maxShare: 0.01} | limit.maxShare | must be at least minShare (0.05) but is 0.01",
                    "limit: {mode: engine, smallestRaise: 0.5} | limit.smallestRaise | must be at most largestRaise (0.1) but is 0.5",
                    "limit: {mode: engine, timeToFirstTokenTolerance: 0.5} | limit.timeToFirstTokenTolerance | must be above 1, or 0 for never, but is 0.5",
                    "limit: {slowStart: 2h} | limit.slowStart | must be a duration from 0s to 1h but is the text \"2h\"",
                    "limit: {slowStrat: 2s} | limit.slowStrat | is not a setting; did you mean slowStart?"
                })
        void tenantsQuotasAndLimits_oneValue_isNamedWithItsPathAndOnlyOnce(String inPool, String path, String message) {
            assertThat(problem(inPool)).isEqualTo(new Problem("pools.chat." + path, message));
        }

        @Test
        void tenantIdThatIsTooLong_isNamed() {
            assertThat(problem("quotas: {tenants: {" + "x".repeat(129) + ": {}}}")
                            .message())
                    .isEqualTo("is not a tenant: an id has 1 to 128 characters but this has 129");
        }

        @Test
        void guarantees_moreThanAllTogether_areNamedWithTheirSum() {
            assertThat(problems("pools: {chat: {tiers: {a: {guarantee: 0.7}, b: {guarantee: 0.4}, c: {}}}}"))
                    .containsExactly(new Problem(
                            "pools.chat.tiers",
                            "have guarantees that must be at most 1 together but are 1.1 (a 0.7, b 0.4); lower some"));
            assertThat(parse("pools: {chat: {tiers: {a: {guarantee: 0.7}, b: {guarantee: 0.2}, c: {guarantee: 0.1}}}}")
                            .pools())
                    .hasSize(1);
        }

        @Test
        void lends_withoutAGuarantee_isNamed() {
            assertThat(problems("pools: {chat: {tiers: {a: {lends: 0.5}}}}"))
                    .containsExactly(
                            new Problem("pools.chat.tiers.a.lends", "says nothing unless guarantee is above 0"));
        }

        @Test
        void quotasThatPoolsShare_wrongOnes_areNamed() {
            assertThat(problems("{quotas: {tiers: {batch: {}}}, pools: {chat: {tiers: {a: {}}},"
                            + " own: {tiers: {batch: {}}, quotas: {}}}}"))
                    .containsExactly(new Problem(
                            "quotas.tiers.batch", "is not a tier of a pool that shares these quotas; known are [a]"));
            assertThat(problems("{quotas: {eachTenant: {}}, pools: {own: {tiers: {a: {}}, quotas: {}}}}"))
                    .containsExactly(new Problem(
                            "quotas",
                            "say nothing, since each pool has quotas of its own; leave out one or the other"));
        }

        @Test
        void tiersThatAreMissing_quotasForThem_onlyFollow() {
            assertThat(problems("pools: {chat: {quotas: {tiers: {a: {}}}, tenantRates: {a: {acme: 1}}}}"))
                    .containsExactly(new Problem("pools.chat.tiers", "needs 1 to 32 tiers but has 0"));
        }

        @Test
        void maxOfTheWrongType_isNotAlsoCalledTooSmall() {
            assertThat(problem("scaling: {min: 5, max: lots}").path()).isEqualTo("pools.chat.scaling.max");
        }

        @Test
        void unknownKey_theNearestIsMeant() {
            assertThat(problem("scaling: {max: 2, mxx: 3}").message()).isEqualTo("is not a setting; did you mean max?");
            assertThat(problem("scaling: {max: 2, MIN: 3}").message()).isEqualTo("is not a setting; did you mean min?");
            assertThat(problem("replica: {slot: 3}").message()).isEqualTo("is not a setting; did you mean slots?");
            assertThat(problem("replicas: {}").message()).isEqualTo("is not a setting; did you mean replica?");
        }

        @Test
        void unknownKey_nothingNear_namesThoseThereAre() {
            assertThat(problem("replica: {colour: blue}").message())
                    .isEqualTo("is not a setting; known are [slots, tokens, count, timeToReady, pricePerHour]");
        }

        @Test
        void unknownKey_withControlCharacters_isOneLine() {
            Problem problem = problem("\"a\\nlevel=ERROR \\e[31mowned\": 1");
            assertThat(problem.toString().lines()).hasSize(1);
            assertThat(problem.path()).doesNotContain("\u001b");
        }

        @Test
        void value_longOrWithControlCharacters_isShortAndOneLine() {
            Problem problem = problem("maxQueued: \"" + "x".repeat(5000) + "\\n\\e[31m\"");
            assertThat(problem.message()).hasSizeLessThan(200).doesNotContain("\u001b");
            assertThat(problem.message().lines()).hasSize(1);
        }

        @Test
        void duplicateKey_isNotSilentlyTheLast() {
            assertThat(problems("""
                    pools:
                      chat:
                        maxQueued: 5
                        maxQueued: 6
                        tiers: {standard: {}}
                    """))
                    .singleElement()
                    .satisfies(problem -> assertThat(problem.message())
                            .containsIgnoringCase("duplicate")
                            .contains("maxQueued")
                            .contains("line 4"));
        }

        @Test
        void secondDocument_isNotSilentlyIgnored() {
            assertThat(problems(SMALLEST + "\n---\n" + SMALLEST)).hasSize(1);
        }

        @ParameterizedTest
        @ValueSource(strings = {"", "   ", "\n\n", "# only a comment\n", "---\n", "null", "[]", "5", "text"})
        void notAMap_saysWhatItMustBe(String yaml) {
            assertThat(problems(yaml)).containsExactly(new Problem("", "must be a map with the key pools"));
        }

        @ParameterizedTest
        @ValueSource(strings = {"{}", "pools: {}", "pools:"})
        void noPools_saysSo(String yaml) {
            assertThat(problems(yaml)).containsExactly(new Problem("pools", "needs at least one pool"));
        }

        @ParameterizedTest
        @ValueSource(strings = {"pools: [", "a: b: c", "\t- x", "a: \"", "a: !!java.net.URL [x]\nb: ["})
        void notYaml_saysWhere(String yaml) {
            assertThat(problems(yaml))
                    .singleElement()
                    .satisfies(problem -> assertThat(problem.message())
                            .startsWith("is not valid YAML: ")
                            .contains("line "));
        }

        @Test
        void alias_isNotTakenForAText() {
            assertThat(problems("""
                            pools:
                              chat:
                                tiers: {standard: {}}
                                scaling: {max: 2, backend: {type: &t x, settings: {image: *t}}}
                            """))
                    .singleElement()
                    .satisfies(problem -> assertThat(problem.message()).contains("alias"));
        }

        @Test
        void tooManyTiers_saysHowMany() {
            String tiers =
                    IntStream.range(0, 33).mapToObj(i -> "t" + i + ": {}").collect(Collectors.joining(", "));
            assertThat(problems("pools: {chat: {tiers: {" + tiers + "}}}"))
                    .containsExactly(new Problem("pools.chat.tiers", "needs 1 to 32 tiers but has 33"));
        }

        @Test
        void ledgerOutOfRange_saysWhatIsAllowed() {
            assertThat(problems("{ledger: {sync: often, rotateAt: 64 MiB, keep: 0}, pools: {chat: {tiers: {a: {}}}}}"))
                    .containsExactly(
                            new Problem("ledger.sync", "must be one of [events, all, none] but is the text \"often\""),
                            new Problem(
                                    "ledger.rotateAt",
                                    "must be a whole number from 65536 to 1099511627776 but is the text \"64 MiB\""),
                            new Problem("ledger.keep", "must be a whole number from 1 to 1000 but is 0"));
        }

        @Test
        void ledgerFileThatIsNoPath_saysSo() {
            assertThat(problems("{ledger: {file: \"a\\0b\"}, pools: {chat: {tiers: {a: {}}}}}"))
                    .singleElement()
                    .satisfies(problem -> {
                        assertThat(problem.path()).isEqualTo("ledger.file");
                        assertThat(problem.message()).startsWith("is not a path");
                    });
        }
    }

    @Nested
    @Timeout(20)
    class Hostile {

        @Test
        void nestedTooDeeply_isRefused() {
            assertThat(problems("[".repeat(100_000))).hasSize(1);
            assertThat(problems("{a: ".repeat(50_000))).hasSize(1);
            String indented = IntStream.range(0, 1000)
                    .mapToObj(i -> " ".repeat(i) + "a:\n")
                    .collect(Collectors.joining());
            assertThat(problems(indented))
                    .singleElement()
                    .satisfies(problem -> assertThat(problem.message()).containsIgnoringCase("depth"));
        }

        @Test
        void aliasBomb_isRefusedWithoutGrowing() {
            StringBuilder bomb = new StringBuilder("a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
            for (int i = 1; i < 30; i++) {
                bomb.append("a").append(i).append(": &a").append(i).append(" [");
                bomb.append(("*a" + (i - 1) + ",").repeat(8))
                        .append("*a")
                        .append(i - 1)
                        .append("]\n");
            }
            assertThat(problems(bomb.toString())).isNotEmpty();
        }

        @Test
        void tooLong_isRefusedUnparsed() {
            assertThat(problems("#" + "x".repeat(1 << 20)))
                    .containsExactly(new Problem("", "is longer than 1048576 characters"));
            assertThat(problems("#".repeat(1 << 20)))
                    .containsExactly(new Problem("", "must be a map with the key pools"));
        }

        @Test
        void javaTags_makeNoObjects() {
            assertThat(problems("pools: !!javax.script.ScriptEngineManager [!!java.net.URLClassLoader [[]]]"))
                    .isNotEmpty();
        }
    }

    @Nested
    class InFiles {

        @TempDir
        private Path folder;

        private Problem problem(Path file) {
            ConfigException e = catchThrowableOfType(ConfigException.class, () -> ConfigReader.read(file));
            assertThat(e).hasMessageStartingWith(file + " has 1 problem:");
            return e.problems().get(0);
        }

        @Test
        void read_goodFile() throws IOException {
            Path file = Files.writeString(folder.resolve("tidegate.yaml"), SMALLEST);
            assertThat(ConfigReader.read(file)).isEqualTo(parse(SMALLEST));
        }

        @Test
        void read_missingFile_saysSo() {
            assertThat(problem(folder.resolve("none.yaml")).message()).startsWith("cannot be read: ");
        }

        @Test
        void read_folder_saysSo() {
            assertThat(problem(folder).message()).startsWith("cannot be read: ");
        }

        @Test
        void read_notUtf8_saysSo() throws IOException {
            Path file =
                    Files.write(folder.resolve("latin.yaml"), "pools: {é: {}}".getBytes(StandardCharsets.ISO_8859_1));
            assertThat(problem(file).message()).contains("UTF-8");
        }

        @Test
        void read_tooLong_isRefused() throws IOException {
            Path file = Files.write(folder.resolve("big.yaml"), new byte[(1 << 20) + 1]);
            assertThat(problem(file).message()).contains("more than 1048576");
        }

        @Test
        @Timeout(20)
        void read_endless_isRefused() {
            Path zero = Path.of("/dev/zero");
            Assumptions.assumeTrue(Files.isReadable(zero), "needs /dev/zero, a file without end whose size is 0");
            assertThat(problem(zero).message()).contains("more than 1048576");
        }
    }

    @Test
    void fromTree_takesWhatAnyLibraryGives() {
        assertThat(ConfigReader.fromTree(
                        "spring", Map.of("pools", Map.of("chat", Map.of("tiers", Map.of("a", Map.of()))))))
                .isEqualTo(parse("pools: {chat: {tiers: {a: {}}}}"));
        assertThatExceptionOfType(ConfigException.class)
                .isThrownBy(() -> ConfigReader.fromTree("spring", null))
                .withMessageStartingWith("spring has 1 problem:");
    }

    @Test
    void config_isImmutable() {
        TidegateConfig config = parse(SMALLEST);
        assertThatExceptionOfType(UnsupportedOperationException.class)
                .isThrownBy(() -> config.pools().clear());
        assertThatExceptionOfType(UnsupportedOperationException.class)
                .isThrownBy(() -> config.pools().get("chat").tiers().clear());
    }

    @Test
    void exception_survivesSerialization() throws Exception {
        ConfigException e = catchThrowableOfType(ConfigException.class, () -> parse("{a: 1}"));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(e);
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            assertThat(((ConfigException) in.readObject()).problems()).isEqualTo(e.problems());
        }
    }
}
