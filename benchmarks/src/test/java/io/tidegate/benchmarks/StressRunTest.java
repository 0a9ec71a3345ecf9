/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A short form of the stress tests: a third of a second each, in one JVM mode. The canary must be found in little more. */
class StressRunTest {

    private static final String ALL_PASSED = "(\\d+) planned; \\1 passed, 0 failed, 0 soft errs, 0 hard errs";

    @TempDir
    Path directory;

    @BeforeEach
    void needsTwoCores() {
        Assumptions.assumeTrue(Runtime.getRuntime().availableProcessors() >= 2, "two actors need two cores");
    }

    @Test
    void gate_stressedShortly_showsNoForbiddenOutcome() throws Exception {
        Run run = stress("io\\.tidegate\\.benchmarks\\..*Stress", 1);

        assertThat(run.output).contains("RUN RESULTS").containsPattern(ALL_PASSED);
        assertThat(run.status).isZero();
    }

    @Test
    void canary_stressedShortly_isFoundOut() throws Exception {
        Run run = stress("io\\.tidegate\\.benchmarks\\..*Canary", 5);

        assertThat(run.output)
                .contains(
                        "Observed forbidden state: 1, 1, 0",
                        "Observed forbidden state: 1, 1, -1",
                        "Observed forbidden state: 64, 80");
        assertThat(run.status).isNotZero();
    }

    private record Run(int status, String output) {}

    private Run stress(String tests, int iterations) throws IOException, InterruptedException {
        Path output = directory.resolve("output.txt");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        "org.openjdk.jcstress.Main",
                        "-t",
                        tests,
                        "-sc",
                        "false",
                        "-f",
                        "1",
                        "-fsm",
                        "0",
                        "-iters",
                        Integer.toString(iterations),
                        "-time",
                        "300",
                        "-hs",
                        "128",
                        "-jvmArgs",
                        "-XX:TieredStopAtLevel=1")
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            assertThat(process.waitFor(3, TimeUnit.MINUTES)).as("it ends").isTrue();
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
        return new Run(process.exitValue(), Files.readString(output));
    }
}
