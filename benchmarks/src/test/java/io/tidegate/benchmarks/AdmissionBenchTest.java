/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.benchmarks.Figures.Iteration;
import io.tidegate.benchmarks.Row.Group;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command from its arguments to its report, with figures that are given and not measured. */
class AdmissionBenchTest {

    @TempDir
    Path folder;

    private final List<Row> measured = new ArrayList<>();
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(Measurement measurement, String... arguments) {
        Measurement recording = (row, effort, fork) -> {
            measured.add(row);
            return measurement.measure(row, effort, fork);
        };
        return new AdmissionBench(recording).run(new PrintWriter(out), new PrintWriter(err), arguments);
    }

    /** All aims are reached but two: the refusal is too slow, and waiters behind 100,000 pay half as much again. */
    private static List<Iteration> given(Row row, Effort effort, int fork) {
        double cpu = switch (row.group()) {
            case ADMIT ->
                switch (row.label()) {
                    case Row.SHIPPED -> 50;
                    case Row.STRIPPED -> 11;
                    case Row.SEMAPHORE -> 10;
                    default -> 100;
                };
            case REFUSE -> row.label().equals(Row.RETRY_AFTER) ? 26.5 : 6.5;
            case WAIT -> row.label().equals(Row.SHIPPED) ? 90 : 600;
            case GIVE_UP ->
                row.label().startsWith(Row.REACTOR) ? 2400 : row.label().contains("100,000") ? 150 : 100;
            case HAND_OFF -> 1234;
            case MEMORY -> Double.NaN;
        };
        double bytes = row.group() == Group.MEMORY ? 200 : row.label().equals(Row.SHIPPED) ? 40 : 0.3;
        return List.of(
                new Iteration(fork, cpu - 1, cpu + 3, bytes),
                new Iteration(fork, cpu + 5, cpu + 4, bytes),
                new Iteration(fork, cpu, cpu + 2, bytes));
    }

    @Test
    void tables_showMedianRangeAllocationAndPeer() {
        assertThat(run(AdmissionBenchTest::given)).isZero();

        assertThat(out.toString())
                .containsPattern(
                        "admit and return, 1 thread +CPU ns/op +\\(min..max\\) +wall ns/op +B/op +x Semaphore\n")
                .containsPattern("  gate as shipped +50\\.0 +\\(49\\.0\\.\\.55\\.0\\) +53\\.0 +40\\.0 +5\\.00\n")
                .containsPattern("  gate, stripped core +11\\.0 +\\(10\\.0\\.\\.16\\.0\\) +14\\.0 +0 +1\\.10\n")
                .containsPattern("admit and return, 2 threads ")
                .containsPattern("  gate +200 +200 +1\\.00\n");
        assertThat(out.toString().lines()).allSatisfy(line -> assertThat(line).isEqualTo(line.stripTrailing()));
    }

    @Test
    void aims_sayWhatWasReachedAndWhatMissed() {
        run(AdmissionBenchTest::given);

        assertThat(out.toString())
                .containsPattern("stripped core: CPU time +1\\.100 +1\\.150 x Semaphore +PASS")
                .containsPattern("stripped core: allocation +0 +0 B +PASS")
                .containsPattern("gate as shipped: CPU time +0\\.500 +0\\.600 x partitioned limiter +PASS")
                .containsPattern("gate as shipped: allocation +40 +40 B +PASS")
                .containsPattern("refusal, reason only: CPU time +6\\.500 +5 ns +MISS")
                .containsPattern("refusal, Retry-After read: CPU time on top +20 +20 ns +PASS")
                .containsPattern("queue, grant, return: CPU time +0\\.150 +0\\.150 x reactor-pool +PASS")
                .containsPattern("off 1,000 deep by +50 +20 % +MISS")
                .containsPattern("enqueue and cancel, 1,000 deep: CPU time +0\\.042 +0\\.050 x reactor-pool +PASS")
                .containsPattern("1,000,000 waiters: heap +200 +250 MB +PASS")
                .contains("10 of 12 reached, 2 missed");
    }

    @Test
    void machineAndPeers_areStated() {
        run(AdmissionBenchTest::given);

        assertThat(out.toString())
                .contains("JDK: ", "CPU: ", "cores: ", "JVM flags: ", "load average: ", "5 forks of each row")
                .containsPattern("peers: resilience4j \\d+\\.\\d+.*reactor-pool \\d+\\.\\d+.*Sentinel \\d+\\.\\d+")
                .doesNotContain("smoke");
    }

    @Test
    void full_measuresEachRowInFiveForksWithAllOthersBetween() {
        run(AdmissionBenchTest::given);

        int rows = measured.size() / 5;
        assertThat(measured.subList(0, rows)).doesNotHaveDuplicates();
        assertThat(measured.subList(4 * rows, 5 * rows)).isEqualTo(measured.subList(0, rows));
        assertThat(out.toString())
                .startsWith(rows + " rows, 5 forks of each: about ")
                .contains("[1/" + 5 * rows + "] fork 1 of 5, ", "[" + 5 * rows + "/" + 5 * rows + "] fork 5 of 5, ")
                .doesNotContain(", -");
    }

    @Test
    void quick_measuresOnceAndSaysWhatItIsWorth() {
        assertThat(run(AdmissionBenchTest::given, "--quick")).isZero();

        assertThat(measured).doesNotHaveDuplicates();
        assertThat(out.toString()).contains("1 fork of each", "A smoke run: one short fork");
    }

    @Test
    void json_holdsEveryIterationAndTheAims() throws Exception {
        Path file = folder.resolve("figures.json");
        assertThat(run(AdmissionBenchTest::given, "--quick", "--json", file.toString()))
                .isZero();

        assertThat(Files.readString(file))
                .startsWith("{\"schema\":\"tidegate.bench.admission/1\",\"quick\":true,")
                .contains("\"effort\":{\"forks\":1,")
                .contains("\"group\":\"admit\",\"title\":\"admit and return\",\"label\":\"gate as shipped\"")
                .contains("\"cpuNanos\":{\"median\":50.0,\"min\":49.0,\"max\":55.0}")
                .contains("\"peer\":\"Semaphore\",\"timesPeer\":5.0,\"failure\":null,\"iterations\":["
                        + "{\"fork\":1,\"cpuNanos\":49.0,\"wallNanos\":53.0,\"bytes\":40.0},")
                .contains("\"params\":{\"depth\":\"100000\"}")
                .contains("\"waiters\":1000000,\"bytesPerWaiter\":{\"median\":200.0,")
                .contains("{\"what\":\"refusal, reason only: CPU time\",\"measured\":6.5,\"most\":5.0,\"unit\":\"ns\","
                        + "\"verdict\":\"miss\"}")
                .doesNotContain("NaN");
    }

    @Test
    void benchmark_thatFails_isNamedAndEndsInFailureAfterTheOthers() {
        Measurement failing = (row, effort, fork) -> {
            if (row.label().equals(Row.STRIPPED) && row.threads() == 1) {
                throw new IOException("it broke");
            }
            return given(row, effort, fork);
        };

        assertThat(run(failing)).isEqualTo(1);

        assertThat(err.toString())
                .isEqualToIgnoringNewLines(
                        "tidegate: failed: admit and return, 1 thread: gate, stripped core: it broke");
        assertThat(out.toString())
                .containsPattern("  gate, stripped core +failed\n")
                .containsPattern("stripped core: CPU time +not measured")
                .contains("8 of 12 reached, 2 missed");
    }

    @Test
    void badArguments_areRefusedBeforeAnythingIsMeasured() throws Exception {
        Path file = Files.createFile(folder.resolve("file"));

        assertThat(run(AdmissionBenchTest::given, "--json", "/no/such/folder/figures.json"))
                .isEqualTo(2);
        assertThat(run(AdmissionBenchTest::given, "--json", folder.toString())).isEqualTo(2);
        assertThat(run(AdmissionBenchTest::given, "--json", file + "/figures.json"))
                .isEqualTo(2);
        assertThat(run(AdmissionBenchTest::given, "--json")).isEqualTo(2);
        assertThat(run(AdmissionBenchTest::given, "--fast")).isEqualTo(2);

        assertThat(measured).isEmpty();
        assertThat(err.toString().lines().toList())
                .hasSize(5)
                .anySatisfy(line -> assertThat(line).contains("there is no folder /no/such/folder"))
                .anySatisfy(line -> assertThat(line).contains(folder + ": is a folder"))
                .anySatisfy(line -> assertThat(line).contains("unknown argument --fast"));
    }

    @Test
    void tool_isFoundByItsName() {
        assertThat(ToolProvider.findFirst("tidegate-bench-admission")).containsInstanceOf(AdmissionBench.class);
    }

    @Test
    void everyRow_namesABenchmark() throws Exception {
        for (Row row : Row.all(new TreeSet<>(List.of(1, 2)))) {
            if (row.group() != Group.MEMORY) {
                String[] name = row.benchmark().split("\\.", 2);
                Class<?> type = Class.forName("io.tidegate.benchmarks." + name[0]);
                assertThat(type.getMethods()).extracting("name").contains(name[1]);
            }
        }
    }

    @Test
    void versions_comeFromTheNamesOfJars() throws Exception {
        assertThat(Machine.versionInName(Path.of("/lib/concurrency-limits-core-0.5.4.jar")
                        .toUri()
                        .toURL()))
                .isEqualTo("0.5.4");
        assertThat(Machine.versionInName(Path.of("/lib/benchmarks.jar").toUri().toURL()))
                .isEqualTo("unknown");
        assertThat(Machine.cpuModel(folder.resolve("none"))).isEqualTo("unknown");
    }
}
