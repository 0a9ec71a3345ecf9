/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import org.jspecify.annotations.Nullable;

/**
 * Whether a pod's use is a measure of load, by the rules of the HPA (kubernetes/kubernetes, {@code replica_calculator.go}, {@code
 * groupPods}).
 *
 * @param initialization time after its start in which a pod's use is taken for that of starting unless it is ready, and was for
 *     the whole of the sample
 * @param readinessDelay time after its start in which a first "not ready" is taken for never having been ready
 */
record PodReadiness(Duration initialization, Duration readinessDelay) {

    /** Whether it is there to serve: no longer and not yet is neither. */
    static boolean live(Pod pod) {
        String phase = phase(pod);
        return pod.getMetadata().getDeletionTimestamp() == null
                && !"Failed".equals(phase)
                && !"Succeeded".equals(phase);
    }

    /** Whether it serves now. */
    static boolean serves(Pod pod) {
        PodCondition ready = readyCondition(pod);
        return ready != null && "True".equals(ready.getStatus()) && !"Pending".equals(phase(pod));
    }

    /**
     * Whether its processor use is a measure of load.
     *
     * <p>The HPA asks its own clock how long ago the pod started. Here it is the time of the sample, which like the pod's own times
     * is of the node's clock, so that no two clocks are compared.
     *
     * @param sampledAt the end of the sample
     * @param window how long the sample is
     */
    boolean measuresCpu(Pod pod, Instant sampledAt, Duration window) {
        PodCondition ready = readyCondition(pod);
        Instant started =
                pod.getStatus() == null ? null : instant(pod.getStatus().getStartTime());
        Instant changed = ready == null ? null : instant(ready.getLastTransitionTime());
        if ("Pending".equals(phase(pod)) || ready == null || started == null || changed == null) {
            return false;
        }
        boolean notReady = "False".equals(ready.getStatus());
        if (started.plus(initialization).isAfter(sampledAt)) {
            return !notReady && !sampledAt.isBefore(changed.plus(window));
        }
        // One that was ready once and is not now may well be so for its load.
        return !(notReady && started.plus(readinessDelay).isAfter(changed));
    }

    /** When it started; null if it has not, or not readably. */
    static @Nullable Instant startedAt(Pod pod) {
        return pod.getStatus() == null ? null : instant(pod.getStatus().getStartTime());
    }

    /** A time as the API writes it; null if there is none that can be read. */
    static @Nullable Instant instant(@Nullable String time) {
        if (time == null) {
            return null;
        }
        try {
            return Instant.parse(time);
        } catch (DateTimeParseException e) {
            return null;
        }
    }

    private static @Nullable String phase(Pod pod) {
        return pod.getStatus() == null ? null : pod.getStatus().getPhase();
    }

    private static @Nullable PodCondition readyCondition(Pod pod) {
        if (pod.getStatus() == null || pod.getStatus().getConditions() == null) {
            return null;
        }
        return pod.getStatus().getConditions().stream()
                .filter(condition -> "Ready".equals(condition.getType()))
                .findFirst()
                .orElse(null);
    }
}
