/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.History;
import io.tidegate.guardrail.Narrowing;
import io.tidegate.ledger.Account;
import io.tidegate.ledger.Account.Kept;
import io.tidegate.ledger.Composition;
import io.tidegate.ledger.Entry;
import io.tidegate.ledger.FileLedger;
import io.tidegate.ledger.Inputs;
import io.tidegate.ledger.ScaleEvent;
import io.tidegate.ledger.ScaleEvent.Phase;
import io.tidegate.ledger.ScaleEvent.Step;
import io.tidegate.policy.Proposal.Cause;
import io.tidegate.policy.Proposal.Wants;
import io.tidegate.pool.Capacity;
import io.tidegate.pool.Evidence;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.Recent;
import io.tidegate.pool.Replicas;
import io.tidegate.pool.Work;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./tidegate ledger} as a user types it. */
class LedgerCommandTest {

    private static final Instant START = Instant.parse("2026-11-24T02:00:00Z");

    @TempDir
    private Path folder;

    private record Ended(int status, String output, String errors) {}

    private Ended run(String... arguments) throws Exception {
        try (CliProcess command = CliProcess.start(folder, arguments)) {
            return new Ended(command.exitStatus(60), command.output(), command.errors());
        }
    }

    private static Step step(Phase phase, int seconds) {
        return new Step(
                phase, START.plusSeconds(seconds), Duration.ofSeconds(seconds).toNanos(), "");
    }

    @BeforeEach
    void write() throws Exception {
        PoolView view = new PoolView(
                "chat",
                0,
                Evidence.COMPLETE,
                Replicas.ready(1),
                Work.slots(32),
                Duration.ofMinutes(2),
                List.of(),
                Map.of(),
                Capacity.UNKNOWN,
                Recent.NOTHING);
        Decision decision = new Decision(
                7,
                "chat",
                START,
                0,
                1,
                2,
                Cause.BACKLOG,
                List.of(new Wants("backlog", 3, Cause.BACKLOG, "much waits \u001b[31m")),
                List.of(new Narrowing("step up", 2, "too fast"), Narrowing.none("bounds", 2)));
        ScaleEvent up = new ScaleEvent("chat-7", "chat", 7, 1, 2, Cause.BACKLOG, List.of(step(Phase.DECIDED, 0)));
        ScaleEvent other = new ScaleEvent("code-3", "code", 3, 4, 3, Cause.ARRIVALS, List.of(step(Phase.DECIDED, 100)));
        try (FileLedger ledger = FileLedger.open(folder.resolve("ledger.jsonl"))) {
            for (Entry entry : List.of(
                    new Entry.Decided(
                            decision,
                            new Inputs(
                                    view,
                                    History.startingAt(0, 1),
                                    Map.of(),
                                    true,
                                    Optional.empty(),
                                    Composition.NONE)),
                    new Entry.Stepped(up),
                    new Entry.Stepped(up.with(step(Phase.READY, 94))),
                    new Entry.Stepped(other),
                    new Entry.Stepped(other.with(step(Phase.FAILED, 101))),
                    new Entry.Accounted(new Account(
                            "chat-7",
                            "chat",
                            7,
                            START.plusSeconds(154),
                            1,
                            2,
                            Phase.READY,
                            Duration.ofSeconds(94),
                            Map.of(),
                            0.9,
                            0.5,
                            3_600,
                            94,
                            2.5,
                            100,
                            Map.of("premium", new Kept(100, 12)),
                            Map.of())))) {
                ledger.append(entry).get(60, TimeUnit.SECONDS);
            }
        }
    }

    @Test
    void list_isATableOfEvents() throws Exception {
        Ended list = run("ledger", "ledger.jsonl", "list");

        assertThat(list.status).as(list.errors).isZero();
        assertThat(list.output.lines().map(line -> line.replaceAll(" +", " ")))
                .containsExactly(
                        "TIME POOL FROM->TO CAUSE OUTCOME READY AFTER COST BROKEN",
                        "2026-11-24T02:00:00Z chat 1->2 backlog ready 94.0 s 2.50 12",
                        "2026-11-24T02:01:40Z code 4->3 arrivals failed - - -");
    }

    @Test
    void list_filtersAndJson_areForOtherPrograms() throws Exception {
        Ended list = run("ledger", "ledger.jsonl", "list", "--json", "--until", "2026-11-24T02:01:00Z");

        assertThat(list.output.strip())
                .isEqualTo(
                        "{\"at\":\"2026-11-24T02:00:00Z\",\"pool\":\"chat\",\"id\":\"chat-7\",\"decision\":7,\"from\":1,\"to\":2,"
                                + "\"cause\":\"backlog\",\"outcome\":\"ready\",\"secondsToReady\":94.0,\"cost\":2.5,\"broken\":12}");
        assertThat(run("ledger", "ledger.jsonl", "list", "--pool", "code").output)
                .contains("code")
                .doesNotContain("chat");
    }

    @Test
    void explain_saysWhyAndSteersNoTerminal() throws Exception {
        Ended explain = run("ledger", "ledger.jsonl", "explain", "chat", "7");

        assertThat(explain.status).as(explain.errors).isZero();
        assertThat(explain.output)
                .startsWith("chat: from 1 to 2 replicas. Policy backlog wants 3: much waits \\u001b[31m.")
                .contains("guardrail    step up: 2, too fast")
                .contains("guardrail    bounds: 2\n")
                .doesNotContain("\u001b");
    }

    @Test
    void explain_unknownDecision_saysSo() throws Exception {
        Ended explain = run("ledger", "ledger.jsonl", "explain", "chat", "8");

        assertThat(explain.status).isEqualTo(2);
        assertThat(explain.errors).startsWith("the ledger holds no decision 8 of pool chat");
    }

    @Test
    void summary_countsByPool() throws Exception {
        Ended summary = run("ledger", "ledger.jsonl", "summary");

        assertThat(summary.output.lines().map(line -> line.replaceAll(" +", " ")))
                .contains("chat 1 1 0 0 0 94.0 s 94.0 s 94.0 s 2.50 12 0", "code 0 0 1 1 0 - - - - 0 0");
    }

    @Test
    void verify_damage_endsWithOne() throws Exception {
        Ended good = run("ledger", "ledger.jsonl", "verify");
        assertThat(good.status).as(good.output).isZero();
        assertThat(good.output.strip()).isEqualTo("6 entries are whole");

        Path file = folder.resolve("ledger.jsonl");
        Files.writeString(file, Files.readString(file).replace("\"phase\":\"failed\"", "\"phase\":\"paused\""));
        Ended bad = run("ledger", "ledger.jsonl", "verify");

        assertThat(bad.status).isEqualTo(1);
        assertThat(bad.output)
                .contains("5 entries are whole", "damaged: ledger.jsonl at byte", "1 numbers have no line");
    }

    @Test
    void ledger_wrongUse_saysWhatIsRight() throws Exception {
        Ended none = run("ledger", "none.jsonl", "list");
        assertThat(none.status).isEqualTo(2);
        assertThat(none.errors).startsWith("there is no ledger none.jsonl");

        Ended time = run("ledger", "ledger.jsonl", "list", "--since", "yesterday");
        assertThat(time.status).isEqualTo(2);
        assertThat(time.errors).startsWith("--since must be a time like 2026-11-24T02:00:00Z or 36h but was yesterday");

        Ended bare = run("ledger", "ledger.jsonl");
        assertThat(bare.status).isEqualTo(2);
        assertThat(bare.errors).contains("list", "explain", "summary", "verify");
    }
}
