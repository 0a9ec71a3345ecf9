/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.signals.Corrupted;
import io.tidegate.time.ManualTime;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Damaged pages: never an exception, never a value that cannot be. */
class EngineCorruptionTest {

    private static final int EACH = 1500;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    @DisplayName("E5: damaged pages never throw, and never read as negative or as no number")
    void read_damagedPages_giveValuesThatCanBeOrNone(long seed) throws Exception {
        Corrupted pages =
                new Corrupted(seed, "text/plain", EngineServer.page(3, 5, 0.25).getBytes(StandardCharsets.UTF_8));
        ManualTime time = new ManualTime();
        List<URI> listed = List.of(URI.create("http://a:1"), URI.create("http://b:1"));
        try (EngineMetricsSource source = EngineMetricsSource.builder(time, () -> listed)
                .client(pages.client())
                .parallelReads(1)
                .build()) {
            for (int i = 0; i < EACH; i++) {
                time.advance(Duration.ofSeconds(1));
                Corrupted.assertPossible(source.read());
            }
        }
        assertThat(pages.answered()).isEqualTo(2 * EACH);
    }
}
