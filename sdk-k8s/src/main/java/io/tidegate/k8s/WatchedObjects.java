/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.tidegate.k8s.watch.KubernetesFeed;
import io.tidegate.k8s.watch.ListWatch;
import io.tidegate.k8s.watch.WatchHealth;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What is scaled, as one watch of a namespace tells it, or one of a single object where there is but one: a replica that becomes ready is
 * known with the event, and asking costs no request. Where the watch is not up, or has been silent, objects are read by name. Safe for
 * many threads.
 */
final class WatchedObjects implements AutoCloseable {

    /** An API server that has nothing to tell sends a bookmark about once a minute. */
    private static final Duration SILENT = Duration.ofSeconds(75);

    private static final long UNKNOWN = Long.MAX_VALUE;

    private final Api api;
    private final TimeSource time;
    private final Set<ScaleTarget> targets;
    private final Map<String, ListWatch<GenericKubernetesResource>> watches = new ConcurrentHashMap<>();
    /** The version from which the watch is believed again of what was written here; unknown until it has been read by name. */
    private final Map<ScaleTarget, Long> least = new ConcurrentHashMap<>();

    WatchedObjects(Api api, TimeSource time, Set<ScaleTarget> targets) {
        this.api = api;
        this.time = time;
        this.targets = Set.copyOf(targets);
    }

    /** The object, not as it was before it was last written from here. */
    GenericKubernetesResource get(long deadlineNanos, ScaleTarget target) {
        ListWatch<GenericKubernetesResource> watch =
                watches.computeIfAbsent(target.namespace(), namespace -> start(target));
        WatchHealth health = watch.health();
        boolean heard = health.known() && health.watching() && !health.stale(SILENT);
        GenericKubernetesResource found = heard ? watch.items().get(target.namespace() + "/" + target.name()) : null;
        long needed = least.getOrDefault(target, Long.MIN_VALUE);
        if (found != null && needed != UNKNOWN && version(found) >= needed) {
            least.remove(target, needed);
            return found;
        }
        GenericKubernetesResource read = api.get(deadlineNanos, target);
        least.computeIfPresent(
                target, (key, before) -> before == UNKNOWN && needed == UNKNOWN ? version(read) : before);
        return read;
    }

    /** Whether something is watched, and all of it now. */
    boolean watching() {
        return !watches.isEmpty()
                && watches.values().stream().allMatch(each -> each.health().watching());
    }

    /** Something is about to be written to it, or was: what was read before is not believed. */
    void writes(ScaleTarget target) {
        least.put(target, UNKNOWN);
    }

    private ListWatch<GenericKubernetesResource> start(ScaleTarget target) {
        boolean alone = targets.stream()
                        .filter(each -> each.namespace().equals(target.namespace()))
                        .count()
                == 1;
        ListWatch<GenericKubernetesResource> watch = ListWatch.builder(
                        target.kind().plural() + " of " + target.namespace(),
                        time,
                        new KubernetesFeed<>(
                                api.client(),
                                client -> {
                                    var all = client.genericKubernetesResources(
                                                    target.kind().context())
                                            .inNamespace(target.namespace());
                                    // By name where that will do: a Role can then allow it by name.
                                    return alone ? all.withField("metadata.name", target.name()) : all;
                                },
                                object -> object,
                                api.callTimeout()))
                .build();
        watch.start();
        return watch;
    }

    /** Versions are numbers that grow; one that is not is taken for none. */
    private static long version(GenericKubernetesResource object) {
        String text = object.getMetadata() == null ? null : object.getMetadata().getResourceVersion();
        try {
            return text == null ? -1 : Long.parseLong(text);
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    @Override
    public void close() {
        watches.values().forEach(ListWatch::close);
    }
}
