/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.Decision.Direction;
import io.tidegate.guardrail.History;
import io.tidegate.guardrail.Marks;
import io.tidegate.guardrail.Narrowing;
import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.pool.PoolView;
import io.tidegate.time.QueueExecutor;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clocks that jump, and a process that stands still. */
class EngineClockTest {

    private final StoppingTime time = new StoppingTime();
    private final List<Marks> marks = new ArrayList<>();

    private Guardrail watching() {
        return new Guardrail() {
            @Override
            public String name() {
                return "watching";
            }

            @Override
            public Narrowing narrow(PoolView view, History history, int proposed) {
                marks.add(history.marks());
                return Narrowing.none(name(), proposed);
            }
        };
    }

    private Rig rig(int replicas, StoppingTime clock) {
        Rig rig = new Rig(replicas);
        rig.clock = clock;
        rig.load.time = clock;
        rig.pool.guardrail(watching());
        return rig;
    }

    private Marks last() {
        return marks.get(marks.size() - 1);
    }

    @ParameterizedTest
    @ValueSource(longs = {3600, -3600, 6, -6, 86_400L * 365 * 200, -86_400L * 365 * 200, 86_400L * 365 * 1_000_000})
    @DisplayName("D1: a wall clock that jumps is marked, and nothing else")
    void wallClock_jumps_isMarked(long seconds) {
        rig(3, time).start();
        time.advance(Duration.ofSeconds(10));
        assertThat(last().jumpNanos()).isZero();
        time.setWall(Duration.ofSeconds(seconds));
        time.advance(Rig.PERIOD);
        assertThat(last().jumpNanos()).isEqualTo(time.nanos());
        long at = time.nanos();
        time.advance(Duration.ofSeconds(30));
        assertThat(last().jumpNanos()).as("once").isEqualTo(at);
    }

    @ParameterizedTest
    @ValueSource(longs = {1000, -1000, 4900, -4900})
    @DisplayName("D1: a leap second and small corrections are no jump")
    void wallClock_leapSecond_isNoJump(long millis) {
        rig(3, time).start();
        for (int i = 0; i < 20; i++) {
            time.setWall(Duration.ofMillis(millis));
            time.advance(Rig.PERIOD);
        }
        assertThat(last().jumpNanos()).isZero();
    }

    @Test
    @DisplayName("D1: decisions are bit for bit the same with a wall clock that jumps at random")
    void wallClock_jumpsAtRandom_decisionsAreTheSame() {
        int decided = 0;
        for (long seed = 0; seed < 1_200; seed++) {
            List<Decision> steady = play(seed, false);
            List<Decision> jumping = play(seed, true);
            assertThat(jumping).as("seed %d", seed).isEqualTo(steady);
            decided += steady.size();
        }
        assertThat(decided).isGreaterThan(5_000);
    }

    private List<Decision> play(long seed, boolean jumps) {
        StoppingTime clock = new StoppingTime();
        Rig rig = rig(4, clock);
        rig.backend.instant = true;
        rig.pool.stabilizationWindow(Duration.ofSeconds(8));
        SplittableRandom random = new SplittableRandom(seed);
        SplittableRandom wall = new SplittableRandom(~seed);
        List<Decision> all = new ArrayList<>();
        rig.start();
        for (int i = 0; i < 12; i++) {
            if (jumps && wall.nextInt(3) == 0) {
                long[] by = {3600, -3600, 1, -1, wall.nextInt(-1_000_000, 1_000_000)};
                clock.setWall(Duration.ofSeconds(by[wall.nextInt(by.length)]));
            }
            switch (random.nextInt(8)) {
                case 0 ->
                    rig.engine()
                            .override("chat", ManualOverride.pin(random.nextInt(11), Duration.ofSeconds(3), "ann", ""));
                case 1 -> rig.engine().resume("chat");
                case 2 -> rig.backend.ready = random.nextInt(rig.backend.desired + 1);
                case 3 ->
                    rig.engine()
                            .reconfigure(
                                    rig.pool.bounds(0, random.nextInt(5, 11)).build());
                default -> rig.want = random.nextInt(11);
            }
            clock.advance(Duration.ofMillis(random.nextInt(2_500)));
            all.add(timeless(rig.state().latest().orElseThrow()));
        }
        rig.decisions.forEach(each -> all.add(timeless(each)));
        return all;
    }

    /** Without the wall-clock time, which is for display. */
    private static Decision timeless(Decision one) {
        return new Decision(
                one.id(),
                one.pool(),
                Instant.EPOCH,
                one.atNanos(),
                one.from(),
                one.to(),
                one.cause(),
                one.proposals(),
                one.narrowings(),
                one.alternatives(),
                one.origin());
    }

    @Test
    @DisplayName("D4: a process that stood still for 30 s makes up for nothing, and knows that it stood")
    void stopTheWorld_oneRoundOneLookOneSave() {
        MapMemory memory = new MapMemory();
        Rig rig = rig(4, time);
        rig.start(Runnable::run, builder -> builder.memory(memory));
        time.advance(Duration.ofSeconds(20).plusMillis(100));
        int rounds = rig.views.size();
        int looks = rig.backend.statusCalls;
        int saves = memory.saves;
        assertThat(last().jumpNanos()).isZero();

        time.stop(Duration.ofSeconds(30));

        assertThat(rig.views.size() - rounds).isEqualTo(1);
        assertThat(rig.backend.statusCalls - looks).isEqualTo(1);
        assertThat(memory.saves - saves).isBetween(0, 1);
        assertThat(last().jumpNanos()).isEqualTo(time.nanos());
        time.advance(Duration.ofSeconds(1));
        assertThat(rig.views.size() - rounds).isEqualTo(5);
    }

    @Test
    @DisplayName("D4: nothing is removed on what was known before a stop")
    void stopTheWorld_staleStatus_noDown() {
        Rig rig = rig(4, time);
        rig.pool.staleAfter(Duration.ofSeconds(20));
        QueueExecutor executor = new QueueExecutor();
        rig.start(executor, builder -> {});
        executor.runAll();
        time.advance(Duration.ofSeconds(1));
        executor.runAll();
        rig.want = 1;
        time.stop(Duration.ofSeconds(30));
        assertThat(executor.size()).as("one round and one look").isLessThanOrEqualTo(2);
        executor.run(0);
        Decision first = rig.state().latest().orElseThrow();
        assertThat(first.atNanos()).isEqualTo(time.nanos());
        assertThat(first.direction()).isEqualTo(Direction.HOLD);
        assertThat(last().incompleteNanos()).isEqualTo(time.nanos());
        assertThat(rig.backend.requests).isEmpty();
    }

    @Test
    @DisplayName("D4: waking, overriding and reloading just before a stop is still one round after it")
    void stopTheWorld_eventsPending_noBurst() {
        Rig rig = rig(4, time);
        rig.start();
        time.advance(Duration.ofSeconds(3));
        for (int i = 0; i < 100; i++) {
            rig.engine().wake("chat");
        }
        rig.engine().override("chat", ManualOverride.pause(Duration.ofSeconds(5), "ann", ""));
        rig.engine().reconfigure(rig.pool.build());
        int rounds = rig.views.size();
        time.stop(Duration.ofSeconds(30));
        // The period, what was put off, and the end of the pause.
        assertThat(rig.views.size() - rounds).isBetween(1, 3);
    }
}
