/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.engine;

import static io.tidegate.signals.engine.EngineServer.page;
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
class EngineOnBoardTest {

    private static final Duration PERIOD = Duration.ofSeconds(15);
    private static final Duration STALE_AFTER = Duration.ofSeconds(45);

    private final ManualTime time = new ManualTime();
    private final EngineServer server = new EngineServer(page(3, 5, 0.25));

    @AfterEach
    void close() {
        server.close();
    }

    private EngineMetricsSource source(Supplier<List<URI>> replicas) {
        return EngineMetricsSource.builder(time, replicas)
                .timeout(Duration.ofSeconds(30))
                .build();
    }

    private static Signal waiting(SignalBoard board) {
        return board.signals().get(EngineMetricsSource.WAITING);
    }

    private static void assertKnown(Signal signal, double value, double coverage, Duration at) {
        assertThat(signal).isInstanceOfSatisfying(Signal.Known.class, known -> {
            assertThat(known.value()).isEqualTo(value);
            assertThat(known.coverage()).isEqualTo(coverage);
            assertThat(known.atNanos()).isEqualTo(at.toNanos());
        });
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
            assertKnown(waiting(board), 5, 1, Duration.ZERO);

            failing[0] = true;
            time.advance(STALE_AFTER);
            assertThat(waiting(board)).isInstanceOf(Signal.Known.class);
            time.advance(Duration.ofNanos(1));
            assertThat(waiting(board)).isEqualTo(new Signal.Stale("engine, 1 replica", STALE_AFTER.plusNanos(1)));

            failing[0] = false;
            // After three failures it is left alone for two periods.
            time.advance(PERIOD.multipliedBy(2));
            assertKnown(waiting(board), 5, 1, Duration.ofSeconds(75));
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
                return EngineServer.ok(page(3, 7, 0.25));
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
    void signals_oneReplicaFailsOnce_arePartlyCoveredUntilTheNextRead() {
        try (EngineServer other = new EngineServer(page(1, 2, 0.5));
                SignalBoard board = new SignalBoard(time, Runnable::run)) {
            board.add(source(() -> List.of(server.url(), other.url())), PERIOD, STALE_AFTER);
            assertKnown(waiting(board), 7, 1, Duration.ZERO);

            other.answer(request -> EngineServer.status(503));
            time.advance(PERIOD);
            assertKnown(waiting(board), 5, 0.5, PERIOD);

            other.answer(request -> EngineServer.ok(page(1, 4, 0.5)));
            time.advance(PERIOD);
            assertKnown(waiting(board), 9, 1, PERIOD.multipliedBy(2));
        }
    }
}
