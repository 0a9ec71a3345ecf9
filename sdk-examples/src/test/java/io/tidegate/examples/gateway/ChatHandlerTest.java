/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import io.tidegate.admission.Gate;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.routing.Endpoint;
import io.tidegate.routing.ReplicaBalancer;
import io.tidegate.routing.RetryBudget;
import io.tidegate.time.ManualTime;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import okhttp3.OkHttpClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The handler in front of replicas that are no more than an answer. */
class ChatHandlerTest {

    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    private final ManualTime time = new ManualTime();
    private final Gate gate = Gate.builder("chat")
            .time(time)
            .tier(Tier.builder("standard").build())
            .limit(Work.slots(8))
            .build();
    private final ReplicaBalancer balancer = ReplicaBalancer.of(time);
    private final RetryBudget retries = RetryBudget.of(time);
    private final List<HttpServer> servers = new ArrayList<>();
    private HttpServer gateway;

    private HttpServer serve() throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 16);
        server.start();
        servers.add(server);
        return server;
    }

    @BeforeEach
    void start() throws IOException {
        gateway = serve();
        gateway.createContext("/", new ChatHandler(gate, gate.tier("standard"), balancer, retries, new OkHttpClient()));
    }

    @AfterEach
    void stop() {
        servers.forEach(server -> server.stop(0));
        gate.close();
    }

    private static URI uri(HttpServer server) {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    private Endpoint replica(String id, int status, String retryAfter, AtomicInteger asked) throws IOException {
        HttpServer server = serve();
        server.createContext("/v1/chat/completions", exchange -> {
            asked.incrementAndGet();
            byte[] answer =
                    "{\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":5}}".getBytes(StandardCharsets.UTF_8);
            exchange.getRequestBody().readAllBytes();
            exchange.getResponseHeaders().set("Retry-After", retryAfter);
            exchange.sendResponseHeaders(status, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        return Endpoint.of(id, uri(server), Work.slots(8));
    }

    private HttpResponse<String> chat() throws IOException, InterruptedException {
        return CLIENT.send(
                HttpRequest.newBuilder(uri(gateway))
                        .POST(HttpRequest.BodyPublishers.ofString(
                                "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"tide\"}]}"))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void replicaAnswers503_requestGoesToAnotherAndTheFirstIsLeftAloneUntilItIsOver() throws Exception {
        AtomicInteger full = new AtomicInteger();
        AtomicInteger well = new AtomicInteger();
        balancer.update(List.of(replica("full", 503, "7", full), replica("well", 200, "0", well)));
        for (int i = 0; i < 12; i++) {
            assertThat(chat().statusCode()).isEqualTo(200);
        }

        assertThat(well).hasValue(12);
        assertThat(full.get()).isLessThanOrEqualTo(1);
        time.advance(Duration.ofSeconds(7));
        for (int i = 0; i < 12; i++) {
            assertThat(chat().statusCode()).isEqualTo(200);
        }
        assertThat(full.get()).isBetween(1, 2);
        // The client has its answer a moment before the handler has ended.
        await().until(() -> balancer.inFlight() == 0 && gate.inFlight().slots() == 0);
    }

    @Test
    void allReplicasAnswer429_clientIsToldWhenTheFirstIsBack() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        balancer.update(List.of(replica("a", 429, "9", asked), replica("b", 429, "5", asked)));

        HttpResponse<String> response = chat();

        assertThat(response.statusCode()).isEqualTo(503);
        assertThat(response.headers().firstValue("Retry-After")).contains("5");
        assertThat(chat().statusCode()).isEqualTo(503);
        assertThat(asked).as("nobody sooner than it said").hasValue(2);
    }

    @Test
    void replicaUnreachable_anotherIsAskedWithinTheBudget() throws Exception {
        AtomicInteger well = new AtomicInteger();
        HttpServer dead = serve();
        Endpoint gone = Endpoint.of("gone", uri(dead), Work.slots(8));
        dead.stop(0);
        balancer.update(List.of(gone, replica("well", 200, "0", well)));
        for (int i = 0; i < 8; i++) {
            assertThat(chat().statusCode()).isEqualTo(200);
        }

        assertThat(well).hasValue(8);
        assertThat(retries.retries()).isEqualTo(balancer.failures());
    }

    @Test
    void replicaAnswers500_isPassedOnAndCountsAsFailure() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        balancer.update(List.of(replica("a", 500, "0", asked)));

        assertThat(chat().statusCode()).isEqualTo(500);
        assertThat(asked).hasValue(1);
        // The handler says so of the replica when the answer has been passed on, so the client may be first.
        await().untilAsserted(() -> assertThat(balancer.failures()).isEqualTo(1));
    }
}
