/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.admission.Admission.Reason;
import io.tidegate.admission.Admission.Shed;
import io.tidegate.pool.PoolLoad.TierLoad;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.quota.Quota;
import io.tidegate.quota.Quotas;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Quotas at the gate: reserved before a request runs or waits, settled when it ends, given back on every other way out. */
class GateQuotaTest {

    private static final long LEFT = 1_600;

    private final ManualTime time = new ManualTime();
    private final Tier tier = Tier.builder("standard").build();

    private Gate gate(Quota each, int slots) {
        return gate(each, slots, false);
    }

    private Gate gate(Quota each, int slots, boolean maximum) {
        return Gate.builder("chat")
                .tier(tier)
                .time(time)
                .callbackExecutor(Runnable::run)
                .quotas(Quotas.builder(time)
                        .eachTenant(each)
                        .tenant("acme", each)
                        .build())
                .quotasReserveMaximum(maximum)
                .limit(Work.slots(slots))
                .build();
    }

    private Request request(long prompt, long output) {
        return Request.of(tier).withTenant("acme").withTokens(prompt, output);
    }

    private long spent(Gate gate) {
        return LEFT - remaining(gate);
    }

    private long remaining(Gate gate) {
        return quotas(gate).remaining("acme").tokens();
    }

    private static Quotas quotas(Gate gate) {
        return java.util.Objects.requireNonNull(gate.quotas().orElse(null));
    }

    @Test
    void tryAcquire_overQuota_isToldTheExactTime() {
        Gate gate = gate(Quota.perMinute(600, LEFT), 10);
        assertThat(gate.tryAcquire(request(1_600, 0))).isInstanceOf(Permit.class);

        Shed shed = (Shed) gate.tryAcquire(request(160, 0));
        assertThat(shed.reason()).isEqualTo(Reason.QUOTA_EXCEEDED);
        assertThat(shed.reason().httpStatus()).isEqualTo(429);
        assertThat(shed.retryAfter()).isBetween(Duration.ofMillis(5_990), Duration.ofMillis(6_010));

        time.advance(shed.retryAfter().minusMillis(20));
        assertThat(gate.tryAcquire(request(160, 0))).isInstanceOf(Shed.class);
        time.advance(Duration.ofMillis(20));
        assertThat(gate.tryAcquire(request(160, 0))).isInstanceOf(Permit.class);
    }

    @Test
    void close_usedLess_comesBack_usedMore_isCharged() {
        Gate gate = gate(Quota.perMinute(600, LEFT), 10);
        Permit less = (Permit) gate.tryAcquire(request(160, 640));
        assertThat(spent(gate)).isEqualTo(800);
        less.close(Outcome.COMPLETED, new Usage(160, 160));
        assertThat(spent(gate)).isEqualTo(320);

        Permit more = (Permit) gate.tryAcquire(request(160, 0));
        more.close(Outcome.COMPLETED, new Usage(160, 320));
        assertThat(spent(gate)).isEqualTo(800);

        Permit unsaid = (Permit) gate.tryAcquire(request(160, 0));
        unsaid.close();
        assertThat(spent(gate)).isEqualTo(960);

        Permit failed = (Permit) gate.tryAcquire(request(160, 0));
        failed.close(Outcome.FAILED, Usage.NONE);
        assertThat(spent(gate))
                .as("what failed and took nothing is not charged")
                .isEqualTo(960);
    }

    @Test
    void progress_beyondWhatWasExpected_isChargedMeanwhileAndOnce() {
        Gate gate = gate(Quota.perMinute(600, LEFT), 10);
        Permit permit = (Permit) gate.tryAcquire(request(160, 160));
        permit.progress(800);
        assertThat(spent(gate)).isBetween(960L, 960L + 1_024);

        permit.close(Outcome.COMPLETED, new Usage(160, 800));
        assertThat(spent(gate)).isEqualTo(960);
    }

    @Test
    void everyOtherWayOut_givesBack() {
        Gate gate = gate(Quota.perMinute(600, LEFT), 1);
        Permit holder = (Permit) gate.tryAcquire(request(160, 0));
        assertThat(gate.tryAcquire(request(160, 0))).as("no room").isInstanceOf(Shed.class);
        assertThat(spent(gate)).isEqualTo(160);

        Ticket cancelled = gate.acquire(request(320, 0), answer -> {});
        assertThat(spent(gate)).as("reserved while it waits").isEqualTo(480);
        cancelled.cancel();
        assertThat(spent(gate)).isEqualTo(160);

        Ticket expired = gate.acquire(request(320, 0).withTimeout(Duration.ofMillis(1)), answer -> {});
        time.advance(Duration.ofMillis(10));
        assertThat(expired.outcome()).get().isInstanceOf(Admission.Expired.class);
        assertThat(spent(gate)).isBetween(159L, 160L);

        Ticket shed = gate.acquire(request(320, 0), answer -> {});
        gate.close();
        assertThat(shed.outcome()).get().isInstanceOf(Shed.class);
        assertThat(spent(gate)).isBetween(159L, 160L);
        holder.close(Outcome.FAILED, Usage.NONE);
        assertThat(spent(gate)).isZero();
    }

    @Test
    void overQuota_isNoDemandAndNoBrokenPromise() {
        Gate gate = gate(Quota.perMinute(1, 1_000_000), 10);
        for (int i = 0; i < 10; i++) {
            gate.tryAcquire(request(16, 0));
        }
        TierLoad load = gate.load().tiers().get(0);
        assertThat(load.shed()).isEqualTo(9);
        assertThat(load.arrivals()).isEqualTo(1);
        assertThat(gate.sloEvaluated(tier, false)).isZero();
    }

    @Test
    @DisplayName(
            "K4: of 64 threads on the last of a budget none overspends it, through the gate, and what was not used is there again")
    void lastOfABudget_manyThreads_neverOverspend() throws Exception {
        AtomicLong used = new AtomicLong();
        Quota budget = Quota.budget(10_000);
        Gate gate = Gate.builder("chat")
                .tier(tier)
                .time(time)
                .quotas(Quotas.builder(time).tenant("acme", budget).build())
                .quotasReserveMaximum(true)
                .limit(Work.slots(1_000))
                .build();
        ExecutorService threads = Executors.newFixedThreadPool(64);
        try {
            CountDownLatch start = new CountDownLatch(1);
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                long wrote = i % 7 == 0 ? 400 : 100;
                all.add(threads.submit(() -> {
                    start.await();
                    for (int each = 0; each < 200; each++) {
                        Request request = Request.of(tier).withTenant("acme").withPrompt(100, 400);
                        if (gate.tryAcquire(request) instanceof Permit permit) {
                            used.addAndGet(100 + wrote);
                            permit.close(Outcome.COMPLETED, new Usage(100, wrote));
                        }
                    }
                    return null;
                }));
            }
            start.countDown();
            for (Future<?> each : all) {
                each.get();
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(used.get()).isLessThanOrEqualTo(10_000).isGreaterThan(10_000 - 500);
        assertThat(quotas(gate).remaining("acme").budget()).isEqualTo(10_000 - used.get());
    }
}
