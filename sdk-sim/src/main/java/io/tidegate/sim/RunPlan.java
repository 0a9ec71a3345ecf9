/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim;

import java.util.Objects;

/**
 * One run to be made.
 *
 * @param scenario what happens
 * @param scaler who decides the count: {@code tidegate}, {@code bound}, or a name of {@link Simulator#scalers()}
 * @param admission who admits
 * @param seed of arrivals, sizes and replicas
 * @since 0.1.0
 */
public record RunPlan(Scenario scenario, String scaler, Admission admission, long seed) {

    public RunPlan {
        Objects.requireNonNull(scenario, "scenario");
        Objects.requireNonNull(scaler, "scaler");
        Objects.requireNonNull(admission, "admission");
    }

    /** Who admits requests to replicas. */
    public enum Admission {
        /** Tidegate's gate with the tiers of the scenario. */
        GATE,
        /** In order of arrival: one queue without tiers or bounds, at the same limit in flight. */
        FIFO;

        /** As it is written in tables and files. */
        public String label() {
            return this == GATE ? "gate" : "fifo";
        }
    }
}
