/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A backend in memory. It accepts at once and makes nothing ready by itself: the test does, or {@link #instant} does. */
final class FakeBackend implements ScalerBackend {

    int desired;
    int running;
    int ready;
    boolean instant;

    @Nullable
    Throwable statusFailure;

    @Nullable
    Throwable scaleFailure;

    boolean nullStatus;
    int statusCalls;
    int closes;
    final List<ScaleRequest> requests = new ArrayList<>();

    static FakeBackend with(int replicas) {
        FakeBackend backend = new FakeBackend();
        backend.all(replicas);
        return backend;
    }

    void all(int replicas) {
        desired = replicas;
        running = replicas;
        ready = replicas;
    }

    ScaleRequest lastRequest() {
        return requests.get(requests.size() - 1);
    }

    @Override
    @SuppressWarnings("NullAway")
    public ReplicaStatus status(String pool) throws Exception {
        statusCalls++;
        fail(statusFailure);
        return nullStatus ? null : new ReplicaStatus(desired, running, ready);
    }

    @Override
    public void scale(ScaleRequest request) throws Exception {
        requests.add(request);
        fail(scaleFailure);
        desired = request.to();
        if (instant) {
            all(desired);
        }
    }

    @Override
    public void close() {
        closes++;
    }

    private static void fail(@Nullable Throwable failure) throws Exception {
        if (failure instanceof Error error) {
            throw error;
        }
        if (failure instanceof Exception exception) {
            throw exception;
        }
    }
}
