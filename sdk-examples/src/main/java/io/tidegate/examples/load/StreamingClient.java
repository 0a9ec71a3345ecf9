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
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
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
 * <p>{@link #send}, {@link #cancelAll} and {@link #close} may be called by any thread; everything else, the exchanges'
 * methods included, happens on the client's thread, which alone touches connections. (A request handed over after the
 * client ended is cancelled by the caller's own thread.)
 */
final class StreamingClient implements Closeable {
    /*
     * Why not a client off the shelf: a streamed answer is a socket read per token, and the driver shares its cores with what
     * it measures. At 50 requests/s of 211 tokens each (10,600 events/s, 2 cores) the process took 10 % of a core this way,
     * 33 % with OkHttp (a thread per open answer), 45 % with the JDK's client; at 150/s it took 20 % against 88 % and 94 %,
     * and the JDK's client sent its requests up to 0.3 s late (p99).
     */

    private static final Logger LOG = LoggerFactory.getLogger(StreamingClient.class);

    private static final int READ_BUFFER = 1 << 16;
    /** Ready connections served before newly handed over requests are looked at again. */
    private static final int BATCH = 16;

    private static final long SWEEP_MILLIS = 100;
    /** Younger than what servers commonly keep idle connections for (30 s), so that few requests meet a closed one. */
    private static final long MAX_IDLE_NANOS = TimeUnit.SECONDS.toNanos(15);

    private static final long JOIN_MILLIS = 5_000;

    private final InetSocketAddress address;
    private final long restNanos;
    private final Selector selector;
    private final Thread thread;
    private final Queue<Exchange> handedOver = new ConcurrentLinkedQueue<>();
    /** Latest used last. */
    private final ArrayDeque<Connection> idle = new ArrayDeque<>();

    private final ByteBuffer readBuffer = ByteBuffer.allocate(READ_BUFFER);
    private volatile boolean cancelling;
    private volatile boolean closing;
    /** Set when the thread takes nothing over any more; whoever hands over afterwards cancels. */
    private volatile boolean terminated;

    private long lastSweep = System.nanoTime();

    /**
     * Starts a client.
     *
     * @param address the server
     * @param restNanos shortest time from one look at the sockets to the next. What comes meanwhile is read at once, which
     *     saves CPU and delays what is measured by as much; 0 looks all the time
     */
    StreamingClient(InetSocketAddress address, long restNanos) {
        this.address = address;
        this.restNanos = restNanos;
        try {
            this.selector = Selector.open();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot open a selector", e);
        }
        this.thread = new Thread(this::run, "tidegate-load-io");
        thread.setDaemon(true);
        thread.start();
    }

    /** Sends a request now. After {@link #close} it is cancelled instead. */
    void send(Exchange exchange) {
        handedOver.add(exchange);
        if (terminated) {
            cancelHandedOver();
        } else {
            wakeUp();
        }
    }

    /** Gives up all exchanges that are open now; returns at once. */
    void cancelAll() {
        cancelling = true;
        wakeUp();
    }

    /** Gives up all exchanges and ends the thread. Waits for it, unless called by it. */
    @Override
    public void close() {
        closing = true;
        wakeUp();
        if (Thread.currentThread() == thread) {
            return;
        }
        boolean interrupted = false;
        try {
            thread.join(JOIN_MILLIS);
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            long looked = System.nanoTime();
            while (!closing) {
                rest(looked);
                selector.select(SWEEP_MILLIS);
                looked = System.nanoTime();
                takeHandedOver();
                serveReady();
                if (cancelling) {
                    cancelling = false;
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
            cancelHandedOver();
        }
    }

    private void wakeUp() {
        selector.wakeup();
        LockSupport.unpark(thread);
    }

    private void rest(long looked) {
        long left;
        while (handedOver.isEmpty() && !closing && (left = looked + restNanos - System.nanoTime()) > 0) {
            LockSupport.parkNanos(this, left);
        }
    }

    private void takeHandedOver() {
        Exchange exchange;
        while ((exchange = handedOver.poll()) != null) {
            exchange.dispatched(System.nanoTime());
            Connection connection = idle.pollLast();
            if (connection == null) {
                connect(exchange, false);
            } else {
                connection.begin(exchange, true);
            }
        }
    }

    private void connect(Exchange exchange, boolean again) {
        SocketChannel channel = null;
        try {
            channel = SocketChannel.open();
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            boolean connected = channel.connect(address);
            Connection connection = new Connection(channel);
            connection.key = channel.register(selector, SelectionKey.OP_CONNECT, connection);
            connection.sentAgain = again;
            if (connected) {
                connection.begin(exchange, false);
            } else {
                connection.exchange = exchange;
            }
        } catch (IOException | RuntimeException e) {
            closeQuietly(channel);
            exchange.ended("no connection: " + describe(e), System.nanoTime());
        }
    }

    private void serveReady() {
        int served = 0;
        for (Iterator<SelectionKey> keys = selector.selectedKeys().iterator(); keys.hasNext(); ) {
            SelectionKey key = keys.next();
            keys.remove();
            if (key.attachment() instanceof Connection connection && key.isValid()) {
                connection.ready(key.readyOps());
            }
            if (++served % BATCH == 0) {
                takeHandedOver();
            }
        }
    }

    private void sweep() {
        long now = System.nanoTime();
        if (now - lastSweep < TimeUnit.MILLISECONDS.toNanos(SWEEP_MILLIS)) {
            return;
        }
        lastSweep = now;
        for (Connection connection = idle.peekFirst();
                connection != null && now - connection.idleSince > MAX_IDLE_NANOS;
                connection = idle.peekFirst()) {
            idle.pollFirst();
            closeQuietly(connection.channel);
        }
        for (Connection connection : connections()) {
            Exchange exchange = connection.exchange;
            if (exchange != null && now - exchange.deadlineNanos() > 0) {
                connection.fail("it did not end in time", now);
            }
        }
    }

    private void abandonAll() {
        idle.clear();
        long now = System.nanoTime();
        for (Connection connection : connections()) {
            Exchange exchange = connection.exchange;
            connection.exchange = null;
            closeQuietly(connection.channel);
            if (exchange != null) {
                exchange.cancelled(now);
            }
        }
        cancelHandedOver();
    }

    private void cancelHandedOver() {
        Exchange exchange;
        while ((exchange = handedOver.poll()) != null) {
            exchange.cancelled(System.nanoTime());
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

    /** One connection, which carries one exchange at a time. */
    private final class Connection implements HttpResponseParser.Listener {
        private final SocketChannel channel;
        private final HttpResponseParser parser = new HttpResponseParser();
        private @Nullable SelectionKey key;
        private @Nullable Exchange exchange;
        private ByteBuffer[] unsent = {};
        /** Whether the exchange is not the first on this connection. */
        private boolean reused;
        /** Whether the exchange was sent before, on a connection that turned out to be closed. */
        private boolean sentAgain;

        private long idleSince;
        private long now;

        Connection(SocketChannel channel) {
            this.channel = channel;
        }

        void begin(Exchange next, boolean onReused) {
            exchange = next;
            reused = onReused;
            if (onReused) {
                sentAgain = false;
            }
            parser.reset();
            unsent = next.request();
            write();
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
            Exchange failed = exchange;
            exchange = null;
            idle.remove(this);
            closeQuietly(channel);
            if (failed != null) {
                failed.ended(failure, at);
            }
        }

        private void finishConnect() {
            try {
                channel.finishConnect();
            } catch (IOException e) {
                fail("no connection: " + describe(e), System.nanoTime());
                return;
            }
            Exchange waiting = exchange;
            if (waiting != null) {
                begin(waiting, false);
            }
        }

        private void write() {
            try {
                channel.write(unsent);
                boolean all = !unsent[unsent.length - 1].hasRemaining();
                interest(all ? SelectionKey.OP_READ : SelectionKey.OP_READ | SelectionKey.OP_WRITE);
            } catch (IOException e) {
                // The server may have answered and closed without reading all of the request: its answer counts.
                read();
                if (exchange != null) {
                    lost(describe(e));
                }
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
                } while (length == READ_BUFFER && exchange != null);
                if (length < 0) {
                    parser.endOfConnection();
                    if (exchange != null && parser.isComplete()) {
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
            if (exchange == null) {
                throw new IOException("the server sent something nobody had asked for");
            }
            int end = parser.feed(readBuffer.array(), 0, length, this);
            if (parser.isComplete()) {
                // Bytes after the end answer nothing, so such a connection is not trusted with another request.
                complete(end == length);
            }
        }

        private void complete(boolean reusable) {
            Exchange ended = exchange;
            exchange = null;
            boolean sent = !unsent[unsent.length - 1].hasRemaining();
            if (reusable && parser.keepAlive() && sent && !closing) {
                idleSince = now;
                idle.addLast(this);
            } else {
                closeQuietly(channel);
            }
            if (ended != null) {
                ended.ended(null, now);
            }
        }

        private void lost(String cause) {
            Exchange lost = exchange;
            if (lost != null && reused && !parser.started() && !sentAgain) {
                exchange = null;
                closeQuietly(channel);
                connect(lost, true);
            } else {
                fail("the connection broke: " + cause, System.nanoTime());
            }
        }

        private void interest(int operations) {
            if (key != null && key.interestOps() != operations) {
                key.interestOps(operations);
            }
        }

        @Override
        public void head(HttpHead head) {
            if (exchange != null) {
                exchange.head(head);
            }
        }

        @Override
        public void body(byte[] bytes, int from, int to) {
            if (exchange != null) {
                exchange.body(bytes, from, to, now);
            }
        }
    }
}
