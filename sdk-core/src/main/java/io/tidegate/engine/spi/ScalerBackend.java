/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine.spi;

/**
 * Carries decisions out: a scale subresource, an autoscaler to be told, a cloud API, a process manager.
 *
 * <p>Methods are called on threads that may block, for a pool at most one {@link #status} and one {@link #scale} at a time, each
 * with a time-out after which the thread is interrupted; no other of its kind is made before it has returned. What they throw is counted and logged once per change of state; the engine asks again later and in the
 * meantime keeps what it knows. A backend must not retry by itself, unless with the request's own key and within its time.
 *
 * @since 0.1.0
 */
public interface ScalerBackend extends AutoCloseable {

    /**
     * What there is now.
     *
     * @throws Exception if it cannot be known; no number stands for that
     */
    ReplicaStatus status(String pool) throws Exception;

    /**
     * Asks for a number of replicas and returns when the request is accepted, not when they are ready.
     *
     * @throws Exception if it was not accepted, or nobody knows
     */
    void scale(ScaleRequest request) throws Exception;

    /** Gives back what it holds; does nothing by default. */
    @Override
    default void close() {}
}
