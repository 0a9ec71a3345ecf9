/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * Objects of many pools from one list for each kind and namespace, however many there are. What was written since it was made is read by
 * itself. Safe for many threads.
 */
final class SharedLists {

    private final Api api;
    private final long ageNanos;
    private final LongSupplier nanos;
    private final Map<ScaleTarget, Listed> lists = new ConcurrentHashMap<>();

    SharedLists(Api api, long ageNanos, LongSupplier nanos) {
        this.api = api;
        this.ageNanos = ageNanos;
        this.nanos = nanos;
    }

    private static final class Listed {
        private final Object lock = new Object();
        private Map<String, GenericKubernetesResource> items = Map.of();
        private long untilNanos;
        private boolean known;
        private final Set<String> written = ConcurrentHashMap.newKeySet();
    }

    /** The object, as it was at most the age ago, and not before it was last written. */
    GenericKubernetesResource get(long deadlineNanos, ScaleTarget target) {
        Listed listed = listed(target);
        Map<String, GenericKubernetesResource> items;
        synchronized (listed.lock) {
            long now = nanos.getAsLong();
            if (!listed.known || now - listed.untilNanos >= 0) {
                Set<String> before = Set.copyOf(listed.written);
                Map<String, GenericKubernetesResource> found = new HashMap<>();
                for (GenericKubernetesResource each : api.list(deadlineNanos, target)) {
                    found.put(each.getMetadata().getName(), each);
                }
                listed.items = found;
                listed.known = true;
                listed.untilNanos = now + ageNanos;
                // Those written while it was made may be in it as they were.
                listed.written.removeAll(before);
            }
            items = listed.items;
        }
        if (listed.written.contains(target.name())) {
            return api.get(deadlineNanos, target);
        }
        GenericKubernetesResource found = items.get(target.name());
        if (found == null) {
            throw KubernetesScaleException.notFound(target, null);
        }
        return found;
    }

    void wrote(ScaleTarget target) {
        listed(target).written.add(target.name());
    }

    private Listed listed(ScaleTarget target) {
        return lists.computeIfAbsent(new ScaleTarget(target.namespace(), target.kind(), "any"), key -> new Listed());
    }
}
