/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.discovery;

import java.net.URI;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A replica as the EndpointSlices of its Service show it.
 *
 * @param id name of its pod, or its address where there is none
 * @param uri its base address
 * @param state whether it may be sent requests
 * @param zoneName zone of its node; null if none is said
 * @param nodeName its node; null if none is said
 * @since 0.1.0
 */
public record ReplicaEndpoint(
        String id,
        URI uri,
        State state,
        @Nullable String zoneName,
        @Nullable String nodeName) {

    public ReplicaEndpoint {
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(uri, "uri");
        Objects.requireNonNull(state, "state");
    }

    /** Whether a replica may be sent requests. */
    public enum State {
        /** It is ready and not going. */
        READY,
        /** It is going and still serves what it has: it is sent nothing new. */
        DRAINING,
        /** It is not ready, or going and serves nothing more. */
        NOT_READY
    }

    /** Whether it may be sent requests. */
    public boolean ready() {
        return state == State.READY;
    }

    /** Zone of its node, if it is said. */
    public Optional<String> zone() {
        return Optional.ofNullable(zoneName);
    }

    /** Its node, if it is said. */
    public Optional<String> node() {
        return Optional.ofNullable(nodeName);
    }
}
