/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.dcgm;

/**
 * The name of a pod with its namespace.
 *
 * @param namespace empty if it does not matter
 * @since 0.1.0
 */
public record GpuPod(String namespace, String name) {

    public GpuPod {
        if (name.isEmpty()) {
            throw new IllegalArgumentException("name must not be empty");
        }
    }

    boolean uses(GpuDevice device) {
        return name.equals(device.pod()) && (namespace.isEmpty() || namespace.equals(device.namespace()));
    }

    /** {@code namespace/name}, or the name alone. */
    @Override
    public String toString() {
        return namespace.isEmpty() ? name : namespace + "/" + name;
    }
}
