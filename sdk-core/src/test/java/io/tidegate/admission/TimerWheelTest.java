/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who expires when, against a plain list that is looked through from end to end. */
class TimerWheelTest {

    private static final int STEPS = 400;
    private static final long SLOT = 1L << TimerWheel.TICK_SHIFT;
    private static final long DAY = Duration.ofDays(1).toNanos();

    /** Widths of the slots of all levels, and what is beyond the last: 13 days. */
    private static final long[] SPANS = {
        1, SLOT, SLOT << 6, SLOT << 12, SLOT << 18, SLOT << 24, SLOT << 30, 40 * DAY, 200 * DAY
    };

    static LongStream seeds() {
        return LongStream.range(0, 400);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void randomSteps_handOutWhatAPlainListDoes(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        new Run(random, start(random)).go();
    }

    /** Clocks of all kinds: near zero, anywhere below it, anywhere, and such that wrap on the way. */
    private static long start(SplittableRandom random) {
        return switch (random.nextInt(4)) {
            case 0 -> random.nextLong(2 * SLOT) - SLOT;
            case 1 -> -random.nextLong(Long.MAX_VALUE);
            case 2 -> random.nextLong();
            default -> Long.MAX_VALUE - random.nextLong(random.nextBoolean() ? SLOT << 8 : 20 * DAY);
        };
    }

    private static final class Run {

        private final SplittableRandom random;
        private final TimerWheel wheel;
        private final List<Waiter> plain = new ArrayList<>();
        private final List<Waiter> gone = new ArrayList<>();
        private final long start;
        private long now;

        Run(SplittableRandom random, long start) {
            this.random = random;
            this.start = start;
            this.now = start;
            this.wheel = new TimerWheel(start);
        }

        void go() {
            for (int step = 0; step < STEPS; step++) {
                switch (random.nextInt(10)) {
                    case 0, 1, 2, 3 -> add();
                    case 4 -> remove();
                    case 5 -> expire(now - random.nextLong(Math.max(1, Math.min(now - start, DAY))));
                    default -> {
                        // Time does not run over 146 years in a test, or deadlines could not be told apart.
                        now += random.nextLong(span());
                        expire(now);
                    }
                }
                compare();
            }
            now += 366 * DAY;
            expire(now);
            assertThat(plain).isEmpty();
            assertThat(wheel.size()).isZero();
        }

        /** Small ones far more often. */
        private long span() {
            return SPANS[1 + Math.min(random.nextInt(SPANS.length - 1), random.nextInt(SPANS.length - 1))];
        }

        private void add() {
            long ahead = switch (random.nextInt(8)) {
                case 0 -> -random.nextLong(span());
                case 1 -> 0;
                case 2 -> SPANS[random.nextInt(SPANS.length)] + random.nextInt(3) - 1;
                // The edge of a slot.
                case 3 -> ((now - start + random.nextLong(span())) & -SLOT) + start - now + random.nextInt(3) - 1;
                default -> random.nextLong(span());
            };
            Waiter waiter = Waiters.expiring(now + ahead);
            assertThat(waiter.deadlineNanos()).isEqualTo(now + ahead);
            wheel.add(waiter);
            plain.add(waiter);
        }

        private void remove() {
            if (!gone.isEmpty() && random.nextInt(3) == 0) {
                wheel.remove(gone.get(random.nextInt(gone.size())));
            } else if (!plain.isEmpty()) {
                Waiter waiter = plain.remove(random.nextInt(plain.size()));
                wheel.remove(waiter);
                gone.add(waiter);
            }
        }

        private void expire(long at) {
            Set<Waiter> due = new HashSet<>();
            plain.removeIf(each -> each.deadlineNanos() - at <= 0 && due.add(each));
            List<Waiter> expired = new ArrayList<>();
            wheel.expire(at, expired::add);
            assertThat(expired).as("handed out by %d", at - start).containsExactlyInAnyOrderElementsOf(due);
            gone.addAll(expired);
        }

        private void compare() {
            assertThat(wheel.size()).isEqualTo(plain.size());
            plain.stream()
                    .min(Comparator.comparingLong(each -> each.deadlineNanos() - start))
                    .ifPresent(first -> assertThat(wheel.earliestNanos() - first.deadlineNanos())
                            .as("how much too late it would look")
                            .isLessThanOrEqualTo(0));
        }
    }

    /** What an alarm does: it looks when told to, and must come to each deadline in few looks. */
    @ParameterizedTest
    @ValueSource(longs = {0, -1, 1L << 40, Long.MAX_VALUE - (1L << 35)})
    void earliestNanos_followedAsAnAlarmDoes_comesToEachDeadlineExactly(long start) {
        SplittableRandom random = new SplittableRandom(start);
        TimerWheel wheel = new TimerWheel(start);
        int count = 500;
        for (int i = 0; i < count; i++) {
            wheel.add(Waiters.expiring(start + random.nextLong(1L << random.nextInt(1, 55))));
        }
        long[] looks = {0, start};
        List<Long> late = new ArrayList<>();
        while (wheel.size() > 0) {
            looks[0]++;
            long now = looks[1] - wheel.earliestNanos() > 0 ? looks[1] : wheel.earliestNanos();
            looks[1] = now;
            wheel.expire(now, waiter -> late.add(now - waiter.deadlineNanos()));
        }

        assertThat(late).hasSize(count).containsOnly(0L);
        // Once for itself, and once for each level it moves down from.
        assertThat(looks[0]).isLessThanOrEqualTo(5L * count);
    }

    @Test
    void expire_manyInOneSlot_handsOutThoseWhoseTimeItIs() {
        TimerWheel wheel = new TimerWheel(0);
        int count = 100_000;
        for (int i = 0; i < count; i++) {
            wheel.add(Waiters.expiring(5 * SLOT + i));
        }
        List<Waiter> expired = new ArrayList<>(count);

        wheel.expire(5 * SLOT + count / 2 - 1, expired::add);
        assertThat(expired).hasSize(count / 2);
        assertThat(wheel.size()).isEqualTo(count / 2);
        assertThat(wheel.earliestNanos()).isEqualTo(5 * SLOT + count / 2);

        wheel.expire(6 * SLOT, expired::add);
        assertThat(new HashSet<>(expired)).hasSize(count);
        assertThat(wheel.size()).isZero();
    }

    @Test
    void expire_manyFarAhead_areMovedDownAndNoneIsLost() {
        TimerWheel wheel = new TimerWheel(-7);
        int count = 100_000;
        for (int i = 0; i < count; i++) {
            wheel.add(Waiters.expiring(30 * DAY + i));
        }
        List<Waiter> expired = new ArrayList<>(count);
        for (int day = 0; day < 30; day++) {
            wheel.expire(day * DAY, expired::add);
        }
        assertThat(expired).isEmpty();

        wheel.expire(30 * DAY + count, expired::add);

        assertThat(new HashSet<>(expired)).hasSize(count);
    }

    @Test
    void remove_notInIt_isHarmless() {
        TimerWheel wheel = new TimerWheel(0);
        Waiter in = Waiters.expiring(SLOT);
        Waiter never = Waiters.expiring(SLOT);
        wheel.add(in);

        wheel.remove(never);
        assertThat(wheel.size()).isOne();
        wheel.remove(in);
        wheel.remove(in);

        assertThat(wheel.size()).isZero();
        List<Waiter> expired = new ArrayList<>();
        wheel.expire(2 * SLOT, expired::add);
        assertThat(expired).isEmpty();
    }

    /** As the gate does, which takes out whomever it settles, and links it into a list of its own. */
    @Test
    void expire_takenOutOnceMoreAndRelinkedByWhoIsTold_losesNobody() {
        TimerWheel wheel = new TimerWheel(0);
        for (int i = 0; i < 10; i++) {
            wheel.add(Waiters.expiring(SLOT + i));
        }
        List<Waiter> expired = new ArrayList<>();

        wheel.expire(2 * SLOT, waiter -> {
            wheel.remove(waiter);
            if (!expired.isEmpty()) {
                expired.get(expired.size() - 1).next = waiter;
            }
            expired.add(waiter);
        });
        expired.forEach(wheel::remove);

        assertThat(new HashSet<>(expired)).hasSize(10);
        assertThat(wheel.size()).isZero();
    }

    @Test
    void expire_olderReading_changesNothing() {
        TimerWheel wheel = new TimerWheel(0);
        Waiter late = Waiters.expiring(100 * SLOT);
        wheel.add(late);
        wheel.add(Waiters.expiring(50 * SLOT));
        List<Waiter> expired = new ArrayList<>();
        wheel.expire(90 * SLOT, expired::add);
        assertThat(expired).hasSize(1);

        wheel.expire(10 * SLOT, expired::add);
        assertThat(expired).hasSize(1);

        // In the past already, though after the older reading.
        Waiter past = Waiters.expiring(60 * SLOT);
        wheel.add(past);
        wheel.expire(55 * SLOT, expired::add);
        assertThat(expired).hasSize(1);
        wheel.expire(60 * SLOT, expired::add);
        assertThat(expired).hasSize(2).last().isSameAs(past);
        wheel.expire(100 * SLOT, expired::add);
        assertThat(expired).hasSize(3).last().isSameAs(late);
    }

    @Test
    void add_emptyForLong_countsFromThen() {
        TimerWheel wheel = new TimerWheel(0);
        wheel.add(Waiters.expiring(SLOT));
        List<Waiter> expired = new ArrayList<>();
        wheel.expire(SLOT, expired::add);

        long later = 1000 * DAY;
        wheel.add(Waiters.expiring(later + 3));
        wheel.expire(later + 2, expired::add);
        assertThat(expired).hasSize(1);
        wheel.expire(later + 3, expired::add);

        assertThat(expired).hasSize(2);
    }

    @Test
    void expire_readingOlderThanTheWheel_losesNobody() {
        TimerWheel wheel = new TimerWheel(100 * SLOT);
        wheel.add(Waiters.expiring(50 * SLOT));
        List<Waiter> expired = new ArrayList<>();
        wheel.expire(60 * SLOT, expired::add);
        assertThat(expired).hasSize(1);
        Waiter next = Waiters.expiring(200 * SLOT);
        wheel.add(next);
        wheel.expire(150 * SLOT, expired::add);
        assertThat(expired).hasSize(1);
        wheel.expire(201 * SLOT, expired::add);
        assertThat(expired).hasSize(2);
    }
}
