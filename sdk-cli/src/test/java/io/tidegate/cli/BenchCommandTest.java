/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command as a user types it; the benchmarks themselves are no part of this module. */
class BenchCommandTest {

    @TempDir
    Path folder;

    private record Ended(int status, String output, String errors) {}

    private Ended run(String... arguments) throws Exception {
        try (CliProcess bench = CliProcess.start(folder, arguments)) {
            return new Ended(bench.exitStatus(60), bench.output(), bench.errors());
        }
    }

    @Test
    void bench_help_namesWhatCanBeMeasured() throws Exception {
        Ended help = run("bench", "--help");

        assertThat(help.status).isZero();
        assertThat(help.output).contains("Usage: tidegate bench", "admission");
    }

    @Test
    void benchAdmission_help_namesOptions() throws Exception {
        Ended help = run("bench", "admission", "--help");

        assertThat(help.status).isZero();
        assertThat(help.output).contains("Usage: tidegate bench admission", "--quick", "--json=FILE");
    }

    @Test
    void bench_withoutSubject_isToldWhichThereAre() throws Exception {
        Ended bare = run("bench");

        assertThat(bare.status).isEqualTo(2);
        assertThat(bare.errors).startsWith("Missing required subcommand").contains("admission");
    }

    @Test
    void benchAdmission_badOption_isRefusedByName() throws Exception {
        Ended bad = run("bench", "admission", "--forks", "3");

        assertThat(bad.status).isEqualTo(2);
        assertThat(bad.errors).contains("--forks").contains("Usage: tidegate bench admission");
    }

    @Test
    void benchAdmission_jsonWithoutFile_isRefused() throws Exception {
        Ended bad = run("bench", "admission", "--json");

        assertThat(bad.status).isEqualTo(2);
        assertThat(bad.errors).contains("--json");
    }

    @Test
    void benchAdmission_withoutTheBenchmarks_saysHowToGetThem() throws Exception {
        Ended alone = run("bench", "admission", "--quick");

        assertThat(alone.status).isEqualTo(1);
        assertThat(alone.errors.lines()).singleElement().asString().contains("./tidegate bench admission");
    }

    @Test
    void benchAdmission_withBenchmarks_passesOptionsAndStatusOn() throws Exception {
        Path services = Files.createDirectories(folder.resolve("META-INF/services"));
        Files.writeString(services.resolve(ToolProvider.class.getName()), EchoTool.class.getName());
        try (CliProcess bench = CliProcess.startWith(
                List.of(folder.toString()), folder, "bench", "admission", "--quick", "--json", "figures.json")) {
            assertThat(bench.exitStatus(60)).isEqualTo(EchoTool.STATUS);
            assertThat(bench.output().strip()).isEqualTo("--quick --json figures.json");
        }
    }
}
