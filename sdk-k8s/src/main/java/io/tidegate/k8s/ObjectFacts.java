/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.tidegate.k8s.lease.EpochClaim;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an object says at one version.
 *
 * @param version metadata.resourceVersion
 * @param uid empty if it says none
 * @param epoch the highest term that wrote to it, 0 if none did
 */
record ObjectFacts(String version, String uid, long epoch, ObjectMeta metadata) {

    /** The highest term that wrote to the object. */
    static final String EPOCH = EpochClaim.ANNOTATION;

    /** By whom an object is not to be scaled: {@code true}, or until an instant. */
    static final String PAUSED = "tidegate.io/paused";

    static ObjectFacts of(ScaleTarget target, GenericKubernetesResource found) {
        ObjectMeta metadata = found.getMetadata() == null ? new ObjectMeta() : found.getMetadata();
        String uid = metadata.getUid();
        return new ObjectFacts(
                String.valueOf(metadata.getResourceVersion()),
                uid == null ? "" : uid,
                epoch(target, metadata),
                metadata);
    }

    private static long epoch(ScaleTarget target, ObjectMeta metadata) {
        String said = annotations(metadata).get(EPOCH);
        if (said == null) {
            return 0;
        }
        try {
            return Long.parseLong(said);
        } catch (NumberFormatException e) {
            // Whoever wrote this may lead: to go on as if nothing stood there would let two write.
            throw KubernetesScaleException.owned(
                    target, "has annotation " + EPOCH + ": \"" + said + "\", which is no term; remove it", null);
        }
    }

    /** What its annotation says; null if it has none of that name. */
    @Nullable
    String annotation(String name) {
        return annotations(metadata).get(name);
    }

    @Nullable
    String label(String name) {
        Map<String, String> labels = metadata.getLabels();
        return labels == null ? null : labels.get(name);
    }

    private static Map<String, String> annotations(ObjectMeta metadata) {
        return metadata.getAnnotations() == null ? Map.of() : metadata.getAnnotations();
    }

    /** A number of its spec; null if it is left out. */
    static @Nullable Integer number(GenericKubernetesResource found, String part, String field) {
        Object value = value(found.getAdditionalProperties(), part, field);
        return value instanceof Number number && number.longValue() >= 0 ? (Integer) number.intValue() : null;
    }

    /** What stands at that place; null if nothing does. */
    static @Nullable Object value(@Nullable Object root, String... path) {
        Object value = root;
        for (String step : path) {
            value = value instanceof Map<?, ?> map ? map.get(step) : null;
        }
        return value;
    }

    /** What stands at that place as text; null if nothing does. */
    static @Nullable String text(@Nullable Object root, String... path) {
        return value(root, path) instanceof String text ? text : null;
    }

    /** A list that stands at that place; empty if none does. */
    static List<?> list(@Nullable Object root, String... path) {
        return value(root, path) instanceof List<?> list ? list : List.of();
    }
}
