/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.pool.PoolLoad.TierLoad;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.quota.Quota;
import io.tidegate.quota.QuotaTier;
import io.tidegate.quota.Quotas;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The books of a gate whose requests come back, grow while they are held, are expected by what was learned, and are kept to
 * quotas and guarantees, under threads that race each other for the same permits. What fails and took nothing leaves nothing.
 */
class GateGrowthStressTest {

    private static final int OPERATIONS = 120_000;
    private static final int SLOTS = 8;
    private static final long TOKENS = 40_000;
    private static final int TENANTS = 12;

    private static final long RATE = 10_000;

    /** So much that no request is refused by it, and so slow that what time brings is little. */
    private static final Quota LARGE =
            Quota.builder().tokensPerMinute(RATE).burst(Duration.ofHours(24)).build();

    /** Taken before, so that no account is full, where what is given back too much would not be seen. */
    private static final long TAKEN_BEFORE = 500_000;

    private final ManualTime time = new ManualTime(Long.MAX_VALUE - 50_000_000L, Instant.EPOCH);
    private final Tier high = Tier.builder("high")
            .guarantee(0.3)
            .weight(4)
            .maxQueued(40)
            .maxQueueTime(Duration.ofMillis(20))
            .build();
    private final Tier low = Tier.builder("low")
            .ceiling(0.8)
            .maxQueued(40)
            .maxQueueTime(Duration.ofMillis(40))
            .build();
    private final Queue<Permit> held = new ConcurrentLinkedQueue<>();
    private final Queue<Ticket> tickets = new ConcurrentLinkedQueue<>();
    private final LongAdder asked = new LongAdder();
    private final LongAdder answered = new LongAdder();
    private final LongAdder grown = new LongAdder();

    @ParameterizedTest
    @ValueSource(ints = {2, 8})
    void manyThreads_growingPermits_leaveNothing(int workers) throws Exception {
        Quotas quotas = Quotas.builder(time)
                .eachTenant(LARGE)
                .tenant("tenant-0", LARGE)
                .tier("low", LARGE)
                .build();
        Gate gate = Gate.builder("chat")
                .tier(high)
                .tier(low)
                .time(time)
                .seed(1)
                .maxTenants(4)
                .maxQueued(60)
                .callbackExecutor(Runnable::run)
                .quotas(quotas)
                .tokensPerSecond(high, "tenant-1", 1_000)
                .limit(new Work(SLOTS, TOKENS))
                .build();
        QuotaTier ofLow = quotas.tier("low");
        long began = time.nanos();
        for (int tenant = 0; tenant < TENANTS; tenant++) {
            assertThat(quotas.reserve("tenant-" + tenant, ofLow, TAKEN_BEFORE)).isZero();
        }
        long full = quotas.remaining("tenant-0").tokens();
        long fullOfLow = quotas.remaining(ofLow).tokens();
        ExecutorService threads = Executors.newFixedThreadPool(workers);
        try {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < workers; i++) {
                SplittableRandom random = new SplittableRandom(77L * workers + i);
                all.add(threads.submit(() -> work(gate, random, OPERATIONS / workers)));
            }
            for (Future<?> each : all) {
                each.get(2, TimeUnit.MINUTES);
            }
        } finally {
            threads.shutdownNow();
        }
        for (int i = 0; i < 100 && (!held.isEmpty() || gate.queued() > 0); i++) {
            for (Permit permit = held.poll(); permit != null; permit = held.poll()) {
                permit.close(Outcome.FAILED, Usage.NONE);
            }
            time.advance(Duration.ofMillis(1));
        }

        assertThat(gate.listenerFailures()).isZero();
        assertThat(gate.queued()).isZero();
        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
        assertThat(grown.sum()).isPositive();
        assertThat(answered.sum()).isEqualTo(asked.sum());
        for (TierLoad load : gate.load().tiers()) {
            assertThat(load.admitted()).isEqualTo(load.closed()).isPositive();
            assertThat(load.inFlight()).isZero();
            assertThat(load.tokensInFlight()).isZero();
            assertThat(load.queued()).isZero();
            assertThat(load.retries()).isPositive();
        }
        long refilled = (time.nanos() - began) * RATE / Duration.ofMinutes(1).toNanos();
        for (int tenant = 0; tenant < TENANTS; tenant++) {
            assertThat(quotas.remaining("tenant-" + tenant).tokens() - full)
                    .as("given back to tenant-%d beyond what was taken", tenant)
                    .isBetween(refilled - 1, refilled + 1);
        }
        assertThat(quotas.remaining(ofLow).tokens() - fullOfLow)
                .as("to the tier")
                .isBetween(refilled - 1, refilled + 1);
        placesAreFree(gate);
    }

    /** All places can be taken again, those by tokens among them, and by a tenant each. */
    private void placesAreFree(Gate gate) {
        List<Permit> full = new ArrayList<>();
        while (gate.tryAcquire(Request.of(high)) instanceof Permit permit) {
            full.add(permit);
        }
        time.advance(Duration.ofSeconds(1));
        full.forEach(permit -> permit.close(Outcome.CANCELLED, Usage.NONE));
        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
        Ticket probe = gate.acquire(Request.of(high), answer -> {});
        assertThat(probe.outcome()).get().isInstanceOf(Permit.class);
        TierLane lane = ((Permit) probe.outcome().orElseThrow()).lane;
        assertThat(lane.waiting()).isZero();
        assertThat(lane.waitingTenants()).isZero();
        for (int tenant = 0; tenant < TENANTS; tenant++) {
            assertThat(lane.tenants.of("tenant-" + tenant)).isZero();
        }
        assertThat(lane.reservePlace((int) (high.maxQueuedTokens() / GateState.TOKENS_PER_UNIT), "probe"))
                .as("no token of the queue is taken")
                .isTrue();
    }

    private void work(Gate gate, SplittableRandom random, int operations) {
        for (int i = 0; i < operations; i++) {
            step(gate, random);
        }
    }

    private void step(Gate gate, SplittableRandom random) {
        int how = random.nextInt(100);
        if (how < 30) {
            asked.increment();
            answer(gate.tryAcquire(request(random)));
        } else if (how < 50) {
            asked.increment();
            tickets.add(gate.acquire(request(random), this::answer));
        } else if (how < 60) {
            Ticket ticket = tickets.poll();
            if (ticket != null) {
                ticket.cancel();
            }
        } else if (how < 62) {
            time.advance(Duration.ofNanos(20_000));
        } else {
            Permit permit = held.poll();
            if (permit != null && how < 80) {
                // Others find it meanwhile, grow it and close it too.
                held.add(permit);
                if (random.nextInt(4) == 0) {
                    permit.firstToken();
                }
                permit.progress(random.nextInt(3_000));
                grown.increment();
            } else if (permit != null) {
                if (random.nextInt(3) == 0) {
                    held.add(permit);
                }
                // What failed and says nothing took nothing.
                permit.close(Outcome.FAILED, Usage.NONE);
            }
        }
    }

    private Request request(SplittableRandom random) {
        Request request = Request.of(random.nextBoolean() ? high : low)
                .withTenant("tenant-" + random.nextInt(TENANTS))
                .withModel("model-" + random.nextInt(3));
        int prompt = random.nextInt(500);
        request = random.nextBoolean()
                ? request.withPrompt(prompt, random.nextInt(2_000))
                : request.withTokens(prompt, random.nextInt(500));
        return switch (random.nextInt(3)) {
            case 0 -> request.withKey("key-" + random.nextInt(300));
            case 1 -> request.withAttempt(2);
            default -> request;
        };
    }

    private void answer(Admission answer) {
        answered.increment();
        if (answer instanceof Permit permit) {
            held.add(permit);
        }
    }
}
