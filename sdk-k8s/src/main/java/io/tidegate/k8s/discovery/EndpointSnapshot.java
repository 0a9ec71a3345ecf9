/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.discovery;

import java.util.List;
import java.util.Optional;

/**
 * All replicas at one instant. Immutable.
 *
 * @param number counts the snapshots of one discovery; 0 for {@link #UNKNOWN}
 * @param replicas by id
 * @since 0.1.0
 */
public record EndpointSnapshot(long number, List<ReplicaEndpoint> replicas) {

    /** Before anything was read: not that there are none, but that nobody knows. */
    public static final EndpointSnapshot UNKNOWN = new EndpointSnapshot(0, List.of());

    public EndpointSnapshot {
        replicas = List.copyOf(replicas);
    }

    /** Whether anything was ever read. */
    public boolean known() {
        return number > 0;
    }

    /** Those that may be sent requests. */
    public List<ReplicaEndpoint> ready() {
        return replicas.stream().filter(ReplicaEndpoint::ready).toList();
    }

    /** The replica of that id. */
    public Optional<ReplicaEndpoint> replica(String id) {
        return replicas.stream().filter(each -> each.id().equals(id)).findFirst();
    }
}
