/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.inventory;

import java.util.Objects;

/**
 * A kind of accelerator: what pods ask for, and what it is.
 *
 * @param resource such as {@code nvidia.com/gpu} or {@code nvidia.com/mig-1g.10gb}
 * @param product as the label {@code nvidia.com/gpu.product} has it; empty if the node says nothing
 * @since 0.1.0
 */
public record GpuKind(String resource, String product) implements Comparable<GpuKind> {

    /** A whole device. */
    public static final String GPU = "nvidia.com/gpu";

    /** What resources of parts of a device begin with, before the profile. */
    public static final String MIG_PREFIX = "nvidia.com/mig-";

    public GpuKind {
        Objects.requireNonNull(resource, "resource");
        Objects.requireNonNull(product, "product");
    }

    /** Whether a resource of this name is a device or a part of one. */
    public static boolean isGpu(String resource) {
        return resource.equals(GPU) || resource.startsWith(MIG_PREFIX);
    }

    /** Whether it is a part of a device. */
    public boolean mig() {
        return resource.startsWith(MIG_PREFIX);
    }

    @Override
    public int compareTo(GpuKind other) {
        int byResource = resource.compareTo(other.resource);
        return byResource != 0 ? byResource : product.compareTo(other.product);
    }
}
