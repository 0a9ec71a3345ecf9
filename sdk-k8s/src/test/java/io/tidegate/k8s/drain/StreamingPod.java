/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.drain;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A pod that streams answers: one event at once, and the rest when it is told to finish. When it is killed its streams are cut, as
 * those of a pod are at the end of its grace period.
 */
final class StreamingPod implements AutoCloseable {

    static final String END = "data: [DONE]";

    final String name;
    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final CountDownLatch finish = new CountDownLatch(1);

    /** Streams that were begun. */
    final AtomicInteger begun = new AtomicInteger();

    StreamingPod(String name) {
        this.name = name;
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.setExecutor(threads);
        server.createContext("/", exchange -> {
            begun.incrementAndGet();
            exchange.sendResponseHeaders(200, 0);
            try (OutputStream out = exchange.getResponseBody()) {
                out.write("data: first\n\n".getBytes(java.nio.charset.StandardCharsets.UTF_8));
                out.flush();
                finish.await();
                out.write((END + "\n\n").getBytes(java.nio.charset.StandardCharsets.UTF_8));
            } catch (InterruptedException e) {
                // Killed: neither the rest nor the end of the body is sent.
                throw new IOException("cut", e);
            }
        });
        server.start();
    }

    URI uri() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    /** Lets all streams come to their end. */
    void finish() {
        finish.countDown();
    }

    /** Ends it at once, with whatever it streams. */
    void kill() {
        server.stop(0);
        threads.shutdownNow();
    }

    @Override
    public void close() {
        finish();
        kill();
    }
}
