/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.vllm;

import static io.tidegate.signals.vllm.VllmServer.page;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tidegate.pool.Signal;
import io.tidegate.signal.SignalBoard;
import io.tidegate.time.ManualTime;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The source as the engine sees it: polled by a board each 15 s, stale after 45 s. */
class VllmOnBoardTest {

    private static final Duration PERIOD = Duration.ofSeconds(15);
    private static final Duration STALE_AFTER = Duration.ofSeconds(45);

    private final ManualTime time = new ManualTime();
    private final VllmServer server = new VllmServer(page(3, 5, 0.25));

    @AfterEach
    void close() {
        server.close();
    }

    private VllmMetricsSource source(Supplier<List<URI>> replicas) {
        return VllmMetricsSource.builder(time, replicas)
                .timeout(Duration.ofSeconds(30))
                .build();
    }

    private static Signal waiting(SignalBoard board) {
        return board.signals().get(VllmMetricsSource.WAITING);
    }

    @Test
    void signals_replicasCannotBeListed_goStaleAfterTheLimitAndRecover() {
        List<URI> listed = List.of(server.url());
        boolean[] failing = {false};
        try (SignalBoard board = new SignalBoard(time, Runnable::run)) {
            board.add(
                    source(() -> {
                        if (failing[0]) {
                            throw new IllegalStateException("the listing is not available");
                        }
                        return listed;
                    }),
                    PERIOD,
                    STALE_AFTER);
            assertThat(waiting(board)).isEqualTo(new Signal.Known(5, "requests", 0, "vllm, 1 replica"));

            failing[0] = true;
            time.advance(STALE_AFTER);
            assertThat(waiting(board)).isInstanceOf(Signal.Known.class);
            time.advance(Duration.ofNanos(1));
            assertThat(waiting(board)).isEqualTo(new Signal.Stale("vllm, 1 replica", STALE_AFTER.plusNanos(1)));

            failing[0] = false;
            time.advance(PERIOD);
            assertThat(waiting(board))
                    .isEqualTo(new Signal.Known(
                            5, "requests", Duration.ofSeconds(60).toNanos(), "vllm, 1 replica"));
        }
    }

    @Test
    void signals_readThatHangs_goStaleAfterTheLimitAndRecover() throws Exception {
        ExecutorService threads = Executors.newSingleThreadExecutor();
        CountDownLatch release = new CountDownLatch(1);
        try (SignalBoard board = new SignalBoard(time, threads)) {
            board.add(source(() -> List.of(server.url())), PERIOD, STALE_AFTER);
            await().atMost(Duration.ofSeconds(20)).until(() -> waiting(board) instanceof Signal.Known);

            server.answer(request -> {
                release.await(20, TimeUnit.SECONDS);
                return VllmServer.ok(page(3, 7, 0.25));
            });
            // In the first steps a poll may still be skipped, because the read before it is just returning.
            await().atMost(Duration.ofSeconds(20)).until(() -> {
                time.advance(PERIOD);
                return waiting(board) instanceof Signal.Stale;
            });
            assertThat(server.answered()).isEqualTo(2);

            release.countDown();
            await().atMost(Duration.ofSeconds(20)).until(() -> {
                time.advance(PERIOD);
                return waiting(board) instanceof Signal.Known known && known.value() == 7;
            });
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void signals_oneReplicaFailsOnce_areMissingUntilTheNextRead() {
        try (VllmServer other = new VllmServer(page(1, 2, 0.5));
                SignalBoard board = new SignalBoard(time, Runnable::run)) {
            board.add(source(() -> List.of(server.url(), other.url())), PERIOD, STALE_AFTER);
            assertThat(waiting(board)).isEqualTo(new Signal.Known(7, "requests", 0, "vllm, 2 replicas"));

            other.answer(request -> VllmServer.status(503));
            time.advance(PERIOD);
            assertThat(waiting(board))
                    .isEqualTo(new Signal.Missing(
                            "vllm, 2 replicas", "1 of 2 unusable: vllm " + other.url() + "/metrics: HTTP 503"));

            other.answer(request -> VllmServer.ok(page(1, 4, 0.5)));
            time.advance(PERIOD);
            assertThat(waiting(board))
                    .isEqualTo(new Signal.Known(
                            9, "requests", PERIOD.multipliedBy(2).toNanos(), "vllm, 2 replicas"));
        }
    }
}
