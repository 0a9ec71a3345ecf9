/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.manifests;

/**
 * One pool and what it runs on.
 *
 * @param pool its name
 * @param target what is scaled
 * @param backend what carries Tidegate's decisions out
 * @param scan whether autoscalers are looked for
 * @param watch whether what is scaled is watched
 * @param births whether it is read how pods came to be
 * @param hpaName the HPA
 * @param hpa what that is told
 * @param scaledObjectName the ScaledObject
 * @param scaledObject what that is told
 * @param cooldownSeconds how long nobody must have come before the last replica goes
 * @param fallback replicas where a trigger fails
 */
record Workload(
        String pool,
        Target target,
        Backend backend,
        boolean scan,
        boolean watch,
        boolean births,
        String hpaName,
        Range hpa,
        String scaledObjectName,
        Range scaledObject,
        int cooldownSeconds,
        int fallback) {

    /** What carries decisions out. */
    enum Backend {
        /** {@code kubernetes-scale}: Tidegate alone, or beside an autoscaler. */
        SCALE,
        /** {@code kubernetes-hpa}. */
        HPA,
        /** {@code keda-scaledobject}. */
        KEDA
    }

    /**
     * How far and how fast.
     *
     * @param min least replicas
     * @param max most replicas
     * @param up how fast it may grow
     * @param down how fast it may shrink
     */
    record Range(int min, int max, Speed up, Speed down) {}
}
