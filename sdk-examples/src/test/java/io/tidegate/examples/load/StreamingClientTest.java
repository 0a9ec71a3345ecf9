/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.load;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What only a raw socket can do to a client. */
class StreamingClientTest {
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private ServerSocket server;
    private StreamingClient client;

    @BeforeEach
    void open() throws IOException {
        server = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
        client = new StreamingClient((InetSocketAddress) server.getLocalSocketAddress());
    }

    @AfterEach
    void close() throws IOException {
        client.close();
        client.close();
        server.close();
        threads.shutdownNow();
    }

    /** A request of a given size that notes what it is told. */
    private static final class Probe implements Exchange {
        private final int size;
        private final AtomicInteger dispatched = new AtomicInteger();
        private final StringBuilder body = new StringBuilder();
        private final BlockingQueue<String> ends = new LinkedBlockingQueue<>();
        private int status;

        Probe(int size) {
            this.size = size;
        }

        @Override
        public ByteBuffer[] request() {
            String head = "POST / HTTP/1.1\r\nContent-Length: " + size + "\r\n\r\n";
            return new ByteBuffer[] {
                ByteBuffer.wrap(head.getBytes(StandardCharsets.US_ASCII)), ByteBuffer.allocate(size)
            };
        }

        @Override
        public long deadlineNanos() {
            return System.nanoTime() + SECONDS.toNanos(3_600);
        }

        @Override
        public void dispatched(long nowNanos) {
            dispatched.incrementAndGet();
        }

        @Override
        public void head(HttpHead head) {
            status = head.status();
        }

        @Override
        public void body(byte[] bytes, int from, int to, long nowNanos) {
            body.append(new String(bytes, from, to - from, StandardCharsets.US_ASCII));
        }

        @Override
        public void ended(@Nullable String failure, long nowNanos) {
            ends.add(failure == null ? "ended " + status + " " + body : failure);
        }

        @Override
        public void cancelled(long nowNanos) {
            ends.add("cancelled");
        }

        String end() throws InterruptedException {
            String end = ends.poll(30, SECONDS);
            assertThat(ends).isEmpty();
            return String.valueOf(end);
        }
    }

    private Probe send(int size) {
        Probe probe = new Probe(size);
        client.send(probe);
        return probe;
    }

    /** What a server does with its connections. */
    private interface Script {
        void run() throws IOException, InterruptedException;
    }

    private void serve(Script script) {
        threads.execute(() -> {
            try {
                script.run();
            } catch (IOException | InterruptedException e) {
                // The test is over, or what it awaits in vain tells more.
                Thread.currentThread().interrupt();
            }
        });
    }

    /** Waits until the client closes the connection. */
    private static void awaitEnd(Socket socket) throws IOException {
        assertThat(socket.getInputStream().read()).isEqualTo(-1);
    }

    /** Reads a request to its end. */
    private static void readRequest(Socket socket, int size) throws IOException {
        InputStream in = socket.getInputStream();
        int newlines = 0;
        while (newlines < 2) {
            int c = in.read();
            if (c < 0) {
                throw new IOException("no request");
            }
            newlines = c == '\n' ? newlines + 1 : c == '\r' ? newlines : 0;
        }
        in.readNBytes(size);
    }

    private static void write(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    }

    @Test
    void send_oneAfterTheOther_useOneConnection() throws Exception {
        Future<Integer> served = threads.submit(() -> {
            try (Socket socket = server.accept()) {
                for (int i = 0; i < 3; i++) {
                    readRequest(socket, 10);
                    write(socket, OK);
                }
                return socket.getInputStream().read();
            }
        });

        for (int i = 0; i < 3; i++) {
            assertThat(send(10).end()).isEqualTo("ended 200 ok");
        }
        client.close();
        assertThat(served.get(30, SECONDS)).isEqualTo(-1);
    }

    @Test
    void send_answersFasterThanTheSenderReturns_keepTheirConnection() throws Exception {
        AtomicInteger accepted = new AtomicInteger();
        serve(() -> {
            while (true) {
                Socket socket = server.accept();
                accepted.incrementAndGet();
                socket.setTcpNoDelay(true);
                serve(() -> {
                    while (true) {
                        readRequest(socket, 10);
                        write(socket, OK);
                    }
                });
            }
        });

        for (int i = 0; i < 3_000; i++) {
            assertThat(send(10).end()).isEqualTo("ended 200 ok");
        }
        assertThat(accepted).hasValue(1);
    }

    @Test
    void send_whileOthersAreOpen_opensMoreConnections() throws Exception {
        CountDownLatch all = new CountDownLatch(20);
        serve(() -> {
            while (true) {
                Socket socket = server.accept();
                serve(() -> {
                    readRequest(socket, 10);
                    all.countDown();
                    all.await();
                    write(socket, OK);
                });
            }
        });

        Probe[] probes = new Probe[20];
        for (int i = 0; i < probes.length; i++) {
            probes[i] = send(10);
        }
        for (Probe probe : probes) {
            assertThat(probe.end()).isEqualTo("ended 200 ok");
            assertThat(probe.dispatched).hasValue(1);
        }
    }

    @Test
    void send_reusedConnectionIsClosedOnArrival_isSentOnceMore() throws Exception {
        Future<?> served = threads.submit(() -> {
            try (Socket first = server.accept()) {
                readRequest(first, 10);
                write(first, OK);
                readRequest(first, 10);
            }
            try (Socket second = server.accept()) {
                readRequest(second, 10);
                write(second, OK);
            }
            return null;
        });

        assertThat(send(10).end()).isEqualTo("ended 200 ok");
        Probe probe = send(10);
        assertThat(probe.end()).isEqualTo("ended 200 ok");
        assertThat(probe.dispatched).hasValue(1);
        served.get(30, SECONDS);
    }

    @Test
    void send_serverClosesIdleConnectionsUnannounced_everyRequestIsAnsweredOnce() throws Exception {
        AtomicInteger served = new AtomicInteger();
        serve(() -> {
            while (true) {
                Socket socket = server.accept();
                serve(() -> {
                    try (socket) {
                        // Good for one to three requests, then closed without a word.
                        for (int i = served.getAndIncrement() % 3; i < 3; i++) {
                            readRequest(socket, 10);
                            write(socket, OK);
                        }
                    }
                });
            }
        });

        for (int round = 0; round < 200; round++) {
            Probe[] probes = new Probe[8];
            for (int i = 0; i < probes.length; i++) {
                probes[i] = send(10);
            }
            for (Probe probe : probes) {
                assertThat(probe.end()).isEqualTo("ended 200 ok");
            }
        }
    }

    @Test
    void send_newConnectionIsClosedOnArrival_isNotSentAgain() throws Exception {
        serve(() -> {
            try (Socket first = server.accept()) {
                readRequest(first, 10);
            }
        });

        assertThat(send(10).end()).isEqualTo("the connection broke: the server closed the connection");
    }

    @Test
    void send_answerBreaksOff_hasFailed() throws Exception {
        serve(() -> {
            try (Socket socket = server.accept()) {
                readRequest(socket, 10);
                write(socket, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok");
            }
        });

        assertThat(send(10).end()).isEqualTo("the connection broke: the server closed the connection");
    }

    @Test
    void send_answerUntilTheConnectionEnds_isWhole() throws Exception {
        serve(() -> {
            try (Socket socket = server.accept()) {
                readRequest(socket, 10);
                write(socket, "HTTP/1.0 200 OK\r\n\r\nall of it");
            }
        });

        assertThat(send(10).end()).isEqualTo("ended 200 all of it");
    }

    @Test
    void send_notHttp_hasFailed() throws Exception {
        serve(() -> {
            try (Socket socket = server.accept()) {
                readRequest(socket, 10);
                write(socket, "SSH-2.0-OpenSSH_9.2\r\n");
                awaitEnd(socket);
            }
        });

        assertThat(send(10).end()).isEqualTo("the connection broke: not an HTTP/1 response");
    }

    @Test
    void send_largeRequest_isWrittenInPieces() throws Exception {
        int size = 20_000_000;
        serve(() -> {
            try (Socket socket = server.accept()) {
                readRequest(socket, size);
                write(socket, OK);
                awaitEnd(socket);
            }
        });

        assertThat(send(size).end()).isEqualTo("ended 200 ok");
    }

    @Test
    void send_answerBeforeTheRequestIsRead_countsAndTheConnectionIsNotReused() throws Exception {
        int size = 20_000_000;
        CountDownLatch answered = new CountDownLatch(1);
        Future<?> served = threads.submit(() -> {
            Socket first = server.accept();
            write(first, "HTTP/1.1 429 No\r\nContent-Length: 2\r\n\r\nno");
            answered.await();
            try (Socket second = server.accept()) {
                readRequest(second, 10);
                write(second, OK);
            }
            first.close();
            return null;
        });

        assertThat(send(size).end()).isEqualTo("ended 429 no");
        answered.countDown();
        assertThat(send(10).end()).isEqualTo("ended 200 ok");
        served.get(30, SECONDS);
    }

    @Test
    void cancelAll_openAndLaterRequests_areCancelled() throws Exception {
        Probe open = send(10);
        Socket accepted = server.accept();
        readRequest(accepted, 10);

        client.cancelAll();

        assertThat(open.end()).isEqualTo("cancelled");
        assertThat(accepted.getInputStream().read()).isEqualTo(-1);
        assertThat(send(10).end()).isEqualTo("cancelled");
        accepted.close();
    }

    @Test
    void send_afterClose_isCancelled() throws Exception {
        client.close();

        assertThat(send(10).end()).isEqualTo("cancelled");
    }
}
