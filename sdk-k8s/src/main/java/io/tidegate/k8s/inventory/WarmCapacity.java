/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.inventory;

/**
 * Nodes that are kept ready before anybody needs them: a lever that is read and set.
 *
 * <p>Methods block, for no longer than a time of their own, and retry nothing.
 *
 * @since 0.1.0
 */
public interface WarmCapacity {

    /**
     * What is asked for and what there is.
     *
     * @param desired units asked for; 0 or more
     * @param ready units there are, as its controller says; 0 if it has said nothing
     * @param version of the object that was read, which a change must still find
     */
    record Level(int desired, int ready, String version) {}

    /**
     * What it is set to.
     *
     * @throws io.fabric8.kubernetes.client.KubernetesClientException if it cannot be read
     * @throws IllegalStateException if there is no such object, or it is of a kind that has no number
     */
    Level read();

    /**
     * Sets it, if it is still what was read. Nothing is created.
     *
     * @param read what {@link #read} answered
     * @param desired units from now on; 0 or more
     * @throws io.fabric8.kubernetes.client.KubernetesClientException if it was not set: 409 if somebody changed it meanwhile, or owns
     *     the number
     */
    void set(Level read, int desired);
}
