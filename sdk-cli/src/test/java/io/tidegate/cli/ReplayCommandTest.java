/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.engine.Replay;
import io.tidegate.guardrail.Bounds;
import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.Decision.Origin;
import io.tidegate.guardrail.History;
import io.tidegate.guardrail.Narrowing;
import io.tidegate.ledger.Composition;
import io.tidegate.ledger.Composition.Part;
import io.tidegate.ledger.Entry;
import io.tidegate.ledger.Inputs;
import io.tidegate.policy.BacklogPolicy;
import io.tidegate.policy.Proposal;
import io.tidegate.pool.Capacity;
import io.tidegate.pool.Evidence;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.PoolView.TierView;
import io.tidegate.pool.Recent;
import io.tidegate.pool.Replicas;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class ReplayCommandTest {

    private final List<Entry> entries = new ArrayList<>();
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private boolean closed;

    private int replay(String... arguments) {
        return new CommandLine(new ReplayCommand(() -> entries.stream().onClose(() -> closed = true)))
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(arguments);
    }

    /** What backlog decides for 8 requests/s of 8 s on 4 replicas: 3, as it is, or with what a torn or foreign record says instead. */
    private static Entry.Decided decided(String pool, long id, Part... more) {
        Tier tier = Tier.builder("standard").build();
        PoolView view = new PoolView(
                pool,
                50,
                Evidence.COMPLETE,
                Replicas.ready(4),
                Work.slots(32),
                Duration.ofMinutes(2),
                List.of(new TierView(tier, 0, 0, Duration.ZERO, 8, 0, 8, Double.NaN)),
                Map.of(),
                Capacity.UNKNOWN,
                Recent.NOTHING);
        List<Part> policies = new ArrayList<>(
                List.of(new Part("backlog", BacklogPolicy.builder().build().recipe())));
        policies.addAll(List.of(more));
        Inputs inputs = new Inputs(
                view,
                History.startingAt(0, 4),
                Map.of(),
                true,
                Optional.empty(),
                new Composition(policies, List.of(new Part("bounds", new Bounds(1, 9).recipe()))));
        List<Proposal> proposals =
                new ArrayList<>(List.of(BacklogPolicy.builder().build().propose(view)));
        for (Part part : more) {
            proposals.add(new Proposal.Wants(part.name(), 2, Proposal.Cause.SCHEDULE, "at night"));
        }
        Decision draft = new Decision(
                id,
                pool,
                Instant.EPOCH,
                50,
                4,
                3,
                Proposal.Cause.ARRIVALS,
                proposals,
                List.of(Narrowing.none("bounds", 3)),
                List.of(),
                Origin.period(50));
        return new Entry.Decided(Replay.of(new Entry.Decided(draft, inputs)).again(), inputs);
    }

    private static Entry.Decided with(Entry.Decided entry, int to, List<Proposal> proposals) {
        Decision was = entry.decision();
        return new Entry.Decided(
                new Decision(
                        was.id(),
                        was.pool(),
                        was.at(),
                        was.atNanos(),
                        was.from(),
                        to,
                        was.cause(),
                        proposals,
                        was.narrowings(),
                        was.alternatives(),
                        was.origin()),
                entry.inputs());
    }

    @Test
    void replay_allTheSame_saysSo() {
        entries.add(decided("chat", 1));
        entries.add(new Entry.Lost(Instant.EPOCH, 3, "the disk was full"));
        entries.add(decided("code", 1, new Part("night", Optional.empty())));

        assertThat(replay()).isZero();
        assertThat(out.toString()).isEqualToNormalizingNewlines("""
                        2 decisions made again: 2 the same, 0 other
                        Taken from the record, since it could not be asked again: policy night (1)
                        """);
        assertThat(closed).isTrue();
    }

    @Test
    void replay_oneOtherAndOneTorn_areNamed_andItFails() {
        Entry.Decided entry = decided("chat", 1);
        entries.add(entry);
        entries.add(with(decided("chat", 2), 7, entry.decision().proposals()));
        entries.add(with(decided("chat", 3, new Part("night", Optional.empty())), 3, List.of()));

        assertThat(replay("chat")).isEqualTo(1);
        assertThat(out.toString()).isEqualToNormalizingNewlines("""
                        decision 2 of pool chat at 1970-01-01T00:00:00Z comes out otherwise:
                          to was 7 and is 3
                        decision 3 of pool chat at 1970-01-01T00:00:00Z could not be made again: decision 3 of pool chat has no answer of policy night, which cannot be made again
                        3 decisions made again: 1 the same, 1 other, 1 that could not be made again
                        """);
    }

    @Test
    void replay_ofPoolAndId_onlyThatOne_withItsExplanation() {
        entries.add(decided("chat", 1));
        entries.add(decided("chat", 2));
        entries.add(decided("code", 2));

        assertThat(replay("chat", "2")).isZero();
        assertThat(out.toString())
                .contains("decision 2 of pool chat at 1970-01-01T00:00:00Z")
                .contains("chat: from 4 to 3 replicas. Policy backlog wants 3: ")
                .contains("1 decision made again: 1 the same, 0 other")
                .doesNotContain("code");
    }

    @Test
    void replay_nothingFoundOrWronglyAsked_fails() {
        entries.add(decided("chat", 1));
        assertThat(replay("chat", "9")).isEqualTo(1);
        assertThat(err.toString()).contains("tidegate: the ledger has no decision 9 of pool chat");
        assertThat(replay("chat", "last")).isEqualTo(2);
        assertThat(replay(" ")).isEqualTo(2);
    }
}
