/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.spi.ToolProvider;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code ./tidegate bench}. */
@Command(
        name = "bench",
        description = {"Measures Tidegate beside its peers, on this machine.", ""},
        subcommands = {BenchCommand.AdmissionCommand.class},
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "WHAT")
final class BenchCommand {

    private BenchCommand() {}

    /** {@code ./tidegate bench admission}. */
    @Command(
            name = "admission",
            description = {
                "Measures what admission, refusal, waiting and giving up cost, the gate beside semaphores, bulkheads, limiters"
                        + " and pools: CPU and wall time, allocation, heap of a million waiters, and whether our aims are"
                        + " reached. The full run takes about half an hour; leave the machine alone meanwhile.",
                ""
            },
            mixinStandardHelpOptions = true,
            sortOptions = false)
    static final class AdmissionCommand implements Callable<Integer> {

        /** The benchmarks and the peers they bring are no part of this program; the launcher adds them for this command. */
        private static final String TOOL = "tidegate-bench-admission";

        @Spec
        private @Nullable CommandSpec spec;

        @Option(
                names = "--quick",
                description = "About three minutes: one short fork of each benchmark, to see that all runs.")
        private boolean quick;

        @Option(
                names = "--json",
                paramLabel = "FILE",
                description = "Write all figures, also of each iteration, as JSON (benchmarks/README.md).")
        private @Nullable Path json;

        @Override
        public Integer call() {
            List<String> arguments = new ArrayList<>();
            if (quick) {
                arguments.add("--quick");
            }
            if (json != null) {
                arguments.add("--json");
                arguments.add(json.toString());
            }
            return ToolProvider.findFirst(TOOL)
                    .map(tool -> tool.run(System.out, System.err, arguments.toArray(String[]::new)))
                    .orElseGet(this::missing);
        }

        private int missing() {
            if (spec != null) {
                spec.commandLine()
                        .getErr()
                        .println("tidegate: the benchmarks are not on the class path: start them by ./tidegate bench"
                                + " admission, which builds them");
            }
            return CommandLine.ExitCode.SOFTWARE;
        }
    }
}
