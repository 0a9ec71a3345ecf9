/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.tidegate.engine.spi.Birth;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How the pods of an object came to be, read while it matters. What fails leaves it out and fails nothing. Safe for many threads.
 */
final class PodBirths {

    private static final Logger LOG = LoggerFactory.getLogger(PodBirths.class);
    private static final long MOST_PODS = 500;

    /** So that the last pod to be ready is seen as ready, and a status or two that fail are made up for. */
    private static final long AFTERWARDS_NANOS = Duration.ofMinutes(2).toNanos();

    /** After it was not allowed. */
    private static final long PAUSE_NANOS = Duration.ofMinutes(10).toNanos();

    private final LongSupplier nanos;
    private final Map<ScaleTarget, Long> until = new ConcurrentHashMap<>();
    private final Map<ScaleTarget, Long> notBefore = new ConcurrentHashMap<>();
    private final Map<ScaleTarget, Boolean> failing = new ConcurrentHashMap<>();

    PodBirths(LongSupplier nanos) {
        this.nanos = nanos;
    }

    /**
     * Births as far as they can be told.
     *
     * @param selector of the pods, as in a request; null or empty selects nothing here
     * @param waiting whether fewer are ready than desired
     */
    List<Birth> read(
            ScaleTarget target, @Nullable String selector, boolean waiting, Supplier<KubernetesClient> client) {
        long now = nanos.getAsLong();
        if (waiting) {
            until.put(target, now + AFTERWARDS_NANOS);
        }
        Long end = until.get(target);
        Long pause = notBefore.get(target);
        if (end == null || now - end > 0 || (pause != null && now - pause < 0) || selectsNothing(selector)) {
            return List.of();
        }
        try {
            List<Pod> pods = client.get()
                    .pods()
                    .inNamespace(target.namespace())
                    .withLabelSelector(selector)
                    .list(new ListOptionsBuilder().withLimit(MOST_PODS).build())
                    .getItems();
            failing.remove(target);
            notBefore.remove(target);
            return births(pods);
        } catch (KubernetesClientException e) {
            failed(target, e, now);
            return List.of();
        }
    }

    /** An empty selector would select every pod of the namespace. */
    private static boolean selectsNothing(@Nullable String selector) {
        return selector == null || selector.isEmpty();
    }

    private void failed(ScaleTarget target, KubernetesClientException e, long now) {
        boolean forbidden = e.getCode() == HttpURLConnection.HTTP_FORBIDDEN;
        if (forbidden) {
            notBefore.put(target, now + PAUSE_NANOS);
        }
        if (failing.put(target, true) == null) {
            LOG.warn(
                    "how the pods of {} came to be cannot be read, so accounts go without: {}",
                    target,
                    forbidden
                            ? "add the rule " + Access.LIST_PODS.rule(target) + " to a Role in namespace "
                                    + target.namespace() + ", or set births: false"
                            : e.getMessage());
        }
    }

    static List<Birth> births(List<Pod> pods) {
        List<Birth> births = new ArrayList<>();
        for (Pod pod : pods.subList(0, (int) Math.min(pods.size(), MOST_PODS))) {
            Instant created = PodReadiness.instant(pod.getMetadata().getCreationTimestamp());
            if (created != null && PodReadiness.live(pod)) {
                births.add(new Birth(
                        pod.getMetadata().getName(),
                        created,
                        since(pod, "PodScheduled"),
                        started(pod),
                        since(pod, "Ready")));
            }
        }
        return births;
    }

    /** When a condition came true; null if it is not true. */
    private static @Nullable Instant since(Pod pod, String type) {
        if (pod.getStatus() == null || pod.getStatus().getConditions() == null) {
            return null;
        }
        for (PodCondition condition : pod.getStatus().getConditions()) {
            if (type.equals(condition.getType()) && "True".equals(condition.getStatus())) {
                return PodReadiness.instant(condition.getLastTransitionTime());
            }
        }
        return null;
    }

    /** When the last of its containers began to run; null if one does not. */
    private static @Nullable Instant started(Pod pod) {
        if (pod.getStatus() == null || pod.getStatus().getContainerStatuses() == null) {
            return null;
        }
        Instant last = null;
        for (ContainerStatus container : pod.getStatus().getContainerStatuses()) {
            Instant started = container.getState() == null
                            || container.getState().getRunning() == null
                    ? null
                    : PodReadiness.instant(container.getState().getRunning().getStartedAt());
            if (started == null) {
                return null;
            }
            last = last == null || started.isAfter(last) ? started : last;
        }
        return last;
    }
}
