/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.drain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** {@code SIGTERM} to a process of its own. */
class TerminatedProcessTest {

    @Test
    @DisplayName(
            "L4: SIGTERM: not ready, stop leading, admit nobody, cancel the rest after the grace, no permit is left")
    void sigterm_whileStreaming_isDoneInOrder() throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx64m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        StoppingProcess.class.getName())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        assumeTrue(process.supportsNormalTermination(), "this system cannot ask a process to end");
        List<String> lines = new ArrayList<>();
        try (BufferedReader text =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            assertThat(text.readLine()).isEqualTo("serves");
            process.toHandle().destroy();
            for (String line = text.readLine(); line != null; line = text.readLine()) {
                lines.add(line);
            }
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();

        assertThat(lines)
                .containsExactly(
                        "not ready",
                        "stops leading",
                        "admits nobody",
                        "cancels with 1 in flight",
                        "cancelled 1, left 0, in flight 0, again the same: true");
    }
}
