/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.tune;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.config.ConfigReader;
import io.tidegate.config.TidegateConfig;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigTreeTest {

    private static TidegateConfig config(String text) {
        return ConfigReader.parse("test", text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "pools: {chat: {tiers: {a: {}, b: {}}, scaling: {max: 1}}}",
                "pools: {chat: {tiers: {z: {weight: 0.1, slo: {timeToFirstToken: 250ms, target: 0.9}}, a: {guarantee: 0.3, lends: 0}}}}",
                "pools: {chat: {tiers: {a: {}}, tierOrder: weightedAbove, weightedAbove: 0.5, leakSites: 3, scaling: {max: 9, mode: dryRun}}}",
                "pools: {chat: {tiers: {a: {}}, limit: {mode: engine, kvCacheTarget: 0.8}, tenantRates: {a: {acme: 500}}}}",
                "pools: {chat: {tiers: {a: {}}, scaling: {min: 0, max: 3, up: {replicas: 4}, down: {share: 0.1, period: 90s}}}}",
                "pools: {chat: {tiers: {a: {}}, scaling: {max: 3, up: {rates: {few: {replicas: 1}, many: {replicas: 0, share: 0.5, period: 1h}}, select: min}}}}",
                "pools: {chat: {tiers: {a: {}}, scaling: {max: 3, guardrails: {pendingMost: 2, maxCostPerHour: 99.5}}, replica: {pricePerHour: 4.5, tokens: 1000}}}",
                "pools: {chat: {tiers: {a: {}}, scaling: {max: 3, policies: {slo: {}, mine: {type: backlog, settings: {targetThroughput: 0.9}}}, shadow: {}}}}",
                "pools: {chat: {tiers: {a: {}}, quotas: {}, scaling: {max: 3, alerts: {enabled: {rapid-scaling: false}, costPerHour: 5}}, replica: {pricePerHour: 1}}}",
                "{pools: {chat: {tiers: {a: {}}}}, quotas: {eachTenant: {requestsPerMinute: 60, burst: 10s}, tenants: {acme: {}}}, ledger: {file: /tmp/x, keep: 3}}",
                "{pools: {chat: {tiers: {a: {}}, scaling: {max: 2, backend: {type: kubernetes-scale, settings: {namespace: 'yes', deployment: '1.10'}}}}}, memory: {folder: /tmp/m}}",
            })
    void yaml_readAgain_isTheSame(String text) {
        TidegateConfig config = config(text);
        assertThat(ConfigReader.parse("again", ConfigTree.yaml(config))).isEqualTo(config);
    }

    @Test
    void yaml_defaults_areLeftOut() {
        assertThat(ConfigTree.yaml(
                        config("pools: {chat: {tiers: {a: {weight: 1}}, scaling: {max: 4, min: 1, rateWindow: 30s}}}")))
                .isEqualTo("""
                        pools:
                          chat:
                            tiers:
                              a: {}
                            scaling:
                              max: 4
                              rateWindow: 30s
                        """);
    }

    @Test
    void duration_asPeopleWriteIt() {
        assertThat(ConfigTree.duration(Duration.ofMillis(1500))).isEqualTo("1500ms");
        assertThat(ConfigTree.duration(Duration.ofSeconds(90))).isEqualTo("90s");
        assertThat(ConfigTree.duration(Duration.ofMinutes(5))).isEqualTo("5m");
        assertThat(ConfigTree.duration(Duration.ofHours(2))).isEqualTo("2h");
        assertThat(ConfigTree.duration(Duration.ZERO)).isEqualTo("0s");
    }
}
