/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.lang.ref.WeakReference;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ArrivalsTest {

    private static final int SMALLEST = 16;

    private final TimerWheel wheel = new TimerWheel(0);
    private final Arrivals arrivals = new Arrivals(wheel);

    private Waiter add() {
        Waiter waiter = Waiters.anonymous();
        arrivals.add(waiter);
        wheel.add(waiter);
        return waiter;
    }

    /** As one that is granted. */
    private void grant(Waiter waiter) {
        assertThat(waiter.tryGrant(0, 0)).isTrue();
        wheel.remove(waiter);
        arrivals.remove(waiter);
    }

    /** All that wait, in the order in which they are the oldest. */
    private List<Waiter> takeAll() {
        List<Waiter> taken = new ArrayList<>();
        for (Waiter oldest = arrivals.oldest(); oldest != null; oldest = arrivals.oldest()) {
            grant(oldest);
            taken.add(oldest);
        }
        return taken;
    }

    /** Begins to count there: four billion arrivals are too many for a test. */
    private void countFrom(int number) throws ReflectiveOperationException {
        for (String name : List.of("first", "next")) {
            field(name).setInt(arrivals, number);
        }
    }

    private int ringLength() throws ReflectiveOperationException {
        return ((Object[]) field("ring").get(arrivals)).length;
    }

    private static Field field(String name) throws ReflectiveOperationException {
        Field field = Arrivals.class.getDeclaredField(name);
        field.setAccessible(true);
        return field;
    }

    static LongStream seeds() {
        return LongStream.range(0, 300);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void randomSteps_answerAsAListDoes(long seed) throws ReflectiveOperationException {
        SplittableRandom random = new SplittableRandom(seed);
        countFrom(List.of(0, -SMALLEST, Integer.MAX_VALUE - random.nextInt(300), random.nextInt())
                .get((int) seed % 4)
                .intValue());
        List<Waiter> plain = new ArrayList<>();
        for (int step = 0; step < 600; step++) {
            // Fills and empties in turns.
            boolean filling = step / 150 % 2 == 0;
            switch (random.nextInt(filling ? 8 : 5)) {
                case 0, 5, 6, 7 -> plain.add(add());
                case 1, 2 -> {
                    if (!plain.isEmpty()) {
                        grant(plain.remove(random.nextInt(plain.size())));
                    }
                }
                case 3 -> {
                    if (!plain.isEmpty()) {
                        Waiters.giveUp(plain.remove(random.nextInt(plain.size())));
                    }
                }
                default -> {
                    if (random.nextInt(4) == 0) {
                        arrivals.sweep();
                        assertThat(arrivals.size()).isEqualTo(plain.size());
                        assertThat(wheel.size()).isEqualTo(plain.size());
                    }
                }
            }
            @Nullable Waiter oldest = plain.isEmpty() ? null : plain.get(0);
            @Nullable Waiter newest = plain.isEmpty() ? null : plain.get(plain.size() - 1);
            if (random.nextBoolean()) {
                assertThat(arrivals.oldest()).as("oldest in step %d", step).isSameAs(oldest);
                assertThat(arrivals.newest()).as("newest in step %d", step).isSameAs(newest);
            }
            assertThat(arrivals.size()).isGreaterThanOrEqualTo(plain.size());
            assertThat(wheel.size()).isGreaterThanOrEqualTo(plain.size());
        }
        assertThat(takeAll()).containsExactlyElementsOf(plain);
        assertThat(arrivals.size()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, Integer.MAX_VALUE - 10, -10, 12_345})
    void add_many_growsAndKeepsTheirOrder(int from) throws ReflectiveOperationException {
        countFrom(from);
        List<Waiter> waiters = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            waiters.add(add());
        }

        assertThat(arrivals.size()).isEqualTo(1000);
        assertThat(ringLength()).isEqualTo(1024);
        assertThat(arrivals.newest()).isSameAs(waiters.get(999));
        assertThat(takeAll()).containsExactlyElementsOf(waiters);
    }

    @Test
    void sweep_mostHaveLeft_closesUpAndShrinks() throws ReflectiveOperationException {
        List<Waiter> waiters = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            waiters.add(add());
        }
        List<Waiter> stay = new ArrayList<>();
        for (int i = 0; i < waiters.size(); i++) {
            if (i % 1000 == 500) {
                stay.add(waiters.get(i));
            } else {
                Waiters.giveUp(waiters.get(i));
            }
        }

        arrivals.sweep();

        assertThat(arrivals.size()).isEqualTo(10);
        assertThat(wheel.size()).isEqualTo(10);
        assertThat(ringLength()).isLessThanOrEqualTo(64);
        stay.add(add());
        assertThat(takeAll()).containsExactlyElementsOf(stay);
    }

    @Test
    void sweep_allHaveLeft_isTheSmallestRing() throws ReflectiveOperationException {
        for (int i = 0; i < 1000; i++) {
            Waiters.giveUp(add());
            grant(add());
            add();
        }
        takeAll();

        arrivals.sweep();

        assertThat(arrivals.size()).isZero();
        assertThat(ringLength()).isEqualTo(SMALLEST);
        Waiter next = add();
        assertThat(arrivals.oldest()).isSameAs(next);
        assertThat(arrivals.newest()).isSameAs(next);
    }

    @Test
    void remove_notInItOrAnothersPlace_takesNobodyOut() {
        Waiter in = add();
        Waiter never = Waiters.anonymous();
        never.place = in.place;

        arrivals.remove(never);
        assertThat(arrivals.oldest()).isSameAs(in);
        grant(in);
        Waiter next = add();
        arrivals.remove(in);

        assertThat(arrivals.oldest()).isSameAs(next);
    }

    @Test
    void newest_lastGaveUp_leavesTheWheelAsWell() {
        Waiter first = add();
        Waiter second = add();
        Waiter third = add();
        Waiters.giveUp(second);
        Waiters.giveUp(third);

        assertThat(arrivals.newest()).isSameAs(first);

        assertThat(wheel.size()).isOne();
        assertThat(arrivals.size()).isOne();
    }

    @Test
    void oldest_firstGaveUp_leavesTheWheelAsWell() {
        Waiters.giveUp(add());
        Waiters.giveUp(add());
        Waiter third = add();

        assertThat(arrivals.oldest()).isSameAs(third);

        assertThat(wheel.size()).isOne();
        assertThat(arrivals.size()).isOne();
    }

    @Test
    void add_eachGivesUpAtOnce_needsNoRoom() throws ReflectiveOperationException {
        Waiter blocked = add();
        for (int i = 0; i < 100_000; i++) {
            Waiters.giveUp(add());
        }

        assertThat(arrivals.size()).isEqualTo(2);
        assertThat(wheel.size()).isEqualTo(2);
        assertThat(ringLength()).isEqualTo(SMALLEST);
        assertThat(arrivals.oldest()).isSameAs(blocked);
    }

    /** A permit must not be held by the queue it waited in, or its loss would never be found. */
    @Test
    void remove_grantedOne_isCollectedThoughOthersWait() {
        Waiter before = add();
        WeakReference<Waiter> granted = grantOne();
        Waiter after = add();

        await().until(() -> {
            System.gc();
            return granted.get() == null;
        });
        assertThat(arrivals.oldest()).isSameAs(before);
        assertThat(arrivals.newest()).isSameAs(after);
    }

    private WeakReference<Waiter> grantOne() {
        Waiter waiter = add();
        grant(waiter);
        return new WeakReference<>(waiter);
    }
}
