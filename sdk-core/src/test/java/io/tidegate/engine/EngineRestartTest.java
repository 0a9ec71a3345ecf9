/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.ledger.Account;
import io.tidegate.ledger.Entry;
import io.tidegate.ledger.Ledger;
import io.tidegate.ledger.ScaleEvent;
import io.tidegate.ledger.ScaleEvent.Phase;
import io.tidegate.policy.Proposal;
import io.tidegate.policy.Proposal.Cause;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.PoolView;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.LongToIntFunction;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Gateways that die at any instant, and what their successors make of what they left. */
class EngineRestartTest {

    private static final Duration WINDOW = Duration.ofMinutes(5);
    private static final Duration DAY = Duration.ofMinutes(70);
    private static final Instant START = Instant.parse("2026-01-05T08:00:00Z");

    /** The replicas of a cluster: they outlive the gateway, and are ready 45 s after they were asked for. */
    private static final class Cluster implements ScalerBackend {
        private final ManualTime time;
        private int desired;
        private final List<Long> readyAt = new ArrayList<>();
        private int writes;
        /** Told before and after a write is done. */
        Consumer<Boolean> writing = done -> {};

        Cluster(ManualTime time, int desired) {
            this.time = time;
            for (int i = 0; i < desired; i++) {
                readyAt.add(time.nanos());
            }
            this.desired = desired;
        }

        Cluster at(ManualTime later) {
            Cluster copy = new Cluster(later, 0);
            copy.desired = desired;
            copy.readyAt.addAll(readyAt);
            return copy;
        }

        @Override
        public ReplicaStatus status(String pool) {
            int ready =
                    (int) readyAt.stream().filter(at -> time.nanos() - at >= 0).count();
            return new ReplicaStatus(desired, readyAt.size(), ready);
        }

        @Override
        public void scale(ScaleRequest request) {
            writing.accept(false);
            writes++;
            while (readyAt.size() < request.to()) {
                readyAt.add(time.nanos() + Duration.ofSeconds(45).toNanos());
            }
            while (readyAt.size() > request.to()) {
                readyAt.remove(readyAt.size() - 1);
            }
            desired = request.to();
            writing.accept(true);
        }
    }

    /** A day in short: a slope up, a burst, a plateau, and the way down, in replicas wanted at each second. */
    private static int wanted(long seconds) {
        double minutes = seconds / 60.0;
        if (minutes < 10) {
            return 2 + (int) (minutes * 0.6);
        }
        if (minutes < 14) {
            return 20;
        }
        return minutes < 30 ? 12 : minutes < 50 ? Math.max(3, 12 - (int) ((minutes - 30) * 0.6)) : 3;
    }

    private record Wanting(LongToIntFunction wanted, long startNanos) implements Policy {
        @Override
        public String name() {
            return "wanting";
        }

        @Override
        public Proposal propose(PoolView view) {
            long seconds = (view.nowNanos() - startNanos) / 1_000_000_000L;
            return new Proposal.Wants(name(), wanted.applyAsInt(seconds), Cause.SIGNAL, "the day says so.");
        }
    }

    /** One gateway from its start on. */
    private static final class Gateway {
        final ManualTime time;
        final Cluster cluster;
        final MapMemory memory;
        final MemoryLedger ledger;
        final Engine engine;
        /** What was desired, by second. */
        final Map<Long, Integer> desired = new TreeMap<>();

        Gateway(ManualTime time, Cluster cluster, Map<String, PoolMemory> memory, List<Entry> written) {
            this.time = time;
            this.cluster = cluster;
            this.memory = new MapMemory();
            this.memory.kept.putAll(memory);
            this.ledger = MemoryLedger.after(written);
            FakeLoad load = new FakeLoad(time);
            load.inFlight = 1;
            this.engine = Engine.builder()
                    .time(time)
                    .executor(Runnable::run)
                    .ledger(ledger)
                    .memory(this.memory)
                    .pool(ScaledPool.builder("chat")
                            .load(load)
                            .backend(cluster)
                            .period(Duration.ofSeconds(1))
                            .policy(new Wanting(EngineRestartTest::wanted, 0))
                            .guardrails(all -> all.bounds(1, 40).flapDamping(null))
                            .build())
                    .build();
        }

        /** Runs second by second. */
        void run(Duration length, Consumer<Gateway> each) {
            engine.start();
            for (long i = 0; i < length.toSeconds(); i++) {
                time.advance(Duration.ofSeconds(1));
                desired.put(second(), cluster.desired);
                each.accept(this);
            }
        }

        long second() {
            return time.nanos() / 1_000_000_000L;
        }

        Left left() {
            return new Left(
                    time.nanos(), time.wallTime(), cluster, Map.copyOf(memory.kept), List.copyOf(ledger.entries));
        }
    }

    /** What a gateway that dies leaves behind. */
    private record Left(
            long nanos, Instant wall, Cluster cluster, Map<String, PoolMemory> memory, List<Entry> written) {
        Left {
            cluster = cluster.at(new ManualTime(nanos, wall));
        }

        Gateway successor() {
            ManualTime time = new ManualTime(nanos, wall);
            return new Gateway(time, cluster.at(time), memory, written);
        }
    }

    private static Gateway first() {
        ManualTime time = new ManualTime(0, START);
        return new Gateway(time, new Cluster(time, 2), Map.of(), List.of());
    }

    @Test
    @DisplayName(
            "F3: restarted at any event and any minute, nothing goes down for a window, and what is desired is what it would have been")
    void restart_atAnyTick_losesNothing() {
        List<Left> deaths = new ArrayList<>();
        Gateway whole = first();
        whole.cluster.writing = done -> deaths.add(whole.left());
        int[] seen = {0};
        whole.run(DAY, gateway -> {
            // Each second in which the account grew, and each minute.
            if (gateway.ledger.entries.size() != seen[0] || gateway.second() % 60 == 0) {
                seen[0] = gateway.ledger.entries.size();
                deaths.add(gateway.left());
            }
        });
        assertThat(deaths).hasSizeGreaterThan(100);
        assertThat(whole.ledger.events()).hasSizeGreaterThan(15);

        for (Left death : deaths) {
            Gateway successor = death.successor();
            int atDeath = successor.cluster.desired;
            successor.run(WINDOW.plusMinutes(3), gateway -> {
                if (gateway.second() * 1_000_000_000L - death.nanos() < WINDOW.toNanos()) {
                    assertThat(gateway.cluster.desired)
                            .as("died at %s, %s s later", death.wall(), gateway.second())
                            .isGreaterThanOrEqualTo(atDeath);
                }
            });
            compare(death, whole, successor);
        }
    }

    private static void compare(Left death, Gateway whole, Gateway successor) {
        successor.desired.forEach((second, desired) -> {
            Integer undisturbed = whole.desired.get(second);
            if (undisturbed != null) {
                // A step up is 4 replicas or as many as there are; what was lost of the last seconds may cost one of
                // them.
                int step = Math.max(4, undisturbed / 2);
                assertThat(desired)
                        .as("died at %s, second %s", death.wall(), second)
                        .isGreaterThanOrEqualTo(undisturbed - step);
            }
        });
        long last = successor.second();
        Integer undisturbed = whole.desired.get(last);
        Integer windowAgo = whole.desired.get(last - WINDOW.plusMinutes(3).toSeconds());
        if (undisturbed != null && undisturbed.equals(windowAgo)) {
            assertThat(successor.cluster.desired).as("died at %s", death.wall()).isEqualTo(undisturbed);
        }
    }

    @Test
    @DisplayName("F4: the same tick executed twice is one write and one event")
    void tick_twice_isOneWriteAndOneEvent() {
        Rig rig = new Rig(1);
        MemoryLedger ledger = new MemoryLedger();
        rig.start(Runnable::run, builder -> builder.ledger(ledger));
        rig.want = 4;
        rig.advance(Rig.PERIOD);
        for (int i = 0; i < 5; i++) {
            rig.engine().wake("chat");
        }
        rig.advance(Duration.ofSeconds(10));

        assertThat(rig.backend.requests).hasSize(1);
        assertThat(ledger.events()).hasSize(1);
    }

    @Test
    @DisplayName("F4: a tick that a gateway died in is executed again by its successor: one write, one accepted event")
    void tick_againAfterDeath_isOneWriteAndOneAcceptedEvent() {
        List<Left> before = new ArrayList<>();
        List<Left> after = new ArrayList<>();
        Gateway whole = first();
        whole.cluster.writing = done -> (done ? after : before).add(whole.left());
        whole.run(Duration.ofMinutes(20), gateway -> {});
        assertThat(before).hasSizeGreaterThan(8);

        for (Left death : before) {
            Gateway successor = death.successor();
            successor.run(Duration.ofSeconds(3), gateway -> {});
            ScaleEvent broken = sentLast(death);
            assertThat(phaseOf(successor, broken)).isEqualTo(Phase.FAILED);
            assertThat(successor.cluster.writes).as("died at %s", death.wall()).isLessThanOrEqualTo(1);
            assertThat(acceptedTwice(successor)).isEmpty();
        }
        for (Left death : after) {
            Gateway successor = death.successor();
            successor.run(Duration.ofSeconds(1), gateway -> {});
            ScaleEvent broken = sentLast(death);
            assertThat(phaseOf(successor, broken))
                    .as("died at %s", death.wall())
                    .isNotEqualTo(Phase.FAILED);
            ScaleEvent found = event(successor, broken.id());
            assertThat(found.reached(Phase.ACCEPTED)).isTrue();
            assertThat(acceptedTwice(successor)).isEmpty();
            successor.run(Duration.ofSeconds(60), gateway -> {});
            assertThat(event(successor, broken.id()).open())
                    .as("it goes on to its end")
                    .isFalse();
        }
    }

    private static ScaleEvent sentLast(Left death) {
        List<ScaleEvent> events = MemoryLedger.after(death.written()).events();
        ScaleEvent last = events.get(events.size() - 1);
        assertThat(last.phase()).isEqualTo(Phase.SENT);
        return last;
    }

    private static ScaleEvent event(Gateway gateway, String id) {
        return gateway.ledger.events().stream()
                .filter(event -> event.id().equals(id))
                .findFirst()
                .orElseThrow();
    }

    private static Phase phaseOf(Gateway gateway, ScaleEvent event) {
        return event(gateway, event.id()).phase();
    }

    /** Counts asked for twice in a row, both taken on. */
    private static List<ScaleEvent> acceptedTwice(Gateway gateway) {
        List<ScaleEvent> twice = new ArrayList<>();
        ScaleEvent before = null;
        for (ScaleEvent event : gateway.ledger.events()) {
            if (event.reached(Phase.ACCEPTED)) {
                if (before != null && before.to() == event.to() && before.from() == event.from()) {
                    twice.add(event);
                }
                before = event;
            }
        }
        return twice;
    }

    @Test
    void restart_idsGoOn_soThatNoneIsGivenTwice() {
        Gateway whole = first();
        whole.run(Duration.ofMinutes(8), gateway -> {});
        Gateway successor = whole.left().successor();
        successor.run(Duration.ofMinutes(12), gateway -> {});

        List<Long> ids = successor.ledger.of(Entry.Decided.class).stream()
                .map(each -> each.decision().id())
                .toList();
        assertThat(new HashSet<>(ids)).hasSameSizeAs(ids);
        assertThat(ids).isSorted();
    }

    @Test
    void send_isInTheLedgerBeforeTheBackendIsCalled() {
        Gateway whole = first();
        List<Phase> written = new ArrayList<>();
        whole.cluster.writing = done -> {
            if (!done) {
                List<ScaleEvent> events = whole.ledger.events();
                written.add(events.get(events.size() - 1).phase());
            }
        };
        whole.run(Duration.ofMinutes(12), gateway -> {});
        assertThat(written).isNotEmpty().containsOnly(Phase.SENT);
    }

    @Test
    void send_ledgerHangs_isDelayedByAQuarterOfASecondAndNoMore() {
        Rig rig = new Rig(1);
        MemoryLedger ledger = new MemoryLedger();
        ledger.hangs = true;
        rig.start(Runnable::run, builder -> builder.ledger(ledger));
        rig.want = 2;
        rig.advance(Rig.PERIOD);
        assertThat(rig.backend.requests).isEmpty();
        rig.advance(Duration.ofMillis(249));
        assertThat(rig.backend.requests).isEmpty();
        rig.advance(Duration.ofMillis(1));
        assertThat(rig.backend.requests).hasSize(1);
        ledger.waiting.forEach(each -> each.complete(null));
        rig.advance(Duration.ofSeconds(2));
        assertThat(rig.backend.requests).hasSize(1);
    }

    @Test
    void send_ledgerConfirmsLater_isCalledThen() {
        Rig rig = new Rig(1);
        MemoryLedger ledger = new MemoryLedger();
        ledger.hangs = true;
        rig.start(Runnable::run, builder -> builder.ledger(ledger));
        rig.want = 2;
        rig.advance(Rig.PERIOD);
        List.copyOf(ledger.waiting).forEach(each -> each.complete(null));
        assertThat(rig.backend.requests).hasSize(1);
        assertThat(rig.backend.lastRequest().key())
                .endsWith("-chat-" + rig.decisions.get(0).id());
    }

    @Test
    void recovered_ledgerThrows_theEngineStartsWithoutIt() {
        Rig rig = new Rig(1);
        Ledger broken = new MemoryLedgerThatThrows();
        rig.want = 2;
        rig.start(Runnable::run, builder -> builder.ledger(broken));
        assertThat(rig.backend.requests).hasSize(1);
        assertThat(rig.state().failures()).isPositive();
    }

    private static final class MemoryLedgerThatThrows implements Ledger {
        @Override
        public java.util.concurrent.CompletableFuture<Void> append(Entry entry) {
            return java.util.concurrent.CompletableFuture.completedFuture(null);
        }

        @Override
        public io.tidegate.ledger.Recovered recovered() {
            throw new IllegalStateException("damaged");
        }

        @Override
        public void close() {}
    }

    @Test
    void adopt_somebodyElseSetAnotherCountMeanwhile_theEventIsOver() {
        Gateway whole = first();
        List<Left> after = new ArrayList<>();
        whole.cluster.writing = done -> {
            if (done) {
                after.add(whole.left());
            }
        };
        whole.run(Duration.ofMinutes(5), gateway -> {});
        Left death = after.get(0);
        Gateway successor = death.successor();
        successor.cluster.scale(new ScaleRequest("chat", 0, 7, 0, "a person"));
        successor.run(Duration.ofSeconds(1), gateway -> {});
        assertThat(phaseOf(successor, sentLast(death))).isEqualTo(Phase.FAILED);
    }

    @Test
    void adopt_eventEnds_itsAccountBeginsWithItsDecision() {
        Gateway whole = first();
        List<Left> after = new ArrayList<>();
        whole.cluster.writing = done -> {
            if (done) {
                after.add(whole.left());
            }
        };
        whole.run(Duration.ofMinutes(6), gateway -> {});
        Left death = after.get(after.size() - 1);
        Gateway successor = death.successor();
        successor.run(Duration.ofMinutes(3), gateway -> {});

        Account account = successor.ledger.of(Entry.Accounted.class).stream()
                .map(Entry.Accounted::account)
                .filter(each -> each.event().equals(sentLast(death).id()))
                .findFirst()
                .orElseThrow();
        assertThat(account.stages().get(Account.Stage.DECIDE)).isLessThan(Duration.ofSeconds(2));
        assertThat(account.usedBefore()).isNaN();
    }

    @Test
    void overrides_areInTheLedger_alsoTheirEnd() {
        Rig rig = new Rig(1);
        MemoryLedger ledger = new MemoryLedger();
        rig.start(Runnable::run, builder -> builder.ledger(ledger));
        rig.engine().override("chat", ManualOverride.pin(3, Duration.ofMinutes(1), "ann", "a test"));
        rig.engine().override("chat", ManualOverride.pause(Duration.ofMinutes(1), "ann", "again"));
        rig.advance(Duration.ofMinutes(2));

        assertThat(ledger.of(Entry.Overridden.class))
                .extracting(each -> each.said().map(said -> said.why()).orElse("ended"))
                .isEqualTo(Arrays.asList("a test", "again", "ended"));
    }
}
