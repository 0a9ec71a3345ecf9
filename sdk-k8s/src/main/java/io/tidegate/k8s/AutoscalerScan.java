/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Which HPAs and ScaledObjects scale what: one list of each for all objects of a namespace, at most half a minute old. Safe for many
 * threads.
 */
final class AutoscalerScan {

    private static final long AGE_NANOS = Duration.ofSeconds(30).toNanos();

    /** For KEDA, which most clusters do not have. */
    private static final long ABSENT_NANOS = Duration.ofMinutes(10).toNanos();

    private final Api api;
    private final LongSupplier nanos;
    private final Map<ScaleTarget, Listed> lists = new ConcurrentHashMap<>();

    AutoscalerScan(Api api, LongSupplier nanos) {
        this.api = api;
        this.nanos = nanos;
    }

    private static final class Listed {
        private final Object lock = new Object();
        private @Nullable List<GenericKubernetesResource> items;
        private long untilNanos;
    }

    /**
     * What scales an object.
     *
     * @param name in words
     * @param keda whether it is a ScaledObject
     * @param paused whether it says that it is not to be scaled up; only KEDA's say that
     */
    record Found(String name, boolean keda, boolean paused) {}

    /** What scales that object; null if nothing does. */
    @Nullable
    Found of(ScaleTarget target, long deadlineNanos) {
        for (GenericKubernetesResource each : list(target.namespace(), ScalableKind.SCALED_OBJECT, deadlineNanos)) {
            if (scales(each, target)) {
                return new Found(
                        "ScaledObject " + name(each),
                        true,
                        KedaPause.of(each.getMetadata()).out());
            }
        }
        for (GenericKubernetesResource each : list(target.namespace(), ScalableKind.HPA, deadlineNanos)) {
            if (scales(each, target)) {
                return new Found("HorizontalPodAutoscaler " + name(each), false, false);
            }
        }
        return null;
    }

    private static boolean scales(GenericKubernetesResource autoscaler, ScaleTarget target) {
        Object reference = ObjectFacts.value(autoscaler.getAdditionalProperties(), "spec", "scaleTargetRef");
        return target.name().equals(ObjectFacts.text(reference, "name"))
                && target.kind().isSame(ObjectFacts.text(reference, "apiVersion"), ObjectFacts.text(reference, "kind"));
    }

    private static String name(GenericKubernetesResource found) {
        ObjectMeta metadata = found.getMetadata();
        return metadata == null ? "without a name" : metadata.getName();
    }

    private List<GenericKubernetesResource> list(String namespace, ScalableKind kind, long deadlineNanos) {
        ScaleTarget any = new ScaleTarget(namespace, kind, "any");
        Listed listed = lists.computeIfAbsent(any, key -> new Listed());
        // Whoever comes meanwhile waits for the one list, which is bounded by its call's time.
        synchronized (listed.lock) {
            long now = nanos.getAsLong();
            List<GenericKubernetesResource> known = listed.items;
            if (known != null && now - listed.untilNanos < 0) {
                return known;
            }
            long age = AGE_NANOS;
            List<GenericKubernetesResource> items;
            try {
                items = api.list(deadlineNanos, any);
            } catch (KubernetesScaleException e) {
                if (e.httpStatus() != HttpURLConnection.HTTP_NOT_FOUND) {
                    throw e;
                }
                items = List.of();
                age = ABSENT_NANOS;
            }
            listed.items = items;
            listed.untilNanos = now + age;
            return items;
        }
    }
}
