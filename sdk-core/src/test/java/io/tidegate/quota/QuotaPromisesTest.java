/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.quota;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What users rely on, as they would see it broken. */
class QuotaPromisesTest {

    private static final int CALLERS = 64;

    private final ManualTime time = new ManualTime();
    private final ExecutorService callers = Executors.newFixedThreadPool(CALLERS);

    @AfterEach
    void stop() {
        callers.shutdownNow();
    }

    /** How many of 64 callers at once said yes. */
    private int together(IntPredicate call) throws Exception {
        CyclicBarrier start = new CyclicBarrier(CALLERS);
        List<Future<Boolean>> answers = new ArrayList<>();
        for (int i = 0; i < CALLERS; i++) {
            int caller = i;
            answers.add(callers.submit(() -> {
                start.await(1, TimeUnit.MINUTES);
                return call.test(caller);
            }));
        }
        int yes = 0;
        for (Future<Boolean> answer : answers) {
            yes += answer.get(1, TimeUnit.MINUTES) ? 1 : 0;
        }
        return yes;
    }

    @Nested
    @DisplayName("K4: 64 concurrent requests on the last of a budget overspend nothing; what crashed comes back")
    class LastOfABudget {

        @Test
        void reserve_64AtOnceForTheLastOfIt_oneGetsIt() throws Exception {
            // In millionths of a dollar: the last cent, and each may cost a cent.
            for (int round = 0; round < 50; round++) {
                Quotas quotas = Quotas.builder(time)
                        .tenant("acme", Quota.budget(10_000))
                        .build();
                QuotaTier tier = quotas.tier("any");

                int reserved = together(caller -> quotas.reserve("acme", tier, 10_000) == 0);

                assertThat(reserved).isEqualTo(1);
                assertThat(quotas.remaining("acme").budget()).isZero();
            }
        }

        @Test
        void reserveAndSettle_64AtOnceOverAndOver_neverOverspend() throws Exception {
            Quotas quotas = Quotas.builder(time)
                    .tenant("acme", Quota.budget(10_000))
                    .tier("batch", Quota.budget(8_000))
                    .build();
            QuotaTier batch = quotas.tier("batch");
            AtomicLong spent = new AtomicLong();

            together(caller -> {
                for (int i = 0; i < 1_000; i++) {
                    long at = time.nanos();
                    if (quotas.reserve("acme", batch, 100, at) == 0) {
                        int used = (caller + i) % 100;
                        spent.addAndGet(used);
                        quotas.settle("acme", batch, 100, used, at);
                    }
                }
                return true;
            });

            // The rest is less than what each reserves, and nothing that was reserved and not used got lost.
            assertThat(spent.get()).isBetween(8_000L - 100, 8_000L);
            assertThat(quotas.remaining(batch).budget()).isEqualTo(8_000 - spent.get());
            assertThat(quotas.remaining("acme").budget()).isEqualTo(10_000 - spent.get());
        }

        @Test
        void reserve_holderCrashed_comesBackAfterItsLifetime() {
            Quotas quotas = Quotas.builder(time)
                    .tenant(
                            "acme",
                            Quota.builder()
                                    .budget(10_000)
                                    .reservationLifetime(Duration.ofMinutes(15))
                                    .build())
                    .build();
            QuotaTier tier = quotas.tier("any");
            long crashedAt = time.nanos();
            assertThat(quotas.reserve("acme", tier, 10_000, crashedAt)).isZero();

            Duration wait = Duration.ofNanos(quotas.reserve("acme", tier, 10_000));
            assertThat(wait).isBetween(Duration.ofMinutes(15), Duration.ofMinutes(16));
            time.advance(wait.minusNanos(1));
            assertThat(quotas.reserve("acme", tier, 10_000)).isEqualTo(1);
            time.advance(Duration.ofNanos(1));
            long at = time.nanos();
            assertThat(quotas.reserve("acme", tier, 10_000, at)).isZero();

            quotas.settle("acme", tier, 10_000, 10_000, at);
            quotas.settle("acme", tier, 10_000, 300, crashedAt);
            assertThat(quotas.remaining("acme").budget()).as("it ran after all").isEqualTo(-300);
        }

        @Test
        void reserve_holderCrashedOnARate_comesBackByRefill() {
            Quotas quotas =
                    Quotas.builder(time).eachTenant(Quota.perMinute(60, 6_000)).build();
            QuotaTier tier = quotas.tier("any");
            quotas.reserve("acme", tier, 6_000);

            assertThat(Duration.ofNanos(quotas.reserve("acme", tier, 100))).isEqualTo(Duration.ofSeconds(1));
            time.advance(Duration.ofMinutes(1));

            assertThat(quotas.remaining("acme").tokens()).isEqualTo(6_000);
        }

        /** The canary, as several gateways do it: look before the request, count when it has ended. */
        @Test
        void checkThenCountAfterCompletion_64AtOnce_overspends() throws Exception {
            AtomicLong spent = new AtomicLong();
            CyclicBarrier running = new CyclicBarrier(CALLERS);

            int admitted = together(caller -> {
                if (spent.get() >= 10_000) {
                    return false;
                }
                // All of them are in flight at once, as requests are that take seconds.
                await(running);
                spent.addAndGet(10_000);
                return true;
            });

            assertThat(admitted).isEqualTo(CALLERS);
            assertThat(spent.get()).as("of 10,000").isEqualTo(640_000);
        }

        private static void await(CyclicBarrier barrier) {
            try {
                barrier.await(1, TimeUnit.MINUTES);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }
    }

    @Nested
    @DisplayName("A tenant has no more reserved than its quota allows, however many ask")
    class Exact {

        @Test
        void reserve_64AtOnceInOneInstant_isExactlyTheBurst() throws Exception {
            for (int round = 0; round < 50; round++) {
                Quotas quotas = Quotas.builder(time)
                        .eachTenant(Quota.perMinute(1_000, 3_700))
                        .tier("batch", Quota.perMinute(1_000, 100_000))
                        .build();
                QuotaTier batch = quotas.tier("batch");

                int reserved = together(caller -> quotas.reserve("acme", batch, 100) == 0);

                assertThat(reserved).isEqualTo(37);
                assertThat(quotas.remaining("acme")).isEqualTo(new Quotas.Remaining(963, 0, Long.MAX_VALUE));
                assertThat(quotas.remaining(batch).requests()).isEqualTo(963);
                assertThat(quotas.tenants()).isEqualTo(1);
            }
        }

        @Test
        void reserve_64AtOnceWhileAllEntriesAreBusy_isExactlyTheBurst() throws Exception {
            for (int round = 0; round < 50; round++) {
                Quotas quotas = Quotas.builder(time)
                        .eachTenant(Quota.perMinute(1_000, 3_700))
                        .maxTenants(1)
                        .build();
                QuotaTier tier = quotas.tier("any");
                quotas.reserve("first", tier, 1);

                int reserved = together(caller -> quotas.reserve("acme", tier, 100) == 0);

                assertThat(reserved).isEqualTo(37);
                assertThat(quotas.overflowed()).isEqualTo(CALLERS);
            }
        }

        @Test
        void reserve_tenantsComeAndAreForgottenMeanwhile_isBurstAndRefillAtMost() throws Exception {
            int tenants = 6;
            Quotas quotas = Quotas.builder(time)
                    .eachTenant(Quota.builder()
                            .requestsPerMinute(60_000)
                            .tokensPerMinute(600_000)
                            .burst(Duration.ofMillis(10))
                            .build())
                    .maxTenants(2)
                    .build();
            QuotaTier tier = quotas.tier("any");
            AtomicLongArray tokens = new AtomicLongArray(tenants);

            together(caller -> {
                for (int i = 0; i < 2_000; i++) {
                    int who = (caller * 31 + i / 50) % tenants;
                    if (quotas.reserve("t" + who, tier, 10) == 0) {
                        tokens.addAndGet(who, 10);
                    }
                    if (caller == 0) {
                        time.advance(Duration.ofMillis(i % 100 == 0 ? 20 : 1));
                    }
                }
                return true;
            });

            long elapsedMillis =
                    Duration.between(Instant.EPOCH, time.wallTime()).toMillis();
            for (int who = 0; who < tenants; who++) {
                assertThat(tokens.get(who)).isBetween(100L, 100 + 10 * elapsedMillis);
            }
            assertThat(quotas.forgotten()).isPositive();
        }
    }

    @Nested
    @DisplayName("D2: a clock that is equal, goes back or wraps gives nothing away and breaks nothing")
    class Readings {

        @Test
        void reserve_acrossTheWrap_refillsAsElsewhere() {
            ManualTime clock = new ManualTime(Long.MAX_VALUE - 1_000_000, Instant.EPOCH);
            Quotas quotas = Quotas.builder(clock)
                    .eachTenant(Quota.perMinute(60, 6_000))
                    .tenant("acme", Quota.budget(100))
                    .build();
            QuotaTier tier = quotas.tier("any");
            assertThat(quotas.reserve("a", tier, 6_000)).isZero();
            assertThat(quotas.reserve("acme", tier, 100)).isZero();

            clock.advance(Duration.ofSeconds(1));
            assertThat(clock.nanos()).isNegative();
            assertThat(quotas.remaining("a").tokens()).isEqualTo(100);
            assertThat(quotas.reserve("a", tier, 101)).isEqualTo(10_000_000);
            clock.advance(Duration.ofMinutes(16));
            assertThat(quotas.reserve("acme", tier, 100)).isZero();
        }
    }

    @Nested
    @DisplayName("D3: a stale sample of the time never yields more than rate x elapsed + burst")
    class StaleSamples {

        @Test
        void reserve_twoCallersOneWithAnOldSample_haveOneBurstAndTheRefill() {
            Quotas quotas =
                    Quotas.builder(time).eachTenant(Quota.perMinute(60, 6_000)).build();
            QuotaTier tier = quotas.tier("any");
            long old = time.nanos();
            quotas.reserve("a", tier, 6_000, old);
            time.advance(Duration.ofSeconds(30));

            long sum = 6_000;
            for (int i = 0; i < 100; i++) {
                sum += quotas.reserve("a", tier, 100, i % 2 == 0 ? time.nanos() : old) == 0 ? 100 : 0;
            }

            assertThat(sum).isEqualTo(9_000);
        }
    }
}
