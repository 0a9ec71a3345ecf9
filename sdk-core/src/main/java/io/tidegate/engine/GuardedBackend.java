/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import dev.failsafe.CircuitBreaker;
import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeException;
import dev.failsafe.FailsafeExecutor;
import dev.failsafe.Timeout;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import java.time.Duration;

/**
 * Calls a backend with a time-out, after which the calling thread is interrupted, and stops asking for its status for five
 * seconds after five failures in a row. In real time, since it waits for the outside world.
 */
final class GuardedBackend {

    private final ScalerBackend backend;
    private final FailsafeExecutor<Object> forStatus;
    private final FailsafeExecutor<Object> forScale;

    GuardedBackend(ScalerBackend backend, Duration timeout) {
        this.backend = backend;
        Timeout<Object> bound = Timeout.builder(timeout).withInterrupt().build();
        CircuitBreaker<Object> breaker = CircuitBreaker.builder()
                .withFailureThreshold(5)
                .withDelay(Duration.ofSeconds(5))
                .build();
        this.forStatus = Failsafe.with(breaker, bound);
        // No breaker and no retry: the engine backs off by its own clock, and decides anew before each attempt.
        this.forScale = Failsafe.with(bound);
    }

    ReplicaStatus status(String pool) throws Exception {
        try {
            return forStatus.get(() -> backend.status(pool));
        } catch (FailsafeException e) {
            throw unwrapped(e);
        }
    }

    void scale(ScaleRequest request) throws Exception {
        try {
            forScale.run(() -> backend.scale(request));
        } catch (FailsafeException e) {
            throw unwrapped(e);
        }
    }

    private static Exception unwrapped(FailsafeException e) {
        return e.getCause() instanceof Exception cause ? cause : e;
    }
}
