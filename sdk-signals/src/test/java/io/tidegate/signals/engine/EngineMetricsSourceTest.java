/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.engine;

import static io.tidegate.signals.engine.EngineServer.page;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.tidegate.pool.Signal;
import io.tidegate.time.ManualTime;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import mockwebserver3.RecordedRequest;
import okhttp3.ConnectionPool;
import okhttp3.OkHttpClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EngineMetricsSourceTest {

    private static final long NOW = Long.MAX_VALUE - 5;

    private final ManualTime time = new ManualTime(NOW, Instant.EPOCH);
    private final List<AutoCloseable> opened = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : opened) {
            each.close();
        }
    }

    private EngineServer server(String page) {
        return opened(new EngineServer(page));
    }

    private EngineMetricsSource source(EngineServer... servers) {
        return opened(builder(servers).build());
    }

    private EngineMetricsSource.Builder builder(EngineServer... servers) {
        List<URI> urls = Arrays.stream(servers).map(EngineServer::url).toList();
        return EngineMetricsSource.builder(time, () -> urls).timeout(Duration.ofSeconds(30));
    }

    private <T extends AutoCloseable> T opened(T each) {
        opened.add(0, each);
        return each;
    }

    private static double value(Signal signal) {
        assertThat(signal).isInstanceOf(Signal.Known.class);
        return ((Signal.Known) signal).value();
    }

    @Test
    void read_oneReplica_givesItsFiguresWithUnitAndTime() throws Exception {
        EngineServer server = server(page(3, 5, 0.25));

        Map<String, Signal> signals = source(server).read();

        assertThat(signals)
                .containsOnlyKeys(
                        "engine.requests.running",
                        "engine.requests.waiting",
                        "engine.kv.cache.usage",
                        "engine.kv.cache.usage.max",
                        "engine.preemptions",
                        "engine.tokens.prompt",
                        "engine.tokens.output",
                        "engine.ttft.mean",
                        "engine.tpot.mean");
        String from = "engine " + server.url() + "/metrics";
        assertThat(signals)
                .containsEntry("engine.requests.running", whole(3, "requests", server, from))
                .containsEntry("engine.requests.waiting", whole(5, "requests", server, from))
                .containsEntry("engine.kv.cache.usage", whole(0.25, "ratio", server, from))
                .containsEntry("engine.kv.cache.usage.max", whole(0.25, "ratio", server, from));
    }

    private static Signal whole(double value, String unit, EngineServer server, String from) {
        return new Signal.Known(
                value,
                unit,
                NOW,
                "engine, 1 replica",
                1,
                List.of(new Signal.Part(server.url().toString(), true, new Signal.Known(value, unit, NOW, from))));
    }

    @Test
    void replicas_afterRead_haveEachOnesFigures() throws Exception {
        EngineServer server = server(page(3, 5, 0.25));
        EngineMetricsSource source = source(server);
        assertThat(source.replicas()).isEmpty();

        source.read();

        String from = "engine " + server.url() + "/metrics";
        assertThat(source.replicas())
                .containsExactly(new EngineReplica(
                        server.url(),
                        true,
                        new Signal.Known(3, "requests", NOW, from),
                        new Signal.Known(5, "requests", NOW, from),
                        new Signal.Known(0.25, "ratio", NOW, from),
                        new Signal.Known(0.25, "ratio", NOW, from),
                        new Signal.Known(4, "requests", NOW, from),
                        new Signal.Known(90, "tokens", NOW, from),
                        new Signal.Known(2546, "tokens", NOW, from),
                        new Signal.Known(432_000, "tokens", NOW, from),
                        new Signal.Known(2, "seconds", NOW, from),
                        new Signal.Known(8, "requests", NOW, from),
                        new Signal.Known(40, "seconds", NOW, from),
                        new Signal.Known(2500, "tokens", NOW, from)));
    }

    @Test
    void read_severalReplicas_addsCountsUpAndAveragesTheCache() throws Exception {
        Map<String, Signal> signals = source(
                        server(page(3, 5, 0.25)), server(page(1, 0, 0.5)), server(page(0, 2, 0.75)))
                .read();

        assertThat(value(signals.get(EngineMetricsSource.RUNNING))).isEqualTo(4);
        assertThat(value(signals.get(EngineMetricsSource.WAITING))).isEqualTo(7);
        assertThat(value(signals.get(EngineMetricsSource.KV_CACHE_USAGE))).isEqualTo(0.5);
        assertThat(value(signals.get(EngineMetricsSource.KV_CACHE_USAGE_MAX))).isEqualTo(0.75);
    }

    @Test
    void read_replicaWithSeveralEngines_addsCountsUpAndFindsTheFullestCache() throws Exception {
        EngineServer server = server("""
                vllm:num_requests_running{engine="0",model_name="m"} 3
                vllm:num_requests_running{engine="1",model_name="m"} 4
                vllm:num_requests_waiting{engine="0",model_name="m"} 0
                vllm:num_requests_waiting{engine="1",model_name="m"} 1
                vllm:num_requests_waiting_by_reason{engine="1",model_name="m",reason="capacity"} 1
                vllm:kv_cache_usage_perc{engine="0",model_name="m"} 0.125
                vllm:kv_cache_usage_perc{engine="1",model_name="m"} 0.875
                """);

        Map<String, Signal> signals = source(server).read();

        assertThat(value(signals.get(EngineMetricsSource.RUNNING))).isEqualTo(7);
        assertThat(value(signals.get(EngineMetricsSource.WAITING))).isEqualTo(1);
        assertThat(value(signals.get(EngineMetricsSource.KV_CACHE_USAGE))).isEqualTo(0.5);
        assertThat(value(signals.get(EngineMetricsSource.KV_CACHE_USAGE_MAX))).isEqualTo(0.875);
    }

    @Test
    void read_bothNamesOfTheCacheUse_takesTheNewOne() throws Exception {
        EngineServer old = server(page(1, 1, 0.5).replace("kv_cache_usage_perc", "gpu_cache_usage_perc"));
        EngineServer both = server(page(1, 1, 0.25) + "vllm:gpu_cache_usage_perc{engine=\"0\"} 0.75\n");

        assertThat(value(source(old).read().get(EngineMetricsSource.KV_CACHE_USAGE)))
                .isEqualTo(0.5);
        assertThat(value(source(both).read().get(EngineMetricsSource.KV_CACHE_USAGE)))
                .isEqualTo(0.25);
    }

    @Test
    void read_openMetricsPage_isTakenIfWhole() throws Exception {
        EngineServer server = server("");
        String type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        EngineMetricsSource source = source(server);

        server.answer(request -> EngineServer.text()
                .setHeader("Content-Type", type)
                .body(page(3, 5, 0.25) + "# EOF\n")
                .build());
        assertThat(value(source.read().get(EngineMetricsSource.RUNNING))).isEqualTo(3);

        server.answer(request -> EngineServer.text()
                .setHeader("Content-Type", type)
                .body(page(3, 5, 0.25))
                .build());
        assertThat(source.read().get(EngineMetricsSource.RUNNING))
                .isInstanceOfSatisfying(
                        Signal.Invalid.class,
                        signal -> assertThat(signal.reason()).contains("# EOF"));
    }

    @Test
    void read_figureOnNoPage_isLeftOut() throws Exception {
        String page = page(3, 5, 0.25).replace("num_requests_waiting", "num_requests_elsewhere");

        Map<String, Signal> signals = source(server(page)).read();

        assertThat(value(signals.get(EngineMetricsSource.RUNNING))).isEqualTo(3);
        assertThat(signals).doesNotContainKey(EngineMetricsSource.WAITING);
    }

    @Test
    void read_figureOnOnePageOfTwo_isAGap() throws Exception {
        EngineServer without = server(page(3, 5, 0.25).replace("num_requests_waiting", "num_requests_elsewhere"));

        Map<String, Signal> signals = source(server(page(3, 5, 0.25)), without).read();

        Signal.Known waiting = (Signal.Known) signals.get(EngineMetricsSource.WAITING);
        assertThat(waiting.coverage()).isEqualTo(0.5);
        assertThat(waiting.parts().get(1).signal())
                .isInstanceOfSatisfying(
                        Signal.Missing.class,
                        missing -> assertThat(missing.reason())
                                .isEqualTo(
                                        "vllm:num_requests_waiting or sglang:num_queue_reqs or sglang_num_queue_reqs is not"
                                                + " on the page"));
    }

    @Test
    void read_emptyPage_isMissing() throws Exception {
        assertThat(source(server("")).read().values()).allMatch(Signal.Missing.class::isInstance);
    }

    @Test
    void read_noReplicas_isMissing() throws Exception {
        Map<String, Signal> signals = source().read();

        assertThat(signals).hasSize(9);
        assertThat(Set.copyOf(signals.values())).containsExactly(new Signal.Missing("engine", "no replicas"));
    }

    @Test
    void read_replicasComeAndGo_asksForThemEachTime() throws Exception {
        EngineServer first = server(page(3, 5, 0.25));
        EngineServer second = server(page(1, 0, 0.5));
        List<URI> listed = new ArrayList<>(List.of(first.url()));
        EngineMetricsSource source =
                opened(EngineMetricsSource.builder(time, () -> listed).build());

        assertThat(value(source.read().get(EngineMetricsSource.RUNNING))).isEqualTo(3);
        listed.add(second.url());
        assertThat(value(source.read().get(EngineMetricsSource.RUNNING))).isEqualTo(4);
        listed.remove(first.url());
        assertThat(value(source.read().get(EngineMetricsSource.RUNNING))).isEqualTo(1);
        assertThat(source.replicas()).extracting(EngineReplica::url).containsExactly(second.url());
    }

    @Test
    void read_replicaListedTwice_countsOnce() throws Exception {
        EngineServer server = server(page(3, 5, 0.25));
        List<URI> listed = List.of(server.url(), URI.create(server.url() + "/"), server.url());

        EngineMetricsSource source =
                opened(EngineMetricsSource.builder(time, () -> listed).build());

        assertThat(value(source.read().get(EngineMetricsSource.RUNNING))).isEqualTo(3);
        assertThat(server.answered()).isEqualTo(1);
    }

    @Test
    void read_seriesThatComesTwice_isInvalid() throws Exception {
        EngineServer server = server(page(3, 5, 0.25) + "vllm:num_requests_running{model_name=\"m\",engine=\"0\"} 3\n");

        assertThat(source(server).read().get(EngineMetricsSource.RUNNING))
                .isInstanceOfSatisfying(
                        Signal.Invalid.class,
                        signal -> assertThat(signal.reason())
                                .endsWith("vllm:num_requests_running comes twice with the same labels"));
    }

    @Test
    void read_addressWithPathAndPassword_asksBelowThePathAndHidesThePassword() throws Exception {
        EngineServer server = server("");
        URI url = URI.create("http://user:secret@127.0.0.1:" + server.url().getPort() + "/below?key=secret");
        EngineMetricsSource source =
                opened(EngineMetricsSource.builder(time, () -> List.of(url)).build());

        Signal running = source.read().get(EngineMetricsSource.RUNNING);

        assertThat(server.lastRequest().getTarget()).isEqualTo("/below/metrics?key=secret");
        assertThat(running)
                .isInstanceOfSatisfying(
                        Signal.Missing.class,
                        signal -> assertThat(signal.reason())
                                .contains(server.url() + "/below/metrics: HTTP 404")
                                .doesNotContain("secret"));
    }

    @Test
    void read_addressThatIsNotHttp_isMissing() throws Exception {
        List<URI> listed = List.of(URI.create("vllm-0:8000"), URI.create("ftp://user:secret@vllm-1/"));
        EngineMetricsSource source =
                opened(EngineMetricsSource.builder(time, () -> listed).build());

        assertThat(source.read().get(EngineMetricsSource.RUNNING))
                .isEqualTo(new Signal.Missing(
                        "engine, 2 replicas",
                        "2 of 2 unusable: engine vllm-0:8000: not an http or https address;"
                                + " engine ftp://vllm-1/: not an http or https address"));
    }

    @Test
    void read_request_asksForTextAndSaysWhoAsks() throws Exception {
        EngineServer server = server(page(3, 5, 0.25));
        source(server).read();

        RecordedRequest request = server.lastRequest();

        assertThat(request.getMethod()).isEqualTo("GET");
        assertThat(request.getHeaders().get("Accept")).startsWith("text/plain;version=0.0.4");
        assertThat(request.getHeaders().get("User-Agent")).isEqualTo("tidegate");
        assertThat(request.getHeaders().get("Accept-Encoding")).isEqualTo("gzip");
    }

    @Test
    void read_severalReplicas_areReadAtOnce() throws Exception {
        CyclicBarrier together = new CyclicBarrier(3);
        EngineServer[] servers = servers(3, () -> together.await(20, TimeUnit.SECONDS));

        assertThat(value(source(servers).read().get(EngineMetricsSource.RUNNING)))
                .isEqualTo(3);
    }

    @Test
    void read_moreReplicasThanParallelReads_keepsToTheBound() throws Exception {
        CyclicBarrier pairs = new CyclicBarrier(2);
        AtomicInteger underWay = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        EngineServer[] servers = servers(8, () -> {
            most.accumulateAndGet(underWay.incrementAndGet(), Math::max);
            pairs.await(20, TimeUnit.SECONDS);
            underWay.decrementAndGet();
        });
        EngineMetricsSource source = opened(builder(servers).parallelReads(2).build());

        assertThat(value(source.read().get(EngineMetricsSource.RUNNING))).isEqualTo(8);
        assertThat(most).hasValue(2);
    }

    private interface Step {
        void run() throws Exception;
    }

    private EngineServer[] servers(int count, Step beforeAnswer) {
        EngineServer[] servers = new EngineServer[count];
        for (int i = 0; i < count; i++) {
            servers[i] = opened(new EngineServer(request -> {
                try {
                    beforeAnswer.run();
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
                return EngineServer.ok(page(1, 0, 0.5));
            }));
        }
        return servers;
    }

    @Test
    void read_manyTimes_usesNoMoreThreadsThanParallelReads() throws Exception {
        Set<Long> before = scrapeThreads();
        EngineServer server = server(page(3, 5, 0.25));
        EngineMetricsSource source =
                opened(builder(server, server(page(1, 0, 0.5))).parallelReads(2).build());

        for (int i = 0; i < 50; i++) {
            source.read();
        }

        Set<Long> made = scrapeThreads();
        made.removeAll(before);
        assertThat(made).hasSizeLessThanOrEqualTo(2);
        source.close();
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(scrapeThreads()).doesNotContainAnyElementsOf(made));
        assertThat(server.answered()).isEqualTo(50);
    }

    private static Set<Long> scrapeThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("tidegate-scrape-"))
                .map(EngineMetricsSourceTest::id)
                .collect(Collectors.toSet());
    }

    @SuppressWarnings("deprecation") // threadId() came with Java 19
    private static long id(Thread thread) {
        return thread.getId();
    }

    @Test
    void close_clientGiven_leavesItAndItsConnections() throws Exception {
        ConnectionPool connections = new ConnectionPool(5, 1, TimeUnit.MINUTES);
        OkHttpClient client =
                new OkHttpClient.Builder().connectionPool(connections).build();
        EngineServer server = server(page(3, 5, 0.25));
        EngineMetricsSource source = builder(server).client(client).build();
        source.read();

        source.close();
        source.close();

        assertThat(connections.idleConnectionCount()).isEqualTo(1);
        assertThat(client.dispatcher().executorService().isShutdown()).isFalse();
        try (EngineMetricsSource another = builder(server).client(client).build()) {
            assertThat(value(another.read().get(EngineMetricsSource.RUNNING))).isEqualTo(3);
        }
        connections.evictAll();
        client.dispatcher().executorService().shutdown();
    }

    @Test
    void client_withInterceptor_isAskedThroughIt() throws Exception {
        EngineServer server = server(page(3, 5, 0.25));
        OkHttpClient client = new OkHttpClient.Builder()
                .addInterceptor(chain -> chain.proceed(chain.request()
                        .newBuilder()
                        .header("Authorization", "Bearer test")
                        .build()))
                .build();

        opened(builder(server).client(client).build()).read();

        assertThat(server.lastRequest().getHeaders().get("Authorization")).isEqualTo("Bearer test");
    }

    @Test
    void read_afterClose_isRefused() {
        EngineMetricsSource source = source(server(page(3, 5, 0.25)));
        source.close();

        assertThatThrownBy(source::read).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void close_whileReading_endsTheRead() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        EngineServer server = opened(new EngineServer(request -> {
            asked.countDown();
            release.await(20, TimeUnit.SECONDS);
            return EngineServer.status(503);
        }));
        // The second waits for the only thread.
        List<URI> listed = List.of(server.url(), URI.create(server.url() + "?second"));
        EngineMetricsSource source = EngineMetricsSource.builder(time, () -> listed)
                .parallelReads(1)
                .timeout(Duration.ofMinutes(5))
                .build();
        List<Signal> read = new ArrayList<>();
        Thread reader = new Thread(() -> {
            try {
                read.add(source.read().get(EngineMetricsSource.RUNNING));
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        reader.start();
        assertThat(asked.await(20, TimeUnit.SECONDS)).isTrue();

        source.close();

        reader.join(20_000);
        assertThat(reader.isAlive()).isFalse();
        assertThat(read).singleElement().isInstanceOf(Signal.Missing.class);
        release.countDown();
    }

    @Test
    void read_interrupted_endsAndCancelsTheRequest() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        EngineServer server = opened(new EngineServer(request -> {
            asked.countDown();
            release.await(20, TimeUnit.SECONDS);
            return EngineServer.status(503);
        }));
        ConnectionPool connections = new ConnectionPool();
        OkHttpClient client =
                new OkHttpClient.Builder().connectionPool(connections).build();
        EngineMetricsSource source = opened(
                builder(server).client(client).timeout(Duration.ofMinutes(5)).build());
        List<Throwable> thrown = new ArrayList<>();
        Thread reader = new Thread(() -> {
            try {
                source.read();
            } catch (InterruptedException e) {
                thrown.add(e);
            }
        });
        reader.start();
        assertThat(asked.await(20, TimeUnit.SECONDS)).isTrue();

        reader.interrupt();

        reader.join(20_000);
        assertThat(thrown).singleElement().isInstanceOf(InterruptedException.class);
        await().atMost(Duration.ofSeconds(20)).until(() -> connections.connectionCount() == 0);
        release.countDown();
    }

    @Test
    void builder_settingOutOfRange_isRefused() {
        assertThatThrownBy(() -> builder().timeout(Duration.ZERO)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder().parallelReads(0)).isInstanceOf(IllegalArgumentException.class);
    }
}
