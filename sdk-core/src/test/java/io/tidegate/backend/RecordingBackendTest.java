/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.tidegate.engine.BackendException;
import io.tidegate.engine.ScalerBackends;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.ledger.Refusal;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RecordingBackendTest {

    private final ManualTime time = new ManualTime();

    private static ScaleRequest request(int from, int to) {
        return new ScaleRequest("chat", from, to, 1, "a test");
    }

    private static int[] counts(ScalerBackend backend) throws Exception {
        ReplicaStatus found = backend.status("chat");
        return new int[] {found.desired(), found.running(), found.ready()};
    }

    @Test
    void alone_replicasBecomeReadyInTime_andTheNewestGoFirst() throws Exception {
        RecordingBackend backend = RecordingBackend.builder(time)
                .initial(1)
                .readyAfter(Duration.ofMinutes(2))
                .build();
        assertThat(counts(backend)).containsExactly(1, 1, 1);
        backend.scale(request(1, 3));
        assertThat(counts(backend)).containsExactly(3, 3, 1);
        time.advance(Duration.ofMinutes(2).minusMillis(1));
        assertThat(counts(backend)).containsExactly(3, 3, 1);
        time.advance(Duration.ofMillis(1));
        assertThat(counts(backend)).containsExactly(3, 3, 3);
        assertThat(backend.status("chat").births().get(2)).satisfies(birth -> {
            assertThat(birth.created()).isEqualTo(Instant.EPOCH);
            assertThat(birth.ready()).isEqualTo(Instant.EPOCH.plusSeconds(120));
        });

        backend.scale(request(3, 1));
        assertThat(backend.status("chat").births())
                .extracting(birth -> birth.replica())
                .containsExactly("replica-1");
        backend.die("chat", 1);
        assertThat(counts(backend)).containsExactly(1, 1, 0);
    }

    @Test
    void calls_areKeptWithTimeAndAnswer_theLatestOnly() throws Exception {
        RecordingBackend backend =
                RecordingBackend.builder(time).capacity(5).keep(3).build();
        backend.scale(request(0, 2));
        time.advance(Duration.ofSeconds(7));
        assertThatExceptionOfType(BackendException.class)
                .isThrownBy(() -> backend.scale(request(1, 2)))
                .satisfies(e -> assertThat(e.refusal()).isEqualTo(Refusal.CONFLICT));
        assertThatExceptionOfType(BackendException.class)
                .isThrownBy(() -> backend.scale(request(2, 6)))
                .satisfies(e -> assertThat(e.refusal()).isEqualTo(Refusal.CAPACITY));
        backend.status("chat");

        assertThat(backend.scaleCalls()).isEqualTo(3);
        List<RecordingBackend.Call> calls = backend.calls();
        assertThat(calls).hasSize(3);
        assertThat(calls.get(0)).satisfies(call -> {
            assertThat(call.isScale()).isTrue();
            assertThat(call.succeeded()).isFalse();
            assertThat(call.at()).isEqualTo(Instant.EPOCH.plusSeconds(7));
            assertThat(call.atNanos()).isEqualTo(Duration.ofSeconds(7).toNanos());
        });
        assertThat(calls.get(2).status()).isEqualTo(backend.status("chat"));
        backend.forget();
        assertThat(backend.calls()).isEmpty();
        assertThat(backend.lastRequest()).isEmpty();
    }

    @Test
    void failures_asToldTo_beforeOrAfterItIsDone() throws Exception {
        RecordingBackend backend = RecordingBackend.builder(time).build();
        backend.refuseNext(1, Refusal.THROTTLED);
        assertThatExceptionOfType(BackendException.class)
                .isThrownBy(() -> backend.scale(request(0, 2)))
                .satisfies(e -> assertThat(e.refusal()).isEqualTo(Refusal.THROTTLED));
        assertThat(counts(backend)).containsExactly(0, 0, 0);

        backend.loseAnswers(asked -> new java.io.IOException("reset"));
        assertThatExceptionOfType(java.io.IOException.class).isThrownBy(() -> backend.scale(request(0, 2)));
        assertThat(counts(backend)).containsExactly(2, 2, 2);

        backend.failStatus(pool -> new IllegalStateException("away"));
        assertThatIllegalStateException().isThrownBy(() -> backend.status("chat"));
        backend.recover();
        backend.scale(request(2, 3));
        assertThat(counts(backend)).containsExactly(3, 3, 3);
    }

    @Test
    void around_handsEverythingOn_andClosesIt() throws Exception {
        RecordingBackend inner = RecordingBackend.builder(time).initial(2).build();
        RecordingBackend outer = RecordingBackend.builder(time).around(inner).build();

        outer.scale(request(2, 4));

        assertThat(counts(outer)).containsExactly(4, 4, 4);
        assertThat(inner.requests()).isEqualTo(outer.requests());
        assertThatIllegalStateException().isThrownBy(() -> outer.set("chat", 1));
        outer.close();
        assertThat(inner.closed()).isTrue();
    }

    @Test
    void manyThreads_countEveryCall() throws Exception {
        RecordingBackend backend = RecordingBackend.builder(time).keep(100).build();
        ExecutorService threads = Executors.newFixedThreadPool(4);
        CountDownLatch start = new CountDownLatch(1);
        for (int i = 0; i < 4; i++) {
            String pool = "pool-" + i;
            threads.execute(() -> {
                try {
                    start.await();
                    for (int n = 0; n < 500; n++) {
                        backend.scale(new ScaleRequest(pool, n, n + 1, n, ""));
                    }
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            });
        }
        start.countDown();
        threads.shutdown();
        assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();

        assertThat(backend.scaleCalls()).isEqualTo(2_000);
        assertThat(backend.calls()).hasSize(100);
        assertThat(backend.status("pool-3").desired()).isEqualTo(500);
    }

    @Test
    void factory_readsSettings_andNamesWhatIsWrong() throws Exception {
        try (ScalerBackend made = ScalerBackends.create("recording", Map.of("initial", "3", "capacity", "4"))) {
            assertThat(counts(made)).containsExactly(3, 3, 3);
            assertThatExceptionOfType(BackendException.class).isThrownBy(() -> made.scale(request(3, 5)));
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ScalerBackends.create("recording", Map.of("initial", "x", "redyAfter", "1s")))
                .withMessageContaining("initial must be a whole number from 0 to 1000000 but is \"x\"")
                .withMessageContaining("redyAfter is not a setting of this backend");
    }
}
