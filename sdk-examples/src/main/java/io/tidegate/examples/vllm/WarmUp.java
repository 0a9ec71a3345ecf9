/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.vllm;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Uses the cold start of a fresh JVM to load and compile the way of a request, as vLLM captures its graphs in that time.
 * Without it the first requests would take a tenth of a real second, which a high time scale turns into seconds.
 *
 * <p>The requests go to a second server on another port, so that nothing of them shows in the metrics of the first.
 */
final class WarmUp {
    private static final Logger log = LoggerFactory.getLogger(WarmUp.class);
    private static final int REQUESTS = 40;
    private static final int TIME_SCALE = 10_000;
    private static final int TIMEOUT_MILLIS = 2_000;

    private WarmUp() {}

    /** Sends requests one by one until there were enough or {@code over} says so. Never fails. */
    static void until(BooleanSupplier over) {
        SimulatedVllmConfig config = SimulatedVllmConfig.builder()
                .timeScale(TIME_SCALE)
                .streamInterval(20)
                .build();
        try (SimulatedVllmServer server = SimulatedVllmServer.start(config)) {
            for (int i = 0; i < REQUESTS && !over.getAsBoolean(); i++) {
                request(server.uri(), i % 4 != 3);
            }
        } catch (IOException e) {
            log.warn("The warm-up failed; the first requests will be slower", e);
        }
    }

    private static void request(URI server, boolean stream) throws IOException {
        String body = """
                {"messages":[{"role":"user","content":"%s"}],"max_tokens":100,"ignore_eos":true,"stream":%b}""".formatted(OutputText.ofTokens(0, 1000), stream);
        String request =
                "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: "
                        + body.length() + "\r\n\r\n" + body;
        try (Socket socket = new Socket(server.getHost(), server.getPort())) {
            socket.setSoTimeout(TIMEOUT_MILLIS);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            socket.getInputStream().transferTo(OutputStream.nullOutputStream());
        }
    }
}
