/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.dcgm;

/**
 * A GPU, or a MIG slice of one, as one pod uses it. Whatever the page does not say is empty.
 *
 * @param host name of the node, or the address of its exporter if the page has no {@code Hostname}
 * @param gpu number of the GPU on its node
 * @param uuid of the GPU; that of the whole GPU for a slice too
 * @param model such as {@code NVIDIA H100 80GB HBM3}
 * @param migProfile such as {@code 1g.10gb}; empty for a whole GPU
 * @param migInstance number of the slice on its GPU; empty for a whole GPU
 * @param namespace of the pod that uses it
 * @param pod that uses it
 * @param container that uses it
 * @since 0.1.0
 */
public record GpuDevice(
        String host,
        String gpu,
        String uuid,
        String model,
        String migProfile,
        String migInstance,
        String namespace,
        String pod,
        String container) {

    /** Whether it is a slice of a GPU. */
    public boolean isMig() {
        return !migInstance.isEmpty() || !migProfile.isEmpty();
    }

    /** Whether the page says which pod uses it. */
    public boolean isMapped() {
        return !pod.isEmpty();
    }

    /** The GPU it is or is part of, the same for all slices and all pods that share it. */
    public String physical() {
        return uuid.isEmpty() ? host + "/gpu" + gpu : uuid;
    }

    /** For people: {@code node-7/gpu0}, with {@code /mig3} for a slice. */
    @Override
    public String toString() {
        return host + "/gpu" + gpu + (isMig() ? "/mig" + migInstance : "");
    }
}
