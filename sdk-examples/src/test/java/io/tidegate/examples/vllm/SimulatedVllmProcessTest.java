/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.vllm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.lang.ProcessBuilder.Redirect;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.slf4j.simple.SimpleLogger;
import tools.jackson.core.json.JsonFactory;

class SimulatedVllmProcessTest {
    private static final Pattern LISTENING = Pattern.compile("TIDEGATE LISTENING port=(\\d+)");
    private static final Duration BOUND = Duration.ofSeconds(30);

    private final List<Process> children = new ArrayList<>();

    @AfterEach
    void killChildren() {
        children.forEach(Process::destroyForcibly);
    }

    private Process child(String... args) throws IOException {
        String classPath = Stream.of(
                        SimulatedVllmServer.class,
                        JsonFactory.class,
                        LoggerFactory.class,
                        SimpleLogger.class,
                        NullMarked.class)
                .map(type -> Path.of(URI.create(type.getProtectionDomain()
                                .getCodeSource()
                                .getLocation()
                                .toString()))
                        .toString())
                .collect(Collectors.joining(System.getProperty("path.separator")));
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                classPath,
                SimulatedVllmServer.class.getName()));
        command.addAll(List.of(args));
        Process process =
                new ProcessBuilder(command).redirectError(Redirect.INHERIT).start();
        children.add(process);
        return process;
    }

    private static int port(BufferedReader out) throws IOException {
        String line = out.readLine();
        Matcher matcher = LISTENING.matcher(line);
        assertThat(matcher.matches()).as(line).isTrue();
        return Integer.parseInt(matcher.group(1));
    }

    private static int health(int port) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/health"))
                .timeout(BOUND)
                .build();
        return HttpClient.newHttpClient()
                .send(request, BodyHandlers.discarding())
                .statusCode();
    }

    private static int exitStatus(Process process) throws InterruptedException {
        assertThat(process.waitFor(BOUND.toSeconds(), TimeUnit.SECONDS))
                .as("has ended")
                .isTrue();
        return process.exitValue();
    }

    @Test
    void main_standardInputEnds_exitsWithZeroAfterOneLine() throws Exception {
        Process process = child("--time-scale", "10");
        BufferedReader out = process.inputReader();
        assertThat(health(port(out))).isEqualTo(200);
        process.outputWriter().write("ignored\n");
        process.outputWriter().flush();

        process.getOutputStream().close();

        assertThat(exitStatus(process)).isZero();
        assertThat(out.readLine()).isNull();
    }

    @Test
    void main_coldStart_listensBeforeItIsReady() throws Exception {
        long coldStartNanos = TimeUnit.SECONDS.toNanos(4);
        long startNanos = System.nanoTime();
        Process process = child("--time-scale", "10", "--cold-start", "40");
        int port = port(process.inputReader());
        boolean refused = health(port) == 503;
        boolean inTime = System.nanoTime() - startNanos < coldStartNanos;

        await().atMost(BOUND).until(() -> health(port) == 200);

        // The cold start counts from the start of the JVM, which is after the start of this clock.
        assertThat(System.nanoTime() - startNanos).isGreaterThanOrEqualTo(coldStartNanos);
        assertThat(refused || !inTime).as("was refused before").isTrue();
    }

    @Test
    void main_terminated_endsAtOnce() throws Exception {
        Process process = child();
        port(process.inputReader());

        // By its handle: Process.destroy() would end the standard input as well.
        process.toHandle().destroy();

        assertThat(exitStatus(process)).isNotZero();
    }

    @Test
    void main_wrongArgument_exitsWithTwo() throws Exception {
        Process process = child("--port", "many");

        assertThat(exitStatus(process)).isEqualTo(2);
        assertThat(process.inputReader().readLine()).isNull();
    }

    @Test
    void run_wrongArgument_saysWhichInOneLine() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();

        int status = run(List.of("--time-scale", "0"), InputStream.nullInputStream(), out, err);

        assertThat(status).isEqualTo(2);
        assertThat(out.toString(StandardCharsets.UTF_8)).isEmpty();
        assertThat(err.toString(StandardCharsets.UTF_8))
                .hasLineCount(1)
                .isEqualToIgnoringNewLines("--time-scale: time scale must be a number >= 1 but was 0.0");
    }

    @Test
    void run_portInUse_exitsWithOneAndNamesThePort() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        try (SimulatedVllmServer other =
                SimulatedVllmServer.start(SimulatedVllmConfig.builder().build())) {
            String port = Integer.toString(other.port());

            int status = run(List.of("--port", port), InputStream.nullInputStream(), out, err);

            assertThat(status).isEqualTo(1);
            assertThat(out.toString(StandardCharsets.UTF_8)).isEmpty();
            assertThat(err.toString(StandardCharsets.UTF_8)).hasLineCount(1).contains("port " + port);
        }
    }

    private static int run(List<String> args, InputStream in, ByteArrayOutputStream out, ByteArrayOutputStream err) {
        return SimulatedVllmServer.run(
                args.toArray(String[]::new),
                in,
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
    }
}
