/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Predicate;

/** Stands in front of an API server, and fails as it is told to. */
final class FaultyApi implements AutoCloseable {

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "faulty-api");
        thread.setDaemon(true);
        return thread;
    });
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final String target;
    private final CountDownLatch end = new CountDownLatch(1);
    private final List<Asked> asked = new CopyOnWriteArrayList<>();
    private volatile Fault fault = Fault.NONE;
    private volatile Predicate<Asked> to = all -> true;
    private volatile int status;

    FaultyApi(String target) {
        this.target = target;
        try {
            this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    enum Fault {
        NONE,
        /** Answers with a status and does nothing. */
        STATUS,
        /** Accepts, and never answers. */
        HANG,
        /** Does what is asked, and breaks the connection in place of the answer. */
        DROP_ANSWER
    }

    /** A request. */
    record Asked(String method, String path) {

        boolean writes() {
            return !method.equals("GET");
        }
    }

    String address() {
        return "http://localhost:" + server.getAddress().getPort();
    }

    /** From now on requests of that kind fail so. */
    void fail(Fault how, Predicate<Asked> which) {
        this.to = which;
        this.fault = how;
    }

    /** From now on requests of that kind are answered with that status. */
    void answer(int code, Predicate<Asked> which) {
        this.status = code;
        fail(Fault.STATUS, which);
    }

    void heal() {
        fault = Fault.NONE;
    }

    /** All that was asked, failed or not. */
    List<Asked> asked() {
        return List.copyOf(asked);
    }

    long count(Predicate<Asked> which) {
        return asked.stream().filter(which).count();
    }

    void forget() {
        asked.clear();
    }

    private void handle(HttpExchange exchange) throws IOException {
        Asked request =
                new Asked(exchange.getRequestMethod(), exchange.getRequestURI().toString());
        asked.add(request);
        byte[] body = exchange.getRequestBody().readAllBytes();
        Fault now = to.test(request) ? fault : Fault.NONE;
        try (exchange) {
            switch (now) {
                case STATUS -> respond(exchange, status, """
                        {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"told to fail",
                         "code":%d,"details":{"retryAfterSeconds":%d}}""".formatted(status, status == 429 ? 3 : 0));
                case HANG -> end.await();
                case DROP_ANSWER -> forward(exchange, body);
                default -> {
                    HttpResponse<byte[]> answer = forward(exchange, body);
                    answer.headers()
                            .firstValue("Content-Type")
                            .ifPresent(type -> exchange.getResponseHeaders().set("Content-Type", type));
                    exchange.sendResponseHeaders(
                            answer.statusCode(), answer.body().length == 0 ? -1 : answer.body().length);
                    exchange.getResponseBody().write(answer.body());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void respond(HttpExchange exchange, int code, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(code, body.length);
        exchange.getResponseBody().write(body);
    }

    private HttpResponse<byte[]> forward(HttpExchange exchange, byte[] body) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create(target + exchange.getRequestURI().toString()))
                .method(
                        exchange.getRequestMethod(),
                        body.length == 0
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofByteArray(body));
        for (String header : List.of("Content-Type", "Accept", "Authorization")) {
            String value = exchange.getRequestHeaders().getFirst(header);
            if (value != null) {
                request.header(header, value);
            }
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    }

    @Override
    public void close() {
        end.countDown();
        server.stop(0);
        threads.shutdownNow();
    }
}
