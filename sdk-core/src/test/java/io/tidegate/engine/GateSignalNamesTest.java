/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.tidegate.policy.PolicyTypes;
import io.tidegate.pool.PoolView.TierView;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Settings take each signal that the gate gives. */
class GateSignalNamesTest {

    @Test
    void everySignalOfTheGate_mayBeNamedInSettings() {
        TierView tier = new TierView(Tier.builder("a.b").build(), 0, 0, Duration.ZERO, 0, 0, Double.NaN, Double.NaN);
        Set<String> names = GateSignals.of(List.of(tier), 1, Work.slots(4), 0).keySet();

        assertThat(names).hasSizeGreaterThan(30);
        assertThat(names)
                .allSatisfy(name -> assertThatCode(
                                () -> PolicyTypes.create("target", "x", Map.of("signal", name, "target", "0.5")))
                        .doesNotThrowAnyException());
    }
}
