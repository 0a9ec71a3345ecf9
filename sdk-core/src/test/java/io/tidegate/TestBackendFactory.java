/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate;

import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.engine.spi.ScalerBackendFactory;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/** The backend of type {@code test} that the tests of configurations find on their class path. */
public final class TestBackendFactory implements ScalerBackendFactory {

    /** Every backend it ever made, newest last. */
    static final List<Backend> MADE = new CopyOnWriteArrayList<>();

    @Override
    public String type() {
        return "test";
    }

    @Override
    public ScalerBackend create(Map<String, String> settings) {
        if (settings.containsKey("fail")) {
            throw new IllegalArgumentException("fail: " + settings.get("fail"));
        }
        Backend backend = new Backend(settings);
        MADE.add(backend);
        return backend;
    }

    /** Has what it was told at once. */
    static final class Backend implements ScalerBackend {

        final Map<String, String> settings;
        volatile int replicas;
        volatile int closes;

        Backend(Map<String, String> settings) {
            this.settings = settings;
            this.replicas = Integer.parseInt(settings.getOrDefault("replicas", "1"));
        }

        @Override
        public ReplicaStatus status(String pool) {
            return new ReplicaStatus(replicas, replicas, replicas);
        }

        @Override
        public void scale(ScaleRequest request) {
            replicas = request.to();
        }

        @Override
        @SuppressWarnings("NonAtomicVolatileUpdate") // closed by one thread
        public void close() {
            closes++;
        }
    }
}
