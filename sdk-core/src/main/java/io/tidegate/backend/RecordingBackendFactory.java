/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.backend;

import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.engine.spi.ScalerBackendFactory;
import io.tidegate.policy.PolicySettings;
import io.tidegate.policy.ReplicaMath;
import io.tidegate.time.SystemTime;
import java.time.Duration;
import java.util.Map;

/**
 * Makes backends of type {@code recording} from configuration, for dry environments: replicas that cost nothing and serve nobody.
 *
 * <table>
 * <caption>Settings of type {@code recording}</caption>
 * <tr><th>setting</th><th>meaning</th><th>default</th></tr>
 * <tr><td>{@code readyAfter}</td><td>time from being asked for to being ready, 0s to 1d</td><td>0s</td></tr>
 * <tr><td>{@code initial}</td><td>replicas at first, ready</td><td>0</td></tr>
 * <tr><td>{@code capacity}</td><td>most replicas; more are refused for lack of capacity</td><td>as many as one likes</td></tr>
 * </table>
 *
 * @since 0.1.0
 */
public final class RecordingBackendFactory implements ScalerBackendFactory {

    /** For {@link java.util.ServiceLoader}. */
    public RecordingBackendFactory() {}

    @Override
    public String type() {
        return "recording";
    }

    @Override
    public ScalerBackend create(Map<String, String> settings) {
        PolicySettings read = new PolicySettings(settings, "backend");
        Duration readyAfter = read.duration("readyAfter", Duration.ZERO, Duration.ofDays(1), Duration.ZERO);
        int initial = Whole.number(read, "initial", 0, ReplicaMath.MANY, 0);
        int capacity = Whole.number(read, "capacity", 0, ReplicaMath.MANY, ReplicaMath.MANY);
        read.check();
        SystemTime time = SystemTime.start();
        return new OwnTime(
                RecordingBackend.builder(time)
                        .readyAfter(readyAfter)
                        .initial(initial)
                        .capacity(capacity)
                        .keep(1)
                        .build(),
                time);
    }

    /** Closes the clock with the backend. */
    private record OwnTime(RecordingBackend backend, SystemTime time) implements ScalerBackend {

        @Override
        public ReplicaStatus status(String pool) throws Exception {
            return backend.status(pool);
        }

        @Override
        public void scale(ScaleRequest request) throws Exception {
            backend.scale(request);
        }

        @Override
        public void close() {
            backend.close();
            time.close();
        }
    }
}
