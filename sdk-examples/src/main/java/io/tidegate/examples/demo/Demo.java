/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.demo;

import io.tidegate.config.ConfigException;
import io.tidegate.config.ConfigReader;
import io.tidegate.config.TidegateConfig;
import io.tidegate.config.TidegateConfig.PoolConfig;
import io.tidegate.config.TidegateConfig.TierConfig;
import io.tidegate.examples.gateway.ChildProcess;
import io.tidegate.examples.gateway.DemoGateway;
import io.tidegate.examples.gateway.GatewayOptions;
import io.tidegate.examples.load.LoadSnapshot;
import io.tidegate.examples.load.OpenLoopDriver;
import io.tidegate.examples.load.TierSlo;
import io.tidegate.examples.load.Validity;
import io.tidegate.examples.vllm.ReplicaProfile;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import tools.jackson.databind.JsonNode;

/**
 * Closes the loop on one machine: a gateway in a process of its own, its replicas in others, a trace replayed against it, the
 * gateway scaling the replicas meanwhile; then a report.
 *
 * <p>Ends early and still reports when the JVM is asked to end (Ctrl-C). Leaves no process behind: children end with this one,
 * however it ends.
 */
public final class Demo {

    private static final Duration START_PATIENCE = Duration.ofSeconds(60);
    private static final Duration DRAIN_GRACE = Duration.ofSeconds(5);
    private static final Duration LOOK = Duration.ofMillis(500);

    /** Time a replica takes to load, in trace time: vLLM with an 8B model took 63 to 77 s from process start (docs/demo.md). */
    static final double COLD_START_SECONDS = 60;

    private final DemoOptions options;
    private final PrintStream out;
    private final CompletableFuture<Void> interrupted = new CompletableFuture<>();
    private final CountDownLatch reported = new CountDownLatch(1);

    private Demo(DemoOptions options, PrintStream out) {
        this.options = options;
        this.out = out;
    }

    /**
     * Runs to the end of the trace.
     *
     * @param out where progress and the summary go
     * @return the report
     * @throws DemoException if it cannot run as asked; nothing is left running then
     */
    public static DemoReport run(DemoOptions options, PrintStream out) {
        Demo demo = new Demo(options, out);
        Thread hook = new Thread(demo::interrupt, "demo-interrupt");
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            return demo.run();
        } finally {
            demo.reported.countDown();
            if (!demo.interrupted.isDone()) {
                Runtime.getRuntime().removeShutdownHook(hook);
            }
        }
    }

    /** Runs when the JVM is asked to end: lets the run end in order, and holds the JVM until it has reported. */
    private void interrupt() {
        interrupted.complete(null);
        try {
            if (!reported.await(30, TimeUnit.SECONDS)) {
                out.println("the demo did not end in time");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private DemoReport run() {
        Workload workload = Workload.of(options);
        PoolConfig pool = pool();
        prepareFolders();
        requireFreePort();
        describe(workload);
        GatewayOptions gatewayOptions = new GatewayOptions(
                options.port(),
                options.timeScale(),
                options.config(),
                options.report(),
                COLD_START_SECONDS,
                workload.trace().name(),
                workload.trace().duration().toNanos() / 1e9);
        Path log = options.report().resolve("gateway.log");
        try (ChildProcess gateway = startGateway(gatewayOptions, log)) {
            URI base = URI.create("http://127.0.0.1:" + port(gateway, log));
            try (StateReader state = new StateReader(base)) {
                return replay(workload, pool, gateway, base, state);
            }
        } catch (IOException e) {
            throw new DemoException("the demo broke off: " + e.getMessage() + "; see " + log, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DemoException("the demo was interrupted", e);
        }
    }

    static ChildProcess startGateway(GatewayOptions options, Path log) {
        return ChildProcess.start(
                DemoGateway.class,
                List.of(
                        "-Xmx512m",
                        "-XX:+UseSerialGC",
                        "-XX:-UsePerfData",
                        "-Dsun.net.httpserver.nodelay=true",
                        "-Dorg.slf4j.simpleLogger.showDateTime=true"),
                options.toArguments(),
                log);
    }

    private DemoReport replay(Workload workload, PoolConfig pool, ChildProcess gateway, URI base, StateReader state)
            throws IOException, InterruptedException {
        Instant startedAt = Instant.now();
        awaitFirstReplica(gateway, state);
        if (!options.headless()) {
            out.println("Live page: " + base + "/tidegate");
        }
        long startNanos = System.nanoTime();
        LoadSnapshot load;
        try (OpenLoopDriver driver = OpenLoopDriver.builder()
                        .baseUrl(base)
                        .trace(workload.trace())
                        .model(ReplicaProfile.LLAMA_70B)
                        .timeScale(options.timeScale())
                        .slos(slos(pool))
                        .build();
                ProgressLine progress = new ProgressLine(out, options.headless())) {
            driver.start();
            CompletableFuture<Object> over =
                    CompletableFuture.anyOf(driver.finished().toCompletableFuture(), interrupted);
            while (!ended(over)) {
                progress.show(
                        driver.snapshot(), state.latest(), workload.trace().duration());
            }
            load = driver.stop(DRAIN_GRACE);
        }
        JsonNode history = state.all();
        double wallSeconds = (System.nanoTime() - startNanos) / 1e9;
        DemoReport report = DemoReport.of(
                options,
                workload,
                load,
                Validity.of(load, options.timeScale()),
                history,
                pool,
                new DemoReport.Times(startedAt, wallSeconds, interrupted.isDone()));
        report.write(options);
        out.print(report.summary());
        out.println();
        out.println("Report: "
                + options.report().resolve("report.html").toAbsolutePath().normalize());
        return report;
    }

    /** Waits a moment for the end; the exception if the driver failed. */
    private static boolean ended(CompletableFuture<Object> over) throws IOException, InterruptedException {
        try {
            over.get(LOOK.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new IOException(
                    e.getCause() == null ? e.toString() : e.getCause().getMessage(), e);
        }
    }

    private PoolConfig pool() {
        TidegateConfig config;
        try {
            config = options.config().isPresent()
                    ? ConfigReader.read(options.config().get())
                    : ConfigReader.parse("demo.yaml", DemoGateway.builtInConfig());
        } catch (ConfigException e) {
            throw new DemoException(String.valueOf(e.getMessage()), e);
        }
        PoolConfig pool = config.pools().get("chat");
        if (pool == null) {
            throw new DemoException("the configuration has no pool \"chat\", which the demo sends to");
        }
        return pool;
    }

    static List<TierSlo> slos(PoolConfig pool) {
        List<TierSlo> slos = new ArrayList<>();
        for (var entry : pool.tiers().entrySet()) {
            TierConfig tier = entry.getValue();
            tier.slo().timeToFirstToken().ifPresent(bound -> slos.add(new TierSlo(entry.getKey(), bound)));
        }
        if (slos.isEmpty()) {
            throw new DemoException("no tier of the pool \"chat\" has slo.timeToFirstToken, by which the demo judges");
        }
        return slos;
    }

    private void prepareFolders() {
        try {
            Files.createDirectories(options.report());
            for (String old : List.of("gateway.log", "replicas.log", "ledger.jsonl")) {
                Files.deleteIfExists(options.report().resolve(old));
            }
            if (options.json().isPresent()) {
                Path json = options.json().get();
                Files.createDirectories(json.toAbsolutePath().getParent());
                Files.writeString(json, "", StandardCharsets.UTF_8);
            }
        } catch (IOException e) {
            throw new DemoException("cannot write the report: " + e, e);
        }
    }

    private void requireFreePort() {
        if (options.port() == 0) {
            return;
        }
        try (ServerSocket probe = new ServerSocket(options.port(), 1, InetAddress.getLoopbackAddress())) {
            probe.setReuseAddress(true);
        } catch (IOException e) {
            throw new DemoException(
                    "port " + options.port() + " on 127.0.0.1 cannot be used (" + e.getMessage()
                            + "); give another with --port, or --port 0 for any",
                    e);
        }
    }

    private static int port(ChildProcess gateway, Path log) throws InterruptedException {
        try {
            return gateway.port(START_PATIENCE);
        } catch (IOException e) {
            throw new DemoException("the gateway did not start: " + lastLine(log) + " (" + log + ")", e);
        }
    }

    private static String lastLine(Path log) {
        try {
            List<String> lines = Files.readAllLines(log);
            return lines.isEmpty() ? "it said nothing" : lines.get(lines.size() - 1);
        } catch (IOException e) {
            return "its log cannot be read";
        }
    }

    private void describe(Workload workload) {
        out.printf(
                "Tidegate demo: %s, %d requests in %.0f s of trace time (mean %.1f/s, busiest second %.0f), %s x real time%n",
                workload.trace().name(),
                workload.stats().events(),
                workload.stats().duration().toNanos() / 1e9,
                workload.stats().meanPerSecond(),
                workload.stats().peakPerSecond(),
                Figures.plain(options.timeScale()));
        if (workload.sampling() < 1) {
            out.printf(
                    "Sampling: %.1f %% of the requests are sent, as many as this machine should manage at that speed%n",
                    workload.sampling() * 100);
        }
        workload.trace().notes().forEach(note -> out.println("Note: " + note));
    }

    private void awaitFirstReplica(ChildProcess gateway, StateReader state) throws IOException, InterruptedException {
        out.println("Starting the gateway and its first replica ...");
        long patience = START_PATIENCE.toNanos() + (long) (COLD_START_SECONDS / options.timeScale() * 1e9);
        long deadline = System.nanoTime() + patience;
        while (state.latest().path("elapsedSeconds").asDouble() == 0) {
            if (!gateway.alive() || deadline - System.nanoTime() < 0) {
                throw new IOException("the first replica was not ready in time");
            }
            if (interrupted.isDone()) {
                throw new DemoException("interrupted before the first request");
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }
}
