/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeadlineQueueTest {

    private final DeadlineQueue queue = new DeadlineQueue();
    private int place;

    private Waiter add(long deadlineNanos) {
        Waiter waiter = Waiters.expiring(deadlineNanos);
        waiter.place = place++;
        queue.add(waiter);
        return waiter;
    }

    /** Takes out all in their order. */
    private List<Waiter> takeAll() {
        List<Waiter> taken = new ArrayList<>();
        for (Waiter head = queue.peek(); head != null; head = queue.peek()) {
            queue.remove(head);
            taken.add(head);
        }
        return taken;
    }

    static LongStream seeds() {
        return LongStream.range(0, 300);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void randomSteps_answerAsASortedListDoes(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        long clock = seed % 3 == 0 ? Long.MAX_VALUE - 50 : random.nextLong();
        place = random.nextBoolean() ? Integer.MAX_VALUE - 100 : -100;
        List<Waiter> plain = new ArrayList<>();
        int first = place;
        Comparator<Waiter> order = Comparator.<Waiter>comparingLong(each -> each.deadlineNanos() - clock)
                .thenComparingInt(each -> each.place - first);
        for (int step = 0; step < 500; step++) {
            switch (random.nextInt(8)) {
                case 0, 1, 2 -> plain.add(add(clock + step / 8 + random.nextInt(30)));
                case 3, 4 -> {
                    Waiter head = queue.peek();
                    if (head != null) {
                        queue.remove(head);
                        plain.remove(head);
                    }
                }
                case 5, 6 -> {
                    if (!plain.isEmpty()) {
                        Waiters.giveUp(plain.remove(random.nextInt(plain.size())));
                    }
                }
                default -> {
                    queue.sweep();
                    assertThat(queue.size()).isEqualTo(plain.size());
                }
            }
            @Nullable Waiter expected = plain.stream().min(order).orElse(null);
            assertThat(queue.peek()).as("step %d", step).isSameAs(expected);
            assertThat(queue.size()).isGreaterThanOrEqualTo(plain.size());
        }
        assertThat(takeAll())
                .containsExactlyElementsOf(plain.stream().sorted(order).toList());
        assertThat(queue.size()).isZero();
    }

    @Test
    void peek_equalDeadlines_keepArrivalOrder() {
        List<Waiter> expected = new ArrayList<>();
        Waiter last = add(9);
        for (int i = 0; i < 20; i++) {
            expected.add(add(5));
        }
        expected.add(last);

        assertThat(takeAll()).containsExactlyElementsOf(expected);
    }

    @Test
    void peek_inOrderAndStraggler_theEarlierOfBoth() {
        Waiter middle = add(10);
        Waiter last = add(20);
        Waiter first = add(5);
        Waiter between = add(15);

        assertThat(takeAll()).containsExactly(first, middle, between, last);
    }

    /** Given new places by a sweep of the arrivals beside it, as many smaller ones as have left. */
    @Test
    void sweep_placesClosedUp_keepsTheOrderOfEqualDeadlines() {
        Waiter last = add(9);
        List<Waiter> stragglers =
                IntStream.range(0, 200).mapToObj(ignored -> add(5)).toList();
        List<Waiter> left = new ArrayList<>();
        int closedUp = last.place;
        for (int i = 0; i < stragglers.size(); i++) {
            if (i % 3 == 0) {
                stragglers.get(i).place = ++closedUp;
                left.add(stragglers.get(i));
            } else {
                Waiters.giveUp(stragglers.get(i));
            }
        }
        left.add(last);

        queue.sweep();

        assertThat(queue.size()).isEqualTo(left.size());
        assertThat(takeAll()).containsExactlyElementsOf(left);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 100_000})
    void add_lastGaveUpAtOnce_leavesNoTrace(int times) {
        Waiter blocked = add(0);
        for (int i = 0; i < times; i++) {
            Waiters.giveUp(add(i));
        }

        assertThat(queue.size()).isLessThanOrEqualTo(2);
        assertThat(queue.peek()).isSameAs(blocked);
    }

    @Test
    void clear_empties() {
        add(3);
        add(2);

        queue.clear();

        assertThat(queue.size()).isZero();
        assertThat(queue.peek()).isNull();
        Waiter next = add(1);
        assertThat(queue.peek()).isSameAs(next);
    }

    // ---- the last, and those who are gone --------------------------------------------------------------------------

    @Test
    void last_ofInOrderAndStragglers_isTheLatestDeadline_andOfEqualOnesTheLastThatCame() {
        assertThat(queue.last()).isNull();
        Waiter latest = add(30);
        add(10);
        Waiter middle = add(20);
        Waiter equal = add(20);
        assertThat(queue.last()).isSameAs(latest);

        Waiters.giveUp(latest);
        assertThat(queue.last()).as("both are stragglers").isSameAs(equal);
        Waiters.giveUp(equal);
        assertThat(queue.last()).isSameAs(middle);
    }

    @Test
    void last_allHaveLeft_isNull() {
        List.of(add(30), add(10), add(20)).forEach(Waiters::giveUp);

        assertThat(queue.last()).isNull();
        assertThat(queue.peek()).isNull();
        assertThat(queue.size()).isZero();
    }

    /** Everyone that was put in comes out once, in whichever way, and {@code last()} is as plainly written down. */
    @ParameterizedTest
    @MethodSource("seeds")
    void gone_randomSteps_isToldOfEachOnce(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Waiter> gone = new ArrayList<>();
        List<Waiter> added = new ArrayList<>();
        List<Waiter> plain = new ArrayList<>();
        DeadlineQueue told = new DeadlineQueue(gone::add);
        Comparator<Waiter> order =
                Comparator.comparingLong(Waiter::deadlineNanos).thenComparingInt(each -> each.place);
        for (int step = 0; step < 400; step++) {
            switch (random.nextInt(9)) {
                case 0, 1, 2, 3 -> {
                    Waiter waiter = Waiters.expiring(random.nextInt(60));
                    waiter.place = place++;
                    told.add(waiter);
                    added.add(waiter);
                    plain.add(waiter);
                }
                case 4 -> {
                    Waiter head = told.peek();
                    if (head != null) {
                        told.remove(head);
                        plain.remove(head);
                    }
                }
                case 5, 6 -> {
                    if (!plain.isEmpty()) {
                        Waiters.giveUp(plain.remove(random.nextInt(plain.size())));
                    }
                }
                case 7 -> told.sweep();
                default -> {
                    if (random.nextInt(20) == 0) {
                        told.clear();
                        plain.clear();
                    }
                }
            }
            assertThat(told.last()).isSameAs(plain.stream().max(order).orElse(null));
            assertThat(gone).hasSize(added.size() - told.size());
            assertThat(plain).noneMatch(gone::contains);
        }
        told.clear();
        assertThat(gone).containsExactlyInAnyOrderElementsOf(added);
    }
}
