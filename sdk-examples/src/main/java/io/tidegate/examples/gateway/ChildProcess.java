/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.gateway;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A JVM started from this one's class path that serves a port.
 *
 * <p>The child says its port in one line on standard output, {@code TIDEGATE LISTENING port=8080}, and ends when its standard
 * input does. The parent holds the other end, so the child ends with the parent however that ends, kill -9 included. It does
 * not hear Ctrl-C, which goes to the parent alone: the parent decides in what order things stop.
 */
public final class ChildProcess implements AutoCloseable {

    private static final Pattern LISTENING = Pattern.compile("TIDEGATE LISTENING port=(\\d+)");
    private static final Duration STOP_GRACE = Duration.ofSeconds(5);

    private final Process process;
    private final CompletableFuture<Integer> port = new CompletableFuture<>();

    private ChildProcess(Process process) {
        this.process = process;
        Thread reader = new Thread(this::readOutput, "output of process " + process.pid());
        reader.setDaemon(true);
        reader.start();
    }

    /**
     * Starts a main class.
     *
     * @param jvmArguments such as {@code -Xmx256m}
     * @param log what it writes on standard error is appended here
     * @throws UncheckedIOException if the process cannot be started
     */
    public static ChildProcess start(Class<?> main, List<String> jvmArguments, List<String> arguments, Path log) {
        List<String> command = new ArrayList<>();
        if (!System.getProperty("os.name", "").startsWith("Windows")) {
            // An ignored signal stays ignored across exec, and the JVM leaves an ignored SIGINT alone.
            command.addAll(List.of("/bin/sh", "-c", "trap '' INT; exec \"$@\"", "sh"));
        }
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(jvmArguments);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(arguments);
        try {
            return new ChildProcess(new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                    .start());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start " + main.getSimpleName() + ": " + e.getMessage(), e);
        }
    }

    private void readOutput() {
        try (BufferedReader output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                Matcher matcher = LISTENING.matcher(line);
                if (matcher.matches()) {
                    port.complete(Integer.valueOf(matcher.group(1)));
                }
            }
            port.completeExceptionally(new IOException("it ended without saying its port"));
        } catch (IOException e) {
            port.completeExceptionally(e);
        }
    }

    /**
     * The port it serves; waits for it.
     *
     * @throws IOException if it ends before, or says nothing for so long
     */
    public int port(Duration patience) throws IOException, InterruptedException {
        try {
            return port.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new IOException(
                    e.getCause() == null ? e.toString() : e.getCause().getMessage(), e);
        } catch (TimeoutException e) {
            throw new IOException("it did not say its port within " + patience.toSeconds() + " s", e);
        }
    }

    /** The port, or empty if it has not said it yet. */
    Optional<Integer> portIfKnown() {
        return port.isDone() && !port.isCompletedExceptionally()
                ? Optional.ofNullable(port.getNow(null))
                : Optional.empty();
    }

    /** Whether it runs. */
    public boolean alive() {
        return process.isAlive();
    }

    /** Its exit status, or empty while it runs. */
    public Optional<Integer> exitStatus() {
        return process.isAlive() ? Optional.empty() : Optional.of(process.exitValue());
    }

    /** Asks it to end, without waiting for it. */
    public void requestStop() {
        try (OutputStream input = process.getOutputStream()) {
            input.flush();
        } catch (IOException e) {
            // It has closed its end, so it is ending already.
            process.destroy();
        }
    }

    /** Asks it to end, waits a few seconds, and kills it if it has not. */
    @Override
    public void close() {
        requestStop();
        try {
            if (!process.waitFor(STOP_GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
