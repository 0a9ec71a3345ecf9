/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import java.util.Map;

/**
 * What a ScaledObject's annotations say about pauses.
 *
 * @param in whether it is not to be scaled down
 * @param out whether it is not to be scaled up
 * @param annotation that says so, empty if none does
 */
record KedaPause(boolean in, boolean out, String annotation) {

    private static final String PREFIX = "autoscaling.keda.sh/";

    static KedaPause of(ObjectMeta metadata) {
        Map<String, String> all =
                metadata == null || metadata.getAnnotations() == null ? Map.of() : metadata.getAnnotations();
        // KEDA holds it at that number, whatever it is.
        if (all.containsKey(PREFIX + "paused-replicas")) {
            return new KedaPause(true, true, PREFIX + "paused-replicas");
        }
        if (says(all, "paused")) {
            return new KedaPause(true, true, PREFIX + "paused");
        }
        boolean in = says(all, "paused-scale-in");
        boolean out = says(all, "paused-scale-out");
        return new KedaPause(in, out, in ? PREFIX + "paused-scale-in" : out ? PREFIX + "paused-scale-out" : "");
    }

    private static boolean says(Map<String, String> all, String annotation) {
        String value = all.get(PREFIX + annotation);
        return value != null && !value.equalsIgnoreCase("false");
    }
}
