/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.cli;

import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.Narrowing;
import io.tidegate.ledger.Account;
import io.tidegate.ledger.Entry;
import io.tidegate.ledger.LedgerQuery;
import io.tidegate.ledger.LedgerReader;
import io.tidegate.ledger.LedgerSummary;
import io.tidegate.ledger.ScaleEvent;
import io.tidegate.ledger.ScaleEvent.Phase;
import io.tidegate.policy.Proposal;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/** {@code ./tidegate ledger}. */
@Command(
        name = "ledger",
        description = {
            "Reads a ledger: the file and those it was rotated into, also while a gateway writes it (docs/ledger.md).",
            ""
        },
        subcommands = {
            LedgerCommand.ListCommand.class,
            LedgerCommand.ExplainCommand.class,
            ReplayCommand.class,
            LedgerCommand.SummaryCommand.class,
            LedgerCommand.VerifyCommand.class
        },
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "WHAT")
final class LedgerCommand {

    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "The ledger, as in the setting ledger.file.")
    private @Nullable Path file;

    private LedgerCommand() {}

    private CommandSpec spec() {
        return Objects.requireNonNull(spec);
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec().commandLine(), message);
    }

    private LedgerReader reader() {
        try {
            return LedgerReader.of(Objects.requireNonNull(file));
        } catch (IllegalArgumentException e) {
            throw wrong(String.valueOf(e.getMessage()));
        }
    }

    /** All that is in it, oldest first. */
    Stream<Entry> entries() {
        return reader().entries().map(LedgerReader.Line::entry);
    }

    private PrintWriter out() {
        return spec().commandLine().getOut();
    }

    /** Which part of a ledger. */
    static final class Filters {

        @Option(names = "--pool", paramLabel = "POOL", description = "Only this pool.")
        private @Nullable String pool;

        @Option(
                names = "--since",
                paramLabel = "TIME",
                description =
                        "Only from this time on: 2026-11-24T02:00:00Z, or 36h for the last 36 hours (s, m, h, d).")
        private @Nullable String since;

        @Option(names = "--until", paramLabel = "TIME", description = "Only before this time, in the same form.")
        private @Nullable String until;

        LedgerQuery query(LedgerCommand command) {
            LedgerQuery query = LedgerQuery.all();
            query = pool == null ? query : query.pool(pool);
            query = since == null ? query : query.since(time(command, "--since", since));
            return until == null ? query : query.until(time(command, "--until", until));
        }

        private static Instant time(LedgerCommand command, String option, String text) {
            try {
                if (text.matches("[0-9]{1,6}[smhd]")) {
                    long count = Long.parseLong(text.substring(0, text.length() - 1));
                    ChronoUnit unit = Map.of(
                                    's',
                                    ChronoUnit.SECONDS,
                                    'm',
                                    ChronoUnit.MINUTES,
                                    'h',
                                    ChronoUnit.HOURS,
                                    'd',
                                    ChronoUnit.DAYS)
                            .get(text.charAt(text.length() - 1));
                    return Instant.now().minus(count, Objects.requireNonNull(unit));
                }
                return Instant.parse(text);
            } catch (DateTimeException e) {
                throw command.wrong(option + " must be a time like 2026-11-24T02:00:00Z or 36h but was " + text);
            }
        }
    }

    /** {@code ./tidegate ledger FILE list}. */
    @Command(
            name = "list",
            description = {"Scale events, oldest first.", ""},
            mixinStandardHelpOptions = true,
            sortOptions = false)
    static final class ListCommand implements Callable<Integer> {

        private static final JsonFactory JSON = new JsonFactory();

        @ParentCommand
        private @Nullable LedgerCommand ledger;

        @Mixin
        private Filters filters = new Filters();

        @Option(names = "--json", description = "One JSON object a line, for other programs.")
        private boolean json;

        @Override
        public Integer call() {
            LedgerCommand command = Objects.requireNonNull(ledger);
            LedgerReader reader = command.reader();
            LedgerQuery query = filters.query(command);
            Map<String, Account> accounts = new HashMap<>();
            // An account is drawn up after the event, so that its time is no reason to leave it out.
            LedgerQuery ofPool =
                    filters.pool == null ? LedgerQuery.all() : LedgerQuery.all().pool(filters.pool);
            try (Stream<Account> all = reader.accounts(ofPool)) {
                all.forEach(account -> accounts.put(account.pool() + " " + account.event(), account));
            }
            List<ScaleEvent> events = reader.events(query);
            if (json) {
                events.forEach(event -> command.out().println(json(event, account(accounts, event))));
            } else {
                table(command.out(), events, accounts);
            }
            command.out().flush();
            return 0;
        }

        private static @Nullable Account account(Map<String, Account> accounts, ScaleEvent event) {
            return accounts.get(event.pool() + " " + event.id());
        }

        private static void table(PrintWriter out, List<ScaleEvent> events, Map<String, Account> accounts) {
            List<List<String>> rows = new ArrayList<>();
            rows.add(List.of("TIME", "POOL", "FROM->TO", "CAUSE", "OUTCOME", "READY AFTER", "COST", "BROKEN"));
            for (ScaleEvent event : events) {
                Account account = account(accounts, event);
                rows.add(List.of(
                        event.steps()
                                .get(0)
                                .at()
                                .truncatedTo(ChronoUnit.SECONDS)
                                .toString(),
                        printable(event.pool()),
                        event.from() + "->" + event.to(),
                        lower(event.cause()),
                        lower(event.phase()),
                        event.timeTo(Phase.READY).map(LedgerCommand::seconds).orElse("-"),
                        account == null || Double.isNaN(account.cost()) ? "-" : money(account.cost()),
                        account == null ? "-" : String.valueOf(account.broken())));
            }
            print(out, rows);
        }

        private static String json(ScaleEvent event, @Nullable Account account) {
            StringWriter text = new StringWriter();
            try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), text)) {
                json.writeStartObject();
                json.writeStringProperty("at", event.steps().get(0).at().toString());
                json.writeStringProperty("pool", event.pool());
                json.writeStringProperty("id", event.id());
                json.writeNumberProperty("decision", event.decisionId());
                json.writeNumberProperty("from", event.from());
                json.writeNumberProperty("to", event.to());
                json.writeStringProperty("cause", lower(event.cause()));
                json.writeStringProperty("outcome", lower(event.phase()));
                Optional<Duration> ready = event.timeTo(Phase.READY);
                if (ready.isPresent()) {
                    json.writeNumberProperty("secondsToReady", ready.get().toNanos() / 1e9);
                }
                if (account != null) {
                    if (!Double.isNaN(account.cost())) {
                        json.writeNumberProperty("cost", account.cost());
                    }
                    json.writeNumberProperty("broken", account.broken());
                }
                json.writeEndObject();
            }
            return text.toString();
        }
    }

    /** {@code ./tidegate ledger FILE explain POOL ID}. */
    @Command(
            name = "explain",
            description = {"Why a decision was what it was: what policies wanted, what guardrails left of it.", ""},
            mixinStandardHelpOptions = true)
    static final class ExplainCommand implements Callable<Integer> {

        @ParentCommand
        private @Nullable LedgerCommand ledger;

        @Parameters(index = "0", paramLabel = "POOL", description = "The pool.")
        private String pool = "";

        @Parameters(index = "1", paramLabel = "ID", description = "Number of the decision, as in the ledger.")
        private long id;

        @Override
        public Integer call() {
            LedgerCommand command = Objects.requireNonNull(ledger);
            Decision decision = command.reader()
                    .decision(pool, id)
                    .orElseThrow(() -> command.wrong("the ledger holds no decision " + id + " of pool " + pool))
                    .decision();
            PrintWriter out = command.out();
            out.println(printable(decision.explain()));
            out.println();
            out.println("decided      " + decision.at() + ", set off by "
                    + lower(decision.origin().trigger()) + ", mode "
                    + lower(decision.origin().mode()));
            out.println("cause        " + lower(decision.cause()));
            for (Proposal proposal : decision.proposals()) {
                String wants = proposal instanceof Proposal.Wants it ? String.valueOf(it.replicas()) : "abstains";
                out.println("policy       " + printable(proposal.policy() + ": " + wants + ", " + proposal.why()));
            }
            for (Narrowing narrowing : decision.narrowings()) {
                String why = narrowing.narrowed() ? ", " + narrowing.why() : "";
                out.println("guardrail    " + printable(narrowing.guardrail() + ": " + narrowing.replicas() + why));
            }
            decision.alternatives()
                    .forEach(each -> out.println("alternative  " + printable(each.replicas() + ": " + each.why())));
            out.flush();
            return 0;
        }
    }

    /** {@code ./tidegate ledger FILE summary}. */
    @Command(
            name = "summary",
            description = {"What happened, by pool: scale events, time to ready, cost, promises broken meanwhile.", ""},
            mixinStandardHelpOptions = true,
            sortOptions = false)
    static final class SummaryCommand implements Callable<Integer> {

        @ParentCommand
        private @Nullable LedgerCommand ledger;

        @Mixin
        private Filters filters = new Filters();

        @Override
        public Integer call() {
            LedgerCommand command = Objects.requireNonNull(ledger);
            LedgerSummary summary = command.reader().summary(filters.query(command));
            List<List<String>> rows = new ArrayList<>();
            rows.add(List.of(
                    "POOL",
                    "DECISIONS",
                    "UP",
                    "DOWN",
                    "FAILED",
                    "OPEN",
                    "READY P50",
                    "P90",
                    "MAX",
                    "COST",
                    "BROKEN",
                    "ALERTS"));
            new TreeMap<>(summary.pools())
                    .forEach((pool, it) -> rows.add(List.of(
                            printable(pool),
                            String.valueOf(it.decisions()),
                            String.valueOf(it.up()),
                            String.valueOf(it.down()),
                            String.valueOf(it.failed()),
                            String.valueOf(it.open()),
                            it.timeToReady().p50().map(LedgerCommand::seconds).orElse("-"),
                            it.timeToReady().p90().map(LedgerCommand::seconds).orElse("-"),
                            it.timeToReady().max().map(LedgerCommand::seconds).orElse("-"),
                            it.priced() == 0 ? "-" : money(it.cost()),
                            String.valueOf(it.broken()),
                            String.valueOf(it.alerts()))));
            print(command.out(), rows);
            if (summary.lost() > 0) {
                command.out().println(summary.lost() + " entries are missing: they could not be written");
            }
            command.out().flush();
            return 0;
        }
    }

    /** {@code ./tidegate ledger FILE verify}. */
    @Command(
            name = "verify",
            description = {"Reads everything and says what is damaged or missing. Exit status 1 if anything is.", ""},
            mixinStandardHelpOptions = true)
    static final class VerifyCommand implements Callable<Integer> {

        @ParentCommand
        private @Nullable LedgerCommand ledger;

        @Override
        public Integer call() {
            LedgerCommand command = Objects.requireNonNull(ledger);
            LedgerReader.Damage damage = command.reader().damage();
            PrintWriter out = command.out();
            out.println(damage.lines() + " entries are whole");
            damage.damaged().forEach(each -> out.println("damaged: " + printable(each)));
            if (damage.damagedCount() > damage.damaged().size()) {
                out.println("and " + (damage.damagedCount() - damage.damaged().size()) + " more");
            }
            if (damage.missing() > 0) {
                out.println(damage.missing() + " numbers have no line");
            }
            if (damage.tornBytes() > 0) {
                out.println("the last line has no end yet (" + damage.tornBytes()
                        + " bytes): it is being written, or the next start cuts it");
            }
            out.flush();
            return damage.any() ? CommandLine.ExitCode.SOFTWARE : CommandLine.ExitCode.OK;
        }
    }

    // ---- words -----------------------------------------------------------------------------------------------------

    private static void print(PrintWriter out, List<List<String>> rows) {
        int columns = rows.get(0).size();
        int[] widths = new int[columns];
        for (List<String> row : rows) {
            for (int i = 0; i < columns; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < columns; i++) {
                line.append(row.get(i)).append(" ".repeat(widths[i] - row.get(i).length() + 2));
            }
            out.println(line.toString().stripTrailing());
        }
    }

    /** Words from a ledger must not steer a terminal. */
    private static String printable(String text) {
        StringBuilder plain = new StringBuilder();
        text.chars().forEach(each -> {
            if (Character.isISOControl(each)
                    || Character.isSurrogate((char) each)
                    || Character.getType(each) == Character.FORMAT) {
                plain.append(String.format(Locale.ROOT, "\\u%04x", each));
            } else {
                plain.append((char) each);
            }
        });
        return plain.toString();
    }

    private static String seconds(Duration time) {
        return String.format(Locale.ROOT, "%.1f s", time.toNanos() / 1e9);
    }

    private static String money(double amount) {
        return String.format(Locale.ROOT, "%.2f", amount);
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
