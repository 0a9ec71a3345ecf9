/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.signal.spi.SignalSource;
import io.tidegate.time.ManualTime;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SignalSourcesTest {

    private final ManualTime time = new ManualTime();

    @Test
    void create_process_bearsTheNameItWasGiven() throws Exception {
        try (SignalSource source =
                SignalSources.create("process", "me", Map.of("signals", "jvm.threads, jvm.heap.usage"), time)) {
            assertThat(source.name()).isEqualTo("me");
            assertThat(source.alwaysMoves()).isFalse();
            assertThat(source.read()).containsOnlyKeys("jvm.threads", "jvm.heap.usage");
        }
    }

    @Test
    void create_processWithoutSettings_tellsAllThereIs() throws Exception {
        try (SignalSource source = SignalSources.create("process", "process", Map.of(), time)) {
            assertThat(source.read()).containsKeys(ProcessSource.CPU, ProcessSource.THREADS);
        }
    }

    @Test
    void create_wrongSettings_areNamed() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SignalSources.create("process", "p", Map.of("signal", "x"), time))
                .withMessage("settings of signal source process: [signal] is no setting, only [signals]");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SignalSources.create("process", "p", Map.of("signals", "x"), time))
                .withMessageContaining("but were [x]");
    }
}
