/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.cli;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalTime;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The demo as a user runs it: real processes, real time. */
class DemoCommandTest {

    private static final JsonMapper JSON = new JsonMapper();

    @TempDir
    Path folder;

    private JsonNode json(String file) throws IOException {
        return JSON.readTree(Files.readString(folder.resolve(file), StandardCharsets.UTF_8));
    }

    private static List<JsonNode> list(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false).toList();
    }

    private static double attainment(JsonNode report, int tier) {
        return report.path("tiers").path(tier).path("sloAttainment").asDouble();
    }

    @Test
    void demo_builtInDay_scalesUpAndDownAndPremiumIsKeptWhileBatchGivesWay() throws Exception {
        try (CliProcess demo = CliProcess.start(
                folder, "demo", "--seconds", "60", "--headless", "--port", "0", "--json", "run.json")) {
            assertThat(demo.exitStatus(180)).as(demo.errors()).isZero();
            assertThat(demo.descendants()).isEmpty();
            assertThat(demo.output()).contains("scale up from", "scale down from", "Policy backlog wants", "SLO kept");
        }
        JsonNode report = json("run.json");
        assertThat(report.path("schema").asString("")).isEqualTo("tidegate.demo.report/1");
        assertThat(report.path("scaling").path("up").asInt()).isPositive();
        assertThat(report.path("scaling").path("down").asInt()).isPositive();
        assertThat(attainment(report, 0)).as("premium").isGreaterThan(0.95).isGreaterThan(attainment(report, 2));
        for (JsonNode tier : report.path("tiers")) {
            long ended = tier.path("completed").asLong()
                    + tier.path("shed").asLong()
                    + tier.path("expired").asLong()
                    + tier.path("failed").asLong()
                    + tier.path("cancelled").asLong();
            assertThat(ended)
                    .as(tier.toString())
                    .isEqualTo(tier.path("requests").asLong());
            assertThat(tier.path("failed").asLong()).as(tier.toString()).isZero();
        }
        assertThat(report.path("cost").path("usd").asDouble()).isPositive();
        assertThat(list(report.path("decisions")))
                .allSatisfy(decision ->
                        assertThat(decision.path("explain").asString("")).contains("Policy backlog"));
        assertThat(Files.readString(folder.resolve("tidegate-report/report.html")))
                .contains("tidegate.demo.report/1");
        assertThat(Files.readString(folder.resolve("tidegate-report/ledger.jsonl")))
                .contains("\"type\":\"decision\"", "\"phase\":\"ready\"");
    }

    @Test
    void demo_realAzureTrace_isReplayed() throws Exception {
        String data = System.getenv("TIDEGATE_DATA");
        assumeTrue(data != null, "TIDEGATE_DATA is not set: the Azure 2023 trace is not in the repository");
        Path trace = Path.of(data, "traces", "azure_llm_2023_conv.csv");
        try (CliProcess demo = CliProcess.start(
                folder,
                "demo",
                "--trace",
                trace.toString(),
                "--seconds",
                "10",
                "--headless",
                "--port",
                "0",
                "--json",
                "run.json")) {
            assertThat(demo.exitStatus(120)).as(demo.errors()).isZero();
        }
        JsonNode report = json("run.json");
        assertThat(report.path("run").path("traceFormat").asString("")).isEqualTo("azure");
        // The trace's first 100 s hold 511 requests.
        assertThat(report.path("driver").path("requests").asInt()).isEqualTo(requestsIn(trace, 100));
    }

    private static int requestsIn(Path trace, double seconds) throws IOException {
        List<String> rows = Files.readAllLines(trace);
        double first = secondOfDay(rows.get(1));
        return (int) rows.stream()
                .skip(1)
                .filter(row -> secondOfDay(row) - first <= seconds)
                .count();
    }

    private static double secondOfDay(String row) {
        return LocalTime.parse(row.substring(11, row.indexOf(','))).toNanoOfDay() / 1e9;
    }

    @Test
    void demo_interrupted_drainsAndStillReports() throws Exception {
        try (CliProcess demo = CliProcess.start(folder, "demo", "--headless", "--port", "0", "--json", "run.json")) {
            await().atMost(60, SECONDS).until(() -> demo.output().contains("SLO kept"));
            List<ProcessHandle> children = demo.descendants();
            assertThat(children).hasSizeGreaterThanOrEqualTo(2);

            demo.interrupt();

            assertThat(demo.exitStatus(60)).isEqualTo(130);
            assertThat(demo.output()).contains("interrupted").contains("Report: ");
            assertThat(children).noneMatch(ProcessHandle::isAlive);
        }
        assertThat(json("run.json").path("run").path("interrupted").asBoolean()).isTrue();
    }

    @Test
    void demo_killed_leavesNoProcessBehind() throws Exception {
        try (CliProcess demo = CliProcess.start(folder, "demo", "--headless", "--port", "0")) {
            await().atMost(60, SECONDS).until(() -> demo.output().contains("SLO kept"));
            List<ProcessHandle> children = demo.descendants();
            assertThat(children).hasSizeGreaterThanOrEqualTo(2);

            demo.kill();

            await().atMost(15, SECONDS).until(() -> children.stream().noneMatch(ProcessHandle::isAlive));
        }
    }

    @Test
    void demo_portTaken_saysSoInOneLine() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertRefused("port " + taken.getLocalPort(), "--port", String.valueOf(taken.getLocalPort()));
        }
    }

    @Test
    void demo_traceMissing_saysSoInOneLine() throws Exception {
        assertRefused("nowhere.csv", "--trace", "nowhere.csv");
    }

    @Test
    void demo_badRow_namesFileLineAndReason() throws Exception {
        Path trace = folder.resolve("bad.csv");
        Files.writeString(trace, """
                TIMESTAMP,ContextTokens,GeneratedTokens
                2023-11-16 18:15:46.6805900,374,44
                2023-11-16 18:15:50.9951690,-5,109
                """);
        assertRefused("bad.csv", "--trace", trace.toString());
        assertThat(Files.readString(folder.resolve("cli.err"))).contains("3").contains("-5");
    }

    @Test
    void demo_badConfiguration_namesEveryPath() throws Exception {
        Path config = folder.resolve("bad.yaml");
        Files.writeString(config, """
                pools:
                  chat:
                    tiers: {premium: {wieght: 8, maxQueueTime: soon}}
                    scaling: {min: 3, max: 2}
                """);
        try (CliProcess demo = CliProcess.start(folder, "demo", "--config", config.toString(), "--port", "0")) {
            assertThat(demo.exitStatus(60)).isEqualTo(2);
            assertThat(demo.errors())
                    .contains("pools.chat.tiers.premium.wieght: is not a setting; did you mean weight?")
                    .contains("pools.chat.tiers.premium.maxQueueTime: must be a duration")
                    .contains("pools.chat.scaling.max: must be at least min (3) but is 2");
        }
    }

    @Test
    void demo_badArgument_saysWhatIsAllowed() throws Exception {
        try (CliProcess demo = CliProcess.start(folder, "demo", "--time-scale", "0.5")) {
            assertThat(demo.exitStatus(60)).isEqualTo(2);
            assertThat(demo.errors()).startsWith("--time-scale must be 1 to 1000 but was 0.5");
        }
    }

    private void assertRefused(String named, String... arguments) throws Exception {
        String[] all = new String[arguments.length + 2];
        all[0] = "demo";
        all[1] = "--headless";
        System.arraycopy(arguments, 0, all, 2, arguments.length);
        try (CliProcess demo = CliProcess.start(folder, all)) {
            assertThat(demo.exitStatus(60)).isEqualTo(2);
            assertThat(demo.errors().lines().toList())
                    .singleElement()
                    .asString()
                    .contains(named);
            assertThat(demo.descendants()).isEmpty();
        }
    }
}
