/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy;

import java.util.List;
import java.util.Optional;

/** Names of the gate's own signals, so that a misspelt one is told when it is written and not when nothing ever scales down. */
final class GateSignalNames {

    private static final String GATE = "gate.";
    private static final String TIER = "gate.tier.";

    /** Of the pool under {@code gate.}, of a tier under {@code gate.tier.<tier>.}; of the pool there is {@code utilization} as well. */
    private static final List<String> NAMES = List.of(
            "requests.in.flight",
            "queue.depth",
            "concurrency",
            "queue.oldest.age",
            "arrivals",
            "refused",
            "completed",
            "tokens",
            "failed.share",
            "slo.broken.share",
            "ttft.p50",
            "ttft.p95",
            "ttft.p99",
            "queue.time.p95",
            "queue.time.p99",
            "duration.p50",
            "duration.p95",
            "duration.p99");

    private GateSignalNames() {}

    /** What is wrong with this name, in words; empty if nothing is, or if it is not one of the gate's. */
    static Optional<String> problem(String signal) {
        if (!signal.startsWith(GATE)) {
            return Optional.empty();
        }
        if (signal.startsWith(TIER)) {
            // Names of tiers may hold dots.
            return NAMES.stream()
                            .anyMatch(name ->
                                    signal.length() > TIER.length() + name.length() && signal.endsWith("." + name))
                    ? Optional.empty()
                    : Optional.of("the gate gives no signal \"" + signal
                            + "\"; of a tier there are gate.tier.<tier>. and one of " + NAMES);
        }
        String rest = signal.substring(GATE.length());
        return rest.equals("utilization") || NAMES.contains(rest)
                ? Optional.empty()
                : Optional.of("the gate gives no signal \"" + signal + "\"; there are gate. and one of " + NAMES
                        + " or utilization");
    }
}
