/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.engine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.URI;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;

/** A server that answers {@code /metrics} with whatever it was last told to. */
final class EngineServer implements AutoCloseable {

    /** How a request is answered; may block. */
    interface Answer {
        MockResponse to(RecordedRequest request) throws InterruptedException, IOException;
    }

    private final MockWebServer server = new MockWebServer();
    private final AtomicInteger answered = new AtomicInteger();
    private volatile Answer answer;

    EngineServer(Answer answer) {
        this.answer = answer;
        server.setDispatcher(new Dispatcher() {
            @Override
            public MockResponse dispatch(RecordedRequest request) throws InterruptedException {
                if (!"/metrics".equals(request.getUrl().encodedPath())) {
                    return status(404);
                }
                answered.incrementAndGet();
                try {
                    return EngineServer.this.answer.to(request);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        });
        try {
            server.start(InetAddress.getLoopbackAddress(), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    EngineServer(String page) {
        this(request -> ok(page));
    }

    void answer(Answer next) {
        answer = next;
    }

    /** Requests for the metrics page so far. */
    int answered() {
        return answered.get();
    }

    URI url() {
        return URI.create("http://127.0.0.1:" + server.getPort());
    }

    RecordedRequest lastRequest() throws InterruptedException {
        return server.takeRequest();
    }

    @Override
    public void close() {
        server.close();
    }

    static MockResponse status(int code) {
        return new MockResponse.Builder().code(code).build();
    }

    static MockResponse ok(String page) {
        return text().body(page).build();
    }

    static MockResponse.Builder text() {
        return new MockResponse.Builder().setHeader("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    }

    /** A page of one engine. */
    static String page(double running, double waiting, double kvCache) {
        return String.format(Locale.ROOT, """
                # HELP vllm:num_requests_running Requests in batches.
                # TYPE vllm:num_requests_running gauge
                vllm:num_requests_running{engine="0",model_name="m"} %s
                # TYPE vllm:num_requests_waiting gauge
                vllm:num_requests_waiting{engine="0",model_name="m"} %s
                # TYPE vllm:kv_cache_usage_perc gauge
                vllm:kv_cache_usage_perc{engine="0",model_name="m"} %s
                # TYPE vllm:num_preemptions_total counter
                vllm:num_preemptions_total{engine="0",model_name="m"} 4.0
                # TYPE vllm:prompt_tokens_total counter
                vllm:prompt_tokens_total{engine="0",model_name="m"} 9.0e+01
                # TYPE vllm:generation_tokens_total counter
                vllm:generation_tokens_total{engine="0",model_name="m"} 2546.0
                # TYPE vllm:time_to_first_token_seconds histogram
                vllm:time_to_first_token_seconds_count{engine="0",model_name="m"} 8.0
                vllm:time_to_first_token_seconds_sum{engine="0",model_name="m"} 2.0
                # TYPE vllm:inter_token_latency_seconds histogram
                vllm:inter_token_latency_seconds_count{engine="0",model_name="m"} 2500.0
                vllm:inter_token_latency_seconds_sum{engine="0",model_name="m"} 40.0
                # TYPE vllm:cache_config_info gauge
                vllm:cache_config_info{block_size="16",engine="0",num_gpu_blocks="27000"} 1.0
                """, running, waiting, kvCache);
    }
}
