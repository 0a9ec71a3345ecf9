/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.vllm;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A server that looks like vLLM to its clients and to Prometheus, with a simulated engine in place of the GPUs.
 *
 * <p>It speaks {@code POST /v1/chat/completions} (streaming and not), {@code GET /v1/models}, {@code /health},
 * {@code /version} and {@code /metrics}, on the loopback interface only. A prompt has a token for every four
 * characters; an answer has exactly {@code max_tokens} with vLLM's {@code ignore_eos}, else a drawn length. Until the
 * cold start is over {@code /health} and {@code /v1/*} answer 503.
 *
 * <p>A client that goes away is noticed at the next write to it: its sequence is then aborted at once. Before its first
 * token, and when it does not stream, it is not noticed. Each request under way takes a thread; how many there may be is
 * up to the clients, as with vLLM, whose queue is unbounded too.
 *
 * <p>Either {@link #start} it inside a JVM, or run {@link #main} as a process.
 *
 * <p>The JDK's HTTP server delays small writes unless the system property {@code sun.net.httpserver.nodelay} is true
 * when the first one of a JVM is made. This class sets it, so in a JVM with other such servers it should come first, or
 * the property be given on the command line.
 *
 * @since 0.1.0
 */
public final class SimulatedVllmServer implements AutoCloseable {
    static {
        // Read once, when the JDK's server classes load; see the class comment.
        if (System.getProperty("sun.net.httpserver.nodelay") == null) {
            System.setProperty("sun.net.httpserver.nodelay", "true");
        }
    }

    private static final Logger log = LoggerFactory.getLogger(SimulatedVllmServer.class);
    private static final int BACKLOG = 1024;

    private final HttpServer http;
    private final ExecutorService handlers;
    private final EngineRunner runner;
    private volatile long readyAtNanos;

    private SimulatedVllmServer(SimulatedVllmConfig config, long startedNanos) throws IOException {
        http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), config.port()), BACKLOG);
        handlers = Executors.newCachedThreadPool(SimulatedVllmServer::newHandlerThread);
        loadingSince(startedNanos, config);
        runner = EngineRunner.start(new ContinuousBatchingEngine(config.limits()), new TraceClock(config.timeScale()));
        http.setExecutor(handlers);
        http.createContext("/", new ApiHandler(config, runner, this::isReady));
        http.start();
    }

    private static Thread newHandlerThread(Runnable task) {
        Thread thread = new Thread(task, "http");
        thread.setDaemon(true);
        return thread;
    }

    /**
     * Starts a server in this JVM; its cold start begins now.
     *
     * @throws IOException when the port cannot be bound
     */
    public static SimulatedVllmServer start(SimulatedVllmConfig config) throws IOException {
        return new SimulatedVllmServer(config, System.nanoTime());
    }

    private void loadingSince(long startedNanos, SimulatedVllmConfig config) {
        readyAtNanos = startedNanos + Math.round(config.coldStart().toNanos() / config.timeScale());
    }

    /** The port it listens on. */
    public int port() {
        return http.getAddress().getPort();
    }

    /** Where it can be reached, without a path, such as {@code http://127.0.0.1:8000}. */
    public URI uri() {
        String host = http.getAddress().getAddress().getHostAddress();
        return URI.create("http://" + (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port());
    }

    /** Whether the cold start is over and requests are answered. */
    public boolean isReady() {
        return System.nanoTime() - readyAtNanos >= 0 && runner.isOpen();
    }

    /** Ends every request without waiting for it and frees the port. Closing twice is harmless. */
    @Override
    public void close() {
        runner.close();
        http.stop(0);
        handlers.shutdownNow();
    }

    /**
     * Runs a server as a process.
     *
     * <p>Prints {@code TIDEGATE LISTENING port=<n>} on standard output once the port is bound, and ends when standard
     * input does, so that it never outlives its parent; run by hand, it needs a standard input that stays open. The cold
     * start counts from the start of the JVM.
     *
     * <p>Exit status: 0 at the end of standard input, 1 when the port cannot be bound, 2 when an argument is wrong.
     *
     * @param args {@code --port} (default 0, any), {@code --model}, {@code --time-scale} (1), {@code --cold-start} in
     *     trace seconds (0), {@code --max-num-seqs} (32), {@code --stream-interval} (1), {@code --seed} (1), each
     *     followed by its value
     */
    public static void main(String[] args) {
        System.exit(run(args, System.in, System.out, System.err));
    }

    static int run(String[] args, InputStream in, PrintStream out, PrintStream err) {
        long mainNanos = System.nanoTime();
        SimulatedVllmConfig config;
        try {
            config = CommandLine.parse(args);
        } catch (IllegalArgumentException e) {
            err.println(e.getMessage());
            return 2;
        }
        try (SimulatedVllmServer server = new SimulatedVllmServer(config, mainNanos)) {
            out.println("TIDEGATE LISTENING port=" + server.port());
            out.flush();
            if (!config.coldStart().isZero()) {
                Thread loader = new Thread(() -> server.load(config), "loader");
                loader.setDaemon(true);
                loader.start();
            }
            awaitEnd(in);
            return 0;
        } catch (IOException e) {
            err.println("Cannot listen on port " + config.port() + ": " + e.getMessage());
            return 1;
        }
    }

    private void load(SimulatedVllmConfig config) {
        // After the port is bound, because it loads a good part of the management classes.
        long upMillis = ManagementFactory.getRuntimeMXBean().getUptime();
        loadingSince(System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(upMillis), config);
        WarmUp.until(this::isReady);
    }

    private static void awaitEnd(InputStream in) {
        byte[] ignored = new byte[256];
        try {
            while (in.read(ignored) >= 0) {
                // What the parent writes has no meaning; only the end has.
            }
        } catch (IOException e) {
            log.debug("Standard input failed, which ends this server like its end", e);
        }
    }
}
