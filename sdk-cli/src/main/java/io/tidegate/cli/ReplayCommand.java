/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.cli;

import io.tidegate.engine.Replay;
import io.tidegate.engine.Replay.Replayed;
import io.tidegate.guardrail.Decision;
import io.tidegate.ledger.Entry;
import java.io.PrintWriter;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/**
 * {@code ./tidegate ledger FILE replay [POOL [ID]]}: makes decisions of a ledger again. Exit status 0 if all came out the same, 1 if one
 * did not, could not be made again or was not found.
 */
@Command(
        name = "replay",
        description = {
            "Makes the decisions of a ledger again and says which came out otherwise: all, those of a pool, or one of them.",
            ""
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ReplayCommand implements Callable<Integer> {

    /** Of those that differ so many are shown. */
    private static final int MOST_SHOWN = 20;

    /** In place of those of the file; null for these. */
    private final @Nullable Supplier<Stream<Entry>> given;

    @ParentCommand
    private @Nullable LedgerCommand ledger;

    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(index = "0", arity = "0..1", paramLabel = "POOL", description = "Of this pool only.")
    private @Nullable String pool;

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "ID",
            description =
                    "This decision only, with what it says of itself. Runs without a ledger of before count from 1"
                            + " again, so there may be several.")
    private @Nullable Long id;

    private int same;
    private int other;
    private int failed;
    private final Map<String, Integer> taken = new TreeMap<>();

    /** Over the file that the command above names. */
    ReplayCommand() {
        this.given = null;
    }

    /**
     * Over others.
     *
     * @param entries opens them, oldest entry first; closed when read
     */
    ReplayCommand(Supplier<Stream<Entry>> entries) {
        this.given = entries;
    }

    private Stream<Entry> entries() {
        return given != null ? given.get() : Objects.requireNonNull(ledger).entries();
    }

    @Override
    public Integer call() {
        if (spec == null) {
            throw new IllegalStateException("a command runs within a command line");
        }
        if (pool != null && pool.isBlank()) {
            throw new ParameterException(spec.commandLine(), "POOL must not be blank");
        }
        PrintWriter out = spec.commandLine().getOut();
        try (Stream<Entry> all = entries()) {
            all.filter(Entry.Decided.class::isInstance)
                    .map(Entry.Decided.class::cast)
                    .filter(each -> pool == null || each.pool().equals(pool))
                    .filter(each -> id == null || each.decision().id() == id)
                    .forEach(each -> replay(each, out));
        }
        int count = same + other + failed;
        if (count == 0) {
            spec.commandLine()
                    .getErr()
                    .println("tidegate: the ledger has no decision"
                            + (id == null ? "" : " " + id)
                            + (pool == null ? "" : " of pool " + pool));
            return CommandLine.ExitCode.SOFTWARE;
        }
        out.println(count + (count == 1 ? " decision" : " decisions") + " made again: " + same + " the same, " + other
                + " other" + (failed == 0 ? "" : ", " + failed + " that could not be made again"));
        if (!taken.isEmpty()) {
            out.println("Taken from the record, since it could not be asked again: "
                    + taken.entrySet().stream()
                            .map(each -> each.getKey() + " (" + each.getValue() + ")")
                            .collect(Collectors.joining(", ")));
        }
        return count == same ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
    }

    private void replay(Entry.Decided entry, PrintWriter out) {
        Decision decision = entry.decision();
        Replayed replayed;
        try {
            replayed = Replay.of(entry);
        } catch (IllegalArgumentException e) {
            failed++;
            out.println(title(decision) + " could not be made again: " + e.getMessage());
            return;
        }
        replayed.taken().forEach(who -> taken.merge(who, 1, Integer::sum));
        if (id != null) {
            out.println(title(decision));
            out.println(decision.explain());
        }
        if (replayed.same()) {
            same++;
            return;
        }
        other++;
        if (other <= MOST_SHOWN) {
            out.println(title(decision) + " comes out otherwise:");
            replayed.differences().forEach(each -> out.println("  " + each));
        }
    }

    private static String title(Decision decision) {
        return "decision " + decision.id() + " of pool " + decision.pool() + " at " + decision.at();
    }
}
