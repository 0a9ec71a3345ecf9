/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.plugin.HangingThreads;
import io.tidegate.plugin.PluginStatus.State;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Backends, each thing that one may do wrong. Their time-outs are in real time. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PluginBackendPromisesTest {

    private final HangingThreads threads = new HangingThreads();

    @AfterEach
    void release() {
        threads.close();
    }

    /** A backend as the test says. */
    private static final class Told implements ScalerBackend {

        private volatile Callable<ReplicaStatus> status = () -> new ReplicaStatus(3, 3, 3);
        private volatile Callable<?> scale = () -> "";

        @Override
        public ReplicaStatus status(String pool) throws Exception {
            return status.call();
        }

        @Override
        public void scale(ScaleRequest request) throws Exception {
            scale.call();
        }
    }

    private record Wrong(String what, Callable<ReplicaStatus> answer) {
        @Override
        public String toString() {
            return what;
        }
    }

    @SuppressWarnings("NullAway")
    static Stream<Wrong> wrongs() {
        return Stream.of(
                new Wrong("an exception", () -> {
                    throw new IOException("told to");
                }),
                new Wrong("an error", () -> {
                    throw new StackOverflowError("told to");
                }),
                new Wrong("a class that lacks", () -> {
                    throw new NoClassDefFoundError("told/To");
                }),
                new Wrong("null", () -> null),
                new Wrong("null births", () -> new ReplicaStatus(3, 3, 3, null)),
                new Wrong("1e9", () -> new ReplicaStatus(1_000_000_000, 3, 3)),
                new Wrong("below zero", () -> new ReplicaStatus(3, -1, 3)));
    }

    @ParameterizedTest
    @MethodSource("wrongs")
    @DisplayName(
            "J1: a backend that fails keeps its last status until it is stale; then nothing scales down, and up goes on")
    void status_fails_lastGoodThenIncomplete(Wrong wrong) {
        Rig rig = new Rig(3);
        Told backend = new Told();
        rig.pool.backend(backend).staleAfter(Duration.ofSeconds(30));
        rig.start();
        backend.status = wrong.answer();
        rig.advance(Duration.ofSeconds(20));
        assertThat(rig.view().replicas().ready()).isEqualTo(3);
        assertThat(rig.view().complete()).isTrue();
        rig.advance(Duration.ofSeconds(20));
        assertThat(rig.view().complete()).isFalse();
        rig.want = 1;
        List<Object> scaled = new CopyOnWriteArrayList<>();
        backend.scale = () -> scaled.add("");
        rig.advance(Duration.ofSeconds(20));
        assertThat(scaled).isEmpty();
        rig.want = 5;
        rig.advance(Duration.ofSeconds(2));
        assertThat(scaled).isNotEmpty();
        assertThat(rig.engine().plugins("chat").get(0).failures()).isPositive();
    }

    @Test
    @DisplayName("J1: when no thread can be had for a call, it is made again later")
    void call_noThread_isMadeAgain() {
        Rig rig = new Rig(3);
        boolean[] exhausted = {true};
        rig.start(
                Runnable::run,
                builder -> builder.calls(task -> {
                    if (exhausted[0]) {
                        throw new OutOfMemoryError("unable to create native thread");
                    }
                    task.run();
                }));
        rig.advance(Duration.ofSeconds(1));
        assertThat(rig.state().view()).isEmpty();
        exhausted[0] = false;
        rig.advance(Duration.ofSeconds(10));
        assertThat(rig.state().view()).isPresent();
    }

    @Test
    @DisplayName(
            "J2: a backend that ignores its interrupt holds one thread a kind; what it says late is not taken, and it comes back")
    void calls_hang_areGivenUp_andLateAnswersDropped() {
        Told backend = new Told();
        GuardedBackend guarded = new GuardedBackend(backend, Duration.ofMillis(50), threads);
        List<@Nullable ReplicaStatus> statuses = new CopyOnWriteArrayList<>();
        List<Throwable> failures = new CopyOnWriteArrayList<>();
        backend.status = () -> {
            threads.hang();
            return new ReplicaStatus(9, 9, 9);
        };
        backend.scale = () -> {
            threads.hang();
            return "";
        };
        guarded.status("chat", (found, failure) -> {
            if (failure != null) {
                failures.add(failure);
            } else {
                statuses.add(found);
            }
        });
        guarded.scale(new ScaleRequest("chat", 1, 2, 1, "why"), () -> {}, (found, failure) -> failures.add(failure));
        await().until(() -> failures.size() == 2 && guarded.plugin().abandoned() == 2);
        assertThat(failures).hasOnlyElementsOfType(TimeoutException.class);
        assertThat(guarded.plugin().state()).isEqualTo(State.OFF);
        assertThat(guarded.plugin().timeouts()).isEqualTo(2);

        List<Throwable> refused = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            try {
                guarded.status("chat", (found, failure) -> {});
            } catch (IllegalStateException e) {
                refused.add(e);
            }
        }
        assertThat(refused).hasSize(100);
        assertThat(threads.alive()).isEqualTo(2);

        threads.close();
        assertThat(statuses).isEmpty();
        assertThat(failures).as("told once").hasSize(2);
        assertThat(guarded.plugin().abandoned()).isZero();
        backend.status = () -> new ReplicaStatus(4, 4, 4);
        guarded.status("chat", (found, failure) -> statuses.add(found));
        threads.join(0);
        assertThat(statuses).containsExactly(new ReplicaStatus(4, 4, 4));
    }
}
