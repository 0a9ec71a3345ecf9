/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.load;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.tidegate.sim.trace.Trace;
import io.tidegate.sim.trace.TraceEvent;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OpenLoopDriverTest {
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final List<TierSlo> TIGHT = List.of(new TierSlo("premium", Duration.ofSeconds(2)));

    private final Queue<RequestResult> results = new ConcurrentLinkedQueue<>();

    private static TraceEvent at(long millis) {
        return new TraceEvent(millis * 1_000_000, 3, 5, "premium", "acme");
    }

    private static Trace evenly(int count, long gapMillis) {
        List<TraceEvent> events = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            events.add(at(i * gapMillis));
        }
        return Trace.of("even", events);
    }

    private OpenLoopDriver.Builder builder(URI url, Trace trace) {
        return OpenLoopDriver.builder()
                .baseUrl(url)
                .trace(trace)
                .slos(List.of(new TierSlo("premium", LONG), new TierSlo("batch", LONG)))
                .onResult(results::add);
    }

    private static LoadSnapshot finish(OpenLoopDriver driver) throws Exception {
        return driver.finished().toCompletableFuture().get(60, SECONDS);
    }

    /** Runs one request against a server and returns what became of it. */
    private RequestResult runOne(StubServer.Handler handler) throws Exception {
        try (StubServer server = new StubServer(handler);
                OpenLoopDriver driver = builder(server.url(), evenly(1, 0)).build()) {
            driver.start();
            finish(driver);
        }
        assertThat(results).hasSize(1);
        return results.element();
    }

    @Test
    void start_requestsAnswered_countsTokensAndTimes() throws Exception {
        try (StubServer server = new StubServer((exchange, body) -> StubServer.answer(exchange, 7));
                OpenLoopDriver driver = builder(server.url(), evenly(20, 5)).build()) {
            driver.start();
            LoadSnapshot last = finish(driver);

            assertThat(last.sent()).isEqualTo(20);
            assertThat(last.open()).isZero();
            assertThat(last.refusedByDriver()).isZero();
            assertThat(last.lateness().count()).isEqualTo(20);
            assertThat(last.tiers()).extracting(TierLoad::tier).containsExactly("premium", "batch");
            TierLoad premium = last.tiers().get(0);
            assertThat(premium.requests()).isEqualTo(20);
            assertThat(premium.completed()).isEqualTo(20);
            assertThat(premium.outputTokens()).isEqualTo(140);
            assertThat(premium.ttft().count()).isEqualTo(20);
            assertThat(premium.endToEnd().p50Seconds())
                    .isGreaterThanOrEqualTo(premium.ttft().p50Seconds());
            assertThat(premium.reasons()).isEmpty();
            assertThat(premium.recent().sent()).isEqualTo(20);
            assertThat(last.tiers().get(1).requests()).isZero();
            assertThat(driver.snapshot()).isEqualTo(last);
            assertThat(driver.stop(LONG)).isEqualTo(last);
        }
        assertThat(results).hasSize(20).allSatisfy(result -> {
            assertThat(result.outcome()).isEqualTo(Outcome.COMPLETED);
            assertThat(result.status()).isEqualTo(200);
            assertThat(result.reason()).isEmpty();
            assertThat(result.outputTokens()).isEqualTo(7);
            assertThat(result.ttft()).isPositive().isLessThanOrEqualTo(result.endToEnd());
        });
    }

    @Test
    void start_request_carriesWhatTheTraceSays() throws Exception {
        AtomicReference<Map<String, List<String>>> headers = new AtomicReference<>();
        AtomicReference<String> sent = new AtomicReference<>();

        runOne((exchange, body) -> {
            headers.set(Map.copyOf(exchange.getRequestHeaders()));
            sent.set(body);
            StubServer.answer(exchange, 1);
        });

        assertThat(headers.get())
                .containsEntry("Authorization", List.of("Bearer demo-acme"))
                .containsEntry("X-tidegate-tier", List.of("premium"))
                .containsEntry("X-tidegate-tenant", List.of("acme"))
                .containsEntry("Content-type", List.of("application/json"));
        assertThat(sent.get())
                .matches("\\{\"model\":\"llama-3.1-70b-instruct\",\"stream\":true,"
                        + "\"stream_options\":\\{\"include_usage\":true},\"ignore_eos\":true,\"max_tokens\":5,"
                        + "\"messages\":\\[\\{\"role\":\"user\",\"content\":\"[a-z ]{12}\"}]}");
    }

    @Test
    void start_stalledServer_doesNotDelayLaterRequests() throws Exception {
        int count = 60;
        CountDownLatch arrived = new CountDownLatch(count);
        CountDownLatch release = new CountDownLatch(1);
        try (StubServer server = new StubServer((exchange, body) -> {
                    arrived.countDown();
                    release.await();
                    StubServer.answer(exchange, 1);
                });
                OpenLoopDriver driver = builder(server.url(), evenly(count, 10)).build()) {
            driver.start();

            // All arrive although none was answered.
            assertThat(arrived.await(30, SECONDS)).isTrue();
            LoadSnapshot stalled = driver.snapshot();
            assertThat(stalled.sent()).isEqualTo(count);
            assertThat(stalled.open()).isEqualTo(count);
            assertThat(stalled.tiers().get(0).ttft().count()).isZero();
            Duration sinceStart = stalled.elapsed();
            release.countDown();
            LoadSnapshot last = finish(driver);

            assertThat(last.tiers().get(0).completed()).isEqualTo(count);
            assertThat(last.lateness().p50Seconds()).isLessThan(0.5);
            // The stall counts from each request's own instant: the first waited longest.
            assertThat(results)
                    .allSatisfy(result -> assertThat(result.ttft())
                            .isGreaterThanOrEqualTo(sinceStart
                                    .minusNanos(result.event().offsetNanos())
                                    .minusMillis(1)));
        }
    }

    @Test
    void start_driverItselfLate_latencyCountsFromTheIntendedInstant() throws Exception {
        Duration hiccup = Duration.ofMillis(300);
        CountDownLatch never = new CountDownLatch(1);
        Trace trace = Trace.generated("slow", Duration.ofMillis(1), () -> new Iterator<>() {
            private int given;

            @Override
            public boolean hasNext() {
                return given < 2;
            }

            @Override
            public TraceEvent next() {
                if (given++ == 1) {
                    try {
                        assertThat(never.await(hiccup.toMillis(), MILLISECONDS)).isFalse();
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                }
                return at(given - 1);
            }
        });
        try (StubServer server = new StubServer((exchange, body) -> StubServer.answer(exchange, 1));
                OpenLoopDriver driver = builder(server.url(), trace).slos(TIGHT).build()) {
            driver.start();
            LoadSnapshot last = finish(driver);

            RequestResult late = results.stream()
                    .filter(result -> result.event().offsetNanos() > 0)
                    .findFirst()
                    .orElseThrow();
            assertThat(late.lateness()).isGreaterThan(hiccup.minusMillis(5));
            assertThat(late.ttft()).isGreaterThan(late.lateness());
            assertThat(last.lateness().maxSeconds()).isGreaterThan(0.295);
            assertThat(Validity.of(last, 1).valid()).isFalse();
        }
    }

    @Test
    void start_timeScale_squeezesOffsetsAndStretchesLatencies() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        long before = System.nanoTime();
        try (StubServer server = new StubServer((exchange, body) -> {
                    OutputStream out = StubServer.stream(exchange);
                    assertThat(never.await(50, MILLISECONDS)).isFalse();
                    StubServer.token(out);
                    StubServer.end(out, 1);
                });
                OpenLoopDriver driver = builder(server.url(), evenly(11, 2_000))
                        .timeScale(100)
                        .slos(TIGHT)
                        .build()) {
            driver.start();
            LoadSnapshot last = finish(driver);

            // 20 s of trace time at 100 times real time, and tokens after 50 ms of real time.
            assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(15));
            assertThat(last.elapsed()).isGreaterThan(Duration.ofSeconds(25));
            assertThat(last.tiers().get(0).ttft().p50Seconds()).isGreaterThanOrEqualTo(4.99);
            assertThat(last.tiers().get(0).sloAttainment()).hasValue(0);
        }
        assertThat(results).allSatisfy(result -> assertThat(result.ttft()).isGreaterThan(Duration.ofMillis(4_990)));
    }

    @ParameterizedTest
    @CsvSource({
        "429, QUEUE_FULL, 7, SHED, QUEUE_FULL",
        "503, NO_CAPACITY, 30, SHED, NO_CAPACITY",
        "429, '', '', SHED, HTTP 429",
        "503, '', '', SHED, HTTP 503",
        "503, EXPIRED, '', EXPIRED, EXPIRED",
        "504, ticket-expired, '', EXPIRED, ticket-expired",
        "504, QUEUE_TIMEOUT, '', EXPIRED, QUEUE_TIMEOUT",
        "504, '', '', FAILED, HTTP 504",
        "500, '', '', FAILED, HTTP 500",
        "500, EXPIRED, '', FAILED, EXPIRED",
        "404, '', '', FAILED, HTTP 404"
    })
    void start_refusal_isClassified(int status, String reason, String retryAfter, Outcome outcome, String expected)
            throws Exception {
        RequestResult result = runOne((exchange, body) -> StubServer.refuse(exchange, status, reason, retryAfter));

        assertThat(result.outcome()).isEqualTo(outcome);
        assertThat(result.status()).isEqualTo(status);
        assertThat(result.reason()).isEqualTo(expected);
        assertThat(result.ttft()).isNull();
        assertThat(result.retryAfter())
                .isEqualTo(retryAfter.isEmpty() ? null : Duration.ofSeconds(Long.parseLong(retryAfter)));
    }

    @Test
    void start_refusals_breakTheSloAndAreCountedByReason() throws Exception {
        AtomicInteger number = new AtomicInteger();
        try (StubServer server = new StubServer((exchange, body) -> {
                    switch (number.getAndIncrement() % 4) {
                        case 0 -> StubServer.answer(exchange, 1);
                        case 1 -> StubServer.refuse(exchange, 429, "QUEUE_FULL", "1");
                        case 2 -> StubServer.refuse(exchange, 504, "EXPIRED", "");
                        default -> StubServer.refuse(exchange, 500, "", "");
                    }
                });
                OpenLoopDriver driver = builder(server.url(), evenly(40, 5)).build()) {
            driver.start();
            TierLoad premium = finish(driver).tiers().get(0);

            assertThat(premium.completed()).isEqualTo(10);
            assertThat(premium.shed()).isEqualTo(10);
            assertThat(premium.expired()).isEqualTo(10);
            assertThat(premium.failed()).isEqualTo(10);
            assertThat(premium.sloAttainment()).hasValue(0.25);
            assertThat(premium.reasons()).isEqualTo(Map.of("QUEUE_FULL", 10L, "EXPIRED", 10L, "HTTP 500", 10L));
            assertThat(premium.recent().shed()).isEqualTo(10);
            assertThat(premium.recent().sloAttainment()).hasValue(0.25);
        }
    }

    @Test
    void start_streamWithoutDone_hasFailed() throws Exception {
        RequestResult result = runOne((exchange, body) -> StubServer.token(StubServer.stream(exchange)));

        assertThat(result.outcome()).isEqualTo(Outcome.FAILED);
        assertThat(result.reason()).isEqualTo("the stream ended without [DONE]");
        assertThat(result.ttft()).isNotNull();
    }

    @Test
    void start_errorInTheStream_hasFailed() throws Exception {
        RequestResult result = runOne((exchange, body) -> {
            OutputStream out = StubServer.stream(exchange);
            StubServer.token(out);
            StubServer.event(out, "{\"error\":{\"message\":\"engine died\\nbadly\",\"code\":500}}");
            StubServer.event(out, "[DONE]");
        });

        assertThat(result.outcome()).isEqualTo(Outcome.FAILED);
        assertThat(result.reason()).isEqualTo("the server reported: engine died badly");
    }

    @Test
    void start_eventThatIsNotJson_hasFailed() throws Exception {
        RequestResult result = runOne((exchange, body) -> {
            OutputStream out = StubServer.stream(exchange);
            StubServer.event(out, "oops");
            StubServer.event(out, "[DONE]");
        });

        assertThat(result.outcome()).isEqualTo(Outcome.FAILED);
        assertThat(result.reason()).startsWith("an event is not JSON: ");
    }

    @Test
    void start_nobodyListens_hasFailed() throws Exception {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        try (OpenLoopDriver driver =
                builder(URI.create("http://127.0.0.1:" + port), evenly(3, 1)).build()) {
            driver.start();
            LoadSnapshot last = finish(driver);

            assertThat(last.tiers().get(0).failed()).isEqualTo(3);
            assertThat(last.tiers().get(0).sloAttainment()).hasValue(0);
            assertThat(last.lateness().count()).isEqualTo(3);
        }
        assertThat(results).allSatisfy(result -> {
            assertThat(result.outcome()).isEqualTo(Outcome.FAILED);
            assertThat(result.status()).isZero();
            assertThat(result.reason()).startsWith("no connection: Connection refused");
        });
    }

    @Test
    void start_answerThatNeverEnds_timesOutInTraceTime() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        try (StubServer server = new StubServer((exchange, body) -> {
                    StubServer.token(StubServer.stream(exchange));
                    release.await();
                });
                OpenLoopDriver driver = builder(server.url(), evenly(1, 0))
                        .timeScale(100)
                        .timeout(Duration.ofSeconds(20))
                        .build()) {
            driver.start();
            finish(driver);
            release.countDown();
        }

        RequestResult result = results.element();
        assertThat(result.outcome()).isEqualTo(Outcome.FAILED);
        assertThat(result.reason()).isEqualTo("it did not end in time");
        assertThat(result.endToEnd()).isGreaterThanOrEqualTo(Duration.ofSeconds(20));
    }

    @Test
    void stop_grace_letsOpenRequestsEnd() throws Exception {
        CountDownLatch arrived = new CountDownLatch(3);
        CountDownLatch release = new CountDownLatch(1);
        try (StubServer server = new StubServer((exchange, body) -> {
                    arrived.countDown();
                    release.await();
                    StubServer.answer(exchange, 2);
                });
                OpenLoopDriver driver = builder(
                                server.url(), Trace.of("x", List.of(at(0), at(1), at(2), at(3_600_000))))
                        .build()) {
            driver.start();
            assertThat(arrived.await(30, SECONDS)).isTrue();
            CompletableFuture<LoadSnapshot> stopped = CompletableFuture.supplyAsync(() -> driver.stop(LONG));
            assertThatThrownBy(() -> stopped.get(100, MILLISECONDS)).isInstanceOf(TimeoutException.class);
            release.countDown();

            LoadSnapshot last = stopped.get(60, SECONDS);
            assertThat(last.tiers().get(0).requests()).isEqualTo(3);
            assertThat(last.tiers().get(0).completed()).isEqualTo(3);
            assertThat(last.tiers().get(0).cancelled()).isZero();
        }
    }

    @Test
    void stop_noGrace_cancelsOpenRequestsAndTheServerNotices() throws Exception {
        CountDownLatch arrived = new CountDownLatch(5);
        CountDownLatch noticed = new CountDownLatch(5);
        try (StubServer server = new StubServer((exchange, body) -> {
                    OutputStream out = StubServer.stream(exchange);
                    StubServer.token(out);
                    arrived.countDown();
                    try {
                        while (true) {
                            StubServer.token(out);
                        }
                    } catch (IOException e) {
                        noticed.countDown();
                    }
                });
                OpenLoopDriver driver = builder(server.url(), evenly(5, 1)).build()) {
            driver.start();
            assertThat(arrived.await(30, SECONDS)).isTrue();
            await().until(() -> driver.snapshot().tiers().get(0).ttft().count() == 5);

            LoadSnapshot last = driver.stop(Duration.ZERO);

            assertThat(last.open()).isZero();
            assertThat(last.tiers().get(0).cancelled()).isEqualTo(5);
            // Their first tokens came in time, so their SLO was kept although they were cancelled.
            assertThat(last.tiers().get(0).sloAttainment()).hasValue(1);
            assertThat(noticed.await(30, SECONDS)).isTrue();
        }
        assertThat(results).hasSize(5).allSatisfy(result -> {
            assertThat(result.outcome()).isEqualTo(Outcome.CANCELLED);
            assertThat(result.reason()).isEqualTo("the driver was stopped");
        });
    }

    @Test
    void stop_beforeAnyToken_leavesTheSloUndecided() throws Exception {
        CountDownLatch arrived = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        try (StubServer server = new StubServer((exchange, body) -> {
                    arrived.countDown();
                    release.await();
                });
                OpenLoopDriver driver = builder(server.url(), evenly(1, 0)).build()) {
            driver.start();
            assertThat(arrived.await(30, SECONDS)).isTrue();

            LoadSnapshot last = driver.stop(Duration.ZERO);
            release.countDown();

            assertThat(last.tiers().get(0).cancelled()).isEqualTo(1);
            assertThat(last.tiers().get(0).sloAttainment()).isEmpty();
        }
    }

    @Test
    void stop_interrupted_cancelsAtOnceAndKeepsTheInterrupt() throws Exception {
        CountDownLatch arrived = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        try (StubServer server = new StubServer((exchange, body) -> {
                    arrived.countDown();
                    release.await();
                });
                OpenLoopDriver driver = builder(server.url(), evenly(1, 0)).build()) {
            driver.start();
            assertThat(arrived.await(30, SECONDS)).isTrue();

            Thread.currentThread().interrupt();
            LoadSnapshot last = driver.stop(Duration.ofHours(1));

            assertThat(Thread.interrupted()).isTrue();
            assertThat(last.tiers().get(0).cancelled()).isEqualTo(1);
            release.countDown();
        }
    }

    @Test
    void stop_neverStarted_isEmpty() {
        OpenLoopDriver driver =
                builder(URI.create("http://127.0.0.1:1"), evenly(1, 0)).build();

        LoadSnapshot last = driver.stop(LONG);
        driver.close();
        driver.close();

        assertThat(last.sent()).isZero();
        assertThat(last.elapsed()).isZero();
        assertThatThrownBy(driver::start)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("a driver runs once, but this one was closed before");
    }

    @Test
    void start_twice_isRefused() throws Exception {
        try (StubServer server = new StubServer((exchange, body) -> StubServer.answer(exchange, 1));
                OpenLoopDriver driver = builder(server.url(), evenly(1, 0)).build()) {
            driver.start();

            assertThatThrownBy(driver::start)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("a driver runs once, but this one was started before");
            finish(driver);
        }
    }

    @Test
    void start_emptyTrace_isFinishedAtOnce() throws Exception {
        try (OpenLoopDriver driver = builder(URI.create("http://127.0.0.1:1/base/v1/"), Trace.of("x", List.of()))
                .build()) {
            driver.start();

            assertThat(Validity.of(finish(driver), 1).reason()).isEqualTo("no request was sent");
        }
    }

    @Test
    void start_moreOpenThanAllowed_areNotSentLaterButFail() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        AtomicInteger arrived = new AtomicInteger();
        try (StubServer server = new StubServer((exchange, body) -> {
                    arrived.incrementAndGet();
                    release.await();
                    StubServer.answer(exchange, 1);
                });
                OpenLoopDriver driver =
                        builder(server.url(), evenly(10, 1)).maxOpen(4).build()) {
            driver.start();
            await().until(() -> driver.snapshot().refusedByDriver() == 6);
            await().until(() -> arrived.get() == 4);
            release.countDown();
            LoadSnapshot last = finish(driver);

            assertThat(arrived).hasValue(4);
            assertThat(last.sent()).isEqualTo(4);
            assertThat(last.tiers().get(0).requests()).isEqualTo(10);
            assertThat(last.tiers().get(0).reasons()).containsEntry("the driver has 4 requests open", 6L);
            assertThat(last.tiers().get(0).sloAttainment()).hasValue(0.4);
        }
    }

    @Test
    void start_traceThatFails_endsTheRunAndTellsSo() throws Exception {
        IllegalStateException broken = new IllegalStateException("broken trace");
        Trace trace = Trace.generated("broken", Duration.ofSeconds(1), () -> new Iterator<>() {
            private boolean given;

            @Override
            public boolean hasNext() {
                if (given) {
                    throw broken;
                }
                return true;
            }

            @Override
            public TraceEvent next() {
                given = true;
                return at(0);
            }
        });
        try (StubServer server = new StubServer((exchange, body) -> StubServer.answer(exchange, 1));
                OpenLoopDriver driver = builder(server.url(), trace).build()) {
            driver.start();

            assertThatThrownBy(() -> finish(driver))
                    .isInstanceOf(ExecutionException.class)
                    .hasCause(broken);
            assertThat(driver.stop(LONG).tiers().get(0).completed()).isEqualTo(1);
        }
    }

    @Test
    void start_listenerThatThrows_harmsNothing() throws Exception {
        try (StubServer server = new StubServer((exchange, body) -> StubServer.answer(exchange, 1));
                OpenLoopDriver driver = builder(server.url(), evenly(5, 1))
                        .onResult(result -> {
                            throw new IllegalStateException("listener");
                        })
                        .build()) {
            driver.start();

            assertThat(finish(driver).tiers().get(0).completed()).isEqualTo(5);
        }
    }

    @Test
    void start_tierWithoutSlo_isCountedAsWell() throws Exception {
        Trace trace = Trace.of("x", List.of(new TraceEvent(0, 0, 0, "", ""), new TraceEvent(0, 1, 1, "other", "")));
        AtomicReference<String> authorization = new AtomicReference<>();
        try (StubServer server = new StubServer((exchange, body) -> {
                    authorization.set(exchange.getRequestHeaders().getFirst("Authorization"));
                    assertThat(body).contains("\"max_tokens\":1,");
                    StubServer.answer(exchange, 1);
                });
                OpenLoopDriver driver = builder(server.url(), trace).build()) {
            driver.start();
            LoadSnapshot last = finish(driver);

            assertThat(last.tiers()).extracting(TierLoad::tier).containsExactly("premium", "batch", "", "other");
            TierLoad none = last.tiers().get(2);
            assertThat(none.completed()).isEqualTo(1);
            assertThat(none.sloTtft()).isNull();
            assertThat(none.sloAttainment()).isEmpty();
            assertThat(authorization.get()).isEqualTo("Bearer demo");
        }
    }

    @Test
    void start_serverThatClosesConnectionsAtWill_losesNoRequest() throws Exception {
        AtomicInteger number = new AtomicInteger();
        AtomicBoolean oddBody = new AtomicBoolean();
        int count = 1_500;
        try (StubServer server = new StubServer((exchange, body) -> {
                    oddBody.compareAndSet(false, !body.endsWith("}]}"));
                    if (number.getAndIncrement() % 3 == 0) {
                        exchange.getResponseHeaders().set("Connection", "close");
                    }
                    StubServer.answer(exchange, 2);
                });
                OpenLoopDriver driver = builder(server.url(), evenly(count, 1)).build()) {
            driver.start();
            LoadSnapshot last = finish(driver);

            assertThat(last.tiers().get(0).completed()).isEqualTo(count);
            assertThat(last.tiers().get(0).outputTokens()).isEqualTo(2L * count);
            assertThat(results).hasSize(count);
            assertThat(oddBody).isFalse();
        }
    }

    @Test
    void build_settingsThatCannotWork_areRefused() {
        Trace trace = evenly(1, 0);
        URI url = URI.create("http://127.0.0.1:1");

        assertThatThrownBy(() -> builder(URI.create("https://127.0.0.1:1"), trace))
                .hasMessage("the base URL must be like http://127.0.0.1:8080 but was https://127.0.0.1:1");
        assertThatThrownBy(() -> builder(URI.create("localhost:8080"), trace))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() ->
                        builder(URI.create("http://nowhere.invalid"), trace).build())
                .hasMessage("the host of http://nowhere.invalid cannot be resolved");
        assertThatThrownBy(() -> builder(url, trace).slos(List.of()).build())
                .hasMessage("at least one tier with an SLO is needed");
        assertThatThrownBy(() -> builder(url, trace).slos(List.of(new TierSlo("a", LONG), new TierSlo("a", LONG))))
                .hasMessage("there are two SLOs for the tier a");
        assertThatThrownBy(() -> builder(url, trace).timeScale(0.5))
                .hasMessage("timeScale must be in 1 .. 1000000 but was 0.5");
        assertThatThrownBy(() -> builder(url, trace).maxOpen(0)).hasMessage("maxOpen must be >= 1 but was 0");
        assertThatThrownBy(() -> builder(url, trace).window(Duration.ZERO))
                .hasMessage("window must be above 0 but was PT0S");
        assertThatThrownBy(() -> new TierSlo("a", Duration.ZERO))
                .hasMessage("the TTFT bound of a must be above 0 but was PT0S");
        assertThatThrownBy(() -> OpenLoopDriver.builder().build()).isInstanceOf(NullPointerException.class);
    }
}
