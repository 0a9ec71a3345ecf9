/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package com.example.tidegate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.example.tidegate.CountFileBackendTest.Supervisor;
import io.tidegate.Tidegate;
import io.tidegate.admission.Gate;
import io.tidegate.admission.Request;
import io.tidegate.config.ConfigException;
import io.tidegate.config.ConfigReader;
import io.tidegate.time.ManualTime;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A gateway that finds both plugins by its configuration. */
class GatewayTest {

    private static final Path CONFIG = Path.of("src/test/resources/gateway.yaml");

    @Test
    void start_pluginsNamedByTheConfiguration_scaleTheirPool() {
        Supervisor supervisor = new Supervisor(Path.of("target/replicas"), 1);
        ManualTime time = new ManualTime();
        try (Tidegate tidegate =
                Tidegate.builder(CONFIG).time(time).executor(Runnable::run).start()) {
            time.advance(Duration.ofSeconds(1));
            Gate chat = tidegate.gate("chat");
            Request request = Request.of(chat.tier("standard"));
            for (int i = 0; i < 20; i++) {
                chat.acquireAsync(request);
            }
            time.advance(Duration.ofSeconds(1));

            // (20 + 4) ÷ 8
            assertEquals(3, supervisor.asked());
            supervisor.settle();
            time.advance(Duration.ofMinutes(1));
            assertEquals(0, chat.queued());
        }
    }

    @Test
    void parse_wrongSetting_isNamedWithItsPath() {
        ConfigException wrong = assertThrows(
                ConfigException.class,
                () -> ConfigReader.parse(
                        "gateway.yaml",
                        """
                        pools:
                          chat:
                            tiers: {standard: {}}
                            scaling:
                              max: 10
                              policies: {headroom: {settings: {spareSlots: -1}}}
                        """));
        assertTrue(
                wrong.getMessage().contains("pools.chat.scaling.policies.headroom")
                        && wrong.getMessage().contains("spareSlots must be a number from 0 to 1000"),
                wrong.getMessage());
    }
}
