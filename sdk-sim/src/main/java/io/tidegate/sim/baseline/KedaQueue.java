/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.baseline;

import java.util.List;

/** A KEDA {@code ScaledObject} with one {@code prometheus} trigger on the number of requests that wait. */
final class KedaQueue {

    private KedaQueue() {}

    /**
     * Of the trigger.
     *
     * @param threshold requests that may wait per replica, an {@code AverageValue}
     */
    record Settings(double threshold, Keda.Settings keda, Hpa.Settings hpa) {
        /** Threshold 15, KEDA's and Kubernetes' defaults else. */
        static final Settings DEFAULTS = new Settings(15, Keda.Settings.DEFAULTS, Hpa.Settings.DEFAULTS);
    }

    static Autoscaler of(Settings settings) {
        Hpa hpa = new Hpa(
                "keda-queue", List.of(Hpa.average(Targets::waiting, seen -> settings.threshold())), settings.hpa());
        return new Keda(hpa, Targets::waiting, settings.keda());
    }
}
