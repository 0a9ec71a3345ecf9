/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.inventory;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A pod that asks for accelerators and has no node.
 *
 * @param namespace its namespace
 * @param name its name
 * @param requests by resource, what it asks for
 * @param reason {@code Unschedulable}, {@code SchedulingGated}, or another word of the scheduler; empty while the scheduler has said
 *     nothing
 * @param message the scheduler's words
 * @param sinceOrNull when it was created; null if not readable
 * @param events what others said of it lately, such as {@code NotTriggerScaleUp: …}, latest last; empty where events are not read
 * @since 0.1.0
 */
public record PendingPod(
        String namespace,
        String name,
        Map<String, Integer> requests,
        String reason,
        String message,
        @Nullable Instant sinceOrNull,
        List<String> events) {

    public PendingPod {
        Objects.requireNonNull(namespace, "namespace");
        Objects.requireNonNull(name, "name");
        requests = Map.copyOf(requests);
        events = List.copyOf(events);
    }

    /** When it was created. */
    public Optional<Instant> since() {
        return Optional.ofNullable(sinceOrNull);
    }
}
