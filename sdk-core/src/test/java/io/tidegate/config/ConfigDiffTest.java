/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigDiffTest {

    private static final String BASE = """
            pools:
              chat:
                tiers: {premium: {weight: 4}, batch: {}}
                scaling: {max: 9, backend: {type: test, settings: {a: b}}}
              other: {tiers: {standard: {}}}
            """;

    private static List<String> diff(String one, String other) {
        return ConfigDiff.paths(ConfigReader.parse("one", one), ConfigReader.parse("other", other));
    }

    @Test
    void paths_same_areNone() {
        assertThat(diff(BASE, BASE)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    weight: 4       | weight: 5              | pools.chat.tiers.premium.weight
                    max: 9          | max: 10                | pools.chat.scaling.max
                    a: b            | a: c                   | pools.chat.scaling.backend.settings.a
                    standard        | basic                  | pools.other.tiers.standard
                    max: 9          | max: 9, min: 2         | pools.chat.scaling.min
                    """)
    void paths_oneSettingDiffers_isNamed(String before, String after, String path) {
        assertThat(diff(BASE, BASE.replace(before, after))).contains(path);
    }

    @Test
    void paths_poolIsNew_isNamedAsAWhole() {
        assertThat(diff(BASE, BASE + "  more: {tiers: {a: {}}}\n")).containsExactly("pools.more");
    }

    @Test
    void paths_scalingIsNew_isNamedAsAWhole() {
        assertThat(diff(
                        BASE,
                        BASE.replace(
                                "other: {tiers: {standard: {}}}",
                                "other: {tiers: {standard: {}}, scaling: {max: 2, backend: {type: test}}}")))
                .containsExactly("pools.other.scaling");
    }

    @Test
    void paths_tiersInAnotherOrder_areAnotherRank() {
        assertThat(diff(BASE, BASE.replace("premium: {weight: 4}, batch: {}", "batch: {}, premium: {weight: 4}")))
                .containsExactly("pools.chat.tiers");
    }
}
