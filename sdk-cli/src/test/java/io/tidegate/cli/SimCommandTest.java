/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.tidegate.config.ConfigReader;
import io.tidegate.config.TidegateConfig;
import io.tidegate.sim.Clients;
import io.tidegate.sim.RunPlan;
import io.tidegate.sim.Scenario;
import io.tidegate.sim.physics.EngineModel;
import io.tidegate.sim.physics.ReplicaLife;
import io.tidegate.sim.score.RunScore;
import io.tidegate.sim.score.TierScore;
import io.tidegate.sim.trace.Trace;
import io.tidegate.sim.trace.TraceEvent;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SimCommandTest {

    private static final TidegateConfig CONFIG = ConfigReader.parse(
            "test",
            "{pools: {chat: {tiers: {gold: {}, free: {}}, scaling: {max: 4, backend: {type: process}}}}, ledger: {file: own.jsonl},"
                    + " memory: {folder: own}}");

    private final List<RunPlan> made = new CopyOnWriteArrayList<>();
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private long nanos;

    @TempDir
    private Path folder;

    private static Scenario scenario(String name) {
        if (!name.equals("day")) {
            throw new IllegalArgumentException("no scenario is called \"" + name + "\": there are [day]");
        }
        Trace trace = Trace.of(
                "day",
                IntStream.range(0, 100)
                        .mapToObj(i -> new TraceEvent(i * 1_000_000_000L, 10, 10, "gold", ""))
                        .toList());
        return new Scenario(
                "day",
                "a hundred requests",
                seed -> trace,
                CONFIG,
                EngineModel.llama70bOnFourH100(),
                ReplicaLife.fixed(60),
                Clients.patient(),
                1,
                1,
                Double.NaN);
    }

    /** Tidegate attains 99 % with 10 replica-hours, everyone else 95 % with 20. */
    private RunScore run(RunPlan plan) {
        made.add(plan);
        boolean tidegate = plan.scaler().equals("tidegate");
        TierScore all =
                new TierScore("all", 100, tidegate ? 99 : 95, 0, tidegate ? 1 : 5, 0, 0, 0, 0.2, 1, 2, 0.03, 0.05);
        return new RunScore(
                plan.scenario().name(),
                plan.scaler(),
                plan.admission().label(),
                plan.seed(),
                all,
                List.of(new TierScore("gold", 100, 99, 0, 1, 0, 0, 0, 0.2, 1, 2, 0.03, 0.05)),
                100,
                tidegate ? 10 : 20,
                1,
                2,
                1,
                3,
                2,
                1,
                OptionalDouble.empty(),
                0,
                0,
                List.of());
    }

    private int sim(String... arguments) {
        Supplier<List<String>> scalers = () -> List.of("tidegate", "hpa-cpu", "keda-queue");
        SimCommand command = new SimCommand(new SimCommand.Parts(
                (plan, progress) -> run(plan), scalers, () -> List.of("day"), SimCommandTest::scenario, () -> nanos));
        String[] all = new String[arguments.length + 1];
        all[0] = "sim";
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        return TidegateCli.commandLine(command)
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(all);
    }

    private Path file(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    private Path azure() throws IOException {
        return file("azure.csv", """
                        TIMESTAMP,ContextTokens,GeneratedTokens
                        2023-11-16 18:15:46.6805900,374,44
                        2023-11-16 18:15:50.9951690,396,109
                        2023-11-16 18:15:51.2224670,879,55
                        """);
    }

    @Test
    void list_namesScenariosAndScalers() {
        assertThat(sim("list")).isZero();
        assertThat(out.toString().replace("\r\n", "\n"))
                .startsWith("""
                        Scenarios
                          day           a hundred requests

                        Scalers
                          tidegate      the production engine with the policies of the configuration
                          hpa-cpu
                          keda-queue    KEDA, one replica per 15 waiting requests
                          bound         fewest replicas that could have served, found with all arrivals known; not implementable

                        Replicas, and how far their models are from what was published (mean and largest error)
                        """)
                .contains("  qwen3-32b-2xh100: 2 x H100 80GB, bfloat16, tensor parallel 2")
                .contains("    1.7 % and 3.7 % of ML.ENERGY v3, H100, Llama 3.1 8B bfloat16, inter-token latency");
    }

    @Test
    void run_plain_isTidegateWithItsGateOnSeedOne() {
        assertThat(sim("run", "--scenario", "day")).isZero();
        assertThat(made)
                .extracting(RunPlan::scaler, plan -> plan.admission().label(), RunPlan::seed)
                .containsExactly(tuple("tidegate", "gate", 1L));
    }

    @Test
    void run_printsItsSummary() {
        sim("run", "--scenario", "day", "--seed", "7");
        assertThat(out.toString())
                .startsWith("day: scaler tidegate, admission gate, seed 7, 100 s\n")
                .contains("gold", "3 ups, 2 downs, 1 reversals");
    }

    @Test
    void run_configuration_reachesNothingBeyondTheSimulation() {
        sim("run", "--scenario", "day");
        TidegateConfig config = made.get(0).scenario().config();
        assertThat(config.ledger().file()).isEmpty();
        assertThat(config.memory().folder()).isEmpty();
        assertThat(Objects.requireNonNull(
                                config.pools().values().iterator().next().scaling())
                        .backend())
                .isNull();
    }

    @Test
    void run_ledger_isThatOfTheConfiguration() {
        Path ledger = folder.resolve("ledger.jsonl");
        sim("run", "--scenario", "day", "--ledger", ledger.toString());
        assertThat(made.get(0).scenario().config().ledger().file()).contains(ledger);
    }

    @Test
    void run_ledgerThatNobodyWrote_fails() {
        assertThat(sim(
                        "run",
                        "--scenario",
                        "day",
                        "--ledger",
                        folder.resolve("ledger.jsonl").toString()))
                .isEqualTo(1);
        assertThat(err.toString()).isEqualToNormalizingNewlines("tidegate: no ledger was written\n");
    }

    @Test
    void run_jsonAndHtml_areWritten() throws IOException {
        Path json = folder.resolve("run.json");
        Path html = folder.resolve("run.html");
        assertThat(sim("run", "--scenario", "day", "--json", json.toString(), "--html", html.toString()))
                .isZero();
        assertThat(Files.readString(json)).startsWith("{\"schema\":\"tidegate-sim/1\",\"kind\":\"run\"");
        assertThat(Files.readString(html)).startsWith("<!DOCTYPE html>");
    }

    @Test
    void run_traceWithoutConfig_takesTheBuiltInOne() throws IOException {
        assertThat(sim("run", "--trace", azure().toString())).isZero();
        assertThat(made.get(0).scenario().name()).isEqualTo("azure.csv");
        assertThat(made.get(0).scenario().config().pools().get("chat"))
                .isEqualTo(ConfigReader.parse("sim.yaml", SimSubject.builtInText())
                        .pools()
                        .get("chat"));
    }

    @Test
    void run_traceWithTiers_assignsThem() throws IOException {
        sim("run", "--trace", azure().toString(), "--tiers", "batch=1");
        assertThat(made.get(0).scenario().trace().apply(1))
                .allMatch(event -> event.tier().equals("batch"));
    }

    @Test
    void run_config_replacesThatOfTheScenario() throws IOException {
        Path config = file("own.yaml", "pools: {mine: {tiers: {a: {}}, scaling: {max: 2}}}");
        sim("run", "--scenario", "day", "--config", config.toString());
        assertThat(made.get(0).scenario().config().pools()).containsOnlyKeys("mine");
    }

    @Test
    void compare_plain_runsEveryoneOnTheSameSeedsAndTheBoundOnce() {
        assertThat(sim("compare", "--scenario", "day", "--seeds", "2", "--seed", "5", "--threads", "1"))
                .isZero();
        assertThat(made.stream()
                        .map(plan -> plan.scaler() + " " + plan.admission().label() + " " + plan.seed()))
                .containsExactly(
                        "tidegate gate 5",
                        "tidegate gate 6",
                        "tidegate fifo 5",
                        "tidegate fifo 6",
                        "hpa-cpu gate 5",
                        "hpa-cpu gate 6",
                        "hpa-cpu fifo 5",
                        "hpa-cpu fifo 6",
                        "keda-queue gate 5",
                        "keda-queue gate 6",
                        "keda-queue fifo 5",
                        "keda-queue fifo 6",
                        "bound gate 5",
                        "bound gate 6");
    }

    @Test
    void compare_some_runsTheseAndTheBound() {
        sim("compare", "--scenario", "day", "--scalers", "hpa-cpu,bound", "--admission", "FIFO", "--seeds", "1");
        assertThat(made).extracting(RunPlan::scaler).containsExactlyInAnyOrder("hpa-cpu", "bound");
    }

    @Test
    void compare_printsTheTable() {
        sim(
                "compare",
                "--scenario",
                "day",
                "--policies",
                "tidegate,hpa-cpu",
                "--admission",
                "gate",
                "--seeds",
                "2",
                "--width",
                "160");
        assertThat(out.toString()
                        .lines()
                        .map(line -> line.split(" ", 2)[0])
                        .skip(2)
                        .limit(3))
                .containsExactly("tidegate", "hpa-cpu", "bound*");
    }

    @Test
    void compare_otherThreads_sameBytes() throws IOException {
        Path one = folder.resolve("1.json");
        Path four = folder.resolve("4.json");
        sim("compare", "--scenario", "day", "--threads", "1", "--json", one.toString());
        sim("compare", "--scenario", "day", "--threads", "4", "--json", four.toString());
        assertThat(four).hasSameBinaryContentAs(one);
    }

    @Test
    void tune_out_isAConfigurationThatCanBeRead() throws IOException {
        Path tuned = folder.resolve("tuned.yaml");
        assertThat(sim("tune", "--scenario", "day", "--budget", "20", "--out", tuned.toString()))
                .isZero();
        // Whatever is tried comes to the same, so what there was is written, with its own ledger.
        assertThat(ConfigReader.read(tuned)).isEqualTo(CONFIG);
        assertThat(Files.readString(tuned)).startsWith("# Tuned day: ");
    }

    @Test
    void tune_runs_reachNothingBeyondTheSimulation() {
        sim("tune", "--scenario", "day", "--budget", "20");
        assertThat(made)
                .allMatch(plan -> plan.scenario().config().ledger().file().isEmpty());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "run | --scenario or --trace is missing: say what to simulate; ./tidegate sim list names the scenarios",
                "run --scenario night | --scenario: no scenario is called \"night\": there are [day]",
                "run --scenario day --trace x | --scenario and --trace exclude each other: leave one out",
                "run --scenario day --format mooncake | --format goes with --trace: leave it out",
                "run --scenario day --tiers a=1 | --tiers goes with --trace: leave it out",
                "run --scenario day --scalers a | --scalers names a, which is none of [tidegate, hpa-cpu, keda-queue, bound]",
                "run --scenario day --scalers a,b | --scalers must name one for a run but names [a, b]: use ./tidegate sim compare for several",
                "run --scenario day --scalers hpa-cpu --ledger x | --ledger goes with --scalers tidegate, as nobody else keeps one: leave it out",
                "run --scenario day --json none/x | --json none/x is in a folder that does not exist: make it",
                "run --scenario day --threads 0 | --threads must be 1 to 1024 but was 0",
                "compare --scenario day --seeds 0 | --seeds must be 1 to 10000 but was 0",
                "compare --scenario day --width 80 | --width must be 100 to 160 but was 80",
                "compare --scenario day --html . | --html . is a folder: name a file",
                "tune --scenario day --budget 3 | --budget must be at least 4 runs for each seed, 8, and at most 1000000, but was 3",
                "tune --scenario day --target 99 | --target must be above 0 and at most 1 but was 99.0",
                "tune --scenario day --train 1 | --train must be 0.1 to 0.9 but was 1.0",
            })
    void wrongArgument_oneLineThatNamesTheOption(String arguments, String message) {
        assertThat(sim(arguments.split(" ", -1))).isEqualTo(2);
        assertThat(err.toString()).isEqualToNormalizingNewlines("tidegate: " + message + "\n");
    }

    @Test
    void wrongOption_oneLine() {
        assertThat(sim("run", "--scenarioo", "day")).isEqualTo(2);
        assertThat(err.toString().lines())
                .singleElement()
                .asString()
                .isEqualTo("tidegate: Unknown options: '--scenarioo', 'day'; see ./tidegate sim run --help");
    }

    @Test
    void wrongNumber_oneLineThatNamesTheOption() {
        assertThat(sim("compare", "--seeds", "x")).isEqualTo(2);
        assertThat(err.toString())
                .isEqualToNormalizingNewlines("tidegate: Invalid value for option '--seeds': 'x' is not an int;"
                        + " see ./tidegate sim compare --help\n");
    }

    @Test
    void nothingAsked_saysWhereHelpIs() {
        assertThat(sim()).isEqualTo(2);
        assertThat(err.toString())
                .isEqualToNormalizingNewlines("tidegate: Missing required subcommand; see ./tidegate sim --help\n");
    }

    @Test
    void wrongConfig_oneLineWithAllThatIsWrong() throws IOException {
        Path config = file("own.yaml", "pools: {chat: {tiers: {a: {wait: 1}}, scaling: {max: 0}}}");
        assertThat(sim("run", "--scenario", "day", "--config", config.toString()))
                .isEqualTo(2);
        assertThat(err.toString().lines())
                .singleElement()
                .asString()
                .startsWith("tidegate: --config " + config)
                .contains("pools.chat.tiers.a.wait", "pools.chat.scaling.max");
    }

    @Test
    void wrongConfig_twoPools_saysWhatToDo() throws IOException {
        Path config = file("own.yaml", "pools: {a: {tiers: {a: {}}}, b: {tiers: {a: {}}}}");
        assertThat(sim("run", "--scenario", "day", "--config", config.toString()))
                .isEqualTo(2);
        assertThat(err.toString()).contains("must have exactly one pool but has [a, b]: keep the one to simulate");
    }

    @Test
    void wrongConfig_notScaled_saysWhatToDo() throws IOException {
        Path config = file("own.yaml", "pools: {a: {tiers: {a: {}}}}");
        assertThat(sim("run", "--scenario", "day", "--config", config.toString()))
                .isEqualTo(2);
        assertThat(err.toString()).contains("pools.a is not scaled; give it scaling.max");
    }

    @Test
    void wrongTrace_oneLine() {
        assertThat(sim("run", "--trace", folder.resolve("none.csv").toString())).isEqualTo(2);
        assertThat(err.toString().lines()).singleElement().asString().startsWith("tidegate: --trace ");
    }

    @Test
    void wrongFormat_saysWhatTheFileIs() throws IOException {
        Path trace = azure();
        assertThat(sim("run", "--trace", trace.toString(), "--format", "mooncake"))
                .isEqualTo(2);
        assertThat(err.toString())
                .startsWith("tidegate: --trace " + trace + ", line 1: the line is not a JSON object")
                .hasLineCount(1);
    }

    @Test
    void wrongTier_saysWhichThereAre() throws IOException {
        assertThat(sim("run", "--trace", azure().toString(), "--tiers", "gold=1"))
                .isEqualTo(2);
        assertThat(err.toString()).contains("--tiers names gold, which is none of [premium, standard, batch]");
    }

    @Test
    void progress_noTerminal_aLineEachTenSeconds() {
        StringWriter text = new StringWriter();
        try (SimProgress progress = new SimProgress(new PrintWriter(text), false, () -> nanos, "4 runs")) {
            progress.accept(0.1);
            nanos = 10_000_000_000L;
            progress.accept(0.25);
            nanos = 19_000_000_000L;
            progress.accept(0.5);
        }
        assertThat(text.toString()).isEqualToNormalizingNewlines("4 runs: 25 % after 10 s, about 30 s left\n");
    }

    @Test
    void progress_terminal_aBarThatIsTakenAway() {
        StringWriter text = new StringWriter();
        try (SimProgress progress = new SimProgress(new PrintWriter(text), true, () -> nanos, "4 runs")) {
            nanos = 1_000_000_000L;
            progress.accept(0.5);
        }
        assertThat(text.toString())
                .isEqualTo("\r\u001b[K[" + "#".repeat(20) + " ".repeat(20)
                        + "] 4 runs: 50 % after 1 s, about 1 s left\r\u001b[K");
    }

    @Test
    void page_builtInConfiguration_isTheOneThatServes() throws IOException {
        String rules =
                SimSubject.builtInText().substring(SimSubject.builtInText().indexOf("pools:"));
        assertThat(Files.readString(Path.of("../docs/simulator.md"))).contains(rules);
    }
}
