/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.cli;

import io.tidegate.examples.demo.Demo;
import io.tidegate.examples.demo.DemoOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ./tidegate demo}. */
@Command(
        name = "demo",
        description = {
            "Runs a gateway that scales itself, on this machine: simulated vLLM servers in processes of their own, a trace"
                    + " replayed against them, a live page, a report.",
            ""
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class DemoCommand implements Callable<Integer> {

    @Spec
    private @Nullable CommandSpec spec;

    @Option(
            names = "--trace",
            paramLabel = "FILE",
            description = "Trace to replay: Azure 2023 CSV, Mooncake JSONL or a ServeGen series, also .gz."
                    + " Default: a built-in day (diurnal, one burst).")
    private @Nullable Path trace;

    @Option(
            names = "--seconds",
            paramLabel = "N",
            description = "How long to send, in real seconds. Default: the whole trace, or 120 of the built-in day.")
    private @Nullable Double seconds;

    @Option(
            names = "--time-scale",
            paramLabel = "X",
            defaultValue = "10",
            description = "How much faster than real time trace and servers run. Default: ${DEFAULT-VALUE}.")
    private double timeScale;

    @Option(
            names = "--sample",
            paramLabel = "P",
            description =
                    "Part of the requests to send, above 0 and at most 1. Default: what this machine should manage.")
    private @Nullable Double sample;

    @Option(
            names = "--rate",
            paramLabel = "R",
            defaultValue = "5",
            description = "Mean requests per second of the built-in day, in trace time. Default: ${DEFAULT-VALUE}.")
    private double rate;

    @Option(
            names = "--seed",
            paramLabel = "S",
            defaultValue = "1",
            description = "Seed of all that is drawn by chance. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(
            names = "--port",
            paramLabel = "PORT",
            defaultValue = "8080",
            description = "Port of the gateway on 127.0.0.1; 0 for any. Default: ${DEFAULT-VALUE}.")
    private int port;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "Configuration of the gateway (YAML). Default: built in; --print-config shows it.")
    private @Nullable Path config;

    @Option(names = "--print-config", description = "Print the built-in configuration and end.")
    private boolean printConfig;

    @Option(names = "--headless", description = "Plain progress lines, for logs and CI.")
    private boolean headless;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the report as JSON (docs/demo.md).")
    private @Nullable Path json;

    @Option(
            names = "--report",
            paramLabel = "DIR",
            defaultValue = "tidegate-report",
            description = "Folder for the HTML report, the ledger and the logs. Default: ${DEFAULT-VALUE}.")
    private Path report = Path.of("tidegate-report");

    @Override
    public Integer call() {
        if (printConfig) {
            System.out.print(io.tidegate.examples.gateway.DemoGateway.builtInConfig());
            return 0;
        }
        require(timeScale >= 1 && timeScale <= 1000, "--time-scale must be 1 to 1000 but was " + timeScale);
        require(port >= 0 && port <= 65535, "--port must be 0 to 65535 but was " + port);
        require(rate > 0 && rate <= 10_000, "--rate must be above 0 and at most 10000 but was " + rate);
        require(
                seconds == null || (seconds >= 1 && seconds <= 1e6),
                "--seconds must be 1 to 1000000 but was " + seconds);
        require(
                sample == null || (sample > 0 && sample <= 1),
                "--sample must be above 0 and at most 1 but was " + sample);
        Demo.run(
                new DemoOptions(
                        Optional.ofNullable(trace),
                        seconds == null ? Optional.empty() : Optional.of(Duration.ofNanos((long) (seconds * 1e9))),
                        timeScale,
                        sample == null ? OptionalDouble.empty() : OptionalDouble.of(sample),
                        rate,
                        seed,
                        port,
                        headless,
                        Optional.ofNullable(config),
                        Optional.ofNullable(json),
                        report),
                System.out);
        return 0;
    }

    private void require(boolean condition, String message) {
        if (!condition && spec != null) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }
}
