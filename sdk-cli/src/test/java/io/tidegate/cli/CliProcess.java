/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** {@code ./tidegate} in a process of its own, started from the class path of the tests. */
final class CliProcess implements AutoCloseable {

    private final Process process;
    private final Path output;
    private final Path errors;

    private CliProcess(Process process, Path output, Path errors) {
        this.process = process;
        this.output = output;
        this.errors = errors;
    }

    static CliProcess start(Path folder, String... arguments) throws IOException {
        return startWith(List.of(), folder, arguments);
    }

    /** With these before the class path of the tests. */
    static CliProcess startWith(List<String> classPath, Path folder, String... arguments) throws IOException {
        List<String> wholeClassPath = new ArrayList<>(classPath);
        wholeClassPath.add(System.getProperty("java.class.path"));
        List<String> command = new ArrayList<>(hearingInterrupts());
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                String.join(File.pathSeparator, wholeClassPath),
                TidegateCli.class.getName()));
        command.addAll(List.of(arguments));
        Path output = folder.resolve("cli.out");
        Path errors = folder.resolve("cli.err");
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectOutput(output.toFile())
                .redirectError(errors.toFile())
                .start();
        return new CliProcess(process, output, errors);
    }

    /**
     * A shell that runs the tests in the background lets their children ignore Ctrl-C, which a user's terminal does not. GNU env
     * takes that back; where it is another one, the command is started as it is.
     */
    private static List<String> hearingInterrupts() {
        List<String> prefix = List.of("env", "--default-signal=INT");
        List<String> probe = new ArrayList<>(prefix);
        probe.add("true");
        try {
            Process process =
                    new ProcessBuilder(probe).redirectErrorStream(true).start();
            process.getInputStream().readAllBytes();
            return process.waitFor() == 0 ? prefix : List.of();
        } catch (IOException e) {
            return List.of();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return List.of();
        }
    }

    /** Its exit status, once it has ended. */
    int exitStatus(long seconds) throws InterruptedException, IOException {
        assertThat(process.waitFor(seconds, TimeUnit.SECONDS))
                .as("ended within %s s; output so far: %s", seconds, output())
                .isTrue();
        return process.exitValue();
    }

    String output() throws IOException {
        return Files.readString(output);
    }

    String errors() throws IOException {
        return Files.readString(errors);
    }

    /** All processes it has started, and those they have. */
    List<ProcessHandle> descendants() {
        return process.descendants().toList();
    }

    void kill() {
        process.destroyForcibly();
    }

    void interrupt() throws IOException, InterruptedException {
        Process kill = new ProcessBuilder("kill", "-INT", String.valueOf(process.pid())).start();
        assertThat(kill.waitFor()).isZero();
    }

    @Override
    public void close() {
        List<ProcessHandle> left = new ArrayList<>(descendants());
        process.destroyForcibly();
        left.forEach(ProcessHandle::destroyForcibly);
    }
}
