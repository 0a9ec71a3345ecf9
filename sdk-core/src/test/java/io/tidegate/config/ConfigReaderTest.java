/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.tidegate.config.ConfigException.Problem;
import io.tidegate.config.TidegateConfig.PoolConfig;
import io.tidegate.config.TidegateConfig.StepConfig;
import io.tidegate.pool.Slo;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigReaderTest {

    private static PoolConfig pool(String yaml) {
        return Objects.requireNonNull(ConfigReader.parse("test", yaml).pools().get("chat"));
    }

    private static List<String> problems(String yaml) {
        ConfigException e = catchThrowableOfType(ConfigException.class, () -> ConfigReader.parse("test.yaml", yaml));
        assertThat(e).as("a wrong configuration was taken").isNotNull();
        return e.problems().stream().map(Problem::toString).toList();
    }

    @Test
    void parse_leastThatIsNeeded_hasTheDocumentedDefaults() {
        TidegateConfig config = ConfigReader.parse("test", "pools: {chat: {tiers: {standard: {}}, scaling: {max: 3}}}");
        PoolConfig pool = Objects.requireNonNull(config.pools().get("chat"));

        assertThat(config.ledger().file()).isEmpty();
        assertThat(pool.maxQueued()).isEqualTo(1024);
        assertThat(pool.tierList()).singleElement().satisfies(tier -> {
            assertThat(tier.weight()).isEqualTo(1);
            assertThat(tier.ceiling()).isEqualTo(1);
            assertThat(tier.maxQueueTime()).isEqualTo(Duration.ofSeconds(10));
            assertThat(tier.maxQueued()).isEqualTo(1024);
            assertThat(tier.slo()).isEqualTo(Slo.none());
        });
        assertThat(pool.replica().work()).isEqualTo(Work.slots(32));
        assertThat(pool.replica().count()).isEqualTo(1);
        assertThat(pool.replica().timeToReady()).isEqualTo(Duration.ofMinutes(2));
        assertThat(pool.replica().pricePerHour()).isEmpty();
        assertThat(pool.scaling())
                .isEqualTo(new TidegateConfig.ScalingConfig(
                        1,
                        3,
                        Duration.ofMillis(250),
                        0.8,
                        Duration.ofSeconds(30),
                        Duration.ofMinutes(5),
                        Duration.ofSeconds(15),
                        new StepConfig(4, 1, Duration.ofSeconds(15)),
                        new StepConfig(1, 0.1, Duration.ofMinutes(1)),
                        null));
    }

    @Test
    void parse_everySetting_arrives() {
        TidegateConfig config = ConfigReader.parse("test", """
                pools:
                  chat:
                    maxQueued: 7
                    tiers:
                      premium: {weight: 8, ceiling: 1, maxQueueTime: 2s, maxQueued: 5,
                                slo: {timeToFirstToken: 500ms, timePerOutputToken: PT0.03S, target: 0.999}}
                      batch: {weight: 0.5, ceiling: 0.7, maxQueueTime: 0s}
                    replica: {slots: 16, tokens: 400000, count: 2, timeToReady: 90s, pricePerHour: 44.245}
                    scaling:
                      min: 0
                      max: 9
                      period: 1s
                      targetUtilization: 0.7
                      drainWindow: 1m
                      stabilizationWindow: 0s
                      rateWindow: 1h
                      up: {replicas: 2}
                      down: {share: 0.25, period: 10s}
                      backend: {type: kubernetes-scale, settings: {namespace: llm, port: 5, dry: true}}
                ledger: {file: /var/lib/tidegate/ledger.jsonl}
                """);
        PoolConfig pool = Objects.requireNonNull(config.pools().get("chat"));
        TidegateConfig.ScalingConfig scaling = Objects.requireNonNull(pool.scaling());

        assertThat(config.ledger().file()).contains(Path.of("/var/lib/tidegate/ledger.jsonl"));
        assertThat(pool.maxQueued()).isEqualTo(7);
        assertThat(pool.tierList()).extracting(Tier::name).containsExactly("premium", "batch");
        assertThat(pool.tierList().get(0).slo())
                .isEqualTo(Slo.timeToFirstToken(Duration.ofMillis(500))
                        .withTimePerOutputToken(Duration.ofMillis(30))
                        .withTarget(0.999));
        assertThat(pool.tierList().get(1).maxQueueTime()).isZero();
        assertThat(pool.replica().work()).isEqualTo(new Work(16, 400_000));
        assertThat(pool.replica().pricePerHour()).hasValue(44.245);
        assertThat(scaling.rateWindow()).isEqualTo(Duration.ofHours(1));
        // Naming one of both means only that one.
        assertThat(scaling.up()).isEqualTo(new StepConfig(2, 0, Duration.ofSeconds(15)));
        assertThat(scaling.down()).isEqualTo(new StepConfig(0, 0.25, Duration.ofSeconds(10)));
        assertThat(Objects.requireNonNull(scaling.backend()).settings())
                .containsEntry("namespace", "llm")
                .containsEntry("port", "5")
                .containsEntry("dry", "true");
    }

    @Test
    void parse_everythingWrong_namesEveryPathAtOnce() {
        assertThat(problems("""
                        pools:
                          chat:
                            maxqueued: 5
                            tiers:
                              Premium: {}
                              batch: {weight: 0, ceiling: 1.5, maxQueueTime: soon, maxQueued: -1, slo: {target: 2, ttft: 1s}}
                            replica: {slots: 0, tokens: many, pricePerHour: -1}
                            scaling: {min: 5, max: 4, period: 1ms, targetUtilization: .nan, up: {replicas: 0}, backend: {settings: {a: [1]}}}
                        ledgers: {}
                        """))
                .containsExactlyInAnyOrder(
                        "pools.chat.maxqueued: is not a setting; did you mean maxQueued?",
                        "pools.chat.tiers.Premium: tier name must be 1 to 63 of [a-z0-9_.-], beginning and ending with a"
                                + " letter or digit, but was \"Premium\"",
                        "pools.chat.tiers.batch.weight: must be a number above 0 but is 0",
                        "pools.chat.tiers.batch.ceiling: must be a number above 0 and at most 1 but is 1.5",
                        "pools.chat.tiers.batch.maxQueueTime: must be a duration such as 250ms, 30s, 5m or PT30S but is the"
                                + " text \"soon\"",
                        "pools.chat.tiers.batch.maxQueued: must be a whole number from 0 to 1000000 but is -1",
                        "pools.chat.tiers.batch.slo.target: must be a number above 0 and at most 1 but is 2",
                        "pools.chat.tiers.batch.slo.ttft: is not a setting; known are [timeToFirstToken,"
                                + " timePerOutputToken, target]",
                        "pools.chat.replica.slots: must be a whole number from 1 to 1048575 but is 0",
                        "pools.chat.replica.tokens: must be a whole number from 1 to " + Work.MAX_TOKENS
                                + " but is the text \"many\"",
                        "pools.chat.replica.pricePerHour: must be a number at least 0 but is -1",
                        "pools.chat.scaling.max: must be at least min (5) but is 4",
                        "pools.chat.scaling.period: must be a duration from 0.01s to 1h but is the text \"1ms\"",
                        "pools.chat.scaling.targetUtilization: must be a number above 0 and at most 1 but is NaN",
                        "pools.chat.scaling.up.replicas: or share must be above 0, or the pool could never change that way",
                        "pools.chat.scaling.backend.type: is required: the type of a scaler backend on the class path",
                        "pools.chat.scaling.backend.settings.a: must be a plain value but is a list",
                        "ledgers: is not a setting; did you mean ledger?");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "max: 0",
                "max: 100001",
                "max: -1",
                "max: 2.5",
                "max: '3'",
                "max: true",
                "max: {}",
                "max: 1e18",
                "max: 99999999999999999999",
                "min: 1"
            })
    void parse_maxOutOfRange_isRefused(String max) {
        assertThat(problems("pools: {chat: {tiers: {a: {}}, scaling: {" + max + "}}}"))
                .singleElement()
                .asString()
                .startsWith("pools.chat.scaling.max: ");
    }

    @ParameterizedTest
    @CsvSource({
        "250ms, 250000000",
        "1.5s, 1500000000",
        "2m, 120000000000",
        "PT1H, 3600000000000",
        "0s, 0",
        "1d, 86400000000000"
    })
    void parse_durations_areRead(String text, long nanos) {
        assertThat(pool("pools: {chat: {tiers: {a: {maxQueueTime: " + text + "}}}}")
                        .tierList()
                        .get(0)
                        .maxQueueTime()
                        .toNanos())
                .isEqualTo(nanos);
    }

    @ParameterizedTest
    @ValueSource(strings = {"5", "-1s", "1 s", "1w", "PT-5S", "999999999999d", "25h", "1e3s", ""})
    void parse_wrongDurations_areRefused(String text) {
        assertThat(problems("pools: {chat: {tiers: {a: {maxQueueTime: '" + text + "'}}}}"))
                .singleElement()
                .asString()
                .startsWith("pools.chat.tiers.a.maxQueueTime: must be a duration");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "text", "5", "~"})
    void parse_noMap_isRefused(String yaml) {
        assertThatThrownBy(() -> ConfigReader.parse("test.yaml", yaml))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith("test.yaml has 1 problem:");
    }

    @Test
    void parse_noPoolsOrTiers_isRefused() {
        assertThat(problems("{}")).containsExactly("pools: needs at least one pool");
        assertThat(problems("pools: {chat: {}}")).containsExactly("pools.chat.tiers: needs 1 to 32 tiers but has 0");
    }

    @Test
    void parse_badYaml_saysWhere() {
        assertThat(problems("pools:\n  chat: {tiers: [\n"))
                .singleElement()
                .asString()
                .contains("line");
    }

    @Test
    void parse_nestedTooDeeply_isRefused() {
        assertThat(problems("{a: ".repeat(10_000))).singleElement().asString().startsWith("is not valid YAML");
    }

    @Test
    void parse_aliasesThatMultiply_stayHarmless() {
        StringBuilder bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for (int i = 1; i < 12; i++) {
            bomb.append("a").append(i).append(": &a").append(i).append(" [");
            bomb.append("*a%d, ".formatted(i - 1).repeat(9)).append("x]\n");
        }
        assertThat(problems(bomb.toString())).isNotEmpty();
    }

    @Test
    void parse_controlCharactersInValues_stayOnOneLine() {
        assertThat(problems("pools: {chat: {tiers: {a: {maxQueueTime: \"a\\nb\\u001b[31m\"}}}}"))
                .singleElement()
                .asString()
                .doesNotContain("\n", "\u001b");
    }

    @Test
    void read_file_namesItInErrors(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("tidegate.yaml");
        assertThatThrownBy(() -> ConfigReader.read(file))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining("cannot be read");

        Files.writeString(file, "pools: {chat: {tiers: {a: {}}}}");
        assertThat(ConfigReader.read(file).pools()).containsOnlyKeys("chat");

        Files.writeString(file, "#" + "x".repeat(1 << 20));
        assertThatThrownBy(() -> ConfigReader.read(file)).hasMessageContaining("more than 1048576 is not read");
    }
}
