/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.time.ManualTime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigWatcherTest {

    private static final Duration PERIOD = Duration.ofSeconds(10);
    private static final String FIRST = "pools: {chat: {tiers: {standard: {}}}}";
    private static final String SECOND = "pools: {chat: {tiers: {standard: {weight: 2}}}}";

    @TempDir
    Path folder;

    private final ManualTime time = new ManualTime();
    private final List<TidegateConfig> applied = new ArrayList<>();
    private Path file;
    private ConfigWatcher watcher;

    @BeforeEach
    void start() throws IOException {
        file = folder.resolve("tidegate.yaml");
        write(FIRST);
        watcher = watching(applied::add);
    }

    private ConfigWatcher watching(java.util.function.Consumer<TidegateConfig> apply) {
        ConfigWatcher made = new ConfigWatcher(file, ConfigReader.text(file), time, PERIOD, Runnable::run, apply);
        made.start();
        return made;
    }

    private void write(String text) throws IOException {
        Files.writeString(file, text);
    }

    private void looks(int times) {
        for (int i = 0; i < times; i++) {
            time.advance(PERIOD);
        }
    }

    @Test
    void look_unchanged_appliesNothing() {
        looks(5);
        assertThat(applied).isEmpty();
        assertThat(watcher.problem()).isEmpty();
    }

    @Test
    void look_changed_appliesItOnceAfterTwoLooks() throws IOException {
        write(SECOND);
        looks(1);
        assertThat(applied).isEmpty();
        looks(5);
        assertThat(applied).containsExactly(ConfigReader.parse("second", SECOND));
        assertThat(watcher.applied()).isEqualTo(1);
    }

    @Test
    void look_halfWritten_waitsForTheRest() throws IOException {
        // Right as it is, and half of what is meant.
        write("pools: {chat: {tiers: {standard: {}}}, more: {tiers: {a: {}}}}");
        looks(1);
        write("pools: {chat: {tiers: {standard: {}}}, more: {tiers: {a: {}, b: {}}}}");
        looks(1);
        assertThat(applied).isEmpty();
        looks(1);
        assertThat(applied).hasSize(1);
        assertThat(applied.get(0).pools().get("more").tiers()).containsOnlyKeys("a", "b");
    }

    @Test
    void look_awayForAMoment_isNoProblem() throws IOException {
        Files.delete(file);
        looks(1);
        write(FIRST);
        looks(1);
        assertThat(watcher.problem()).isEmpty();
        assertThat(watcher.refused()).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "pools: {}",
                "pools: [",
                "<html>sign in</html>",
                "pools: {chat: {tiers: {standard: {}}, scaling: {min: 5, max: 2, backend: {type: test}}}}",
                "\u0000\u0000",
                "TOO LONG"
            })
    @DisplayName(
            "L1: an invalid, empty or oversize file changes nothing, says so once, and is applied when it is right")
    void look_wrong_keepsTheLastGood(String wrong) throws IOException {
        write(wrong.equals("TOO LONG") ? FIRST + "\n#" + "x".repeat(1 << 20) : wrong);
        looks(20);
        assertThat(applied).isEmpty();
        assertThat(watcher.refused()).isEqualTo(1);
        assertThat(watcher.problem()).get().asString().contains(file.toString());

        write(SECOND);
        looks(2);
        assertThat(applied).hasSize(1);
        assertThat(watcher.problem()).isEmpty();
    }

    @Test
    @DisplayName("L1: a file that goes missing changes nothing and says so")
    void look_missing_keepsTheLastGood() throws IOException {
        Files.delete(file);
        looks(20);
        assertThat(applied).isEmpty();
        assertThat(watcher.refused()).isEqualTo(1);
        assertThat(watcher.problem()).get().asString().contains("cannot be read");
    }

    @Test
    @DisplayName(
            "L1: of 2,000 damaged files none is applied that is not right in itself, and the look survives all of them")
    void look_damaged_neverStops() throws IOException {
        SplittableRandom random = new SplittableRandom(7);
        for (int i = 0; i < 2_000; i++) {
            char[] text = SECOND.toCharArray();
            for (int flips = random.nextInt(1, 4); flips > 0; flips--) {
                text[random.nextInt(text.length)] = (char) random.nextInt(1, 0x7f);
            }
            write(new String(text, 0, random.nextInt(text.length + 1)));
            looks(2);
        }
        long right = applied.size();
        assertThat(watcher.applied()).isEqualTo(right);
        assertThat(watcher.refused()).isGreaterThan(1_000);
        write(FIRST);
        looks(2);
        write(SECOND);
        looks(2);
        assertThat(applied.get(applied.size() - 1)).isEqualTo(ConfigReader.parse("second", SECOND));
    }

    @Test
    void look_refusedByWhoAppliesIt_isToldAndTriedAgainOnlyWhenItChanges() throws IOException {
        int[] asked = {0};
        ConfigWatcher refusing = watching(config -> {
            asked[0]++;
            throw new IllegalArgumentException("tiers cannot change");
        });
        write(SECOND);
        looks(10);
        assertThat(asked[0]).isEqualTo(1);
        assertThat(refusing.problem()).contains("tiers cannot change");
        write(FIRST);
        looks(1);
        assertThat(refusing.problem()).isEmpty();
    }

    @Test
    void close_stopsLooking() throws IOException {
        watcher.close();
        write(SECOND);
        looks(5);
        assertThat(applied).isEmpty();
        assertThat(time.scheduled()).isZero();
    }

    @Test
    void new_noPeriod_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ConfigWatcher(file, "", time, Duration.ZERO, Runnable::run, applied::add))
                .withMessageContaining("period");
    }
}
