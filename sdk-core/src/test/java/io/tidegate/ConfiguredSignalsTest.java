/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.config.ConfigException;
import io.tidegate.config.ConfigReader;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.Signal;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Sources of signals that a configuration names. */
class ConfiguredSignalsTest {

    private final ManualTime time = new ManualTime();

    private Tidegate.Builder configured(String signals) {
        return Tidegate.builder(ConfigReader.parse("test", yaml(signals)))
                .time(time)
                .executor(Runnable::run);
    }

    private static String yaml(String signals) {
        return """
                pools:
                  chat:
                    tiers: {standard: {}}
                    signals: %s
                    scaling: {max: 3, backend: {type: test}}
                """.formatted(signals);
    }

    @Test
    void start_sourceIsConfigured_policiesSeeItsSignals() {
        try (Tidegate tidegate = configured("{me: {type: process, period: 5s, settings: {signals: jvm.threads}}}")
                .start()) {
            time.advance(Duration.ofSeconds(10));

            PoolView view = tidegate.engine().state("chat").view().orElseThrow();
            assertThat(view.signal("jvm.threads")).isInstanceOfSatisfying(Signal.Known.class, known -> {
                assertThat(known.value()).isPositive();
                assertThat(known.atNanos()).isPositive();
            });
        }
    }

    @Test
    void start_typeIsLeftOut_isTheName() {
        try (Tidegate tidegate = configured("{process: {}}").start()) {
            time.advance(Duration.ofMinutes(1));

            assertThat(tidegate.engine().state("chat").view().orElseThrow().signals())
                    .containsKey("process.cpu.usage");
        }
    }

    @Test
    void start_noneOfThatType_isNamedWithItsPath() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> configured("{mine: {}}").start())
                .withMessageStartingWith(
                        "pools.chat.signals.mine: no signal source of type \"mine\" is on the class path");
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> configured("{process: {settings: {signal: x}}}").start())
                .withMessageStartingWith("pools.chat.signals.process: settings of signal source process");
    }

    @Test
    void read_wrongSetting_isNamedWithItsPath() {
        assertThatExceptionOfType(ConfigException.class)
                .isThrownBy(() -> configured("{process: {period: 0s, every: 3}}"))
                .withMessageContaining("pools.chat.signals.process.period")
                .withMessageContaining("pools.chat.signals.process.every");
    }

    @Test
    void reload_otherSources_areRefused() {
        try (Tidegate tidegate = configured("{process: {}}").start()) {
            assertThatExceptionOfType(ConfigException.class)
                    .isThrownBy(() -> tidegate.reload(ConfigReader.parse("test", yaml("{process: {period: 5s}}"))))
                    .withMessageContaining("pools.chat.signals.process.period");
        }
    }
}
