/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.engine.spi.EngineMemory;
import io.tidegate.guardrail.Behavior;
import io.tidegate.policy.Learned;
import io.tidegate.policy.Proposal;
import io.tidegate.policy.spi.LearningPolicy;
import io.tidegate.pool.Capacity;
import io.tidegate.pool.PoolView;
import io.tidegate.time.ManualTime;
import io.tidegate.time.QueueExecutor;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What survives a restart, and what becomes of memories that do not work. */
class EngineMemoryTest {

    private static final Duration WINDOW = Duration.ofMinutes(1);

    private static PoolMemory memory(List<PoolMemory.Wanted> wanted, List<Duration> timesToReady) {
        return new PoolMemory(
                Instant.EPOCH, 3, wanted, List.of(), Map.of(), Capacity.UNKNOWN, timesToReady, Optional.empty());
    }

    private static Rig windowed(int replicas) {
        Rig rig = new Rig(replicas);
        rig.backend.instant = true;
        rig.pool.stabilizationWindow(WINDOW);
        return rig;
    }

    @Test
    void load_answersAfterTheStatus_withNothing_theWindowBeginsAllTheSame() {
        Rig rig = windowed(5);
        rig.want = 1;
        QueueExecutor executor = new QueueExecutor();
        rig.start(executor, builder -> builder.memory(new MapMemory()));
        // The round, then the status and its answer, and only then the memory.
        executor.run(0);
        executor.run(1);
        executor.run(1);
        executor.runAll();
        for (int i = 0; i < 59; i++) {
            rig.advance(Duration.ofSeconds(1));
            executor.runAll();
        }
        assertThat(rig.views).isNotEmpty();
        assertThat(rig.backend.requests).as("no down for one full window").isEmpty();
        rig.advance(Duration.ofSeconds(3));
        executor.runAll();
        assertThat(rig.backend.lastRequest().to()).isEqualTo(1);
    }

    @Test
    void load_fails_theWindowBeginsAllTheSame_andItIsCounted() {
        MapMemory memory = new MapMemory();
        memory.failure = new IOException("told to");
        Rig rig = windowed(5);
        rig.want = 1;
        QueueExecutor executor = new QueueExecutor();
        rig.start(executor, builder -> builder.memory(memory));
        executor.run(0);
        executor.run(1);
        executor.run(1);
        executor.runAll();
        rig.advance(Duration.ofSeconds(30));
        executor.runAll();
        assertThat(rig.backend.requests).isEmpty();
        assertThat(rig.state().failures()).isPositive();
        memory.failure = null;
        rig.advance(Duration.ofSeconds(31));
        executor.runAll();
        assertThat(memory.kept).containsKey("chat");
    }

    @Test
    void load_slow_decisionsWaitForIt_butOnlySoLong() {
        Rig rig = windowed(5);
        rig.want = 7;
        QueueExecutor executor = new QueueExecutor();
        rig.start(executor, builder -> builder.memory(new MapMemory()));
        executor.run(0);
        // The first of what is left is the load, which hangs.
        for (int i = 0; i < 19; i++) {
            while (executor.size() > 1) {
                executor.run(1);
            }
            rig.advance(Rig.PERIOD);
        }
        assertThat(rig.views).isEmpty();
        rig.advance(Rig.PERIOD.multipliedBy(2));
        while (executor.size() > 1) {
            executor.run(1);
        }
        rig.advance(Rig.PERIOD);
        while (executor.size() > 1) {
            executor.run(1);
        }
        assertThat(rig.backend.lastRequest().to()).isEqualTo(7);
        assertThat(rig.state().failures()).isEqualTo(1);
        executor.runAll();
        rig.advance(Rig.PERIOD);
        executor.runAll();
        assertThat(rig.view().replicas().desired()).isEqualTo(7);
    }

    static List<PoolMemory> garbage() {
        List<PoolMemory.Wanted> none = List.of();
        ManualOverride pin = ManualOverride.pin(4, Duration.ofHours(1), "ann", "");
        List<PoolMemory> all = new ArrayList<>(List.of(
                memory(none, List.of(Duration.ofSeconds(Long.MAX_VALUE))),
                memory(none, List.of(Duration.ofSeconds(-5))),
                memory(List.of(new PoolMemory.Wanted(Duration.ofSeconds(Long.MIN_VALUE), -5)), List.of()),
                memory(
                        List.of(new PoolMemory.Wanted(Duration.ofSeconds(Long.MAX_VALUE), Integer.MAX_VALUE)),
                        List.of()),
                new PoolMemory(
                        Instant.MIN,
                        -7,
                        none,
                        List.of(
                                new PoolMemory.Changed(Duration.ZERO, Integer.MIN_VALUE, Integer.MAX_VALUE),
                                new PoolMemory.Changed(Duration.ZERO, 0, Integer.MAX_VALUE)),
                        Map.of("nobody", new Learned(Map.of("x", 1e308))),
                        new Capacity(Double.MIN_VALUE, Double.MAX_VALUE, Long.MAX_VALUE),
                        List.of(),
                        Optional.empty()),
                new PoolMemory(
                        Instant.MAX,
                        7,
                        none,
                        List.of(),
                        Map.of(),
                        Capacity.UNKNOWN,
                        List.of(),
                        Optional.of(new PoolMemory.Said(pin, Instant.MIN))),
                new PoolMemory(
                        Instant.EPOCH,
                        7,
                        none,
                        List.of(),
                        Map.of(),
                        Capacity.UNKNOWN,
                        List.of(),
                        Optional.of(new PoolMemory.Said(pin, Instant.MAX)))));
        all.add(nothingAtAll());
        return all;
    }

    @SuppressWarnings({"NullAway", "NullOptional"}) // a plugin compiled without null checks
    private static PoolMemory nothingAtAll() {
        return new PoolMemory(null, 0, List.of(), List.of(), Map.of(), null, List.of(), null);
    }

    @ParameterizedTest
    @MethodSource("garbage")
    void load_garbage_neverStopsRoundsAndNeverScalesDownWithinAWindow(PoolMemory garbage) {
        MapMemory memory = new MapMemory();
        memory.kept.put("chat", garbage);
        Rig rig = windowed(5);
        rig.want = 1;
        rig.start(Runnable::run, builder -> builder.memory(memory));
        rig.advance(Duration.ofSeconds(59));
        assertThat(rig.views).hasSizeGreaterThan(200);
        assertThat(rig.view().timeToReady()).isPositive();
        boolean pinned = rig.state().override().isPresent();
        assertThat(rig.backend.desired).isEqualTo(pinned ? 4 : 5);
        rig.engine().resume("chat");
        rig.want = 8;
        rig.advance(Duration.ofSeconds(2));
        assertThat(rig.backend.desired).isEqualTo(8);
    }

    @Test
    @SuppressWarnings("NullAway") // a plugin compiled without null checks
    void load_null_isAFailure() {
        Rig rig = windowed(5);
        rig.start(
                Runnable::run,
                builder -> builder.memory(new EngineMemory() {
                    @Override
                    public Optional<PoolMemory> load(String pool) {
                        return null;
                    }

                    @Override
                    public void save(String pool, PoolMemory memory) {
                        throw new StackOverflowError("told to");
                    }
                }));
        rig.advance(Duration.ofSeconds(30));
        assertThat(rig.views).hasSizeGreaterThan(100);
        assertThat(rig.state().failures()).isBetween(2L, 4L);
    }

    @Test
    void save_everyTenSeconds_onlyWhatIsNew_andAtTheEnd() {
        MapMemory memory = new MapMemory();
        Rig rig = windowed(5);
        rig.start(Runnable::run, builder -> builder.memory(memory));
        rig.advance(Duration.ofMinutes(10));
        assertThat(memory.saves).as("nothing new after the first").isEqualTo(1);
        rig.want = 7;
        rig.advance(Duration.ofSeconds(11));
        assertThat(memory.saves).isEqualTo(2);
        assertThat(memory.kept.get("chat").desired()).isEqualTo(7);
        rig.want = 9;
        rig.advance(Duration.ofSeconds(1));
        rig.engine().close();
        assertThat(memory.kept.get("chat").desired()).isEqualTo(9);
        int saves = memory.saves;
        rig.engine().close();
        rig.advance(Duration.ofMinutes(1));
        assertThat(memory.saves).isEqualTo(saves);
    }

    @Test
    void save_oneIsUnderWayAtTheEnd_theLastIsWrittenAfterIt() {
        MapMemory memory = new MapMemory();
        List<Runnable> late = new ArrayList<>();
        ManualTime time = new ManualTime();
        Remembering remembering = new Remembering("chat", memory, late::add, time);
        List<String> told = new ArrayList<>();
        remembering.save(memory(List.of(), List.of()), failure -> told.add("first " + failure));
        assertThat(remembering.isDue()).isFalse();
        PoolMemory last = memory(List.of(new PoolMemory.Wanted(Duration.ZERO, 9)), List.of());
        remembering.saveLast(last, () -> told.add("last"));
        assertThat(late).hasSize(1);
        late.remove(0).run();
        assertThat(late).hasSize(1);
        late.remove(0).run();
        assertThat(memory.kept.get("chat")).isEqualTo(last);
        assertThat(told).containsExactlyInAnyOrder("first null", "last");
    }

    @Test
    void save_doesNotReturn_isToldOnceAndNoOtherIsBegun() {
        List<Runnable> late = new ArrayList<>();
        ManualTime time = new ManualTime();
        Remembering remembering = new Remembering("chat", new MapMemory(), late::add, time);
        List<String> told = new ArrayList<>();
        remembering.save(memory(List.of(), List.of()), failure -> told.add(String.valueOf(failure)));
        time.advance(Duration.ofMinutes(5));
        assertThat(told).hasSize(1).first().asString().contains("the memory did not answer within PT5S");
        remembering.hurry();
        assertThat(remembering.isDue()).isFalse();
        late.remove(0).run();
        assertThat(remembering.isDue()).isTrue();
        assertThat(told).hasSize(1);
    }

    // ---- learning --------------------------------------------------------------------------------------------------

    private static LearningPolicy learning(java.util.function.Function<Learned, Learned> learn) {
        return new LearningPolicy() {
            @Override
            public String name() {
                return "learning";
            }

            @Override
            public Learned learn(PoolView view, Learned before) {
                return learn.apply(before);
            }

            @Override
            public Proposal propose(PoolView view, Learned learned) {
                return new Proposal.Wants(name(), 0, Proposal.Cause.SIGNAL, "");
            }
        };
    }

    @Test
    void learned_isKeptOverARestart() {
        MapMemory memory = new MapMemory();
        for (int run = 1; run <= 3; run++) {
            Rig rig = windowed(5);
            rig.pool.policy(learning(before -> new Learned(Map.of("n", before.get("n", 0) + 1))));
            rig.start(Runnable::run, builder -> builder.memory(memory));
            rig.engine().close();
            assertThat(memory.kept.get("chat").learned().get("learning").get("n", 0))
                    .isEqualTo(run);
        }
    }

    @Test
    void learned_throws_whatWasKnownStays() {
        Rig rig = windowed(5);
        rig.pool.policy(learning(before -> {
            if (before.get("n", 0) >= 3) {
                throw new StackOverflowError("told to");
            }
            return new Learned(Map.of("n", before.get("n", 0) + 1));
        }));
        rig.start();
        rig.advance(Duration.ofSeconds(5));
        assertThat(rig.state().learned().get("learning").get("n", 0)).isEqualTo(3);
        assertThat(rig.views).hasSizeGreaterThan(15);
        assertThat(rig.state().failures()).isPositive();
    }

    @Test
    void learned_tooMuch_isAFailureAndWhatWasKnownStays() {
        Map<String, Double> most = new HashMap<>();
        for (int i = 0; i < 1000; i++) {
            most.put("n" + i, 1.0);
        }
        Map<String, Double> tooMany = new HashMap<>(most);
        tooMany.put("more", 1.0);
        List<Learned> next = new ArrayList<>(
                List.of(new Learned(most), new Learned(tooMany), new Learned(Map.of("x".repeat(101), 1.0))));
        Rig rig = windowed(5);
        rig.pool.policy(learning(before -> next.isEmpty() ? before : next.remove(0)));
        rig.start();
        rig.advance(Duration.ofSeconds(5));
        assertThat(rig.state().learned().get("learning").numbers()).isEqualTo(most);
        assertThat(rig.state().failures()).isEqualTo(2);
    }

    // ---- killed at any tick ----------------------------------------------------------------------------------------

    private static final Duration TICK = Duration.ofSeconds(2);
    private static final int TICKS = 150;
    /** The last of them, in which the load stands still so that both runs can settle. */
    private static final int STILL = 60;

    private static int[] trace(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int[] wanted = new int[TICKS];
        int now = 1 + random.nextInt(9);
        for (int i = 0; i < TICKS; i++) {
            if (i < TICKS - STILL && random.nextInt(6) == 0) {
                now = 1 + random.nextInt(9);
            }
            wanted[i] = now;
        }
        return wanted;
    }

    private static Rig restartable(int replicas, ManualTime time, MapMemory memory, int want) {
        Rig rig = new Rig(replicas, time);
        rig.backend.instant = true;
        rig.want = want;
        rig.pool
                .period(TICK)
                .statusPeriod(TICK)
                .bounds(1, 10)
                .stepUp(TestPool.step(Behavior.Direction.UP, 4, 1, Duration.ofSeconds(15)))
                .stepDown(TestPool.step(Behavior.Direction.DOWN, 2, 0.1, Duration.ofSeconds(20)))
                .stabilizationWindow(WINDOW);
        return rig.start(Runnable::run, builder -> builder.memory(memory));
    }

    private static int[] run(int[] wanted, int killedAt, boolean closed, long seed) {
        int[] desired = new int[TICKS];
        MapMemory memory = new MapMemory();
        Rig rig = restartable(wanted[0], new ManualTime(), memory, wanted[0]);
        for (int i = 0; i < TICKS; i++) {
            if (i == killedAt) {
                if (closed) {
                    rig.engine().close();
                }
                // Another process: another clock origin; the one before is not heard of any more.
                ManualTime other = new ManualTime(new SplittableRandom(seed + i).nextLong(), rig.time.wallTime());
                rig = restartable(rig.backend.desired, other, memory, wanted[i]);
            }
            rig.want = wanted[i];
            rig.advance(TICK);
            desired[i] = rig.backend.desired;
        }
        return desired;
    }

    @Test
    void restart_atAnyTick_noDownForOneFullWindow_andTheSameDesiredAsWithout() {
        int restarts = 0;
        int window = (int) WINDOW.dividedBy(TICK);
        for (long seed = 0; seed < 60; seed++) {
            int[] wanted = trace(seed);
            int[] without = run(wanted, -1, false, seed);
            for (int killedAt = (int) seed % 5 + 1; killedAt < TICKS - STILL; killedAt += 5) {
                int[] with = run(wanted, killedAt, restarts % 2 == 0, seed);
                restarts++;
                for (int i = 0; i < TICKS; i++) {
                    String where = "seed " + seed + ", killed at " + killedAt + ", tick " + i;
                    if (i < killedAt) {
                        assertThat(with[i]).as(where).isEqualTo(without[i]);
                    } else {
                        if (i < killedAt + window - 1) {
                            assertThat(with[i]).as(where).isGreaterThanOrEqualTo(with[i - 1]);
                        }
                        assertThat(with[i]).as(where).isGreaterThanOrEqualTo(without[i] - 2);
                    }
                }
                assertThat(with[TICKS - 1])
                        .as("seed " + seed + ", killed at " + killedAt)
                        .isBetween(without[TICKS - 1] - 2, without[TICKS - 1] + 2);
            }
        }
        assertThat(restarts).isGreaterThan(1_000);
    }
}
