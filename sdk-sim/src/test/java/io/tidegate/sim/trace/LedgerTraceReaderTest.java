/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import static io.tidegate.sim.trace.TraceFile.events;
import static io.tidegate.sim.trace.TraceFile.failure;
import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.History;
import io.tidegate.ledger.Composition;
import io.tidegate.ledger.Entry;
import io.tidegate.ledger.FileLedger;
import io.tidegate.ledger.Inputs;
import io.tidegate.policy.Proposal.Cause;
import io.tidegate.pool.Capacity;
import io.tidegate.pool.Evidence;
import io.tidegate.pool.LatencySnapshot;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.PoolView.ServedView;
import io.tidegate.pool.PoolView.TierView;
import io.tidegate.pool.Recent;
import io.tidegate.pool.Recent.Second;
import io.tidegate.pool.Replicas;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LedgerTraceReaderTest {
    private static final long SECOND = 1_000_000_000L;
    private static final Instant START = Instant.parse("2026-03-01T08:00:00Z");

    @TempDir
    private Path folder;

    private Path file;
    private final List<Entry> entries = new ArrayList<>();

    @BeforeEach
    void name() {
        file = folder.resolve("ledger.jsonl");
    }

    private static TierView tier(String name, double rate, double completed, double prompt, double output) {
        return new TierView(
                Tier.builder(name).build(),
                0,
                0,
                Duration.ZERO,
                rate,
                0,
                Double.NaN,
                Double.NaN,
                new ServedView(
                        completed,
                        prompt,
                        output,
                        0,
                        0,
                        0,
                        0,
                        LatencySnapshot.EMPTY,
                        LatencySnapshot.EMPTY,
                        LatencySnapshot.EMPTY));
    }

    /** A decision that looks back on so many seconds of so many arrivals each; its monotonic clock is 5 s off. */
    private void decision(String pool, int atSecond, int seconds, double arrivals, TierView... tiers) {
        long now = (atSecond + 5) * SECOND;
        List<Second> recent = new ArrayList<>();
        for (int i = seconds - 1; i >= 0; i--) {
            recent.add(new Second(now - i * SECOND, SECOND, 1, arrivals, arrivals, 0, 1));
        }
        PoolView view = new PoolView(
                pool,
                now,
                Evidence.COMPLETE,
                Replicas.ready(1),
                Work.slots(32),
                Duration.ofMinutes(2),
                List.of(tiers),
                Map.of(),
                Capacity.UNKNOWN,
                new Recent(recent));
        Decision decision = new Decision(
                entries.size() + 1, pool, START.plusSeconds(atSecond), now, 1, 2, Cause.ARRIVALS, List.of(), List.of());
        entries.add(new Entry.Decided(
                decision,
                new Inputs(view, History.startingAt(0, 1), Map.of(), true, Optional.empty(), Composition.NONE)));
    }

    private void write() {
        try (FileLedger ledger = FileLedger.open(file)) {
            for (Entry entry : entries) {
                ledger.append(entry).get();
            }
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    private Trace read() {
        write();
        return TraceFiles.read(file);
    }

    private static long between(Trace trace, int from, int to) {
        return TraceFile.count(trace.slice(Duration.ofSeconds(from), Duration.ofSeconds(to - from)));
    }

    @Test
    void read_twoDecisionsThatOverlap_countEachSecondOnce() {
        decision("chat", 600, 600, 5, tier("premium", 1, 0, 0, 0));
        decision("chat", 900, 600, 5, tier("premium", 1, 0, 0, 0));

        Trace trace = read();

        assertThat(trace.format()).isEqualTo("ledger");
        assertThat(trace.duration()).isEqualTo(Duration.ofMinutes(15));
        // 4,500 to expect, standard deviation 67.
        assertThat(between(trace, 0, 900)).isBetween(4_300L, 4_700L);
    }

    @Test
    void read_ratesThatChange_areFollowed() {
        decision("chat", 600, 600, 2, tier("premium", 1, 0, 0, 0));
        decision("chat", 1_200, 600, 8, tier("premium", 1, 0, 0, 0));

        Trace trace = read();

        assertThat(between(trace, 0, 600)).isBetween(1_096L, 1_304L);
        assertThat(between(trace, 600, 1_200)).isBetween(4_592L, 5_008L);
    }

    @Test
    void read_tiers_shareTheArrivalsAsTheirRatesDo() {
        decision("chat", 600, 600, 10, tier("premium", 3, 0, 0, 0), tier("batch", 1, 0, 0, 0));

        long premium = events(read()).stream()
                .filter(event -> event.tier().equals("premium"))
                .count();

        // 4,500 of 6,000 to expect.
        assertThat(premium).isBetween(4_299L, 4_701L);
    }

    @Test
    void read_tokens_areTheMeansOfTheTier() {
        decision("chat", 600, 600, 1, tier("premium", 1, 2, 2_000, 500), tier("batch", 1, 1, 9_000, 30));
        decision("chat", 900, 300, 1, tier("premium", 1, 2, 4_000, 500), tier("batch", 1, 1, 9_000, 30));

        Trace trace = read();

        assertThat(events(trace))
                .allMatch(event -> event.tier().equals("premium")
                        ? event.promptTokens() == 1_500 && event.outputTokens() == 250
                        : event.promptTokens() == 9_000 && event.outputTokens() == 30);
        assertThat(trace.notes())
                .contains("requests of tier premium have its mean of 1500 prompt and 250 output tokens");
    }

    @Test
    void read_nothingServed_takesTheLengthsOfTheSettings() {
        decision("chat", 600, 600, 1, tier("premium", 1, 0, 0, 0));

        assertThat(read().notes())
                .contains("no tokens of tier premium are recorded: its requests have lengths of conversation");
    }

    @Test
    void read_timeNobodyLookedBackOn_isFilledFromTheMinutesBesideIt() {
        decision("chat", 600, 600, 2, tier("premium", 1, 0, 0, 0));
        decision("chat", 2_400, 600, 8, tier("premium", 1, 0, 0, 0));

        Trace trace = read();

        assertThat(trace.notes())
                .contains(
                        "no decision looked back on 1200 of 2400 s: they were filled from the minutes before and after");
        // 5 per second for 1,200 s, standard deviation 77.
        assertThat(between(trace, 600, 1_800)).isBetween(5_768L, 6_232L);
    }

    @Test
    void read_severalPools_needsToBeToldWhichOne() {
        decision("chat", 600, 600, 2, tier("premium", 1, 0, 0, 0));
        decision("code", 600, 600, 2, tier("premium", 1, 0, 0, 0));
        write();

        assertThat(failure(file)).isEqualTo("ledger.jsonl: it has decisions of the pools chat, code: say of which one");
    }

    @Test
    void read_poolAskedFor_isRead() {
        decision("chat", 600, 600, 2, tier("premium", 1, 0, 0, 0));
        decision("code", 600, 600, 20, tier("premium", 1, 0, 0, 0));
        write();

        Trace trace = TraceFiles.read(file, TraceSettings.builder().pool("code").build());

        assertThat(between(trace, 0, 600)).isBetween(11_671L, 12_329L);
    }

    @Test
    void read_rateFactor_multipliesTheRates() {
        decision("chat", 600, 600, 2, tier("premium", 1, 0, 0, 0));
        write();

        Trace trace =
                TraceFiles.read(file, TraceSettings.builder().rateFactor(10).build());

        assertThat(between(trace, 0, 600)).isBetween(11_671L, 12_329L);
    }

    @Test
    void read_poolThatIsNotInIt_saysSo() {
        decision("chat", 600, 600, 2, tier("premium", 1, 0, 0, 0));
        write();

        assertThat(failure(file, TraceSettings.builder().pool("none").build()))
                .isEqualTo("ledger.jsonl: there is no decision in it of pool none");
    }

    @Test
    void read_noArrivals_saysSo() {
        decision("chat", 600, 600, 0, tier("premium", 0, 0, 0, 0));
        write();

        assertThat(failure(file)).isEqualTo("ledger.jsonl: none of its decisions saw a request arrive");
    }
}
