/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.quota.Quota;
import io.tidegate.quota.Quotas;
import io.tidegate.supply.Supply;
import io.tidegate.time.ManualTime;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Faults that were found, each by its scenario. */
class GateFaultsTest {

    private static final long SECOND = 1_000_000_000;

    private final ManualTime time = new ManualTime();
    private final Tier tier = Tier.builder("standard").build();

    private Gate.Builder gate(Tier... tiers) {
        Gate.Builder builder = Gate.builder("chat").time(time).seed(1).callbackExecutor(Runnable::run);
        for (Tier each : tiers) {
            builder.tier(each);
        }
        return builder;
    }

    private static int takeAll(Gate gate, Tier tier) {
        int taken = 0;
        while (gate.tryAcquire(Request.of(tier)) instanceof Permit) {
            taken++;
        }
        return taken;
    }

    private Quotas quotas(Quota acme) {
        return Quotas.builder(time).tenant("acme", acme).build();
    }

    private Request ofAcme(long prompt, long output) {
        return Request.of(tier).withTenant("acme").withTokens(prompt, output);
    }

    // ---- quotas ----------------------------------------------------------------------------------------------------

    @Test
    void budget_grown_isChargedOnce() {
        Quotas quotas = quotas(Quota.budget(100_000));
        Gate gate = gate(tier).quotas(quotas).limit(new Work(10, 100_000)).build();
        Permit permit = (Permit) gate.tryAcquire(ofAcme(160, 160));
        permit.progress(800);
        permit.close(Outcome.COMPLETED, new Usage(160, 800));

        assertThat(quotas.remaining("acme").budget()).isEqualTo(100_000 - 960);
    }

    @Test
    void budget_largerThanThePool_isChargedOnce() {
        Quotas quotas = quotas(Quota.budget(100_000));
        Gate gate = gate(tier).quotas(quotas).limit(new Work(10, 1_600)).build();
        Permit permit = (Permit) gate.tryAcquire(ofAcme(3_200, 0));
        permit.close(Outcome.COMPLETED, new Usage(1_600, 0));

        assertThat(quotas.remaining("acme").budget()).isEqualTo(100_000 - 1_600);
    }

    @Test
    void acquireAsync_grantedAfterItsFutureWasCancelled_reservationComesBack() {
        Quotas quotas = quotas(Quota.perMinute(600, 1_600));
        ArrayDeque<Runnable> later = new ArrayDeque<>();
        Gate gate = gate(tier)
                .callbackExecutor(later::add)
                .quotas(quotas)
                .limit(new Work(1, 100_000))
                .build();
        Permit holder = (Permit) gate.tryAcquire(Request.of(tier));
        CompletableFuture<Admission> future = gate.acquireAsync(ofAcme(320, 0));
        holder.close();
        future.cancel(false);
        later.forEach(Runnable::run);

        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
        assertThat(quotas.remaining("acme").tokens()).isEqualTo(1_600);
    }

    @Test
    void tryGrant_afterItLeft_changesNothingOfWhatItReserved() {
        Waiter waiter = Waiters.of(Request.of(Waiters.TIER).withTokens(1_600, 0), 0);
        Waiters.giveUp(waiter);

        assertThat(waiter.tryGrant(5, 0)).isFalse();
        assertThat(waiter.units).isEqualTo(100);
    }

    @Test
    void progress_closedBeforeItIsCharged_takesNothingOfTheQuota() {
        Runnable[] hook = new Runnable[1];
        TimeSource hooked = new TimeSource() {
            @Override
            public long nanos() {
                Runnable once = hook[0];
                hook[0] = null;
                if (once != null) {
                    once.run();
                }
                return time.nanos();
            }

            @Override
            public Instant wallTime() {
                return time.wallTime();
            }

            @Override
            public Task schedule(long delay, Runnable task) {
                return time.schedule(delay, task);
            }
        };
        Quotas quotas =
                Quotas.builder(hooked).eachTenant(Quota.perMinute(600, 100_000)).build();
        Gate gate = Gate.builder("chat")
                .tier(tier)
                .time(hooked)
                .quotas(quotas)
                .limit(new Work(10, 100_000))
                .build();
        Permit permit = (Permit) gate.tryAcquire(ofAcme(160, 0));
        hook[0] = () -> permit.close(Outcome.FAILED, Usage.NONE);
        permit.progress(5_000);

        assertThat(quotas.remaining("acme").tokens()).isEqualTo(100_000);
        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
    }

    // ---- guarantees ------------------------------------------------------------------------------------------------

    @Test
    void guarantee_notLent_isKeptBeforeAnybodyLooked() {
        Tier premium = Tier.builder("premium").guarantee(0.4).lends(0).build();
        Tier batch = Tier.builder("batch").floor(0).build();
        Gate gate = gate(premium, batch).limit(Work.slots(100)).build();

        assertThat(takeAll(gate, batch)).isEqualTo(60);
    }

    @Test
    void guarantee_newSupplySoonAfterALook_isKept() {
        Tier premium = Tier.builder("premium").guarantee(0.4).lends(0).build();
        Tier batch = Tier.builder("batch").floor(0).build();
        Gate gate = gate(premium, batch).limit(Work.slots(10)).build();
        time.advance(Duration.ofSeconds(1));
        ((Permit) gate.tryAcquire(Request.of(batch))).close();
        gate.supply(Supply.fixed(1, Work.slots(100)));

        assertThat(takeAll(gate, batch)).isEqualTo(60);
    }

    @Test
    void guarantee_ofTwoThatShareAll_eachGetsItsOwn() {
        Tier a = Tier.builder("a").guarantee(0.55).lends(0).floor(0).build();
        Tier b = Tier.builder("b").guarantee(0.45).lends(0).floor(0).build();
        Gate gate = gate(a, b).limit(Work.slots(100)).build();
        time.advance(Duration.ofSeconds(1));
        ((Permit) gate.tryAcquire(Request.of(b))).close();

        assertThat(takeAll(gate, b)).isEqualTo(45);
        assertThat(takeAll(gate, a)).isEqualTo(55);
    }

    // ---- ranks -----------------------------------------------------------------------------------------------------

    @Test
    void ranks_queueEmptyForAnHour_openAgain() {
        Tier slow = Tier.builder("slow").maxQueueTime(Duration.ofSeconds(30)).build();
        Gate gate = gate(slow).limit(Work.slots(1)).build();
        Permit[] held = {(Permit) gate.tryAcquire(Request.of(slow))};
        for (int i = 0; i < 40_000 && gate.openRanks() > 0.05; i++) {
            time.advance(Duration.ofMillis(100));
            if (i % 100 == 99) {
                held[0].close();
            }
            gate.acquire(Request.of(slow).withTenant("t" + i % 1000), answer -> {
                if (answer instanceof Permit permit) {
                    held[0] = permit;
                }
            });
        }
        assertThat(gate.openRanks()).isLessThan(0.5);
        while (gate.queued() > 0) {
            time.advance(Duration.ofSeconds(10));
            held[0].close();
        }
        held[0].close();
        for (int i = 0; i < 360; i++) {
            held[0] = (Permit) gate.tryAcquire(Request.of(slow));
            gate.acquire(Request.of(slow).withTenant("t7"), answer -> {}).cancel();
            time.advance(Duration.ofSeconds(10));
            held[0].close();
        }

        assertThat(gate.openRanks()).isEqualTo(1);
    }

    // ---- growth ----------------------------------------------------------------------------------------------------

    @Test
    void progress_nonsenseAgainAndAgain_takesNoMoreThanTheTierCouldBeGiven() {
        Gate gate = gate(tier).limit(new Work(10, 100_000)).build();
        Permit permit = (Permit) gate.tryAcquire(Request.of(tier).withTokens(160, 0));
        for (int i = 0; i < 100; i++) {
            permit.progress(Long.MAX_VALUE);
        }
        assertThat(gate.inFlight().tokens()).isLessThanOrEqualTo(101_000);
    }

    // ---- tenants ---------------------------------------------------------------------------------------------------

    @Test
    void lastOfLongest_longestShardHasOnlyThoseWhoLeft_findsOneWhoWaits() {
        TenantCounts counts = new TenantCounts(1);
        WaitQueue queue = new WaitQueue(new TimerWheel(0), 0, 1);
        List<Waiter> left = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            Waiter waiter = Waiters.ofTenant("gone");
            queue.add(waiter);
            left.add(waiter);
        }
        Waiter waits = Waiters.ofTenant("waits");
        queue.add(waits);
        assertThat(counts.came("waits")).isTrue();
        left.forEach(Waiters::giveUp);

        assertThat(queue.lastOfLongest(counts)).isSameAs(waits);
    }

    @Test
    void usageOfPromptAlone_isCorrected() {
        Gate gate = gate(tier).limit(new Work(1, 100_000)).build();
        List<String> order = new ArrayList<>();
        Permit[] now = {(Permit) gate.tryAcquire(Request.of(tier))};
        for (int i = 0; i < 4; i++) {
            for (String tenant : List.of("a", "b")) {
                gate.acquire(
                        Request.of(tier).withTenant(tenant).withTokens(tenant.equals("a") ? 1_000 : 100, 0), answer -> {
                            order.add(tenant);
                            now[0] = (Permit) answer;
                        });
            }
        }
        for (int i = 0; i < 9; i++) {
            now[0].close(Outcome.COMPLETED, new Usage(100, 0));
        }
        assertThat(order).containsExactly("a", "b", "a", "b", "a", "b", "a", "b");
    }

    // ---- coming back -----------------------------------------------------------------------------------------------

    @Test
    void appointment_givenAnewWhileAnOlderStands_isTheOnlyOne() {
        Appointments given = new Appointments(0);
        Appointments.Told first = given.give(1, "tenant", 0, 0, 0);
        given.give(2, "tenant", 0, 0, 0);
        given.kept(first);
        given.give(2, "tenant", 2 * SECOND, 0, 0);
        Appointments.Told told = given.told(2, 3 * SECOND);
        assertThat(told).isNotNull();
        if (told != null) {
            given.kept(told);
        }

        assertThat(given.told(2, 3 * SECOND)).isNull();
    }

    @Test
    void appointments_deadlinePassed_takesNoTime() {
        Gate gate = gate(tier).limit(Work.slots(1)).build();
        Permit permit = (Permit) gate.tryAcquire(Request.of(tier));
        time.advance(Duration.ofSeconds(5));
        permit.close();
        assertThat(gate.tryAcquire(Request.of(tier))).isInstanceOf(Permit.class);
        for (int i = 0; i < 100; i++) {
            gate.acquire(Request.of(tier).withKey("k" + i).withDeadline(time.nanos() - 1), answer -> {});
        }
        assertThat(gate.acquire(Request.of(tier), answer -> {}).outcome()).isEmpty();
    }

    @Test
    void appointments_nothingReturnedYet_timesDiffer() {
        Gate gate = gate(tier).limit(Work.slots(1)).build();
        assertThat(gate.tryAcquire(Request.of(tier))).isInstanceOf(Permit.class);
        Admission one = gate.tryAcquire(Request.of(tier).withKey("a"));
        Admission two = gate.tryAcquire(Request.of(tier).withKey("b"));

        assertThat(((Admission.Shed) one).retryAfter()).isNotEqualTo(((Admission.Shed) two).retryAfter());
    }

    @Test
    void noShows_fewKeys_shortenTheInterval() {
        Appointments appointments = new Appointments(0);
        SplittableRandom random = new SplittableRandom(3);
        long now = 0;
        for (int i = 0; i < 2_000; i++) {
            appointments.give(random.nextLong(), "tenant", now, 0, 1);
            now += SECOND;
        }
        now += 1_000 * SECOND;
        long one =
                appointments.give(random.nextLong(), "tenant", now, 0, SECOND).atNanos();

        assertThat(appointments
                                .give(random.nextLong(), "tenant", now, 0, SECOND)
                                .atNanos()
                        - one)
                .isLessThan(SECOND / 2);
    }

    @Test
    void retries_acquireThatMayNotWait_isCountedAsOne() {
        Gate gate = gate(tier).limit(Work.slots(1)).build();
        assertThat(gate.tryAcquire(Request.of(tier))).isInstanceOf(Permit.class);
        assertThat(gate.tryAcquire(Request.of(tier).withAttempt(2))).isInstanceOf(Admission.Shed.class);
        gate.acquire(Request.of(tier).withAttempt(2).withTimeout(Duration.ZERO), answer -> {});

        assertThat(gate.retries(tier)).isEqualTo(2);
    }

    // ---- promises --------------------------------------------------------------------------------------------------

    @Test
    void promise_ofATenantBesideMoreThanHaveQueuesOfTheirOwn_isKeptOrItsBreachCounted() {
        Tier one = Tier.builder("one").maxQueueTime(Duration.ofMinutes(1)).build();
        Gate gate = gate(one)
                .maxTenants(0)
                .shedByRank(false)
                .tokensPerSecond(one, "acme", 500)
                .limit(Work.slots(1))
                .build();
        assertThat(gate.tryAcquire(Request.of(one))).isInstanceOf(Permit.class);
        gate.acquire(Request.of(one).withTenant("acme").withTokens(1_000, 0), answer -> {});
        for (int i = 0; i < 30; i++) {
            time.advance(Duration.ofSeconds(1));
            gate.acquire(Request.of(one).withTenant("other").withTokens(10, 0), answer -> {})
                    .cancel();
        }
        long breaches = 0;
        for (ThroughputBreach each : ThroughputBreach.values()) {
            breaches += gate.throughputBreaches(one, each);
        }
        assertThat(breaches).isPositive();
    }

    @Test
    void corrected_tookMuchMore_leavesABoundedDebt() {
        Waiter waiter = Waiters.anonymous();
        Throughput promise = new Throughput(waiter.lane, null, 500);
        promise.accrue(0, 16, true, 500);
        promise.granted(waiter, 16);
        promise.corrected(waiter.lane, "x", 1_000_000);
        int seconds = 0;
        while (promise.overdue(16) < 0 && seconds < 3_000) {
            promise.accrue(++seconds * SECOND, 16, true, 500);
        }
        assertThat(seconds).isLessThan(60);
    }
}
