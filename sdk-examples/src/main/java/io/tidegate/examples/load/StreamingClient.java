/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.load;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends many HTTP/1.1 requests to one server and follows their streamed answers, with one thread.
 *
 * <p>A request never waits for a connection: an idle one is taken, else a new one is opened. A request on a reused connection
 * that turns out to have been closed by the server, before any byte of an answer, is sent once more on a new one. No TLS, no
 * proxies, no redirects.
 *
 * <p>Safe for many threads. The sender writes the request itself, so that it leaves even while the client's thread is busy;
 * everything after that is done by the client's thread.
 */
final class StreamingClient implements Closeable {
    /*
     * Why not a client off the shelf: a streamed answer is a socket read per token, and the driver shares its cores with what
     * it measures. Share of one core the process took, on 2 cores that were busy otherwise, with answers of 211 tokens:
     *
     *   requests/s (events/s)   this        OkHttp (a thread per answer)   JDK client
     *    50 (10,600)            12 %        29 to 33 %                     44 to 46 %
     *   150 (31,800)            22 to 33 %  56 to 88 %                     84 to 94 %
     *
     * The JDK's client also sent requests later than the others (p99 at 50/s 15 to 155 ms, at 150/s 86 to 330 ms).
     *
     * Who owns a connection is said by its holder alone. A sender takes an idle connection by a CAS from IDLE to its exchange.
     * Only the client's thread takes an exchange out again, by setting ENDING when the response is complete, else CLOSED. So
     * an exchange is told its end exactly once, whatever sender, server and close() do at the same time.
     *
     * A response may be complete before the sender has returned from writing its request. So a connection becomes idle
     * when both halves of the exchange are over, by whoever ends the second.
     */

    private static final Logger LOG = LoggerFactory.getLogger(StreamingClient.class);

    private static final int READ_BUFFER = 1 << 16;
    private static final long SWEEP_MILLIS = 100;
    /** Less than what servers commonly keep idle connections for (30 s), so that few requests meet a closed one. */
    private static final long MAX_IDLE_NANOS = TimeUnit.SECONDS.toNanos(15);

    private static final long JOIN_MILLIS = 5_000;
    private static final ByteBuffer[] NOTHING = {};

    /** What a connection holds when it carries no exchange. */
    private enum Holding {
        IDLE,
        /** Answered; whether it becomes idle depends on the sender, who is still at its request. */
        ENDING,
        CLOSED
    }

    private final InetSocketAddress address;
    private final Selector selector;
    private final Thread thread;
    /** Latest used last. */
    private final Deque<Connection> idle = new ConcurrentLinkedDeque<>();
    /** Connections a sender opened, or could not write all of a request to. */
    private final Queue<Connection> handedOver = new ConcurrentLinkedQueue<>();

    private final ByteBuffer readBuffer = ByteBuffer.allocate(READ_BUFFER);
    private volatile boolean cancelling;
    private volatile boolean closing;
    /** Set when the thread takes nothing over any more; whoever hands over afterwards cancels. */
    private volatile boolean terminated;

    private long lastSweep = System.nanoTime();

    StreamingClient(InetSocketAddress address) {
        this.address = address;
        try {
            this.selector = Selector.open();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot open a selector", e);
        }
        this.thread = new Thread(this::run, "tidegate-load-io");
        thread.setDaemon(true);
        thread.start();
    }

    /** Sends a request now; never blocks. After {@link #cancelAll} or {@link #close} it will be cancelled. */
    void send(Exchange exchange) {
        exchange.dispatched(System.nanoTime());
        Connection connection;
        do {
            connection = idle.pollLast();
            if (connection == null) {
                connect(exchange, false);
                return;
            }
        } while (!connection.take(exchange));
        if (!connection.writeFirst(exchange)) {
            handOver(connection);
        }
    }

    /** Gives up all exchanges, those sent from now on as well; returns at once. */
    void cancelAll() {
        cancelling = true;
        selector.wakeup();
    }

    /** Gives up all exchanges and ends the thread. Waits for it, unless called by it. */
    @Override
    public void close() {
        closing = true;
        selector.wakeup();
        if (Thread.currentThread() == thread) {
            return;
        }
        try {
            thread.join(JOIN_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Opens a connection for an exchange, on whatever thread has it. */
    private void connect(Exchange exchange, boolean again) {
        SocketChannel channel = null;
        Connection connection;
        try {
            channel = SocketChannel.open();
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            connection = new Connection(channel, exchange, again);
            if (channel.connect(address)) {
                connection.writeFirst(exchange);
            }
        } catch (IOException | RuntimeException e) {
            closeQuietly(channel);
            exchange.ended("no connection: " + describe(e), System.nanoTime());
            return;
        }
        handOver(connection);
    }

    private void handOver(Connection connection) {
        handedOver.add(connection);
        if (terminated) {
            abandonHandedOver();
        } else {
            selector.wakeup();
        }
    }

    private void run() {
        try {
            while (!closing) {
                selector.select(SWEEP_MILLIS);
                takeHandedOver();
                serveReady();
                if (cancelling) {
                    abandonAll();
                }
                sweep();
            }
        } catch (IOException | RuntimeException e) {
            LOG.error("the load driver's client failed; open requests are given up", e);
        } finally {
            closing = true;
            abandonAll();
            closeQuietly(selector);
            terminated = true;
            abandonHandedOver();
        }
    }

    private void takeHandedOver() {
        Connection connection;
        while ((connection = handedOver.poll()) != null) {
            connection.taken();
        }
    }

    private void serveReady() {
        for (Iterator<SelectionKey> keys = selector.selectedKeys().iterator(); keys.hasNext(); ) {
            SelectionKey key = keys.next();
            keys.remove();
            if (key.attachment() instanceof Connection connection && key.isValid()) {
                connection.ready(key.readyOps());
            }
        }
    }

    private void sweep() {
        long now = System.nanoTime();
        if (now - lastSweep < TimeUnit.MILLISECONDS.toNanos(SWEEP_MILLIS)) {
            return;
        }
        lastSweep = now;
        for (Connection oldest = idle.peekFirst();
                oldest != null && now - oldest.idleSince > MAX_IDLE_NANOS;
                oldest = idle.peekFirst()) {
            oldest.closeIfIdle();
        }
        for (Connection connection : connections()) {
            Exchange exchange = connection.exchange();
            if (exchange != null && now - exchange.deadlineNanos() > 0) {
                connection.fail("it did not end in time", now);
            }
        }
    }

    private void abandonAll() {
        for (Connection connection : connections()) {
            connection.abandon();
        }
        abandonHandedOver();
    }

    private void abandonHandedOver() {
        Connection connection;
        while ((connection = handedOver.poll()) != null) {
            connection.abandon();
        }
    }

    private List<Connection> connections() {
        List<Connection> connections = new ArrayList<>();
        for (SelectionKey key : selector.keys()) {
            if (key.attachment() instanceof Connection connection) {
                connections.add(connection);
            }
        }
        return connections;
    }

    private static void closeQuietly(@Nullable Closeable closeable) {
        if (closeable != null) {
            try {
                closeable.close();
            } catch (IOException e) {
                LOG.debug("closing failed", e);
            }
        }
    }

    private static String describe(Exception e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    /** One connection, which carries one exchange at a time. Used by the client's thread, except where it says sender. */
    private final class Connection implements HttpResponseParser.Listener {
        private final SocketChannel channel;
        private final HttpResponseParser parser = new HttpResponseParser();
        /** An {@link Exchange} or a {@link Holding}. */
        private final AtomicReference<Object> holder;
        /** Whether the exchange was sent before, on a connection that turned out to be closed. */
        private boolean again;

        private @Nullable SelectionKey key;
        /** Halves of the exchange, request and response, that are not over. */
        private final AtomicInteger halves = new AtomicInteger();
        /** What the sender could not write; published by handing over. */
        private ByteBuffer[] left = NOTHING;
        /** What is still to be written by the client's thread. */
        private ByteBuffer[] unsent = NOTHING;

        private boolean reused;
        private volatile long idleSince;
        private long now;

        Connection(SocketChannel channel, Exchange exchange, boolean again) {
            this.channel = channel;
            this.holder = new AtomicReference<>(exchange);
            this.again = again;
            this.halves.set(2);
        }

        /** Sender: makes an idle connection carry an exchange; returns false if it is not idle any more. */
        boolean take(Exchange exchange) {
            // Whoever polled the connection from the idle ones is the only one to get here.
            halves.set(2);
            return holder.compareAndSet(Holding.IDLE, exchange);
        }

        /** Sender: writes a request as far as that goes; returns false if the client's thread has to go on. */
        boolean writeFirst(Exchange exchange) {
            ByteBuffer[] request = exchange.request();
            boolean all = false;
            try {
                channel.write(request);
                all = !request[request.length - 1].hasRemaining();
            } catch (IOException e) {
                // Found again by the client's thread, which knows whether there is an answer nevertheless.
                LOG.debug("writing failed", e);
            }
            if (all) {
                halfOver();
            } else {
                left = request;
            }
            return all;
        }

        @Nullable
        Exchange exchange() {
            return holder.get() instanceof Exchange exchange ? exchange : null;
        }

        /** The connection was handed over by a sender: new, or with a request not written to its end. */
        void taken() {
            if (exchange() == null) {
                // Answered before the request was written to its end: no use for another one.
                end();
                return;
            }
            try {
                if (key == null) {
                    key = channel.register(selector, SelectionKey.OP_READ, this);
                }
                if (channel.isConnectionPending()) {
                    key.interestOps(SelectionKey.OP_CONNECT);
                } else {
                    unsent = left;
                    left = NOTHING;
                    write();
                }
            } catch (IOException | RuntimeException e) {
                fail("no connection: " + describe(e), System.nanoTime());
            }
        }

        void ready(int operations) {
            if ((operations & SelectionKey.OP_CONNECT) != 0) {
                finishConnect();
            } else if ((operations & SelectionKey.OP_WRITE) != 0) {
                write();
            }
            if ((operations & SelectionKey.OP_READ) != 0 && channel.isOpen()) {
                read();
            }
        }

        /** Ends the exchange, if there is one, as broken, and the connection. */
        void fail(String failure, long at) {
            Exchange failed = end();
            if (failed != null) {
                failed.ended(failure, at);
            }
        }

        /** Cancels the exchange, if there is one, and ends the connection. */
        void abandon() {
            Exchange cancelled = end();
            if (cancelled != null) {
                cancelled.cancelled(System.nanoTime());
            }
        }

        /** Ends the connection unless a sender has just taken it. */
        void closeIfIdle() {
            boolean closed = holder.compareAndSet(Holding.IDLE, Holding.CLOSED);
            idle.remove(this);
            if (closed) {
                closeQuietly(channel);
            }
        }

        /** Ends the connection; returns the exchange it carried. */
        private @Nullable Exchange end() {
            Object held = holder.getAndSet(Holding.CLOSED);
            if (held == Holding.IDLE) {
                idle.remove(this);
            }
            closeQuietly(channel);
            return held instanceof Exchange exchange ? exchange : null;
        }

        private void finishConnect() {
            try {
                channel.finishConnect();
            } catch (IOException e) {
                fail("no connection: " + describe(e), System.nanoTime());
                return;
            }
            Exchange exchange = exchange();
            if (exchange != null) {
                unsent = exchange.request();
                write();
            }
        }

        private void write() {
            if (unsent.length == 0) {
                return;
            }
            try {
                channel.write(unsent);
                if (unsent[unsent.length - 1].hasRemaining()) {
                    interest(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
                } else {
                    interest(SelectionKey.OP_READ);
                    unsent = NOTHING;
                    halfOver();
                }
            } catch (IOException e) {
                // The server may have answered and closed without reading all of the request: its answer counts.
                read();
                if (exchange() != null) {
                    lost(describe(e));
                }
            }
        }

        private void interest(int operations) {
            if (key != null && key.interestOps() != operations) {
                key.interestOps(operations);
            }
        }

        private void read() {
            now = System.nanoTime();
            try {
                int length;
                do {
                    length = channel.read(readBuffer.clear());
                    if (length > 0) {
                        received(length);
                    }
                } while (length == READ_BUFFER && channel.isOpen());
                if (length < 0) {
                    parser.endOfConnection();
                    if (parser.isComplete()) {
                        complete(false);
                    } else {
                        lost("the server closed the connection");
                    }
                }
            } catch (IOException e) {
                lost(describe(e));
            }
        }

        private void received(int length) throws IOException {
            if (exchange() == null) {
                throw new IOException("the server sent something nobody had asked for");
            }
            int end = parser.feed(readBuffer.array(), 0, length, this);
            if (parser.isComplete()) {
                // Bytes after the end answer nothing, so such a connection is not trusted with another request.
                complete(end == length);
            }
        }

        private void complete(boolean reusable) {
            Exchange complete;
            if (reusable && parser.keepAlive() && unsent.length == 0 && !closing) {
                complete = exchange();
                parser.reset();
                reused = true;
                again = false;
                holder.set(Holding.ENDING);
                halfOver();
            } else {
                complete = end();
            }
            if (complete != null) {
                complete.ended(null, now);
            }
        }

        /** Sender or client: request or response is over; after the second the connection is idle. */
        private void halfOver() {
            if (halves.decrementAndGet() == 0) {
                idleSince = System.nanoTime();
                if (holder.compareAndSet(Holding.ENDING, Holding.IDLE)) {
                    idle.addLast(this);
                }
            }
        }

        private void lost(String cause) {
            Exchange lost = end();
            if (lost == null) {
                return;
            }
            if (reused && !again && !parser.started()) {
                connect(lost, true);
            } else {
                lost.ended("the connection broke: " + cause, System.nanoTime());
            }
        }

        @Override
        public void head(HttpHead head) {
            Exchange exchange = exchange();
            if (exchange != null) {
                exchange.head(head);
            }
        }

        @Override
        public void body(byte[] bytes, int from, int to) {
            Exchange exchange = exchange();
            if (exchange != null) {
                exchange.body(bytes, from, to, now);
            }
        }
    }
}
