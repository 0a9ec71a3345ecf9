/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.baseline;

import io.tidegate.sim.baseline.Observation.Gauge;
import java.util.List;

/**
 * A bare HorizontalPodAutoscaler with Kubernetes' defaults on each of the metrics people give it for language models. Targets are from
 * {@link Targets}.
 */
final class Hpas {

    /** Share of time in which a GPU may be busy: a usual target for a utilization. */
    static final double GPU_TARGET = 0.70;

    private Hpas() {}

    /** Requests in the engine per serving pod. A queue at the gateway is out of its sight. */
    static Hpa pods() {
        return new Hpa(
                "hpa-pods", List.of(Hpa.pods(Targets::inEngines, Targets::requestsInFlight)), Hpa.Settings.DEFAULTS);
    }

    /** All that waits, against one target for the whole pool. */
    static Hpa value() {
        return new Hpa("hpa-value", List.of(Hpa.value(Targets::waiting, Targets::queued)), Hpa.Settings.DEFAULTS);
    }

    /** All that waits or runs, so much of it per pod. */
    static Hpa average() {
        return new Hpa(
                "hpa-average",
                List.of(Hpa.average(seen -> seen.latest(Gauge.IN_FLIGHT), Targets::requestsInFlight)),
                Hpa.Settings.DEFAULTS);
    }

    /** The share of time in which the GPUs computed, 70 %, as one would with CPUs. */
    static Hpa gpu() {
        return new Hpa(
                "hpa-gpu",
                List.of(Hpa.pods(seen -> seen.latest(Gauge.GPU_BUSY), seen -> GPU_TARGET)),
                Hpa.Settings.DEFAULTS);
    }
}
