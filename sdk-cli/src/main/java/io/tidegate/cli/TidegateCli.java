/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.cli;

import io.tidegate.examples.demo.DemoException;
import io.tidegate.examples.demo.Version;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.IVersionProvider;

/** The front door: {@code ./tidegate <command>}. Exit status 0 if it worked, 1 if it failed, 2 if it was asked wrongly. */
@Command(
        name = "tidegate",
        description = "Admits, scales and accounts for LLM requests in front of vLLM fleets.",
        subcommands = {DemoCommand.class, LedgerCommand.class, ManifestsCommand.class, BenchCommand.class},
        mixinStandardHelpOptions = true,
        versionProvider = TidegateCli.Versions.class,
        synopsisSubcommandLabel = "COMMAND")
public final class TidegateCli {

    private TidegateCli() {}

    /** Runs a command and ends the JVM with its status. */
    public static void main(String[] arguments) {
        System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "warn");
        System.exit(run(arguments));
    }

    static int run(String... arguments) {
        return commandLine(new SimCommand()).execute(arguments);
    }

    static CommandLine commandLine(SimCommand sim) {
        CommandLine commandLine = new CommandLine(new TidegateCli()).addSubcommand(sim);
        IParameterExceptionHandler usual = commandLine.getParameterExceptionHandler();
        return commandLine
                .setCaseInsensitiveEnumValuesAllowed(true)
                // The options of a simulation fill a screen: what is wrong would be lost above them.
                .setParameterExceptionHandler((wrong, given) -> {
                    String command = wrong.getCommandLine().getCommandSpec().qualifiedName();
                    if (!command.startsWith("tidegate sim")) {
                        return usual.handleParseException(wrong, given);
                    }
                    boolean ours = wrong.getCause() instanceof SimSubject.WrongArgument;
                    String fix = ours ? "" : "; see ./" + command + " --help";
                    wrong.getCommandLine().getErr().println("tidegate: " + wrong.getMessage() + fix);
                    return CommandLine.ExitCode.USAGE;
                })
                .setExecutionExceptionHandler((failure, command, parsed) -> {
                    if (failure instanceof DemoException) {
                        command.getErr().println("tidegate: " + failure.getMessage());
                        return CommandLine.ExitCode.USAGE;
                    }
                    throw failure;
                });
    }

    static final class Versions implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"tidegate " + Version.current()};
        }
    }
}
