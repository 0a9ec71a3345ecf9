/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.engine;

import static io.tidegate.signals.engine.EngineServer.page;
import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.Tidegate;
import io.tidegate.admission.Gate;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.config.ConfigReader;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A source that is made with the limit of its pool: from the page of a server to the gate. */
class EngineLimitTest {

    private final ManualTime time = new ManualTime();
    private final EngineServer server = new EngineServer(page(3, 0, 0.25));

    @AfterEach
    void close() {
        server.close();
    }

    private Tidegate start(String mode, Map<String, Object> replica) {
        Map<String, Object> pool =
                Map.of("tiers", Map.of("standard", Map.of()), "replica", replica, "limit", Map.of("mode", mode));
        return Tidegate.builder(ConfigReader.fromTree("test", Map.of("pools", Map.of("chat", pool))))
                .time(time)
                .executor(Runnable::run)
                .signals(
                        "chat",
                        (clock, limit) -> EngineMetricsSource.builder(clock, () -> List.of(server.url()))
                                .onRead(EngineReadings.to(limit::readings))
                                .build(),
                        Duration.ofSeconds(1))
                .start();
    }

    @Test
    void engine_requestsWaitInTheServer_limitOfTheGateFalls() {
        try (Tidegate tidegate = start("engine", Map.of("slots", 10))) {
            Gate gate = tidegate.gate("chat");
            for (int i = 0; i < 10; i++) {
                assertThat(gate.tryAcquire(Request.of(gate.tier("standard")))).isInstanceOf(Permit.class);
            }
            server.answer(request -> EngineServer.ok(page(5, 5, 0.25)));
            time.advance(Duration.ofSeconds(2));

            assertThat(gate.supply().limit().slots()).isEqualTo(7);
        }
    }

    @Test
    void tokens_serverSaysItsCache_limitIsAShareOfIt() {
        try (Tidegate tidegate = start("tokens", Map.of("slots", 10, "tokens", 1000))) {
            assertThat(tidegate.gate("chat").supply().limit().tokens())
                    .as("0.9 × 16 × 27,000")
                    .isEqualTo(388_800);
        }
    }
}
