/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.URI;
import java.util.concurrent.atomic.AtomicInteger;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;

/** A real server on this machine that answers with whatever it was last told to. */
public final class LocalServer implements AutoCloseable {

    /** How a request is answered; may block. */
    public interface Answer {
        MockResponse to(RecordedRequest request) throws InterruptedException, IOException;
    }

    private final MockWebServer server = new MockWebServer();
    private final AtomicInteger answered = new AtomicInteger();
    private volatile Answer answer;

    public LocalServer(Answer answer) {
        this.answer = answer;
        server.setDispatcher(new Dispatcher() {
            @Override
            public MockResponse dispatch(RecordedRequest request) throws InterruptedException {
                answered.incrementAndGet();
                try {
                    return LocalServer.this.answer.to(request);
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

    public void answer(Answer next) {
        answer = next;
    }

    /** Requests so far. */
    public int answered() {
        return answered.get();
    }

    public URI url() {
        return URI.create("http://127.0.0.1:" + server.getPort());
    }

    public RecordedRequest lastRequest() throws InterruptedException {
        return server.takeRequest();
    }

    @Override
    public void close() {
        server.close();
    }
}
