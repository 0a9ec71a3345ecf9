/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.load;

import io.tidegate.sim.trace.Trace;
import io.tidegate.sim.trace.TraceEvent;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets a driver send a few requests to a canned server before the first run of a JVM, so that classes are loaded and the
 * code is warm when the clock starts. Without it the first requests left 10 to 70 ms late, which at 60 times real time
 * would be seconds; with it, as late as any other.
 */
final class Rehearsal {
    private static final Logger LOG = LoggerFactory.getLogger(Rehearsal.class);

    private static final int REQUESTS = 400;
    private static final long GAP_NANOS = 500_000;
    private static final Duration PATIENCE = Duration.ofSeconds(3);
    private static final AtomicBoolean DONE = new AtomicBoolean();

    private static final byte[] REQUEST_END = "}]}".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] ANSWER = answer();

    private Rehearsal() {}

    /** Rehearses, once per JVM; takes about a quarter of a second. What goes wrong is logged and does no harm. */
    static void once() {
        if (!DONE.compareAndSet(false, true)) {
            return;
        }
        try (ServerSocket server = new ServerSocket(0, REQUESTS, InetAddress.getLoopbackAddress())) {
            Thread acceptor = new Thread(() -> accept(server), "tidegate-load-rehearsal");
            acceptor.setDaemon(true);
            acceptor.start();
            List<TraceEvent> events = new ArrayList<>();
            for (int i = 0; i < REQUESTS; i++) {
                events.add(new TraceEvent(i * GAP_NANOS, 100, 1, "rehearsal", "rehearsal"));
            }
            try (OpenLoopDriver driver = OpenLoopDriver.builder()
                    .baseUrl(url(server))
                    .trace(Trace.of("rehearsal", events))
                    .slos(List.of(new TierSlo("rehearsal", PATIENCE)))
                    .build()) {
                driver.startUnrehearsed();
                driver.awaitEnd(PATIENCE);
            }
        } catch (IOException | RuntimeException e) {
            LOG.debug("the rehearsal failed; the first requests may be late", e);
        }
    }

    private static URI url(ServerSocket server) {
        String host = server.getInetAddress().getHostAddress();
        return URI.create("http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + server.getLocalPort());
    }

    private static void accept(ServerSocket server) {
        try {
            while (true) {
                Socket socket = server.accept();
                Thread thread = new Thread(() -> answer(socket), "tidegate-load-rehearsal");
                thread.setDaemon(true);
                thread.start();
            }
        } catch (IOException e) {
            LOG.trace("the rehearsal is over", e);
        }
    }

    private static void answer(Socket socket) {
        try (socket) {
            InputStream in = socket.getInputStream();
            byte[] buffer = new byte[4_096];
            int matched = 0;
            int length;
            while ((length = in.read(buffer)) > 0) {
                for (int i = 0; i < length; i++) {
                    matched = buffer[i] == REQUEST_END[matched] ? matched + 1 : 0;
                    if (matched == REQUEST_END.length) {
                        socket.getOutputStream().write(ANSWER);
                        matched = 0;
                    }
                }
            }
        } catch (IOException e) {
            LOG.trace("the rehearsal is over", e);
        }
    }

    private static byte[] answer() {
        StringBuilder answer = new StringBuilder(
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
        chunk(answer, "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n");
        for (int i = 0; i < 8; i++) {
            chunk(answer, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\" tide\"}}]}\n\n");
        }
        chunk(answer, "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":8}}\n\n");
        chunk(answer, "data: [DONE]\n\n");
        return answer.append("0\r\n\r\n").toString().getBytes(StandardCharsets.US_ASCII);
    }

    private static void chunk(StringBuilder answer, String data) {
        answer.append(Integer.toHexString(data.length()))
                .append("\r\n")
                .append(data)
                .append("\r\n");
    }
}
