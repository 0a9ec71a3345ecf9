/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.pool.Signal;
import io.tidegate.pool.Work;
import io.tidegate.sim.physics.EngineModel;
import io.tidegate.sim.physics.ReplicaLife;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class EngineSignalsTest {

    private static final double START_SECONDS = 5;

    private final VirtualTime time = new VirtualTime();
    private final Fleet fleet = new Fleet(
            time,
            EngineModel.llama70bOnFourH100(),
            ReplicaLife.fixed(START_SECONDS),
            1,
            new Work(32, 0),
            List.of(),
            () -> {});
    private final EngineSignals signals = new EngineSignals(time, fleet);

    private Signal readAt(long seconds, String name) {
        time.runUntil(seconds * 1_000_000_000);
        return Objects.requireNonNull(signals.read().get(name));
    }

    private double coverageAt(long seconds) {
        return ((Signal.Known) readAt(seconds, "engine.preemptions")).coverage();
    }

    @Test
    void read_noReplicas_isMissing() {
        assertThat(readAt(0, "engine.requests.running")).isInstanceOf(Signal.Missing.class);
    }

    @Test
    void read_firstTime_hasGaugesButNoRates() {
        fleet.begin(1);

        assertThat(signals.read().get("engine.requests.running")).isInstanceOf(Signal.Known.class);
        assertThat(readAt(10, "engine.preemptions")).isInstanceOf(Signal.Known.class);
        assertThat(new EngineSignals(time, fleet).read().get("engine.preemptions"))
                .isInstanceOf(Signal.Missing.class);
    }

    @Test
    void read_replicaThatIsNew_isNotWhollyKnownUntilTheSecondRead() {
        fleet.begin(1);
        signals.read();
        assertThat(coverageAt(10)).isEqualTo(1);

        fleet.scale(2);

        assertThat(coverageAt(14)).as("one starts").isEqualTo(1);
        assertThat(coverageAt(20)).as("one was read once").isEqualTo(0.5);
        assertThat(coverageAt(30)).as("both were read twice").isEqualTo(1);
    }
}
