/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.gateway;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.tidegate.Tidegate;
import io.tidegate.admission.Gate;
import io.tidegate.config.ConfigException;
import io.tidegate.config.ConfigReader;
import io.tidegate.config.TidegateConfig;
import io.tidegate.config.TidegateConfig.LedgerConfig;
import io.tidegate.config.TidegateConfig.PoolConfig;
import io.tidegate.config.TidegateConfig.ScalingConfig;
import io.tidegate.examples.demo.page.LivePage;
import io.tidegate.examples.vllm.ReplicaProfile;
import io.tidegate.examples.vllm.SimulatedVllmServer;
import io.tidegate.pool.Tier;
import io.tidegate.routing.ReplicaBalancer;
import io.tidegate.routing.RetryBudget;
import io.tidegate.signals.engine.EngineMetricsSource;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import okhttp3.ConnectionPool;
import okhttp3.OkHttpClient;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An OpenAI-compatible gateway that embeds Tidegate and runs its replicas as processes on this machine.
 *
 * <p>Serves {@code /v1/chat/completions}, {@code /v1/models}, {@code /metrics}, {@code /healthz}, and the live page at {@code
 * /tidegate}, on loopback. What is the SDK's is short: read the configuration, {@link Tidegate#builder start}, take the gate;
 * {@link ChatHandler} asks it.
 */
public final class DemoGateway implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(DemoGateway.class);
    private static final String POOL = "chat";
    private static final int BACKLOG = 4096;

    /** A chunk for every 20 tokens at ten times real time, so that small writes do not become the load. */
    private static final double TOKENS_PER_CHUNK_AND_SCALE = 2;

    private final HttpServer server;
    private final ExecutorService handlers;
    private final ScaledTime time;
    private final LocalProcessBackend replicas;
    private final Tidegate tidegate;
    private final DemoState state;
    private final ReactionProbe probe;
    private final OkHttpClient client;

    private DemoGateway(GatewayOptions options, TidegateConfig config) throws IOException {
        // First, so that a busy port costs nothing else.
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), options.port()), BACKLOG);
        handlers = Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, "gateway");
            thread.setDaemon(true);
            return thread;
        });
        time = new ScaledTime(options.timeScale());
        PoolConfig pool = requirePool(config);
        ScalingConfig scaling = requireScaling(pool);
        ReplicaBalancer balancer = ReplicaBalancer.of(time);
        replicas = new LocalProcessBackend(
                Math.max(1, scaling.min()),
                balancer,
                pool.replica().work(),
                number -> launch(options, pool.replica().slots(), number));
        client = new OkHttpClient.Builder()
                .connectionPool(new ConnectionPool(512, 1, TimeUnit.MINUTES))
                .readTimeout(Duration.ofMinutes(5))
                .retryOnConnectionFailure(false)
                .build();
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        tidegate = Tidegate.builder(config)
                .time(time)
                .meters(registry)
                .backend(POOL, replicas)
                .signals(
                        POOL,
                        EngineMetricsSource.builder(time, replicas::readyUris).build(),
                        Duration.ofSeconds(10))
                .start();
        Gate gate = tidegate.gate(POOL);
        probe = new ReactionProbe();
        probe.start();
        state = new DemoState(options, ReplicaProfile.LLAMA_70B, gate, tidegate.engine(), pool.replica(), time, probe);
        Tier standard = gate.tiers().get(gate.tiers().size() / 2);
        server.createContext(
                "/v1/chat/completions", new ChatHandler(gate, standard, balancer, RetryBudget.of(time), client));
        server.createContext("/v1/models", this::models);
        server.createContext("/metrics", exchange -> {
            Http.text(exchange, 200, "text/plain; version=0.0.4; charset=utf-8", registry.scrape());
            exchange.close();
        });
        server.createContext("/healthz", exchange -> {
            Http.text(exchange, 200, "text/plain; charset=utf-8", "ok\n");
            exchange.close();
        });
        server.createContext("/tidegate/state", state::handle);
        server.createContext("/tidegate", DemoGateway::page);
        server.createContext("/", exchange -> {
            Http.error(
                    exchange,
                    404,
                    "invalid_request_error",
                    "there is nothing at " + exchange.getRequestURI().getPath());
            exchange.close();
        });
        server.setExecutor(handlers);
        server.start();
    }

    private static PoolConfig requirePool(TidegateConfig config) {
        PoolConfig pool = config.pools().get(POOL);
        if (pool == null) {
            throw new IllegalArgumentException("the demo's gateway serves the pool \"" + POOL
                    + "\", but there are only " + config.pools().keySet());
        }
        return pool;
    }

    private static ScalingConfig requireScaling(PoolConfig pool) {
        if (pool.scaling() == null) {
            throw new IllegalArgumentException("pools." + POOL + ".scaling is required");
        }
        return pool.scaling();
    }

    /**
     * Starts a gateway in this process.
     *
     * @throws BindException if the port is taken
     */
    public static DemoGateway start(GatewayOptions options) throws IOException {
        System.setProperty("sun.net.httpserver.nodelay", "true");
        System.setProperty("sun.net.httpserver.maxIdleConnections", "2000");
        return new DemoGateway(options, config(options));
    }

    /** The configuration of these options; a ledger that it does not place goes to the folder. */
    private static TidegateConfig config(GatewayOptions options) {
        TidegateConfig config = options.config()
                .map(ConfigReader::read)
                .orElseGet(() -> ConfigReader.parse("demo.yaml", builtInConfig()));
        LedgerConfig ledger = config.ledger().file().isPresent()
                ? config.ledger()
                : config.ledger().withFile(options.folder().resolve("ledger.jsonl"));
        return new TidegateConfig(config.pools(), config.quotas(), ledger, config.memory(), config.alerts());
    }

    /** The text of the built-in configuration. */
    public static String builtInConfig() {
        try (InputStream in = DemoGateway.class.getResourceAsStream("demo.yaml")) {
            if (in == null) {
                throw new IllegalStateException("demo.yaml is missing from the class path");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static ChildProcess launch(GatewayOptions options, int slots, int number) {
        long interval = Math.max(1, Math.round(TOKENS_PER_CHUNK_AND_SCALE * options.timeScale()));
        return ChildProcess.start(
                SimulatedVllmServer.class,
                List.of("-Xmx128m", "-Xss256k", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"),
                List.of(
                        "--model", ReplicaProfile.LLAMA_70B,
                        "--time-scale", String.valueOf(options.timeScale()),
                        "--cold-start", String.valueOf(options.coldStartSeconds()),
                        "--max-num-seqs", String.valueOf(slots),
                        "--stream-interval", String.valueOf(options.timeScale() == 1 ? 1 : interval),
                        "--seed", String.valueOf(number)),
                options.folder().resolve("replicas.log"));
    }

    private void models(HttpExchange exchange) throws IOException {
        Http.text(
                exchange,
                200,
                "application/json",
                "{\"object\":\"list\",\"data\":[{\"id\":\"" + ReplicaProfile.LLAMA_70B
                        + "\",\"object\":\"model\",\"created\":0,\"owned_by\":\"tidegate\"}]}");
        exchange.close();
    }

    private static void page(HttpExchange exchange) throws IOException {
        Http.text(exchange, 200, "text/html; charset=utf-8", LivePage.html());
        exchange.close();
    }

    /** The port it serves. */
    public int port() {
        return server.getAddress().getPort();
    }

    /** Stops answering, then scaling, then all replicas. */
    @Override
    public void close() {
        server.stop(0);
        tidegate.close();
        replicas.close();
        state.close();
        probe.close();
        time.close();
        handlers.shutdownNow();
        client.dispatcher().executorService().shutdown();
        client.connectionPool().evictAll();
    }

    /**
     * Runs a gateway as a process until standard input ends. Exit status: 0 then, 2 if an argument, the configuration or the
     * port is wrong.
     */
    public static void main(String[] arguments) {
        System.exit(run(arguments));
    }

    private static int run(String[] arguments) {
        try (DemoGateway gateway = start(GatewayOptions.parse(arguments))) {
            System.out.println("TIDEGATE LISTENING port=" + gateway.port());
            System.out.flush();
            System.in.transferTo(java.io.OutputStream.nullOutputStream());
            return 0;
        } catch (BindException e) {
            LOG.error("the port is taken: {}", e.getMessage());
            return 2;
        } catch (ConfigException | IllegalArgumentException e) {
            LOG.error("{}", e.getMessage());
            return 2;
        } catch (IOException e) {
            LOG.error("the gateway cannot be started", e);
            return 1;
        }
    }
}
