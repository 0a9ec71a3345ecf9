/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whose turn it is in one tier, and what is left of those who have gone. */
class WaitQueueTest {

    private static final int REMEMBERED = 1024;

    private final TimerWheel wheel = new TimerWheel(0);
    private final WaitQueue queue = new WaitQueue(wheel);

    private Waiter add(String tenant) {
        Waiter waiter = Waiters.ofTenant(tenant);
        queue.add(waiter);
        return waiter;
    }

    /** Grants the head, whose tenant is charged so much, and tells whose it was. */
    private @Nullable String grant(double service) {
        Waiter head = queue.head();
        if (head == null) {
            return null;
        }
        assertThat(head.tryGrant(0, 0)).isTrue();
        queue.removeHead(head, service);
        return head.request.tenant();
    }

    // ---- order -----------------------------------------------------------------------------------------------------

    @Test
    void head_manyTenants_takeTurns() {
        for (int i = 0; i < 3; i++) {
            add("a");
        }
        for (int i = 0; i < 3; i++) {
            add("b");
        }
        add("c");

        List<@Nullable String> granted = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            granted.add(grant(1));
        }

        assertThat(granted).containsExactly("a", "b", "c", "a", "b", "a", "b");
        assertThat(queue.head()).isNull();
        assertThat(wheel.size()).isZero();
    }

    @Test
    void head_tenantsOfUnequalSize_getEqualWork() {
        Map<String, Double> work = new HashMap<>();
        for (int i = 0; i < 200; i++) {
            add("large");
            add("small");
        }
        for (int i = 0; i < 220; i++) {
            Waiter head = queue.head();
            double service = head != null && head.request.tenant().equals("large") ? 1000 : 100;
            String tenant = grant(service);
            work.merge(String.valueOf(tenant), service, Double::sum);
        }

        assertThat(work.get("large")).isCloseTo(work.get("small"), within(1000.0));
    }

    @Test
    void add_tenantComesBack_startsLevel() {
        for (int i = 0; i < 100; i++) {
            add("busy");
        }
        add("guest");
        for (int i = 0; i < 50; i++) {
            grant(1);
        }
        for (int i = 0; i < 20; i++) {
            add("guest");
        }

        Map<@Nullable String, Integer> granted = new HashMap<>();
        for (int i = 0; i < 20; i++) {
            granted.merge(grant(1), 1, Integer::sum);
        }

        assertThat(granted.get("guest")).isBetween(9, 11);
    }

    @Test
    void add_oneRequestAtATime_isChargedAllTheSame() {
        for (int i = 0; i < 100; i++) {
            add("busy");
        }
        Map<@Nullable String, Integer> granted = new HashMap<>();
        boolean guestWaits = false;
        for (int i = 0; i < 60; i++) {
            if (!guestWaits) {
                add("guest");
            }
            String tenant = grant(1);
            granted.merge(tenant, 1, Integer::sum);
            guestWaits = !"guest".equals(tenant);
        }

        assertThat(granted.get("guest")).isBetween(29, 31);
    }

    @Test
    void head_ofOneTenant_earliestDeadlineFirst() {
        Waiter late = Waiters.expiring(30);
        Waiter soon = Waiters.expiring(10);
        Waiter middle = Waiters.expiring(20);
        List.of(late, soon, middle).forEach(queue::add);

        for (Waiter expected : List.of(soon, middle, late)) {
            assertThat(queue.head()).isSameAs(expected);
            grant(1);
        }
        assertThat(queue.isEmpty() || queue.oldest() == null).isTrue();
    }

    static LongStream seeds() {
        return LongStream.range(0, 200);
    }

    /** Against the definition: least service, first seen, earliest deadline, first come. */
    @ParameterizedTest
    @MethodSource("seeds")
    void randomSteps_answerAsPlainlyWrittenDown(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Waiter> plain = new ArrayList<>();
        Map<String, Double> service = new LinkedHashMap<>();
        List<String> seen = new ArrayList<>();
        double level = 0;
        int tenants = 1 + random.nextInt(20);
        for (int step = 0; step < 400; step++) {
            Comparator<Waiter> order = Comparator.<Waiter>comparingDouble(each -> service.get(each.request.tenant()))
                    .thenComparingInt(each -> seen.indexOf(each.request.tenant()))
                    .thenComparingLong(Waiter::deadlineNanos)
                    .thenComparingInt(plain::indexOf);
            @Nullable Waiter expected = plain.stream().min(order).orElse(null);
            assertThat(queue.head()).as("step %d", step).isSameAs(expected);
            assertThat(queue.oldest()).isSameAs(plain.isEmpty() ? null : plain.get(0));
            assertThat(queue.newest()).isSameAs(plain.isEmpty() ? null : plain.get(plain.size() - 1));
            switch (random.nextInt(8)) {
                case 0, 1, 2, 3 -> {
                    String tenant = "t" + random.nextInt(tenants);
                    Waiter waiter = Waiters.of(Request.of(Waiters.TIER).withTenant(tenant), random.nextInt(50));
                    if (!seen.contains(tenant)) {
                        seen.add(tenant);
                    }
                    if (plain.stream().noneMatch(each -> each.request.tenant().equals(tenant))) {
                        service.merge(tenant, level, Math::max);
                    }
                    plain.add(waiter);
                    queue.add(waiter);
                }
                case 4, 5 -> {
                    if (expected != null) {
                        double cost = 1 + random.nextInt(5);
                        level = service.get(expected.request.tenant());
                        service.merge(expected.request.tenant(), cost, Double::sum);
                        plain.remove(expected);
                        grant(cost);
                    }
                }
                case 6 -> {
                    if (!plain.isEmpty()) {
                        Waiters.giveUp(plain.remove(random.nextInt(plain.size())));
                    }
                }
                default -> queue.sweep(plain.size());
            }
        }
    }

    // ---- what is left of those who have gone -----------------------------------------------------------------------

    @Test
    void head_manyTenantsCameAndWent_remembersABoundedNumber() {
        for (int i = 0; i < 100_000; i++) {
            add("tenant" + i);
            grant(1);
            queue.sweep(0);
        }

        assertThat(queue.tenants()).isLessThanOrEqualTo(REMEMBERED + 1);
        assertThat(queue.isEmpty()).isTrue();
    }

    @Test
    void head_tenantBackBeforeItIsForgotten_isNotForgottenWhileItWaits() {
        Waiter stays = add("a");
        grant(1);
        for (int i = 0; i < 5000; i++) {
            add("tenant" + i);
            grant(1);
            if (i == 500) {
                stays = add("a");
                grant(1);
            }
        }
        Waiter back = add("a");

        assertThat(stays.settled()).isTrue();
        assertThat(queue.head()).isSameAs(back);
        assertThat(queue.tenants()).isLessThanOrEqualTo(REMEMBERED + 1);
    }

    /** As the gate does: a sweep is offered after each that leaves. */
    @Test
    void sweep_manyOfOneTenantGiveUpBehindABlockedHead_areForgottenInLinearTime() {
        int count = 100_000;
        Waiter blocked = add("a");
        List<Waiter> others = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            others.add(add("a"));
        }

        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            for (int i = 0; i < count; i++) {
                Waiters.giveUp(others.get(i));
                queue.sweep(count - i);
            }
        });

        assertThat(queue.head()).isSameAs(blocked);
        assertThat(queue.newest()).isSameAs(blocked);
        assertThat(wheel.size()).isLessThanOrEqualTo(100);
    }

    @Test
    void sweep_thoseWhoGaveUpBehindABlockedHead_areCollected() {
        Waiter blocked = add("a");
        List<WeakReference<Waiter>> gone = addManyAndOneBehindThemThatStays();

        queue.sweep(2);

        await().until(() -> {
            System.gc();
            return gone.stream().allMatch(each -> each.get() == null);
        });
        assertThat(queue.head()).isSameAs(blocked);
        assertThat(wheel.size()).isEqualTo(2);
    }

    private List<WeakReference<Waiter>> addManyAndOneBehindThemThatStays() {
        List<Waiter> waiters = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            waiters.add(add("t" + i % 10));
        }
        add("b");
        waiters.forEach(Waiters::giveUp);
        return waiters.stream().map(WeakReference::new).toList();
    }

    @Test
    void removeHead_granted_isCollectedThoughOthersWait() {
        WeakReference<Waiter> granted = grantOneOfTwo();
        Waiter last = add("a");

        await().until(() -> {
            System.gc();
            return granted.get() == null;
        });
        assertThat(queue.newest()).isSameAs(last);
    }

    private WeakReference<Waiter> grantOneOfTwo() {
        Waiter first = add("a");
        add("a");
        grant(1);
        return new WeakReference<>(first);
    }

    @Test
    void sweep_nobodyWaits_leavesNothing() {
        for (int i = 0; i < 10; i++) {
            Waiters.giveUp(add("t" + i));
        }

        queue.sweep(0);

        assertThat(queue.isEmpty()).isTrue();
        assertThat(wheel.size()).isZero();
        assertThat(queue.head()).isNull();
    }

    @Test
    void sweep_mostGaveUpBehindABlockedHead_eachOfItsOwnTenant_areForgotten() {
        Waiter blocked = add("a");
        for (int i = 0; i < 20_000; i++) {
            Waiters.giveUp(add("tenant" + i));
            queue.sweep(1);
        }

        assertThat(queue.head()).isSameAs(blocked);
        assertThat(queue.tenants()).isLessThanOrEqualTo(2 * REMEMBERED);
    }

    @Test
    void sweep_manyTenantsOfOneEach_giveUpBehindABlockedHead_areForgotten() {
        add("a");
        List<Waiter> others = new ArrayList<>();
        for (int i = 0; i < 100_000; i++) {
            others.add(add("tenant" + i));
        }
        for (int i = 0; i < others.size(); i++) {
            Waiters.giveUp(others.get(i));
            queue.sweep(others.size() - i);
        }
        for (int i = 0; i < 100_000; i++) {
            Waiter one = add("x" + i % 500);
            Waiter two = add("x" + i % 500);
            Waiters.giveUp(one);
            if (i % 2 == 0) {
                queue.sweep(2);
            }
            Waiters.giveUp(two);
            queue.sweep(1);
        }
        assertThat(queue.tenants()).isLessThanOrEqualTo(2 * REMEMBERED);
    }

    // ---- out of turn, and corrections ------------------------------------------------------------------------------

    private List<@Nullable String> grantAll() {
        List<@Nullable String> granted = new ArrayList<>();
        for (String tenant = grant(1); tenant != null; tenant = grant(1)) {
            granted.add(tenant);
        }
        return granted;
    }

    @Test
    void correct_tookMore_waitsForTheOthers_tookLess_comesBefore() {
        for (int i = 0; i < 3; i++) {
            add("a");
            add("b");
        }
        queue.correct("a", 2.5);
        assertThat(grantAll()).containsExactly("b", "b", "b", "a", "a", "a");

        for (int i = 0; i < 3; i++) {
            add("a");
            add("b");
        }
        queue.correct("b", -10);
        assertThat(grantAll()).containsExactly("b", "b", "b", "a", "a", "a");
    }

    @Test
    void correct_unknownOrAway_doesNoHarm() {
        queue.correct("nobody", 5);
        add("a");
        grant(1);
        queue.correct("a", 100);
        add("a");
        add("b");

        assertThat(grantAll()).as("charged while it was away").containsExactly("b", "a");
        assertThat(queue.tenants()).isEqualTo(2);
    }

    @Test
    void correct_waitsInAShard_chargesTheShard() {
        WaitQueue sharing = new WaitQueue(wheel, 1, 1);
        sharing.add(Waiters.ofTenant("own"));
        Waiter shared = Waiters.ofTenant("shares");
        sharing.add(shared);
        assertThat(sharing.head("shares")).as("has no queue of its own").isNull();

        sharing.correct("shares", -1);
        assertThat(sharing.head()).isSameAs(shared);
        sharing.correct("shares", 2);
        assertThat(sharing.head()).isNotSameAs(shared);
    }

    @Test
    void headOfTenant_isItsEarliest_andIsChargedOutOfTurn() {
        Waiter late = Waiters.of(Request.of(Waiters.TIER).withTenant("b"), 20);
        Waiter soon = Waiters.of(Request.of(Waiters.TIER).withTenant("b"), 10);
        add("a");
        add("a");
        queue.add(late);
        queue.add(soon);
        assertThat(queue.head("b")).isSameAs(soon);
        assertThat(queue.head("c")).isNull();

        assertThat(soon.tryGrant(0, 0)).isTrue();
        queue.removeHeadOfTenant(soon, 1);
        assertThat(queue.head("b")).isSameAs(late);
        assertThat(grantAll()).containsExactly("a", "a", "b");
        assertThat(queue.head("b")).isNull();
        assertThat(wheel.size()).isZero();
    }

    @Test
    void headOfTenant_allGaveUp_isNull_andTheQueueGoesOn() {
        Waiters.giveUp(add("b"));
        add("a");

        assertThat(queue.head("b")).isNull();
        assertThat(grantAll()).containsExactly("a");
        queue.removeHeadOfTenant(Waiters.ofTenant("b"), 1);
        assertThat(queue.head()).isNull();
    }

    // ---- so many tenants at most -----------------------------------------------------------------------------------

    @Test
    void add_moreTenantsThanMay_shareShards_andAllAreServedOnce() {
        WaitQueue sharing = new WaitQueue(wheel, 10, 1);
        List<Waiter> all = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            Waiter waiter = Waiters.ofTenant("t" + i % 300);
            all.add(waiter);
            sharing.add(waiter);
        }
        assertThat(sharing.tenants()).isEqualTo(10);

        List<Waiter> served = new ArrayList<>();
        for (Waiter head = sharing.head(); head != null; head = sharing.head()) {
            assertThat(head.tryGrant(0, 0)).isTrue();
            sharing.removeHead(head, 1);
            served.add(head);
        }
        assertThat(served).containsExactlyInAnyOrderElementsOf(all);
        assertThat(sharing.isEmpty() || sharing.oldest() == null).isTrue();
        assertThat(wheel.size()).isZero();
        sharing.add(Waiters.ofTenant("t299"));
        assertThat(sharing.head("t299")).as("has a queue of its own now").isNotNull();
    }

    @Test
    void add_waitsInAShard_staysThereThoughAQueueBecameFree() {
        WaitQueue sharing = new WaitQueue(wheel, 1, 1);
        Waiter own = Waiters.ofTenant("own");
        sharing.add(own);
        sharing.add(Waiters.ofTenant("shares"));
        assertThat(own.tryGrant(0, 0)).isTrue();
        sharing.removeHead(own, 1);

        sharing.add(Waiters.ofTenant("shares"));
        assertThat(sharing.head("shares")).isNull();
        sharing.add(Waiters.ofTenant("other"));
        assertThat(sharing.head("other")).as("which is free").isNotNull();
    }

    @Test
    void add_allQueuesTakenByTenantsAway_forgetsTheLongestAway() {
        WaitQueue few = new WaitQueue(wheel, 3, 1);
        for (String tenant : List.of("a", "b", "c")) {
            Waiter waiter = Waiters.ofTenant(tenant);
            few.add(waiter);
            assertThat(waiter.tryGrant(0, 0)).isTrue();
            few.head();
            few.removeHead(waiter, tenant.equals("a") ? 100 : 1);
        }
        assertThat(few.tenants()).isEqualTo(3);

        few.add(Waiters.ofTenant("d"));
        assertThat(few.head("d")).isNotNull();
        assertThat(few.tenants()).isEqualTo(3);
        // Of the one forgotten nobody knows what it was granted, so it is the last only by its number.
        few.add(Waiters.ofTenant("a"));
        assertThat(few.head("a")).isNotNull();
        assertThat(few.tenants()).isEqualTo(3);
    }

    /** Against the definition: of the tenant that most wait of, of those alike the one seen last, the latest deadline. */
    @ParameterizedTest
    @MethodSource("seeds")
    void lastOfLongest_randomSteps_answersAsPlainlyWrittenDown(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        TenantCounts counts = new TenantCounts(1);
        List<Waiter> plain = new ArrayList<>();
        List<String> seen = new ArrayList<>();
        for (int step = 0; step < 300; step++) {
            int how = random.nextInt(6);
            if (how < 3) {
                String tenant = "t" + random.nextInt(8);
                Waiter waiter = Waiters.of(Request.of(Waiters.TIER).withTenant(tenant), random.nextInt(50));
                if (!seen.contains(tenant)) {
                    seen.add(tenant);
                }
                plain.add(waiter);
                queue.add(waiter);
                counts.came(tenant);
            } else if (how < 5 && !plain.isEmpty()) {
                Waiter gone = plain.remove(random.nextInt(plain.size()));
                Waiters.giveUp(gone);
                counts.left(gone.request.tenant());
            } else {
                queue.sweep(plain.size());
            }
            Comparator<Waiter> order = Comparator.<Waiter>comparingInt(each -> counts.of(each.request.tenant()))
                    .thenComparingInt(each -> seen.indexOf(each.request.tenant()))
                    .thenComparingLong(Waiter::deadlineNanos)
                    .thenComparingInt(plain::indexOf);
            assertThat(queue.lastOfLongest(counts))
                    .as("step %d", step)
                    .isSameAs(plain.stream().max(order).orElse(null));
        }
    }
}
