/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.guardrail.Decision;

/**
 * What a set of policies in the shadow has come to. Immutable.
 *
 * @param name its name
 * @param desired replicas it would have asked for by now
 * @param ready replicas it would have ready, if each takes the expected time
 * @param replicaSeconds sum over time of the replicas it would have had, since it began
 * @param liveReplicaSeconds the same of those that existed, over the same time
 * @param changes times it would have changed the count
 * @param latest its last decision
 * @since 0.1.0
 */
public record ShadowState(
        String name,
        int desired,
        int ready,
        double replicaSeconds,
        double liveReplicaSeconds,
        long changes,
        Decision latest) {}
