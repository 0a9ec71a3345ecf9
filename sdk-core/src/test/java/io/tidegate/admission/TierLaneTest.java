/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.pool.Tier;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

class TierLaneTest {

    private final Tier tier = Tier.builder("standard").maxQueued(2).build();
    private final TierLane lane = new TierLane(tier, 0, 0);

    @Test
    void reservePlace_upToTheTiersBound_thenRefuses() {
        assertThat(lane.reservePlace()).isTrue();
        assertThat(lane.reservePlace()).isTrue();
        assertThat(lane.reservePlace()).isFalse();
        assertThat(lane.waiting).hasValue(2);
    }

    @Test
    void head_frontHasLeft_isTheNextThatWaits() {
        Ticket first = ticket(1);
        Ticket second = ticket(2);
        lane.add(first);
        lane.add(second);
        first.trySettle();

        assertThat(lane.head()).isSameAs(second);
        lane.removeHead();
        assertThat(lane.head()).isNull();
    }

    @Test
    void takeNewest_newestHasLeft_isTheOneBeforeIt() {
        Ticket first = ticket(1);
        Ticket second = ticket(2);
        lane.add(first);
        lane.add(second);
        second.trySettle();

        assertThat(lane.takeNewest()).isSameAs(first);
        assertThat(lane.takeNewest()).isNull();
    }

    @Test
    void load_reservedAndNotYetInQueue_hasNoAge() {
        lane.reservePlace();

        assertThat(lane.load(Duration.ofDays(9).toNanos()).oldestAgeNanos()).isZero();
    }

    @Test
    void load_afterTheQueueEmptied_doesNotRememberTheOldAge() {
        Ticket old = ticket(1);
        lane.reservePlace();
        lane.add(old);
        lane.publishOldest();
        assertThat(lane.load(100).oldestAgeNanos()).isEqualTo(99);
        old.trySettle();
        lane.waiting.decrementAndGet();
        lane.publishOldest();

        // The next has its place and has not been taken in.
        lane.reservePlace();
        assertThat(lane.load(1_000_000).oldestAgeNanos()).isZero();
    }

    @Test
    void load_returnSeenBeforeItsGrant_isNotNegative() {
        lane.inFlight.decrement();
        lane.tokensInFlight.add(-16);

        assertThat(lane.load(0).inFlight()).isZero();
        assertThat(lane.load(0).tokensInFlight()).isZero();
    }

    @Test
    void sweep_mostHaveLeft_forgetsThem() {
        List<WeakReference<Ticket>> left = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            Ticket ticket = ticket(i);
            lane.add(ticket);
            if (i > 0) {
                ticket.trySettle();
                left.add(new WeakReference<>(ticket));
            }
        }
        lane.waiting.set(1);

        lane.sweep();

        Awaitility.await().until(() -> {
            System.gc();
            return left.stream().allMatch(each -> each.refersTo(null));
        });
        assertThat(lane.head()).isNotNull();
    }

    /** Takes milliseconds in one pass; removing one by one moves about 10¹¹ references. */
    @Test
    void sweep_everyOtherOfManyHasLeft_isOnePass() {
        int many = 1_000_000;
        for (int i = 0; i < many; i++) {
            Ticket ticket = ticket(i);
            lane.add(ticket);
            if (i % 2 == 1) {
                ticket.trySettle();
            }
        }
        lane.waiting.set(many / 2 - 100);

        Assertions.assertTimeoutPreemptively(Duration.ofSeconds(2), lane::sweep);

        int kept = 0;
        for (Ticket head = lane.head(); head != null; head = lane.head()) {
            assertThat(head.arrivedNanos % 2).isZero();
            lane.removeHead();
            kept++;
        }
        assertThat(kept).isEqualTo(many / 2);
    }

    /** Only its own state is used here, so it needs no gate. */
    @SuppressWarnings("NullAway")
    private Ticket ticket(long arrived) {
        return new Ticket(null, lane, Request.of(tier), arrived, null, null);
    }
}
