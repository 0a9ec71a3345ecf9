/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.tidegate.meter.TidegateMetrics;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.quota.Quota;
import io.tidegate.quota.Quotas;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What a gate keeps of names that clients make up. */
class CardinalityPromiseTest {

    private static final int NAMES = 1_000_000;
    private static final int SLOTS = 20;
    private static final long MOST_BYTES = 10L << 20;

    private final ManualTime time = new ManualTime();
    private final Tier high = tier("high");
    private final Tier low = tier("low");
    private final ArrayDeque<Permit> held = new ArrayDeque<>();
    private final ArrayDeque<Ticket> tickets = new ArrayDeque<>();
    private final SplittableRandom random = new SplittableRandom(2);
    private long granted;
    private long refused;
    private long cancelled;

    private static Tier tier(String name) {
        return Tier.builder(name)
                .maxQueued(500)
                .maxQueueTime(Duration.ofSeconds(2))
                .build();
    }

    @Test
    @DisplayName("K2: 10^6 tenants, models and keys grow the heap by 10 MB at most, and meters by none")
    void gate_aMillionNames_keepsABoundedNumber() {
        Quotas quotas = Quotas.builder(time)
                .eachTenant(Quota.perMinute(600, 1_000_000))
                .tier("low", Quota.builder().tokensPerMinute(10_000_000_000L).build())
                .build();
        Gate gate = Gate.builder("chat")
                .tier(high)
                .tier(low)
                .time(time)
                .seed(1)
                .callbackExecutor(Runnable::run)
                .quotas(quotas)
                .limit(new Work(SLOTS, 100_000))
                .build();
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        try (TidegateMetrics metrics = new TidegateMetrics(List.of(gate))) {
            metrics.bindTo(registry);
            // Classes are loaded, and what is made once is made.
            pass(gate, 0, 2_000);
            metrics.publish();
            int meters = registry.getMeters().size();
            long before = used();

            pass(gate, 2_000, NAMES);
            metrics.publish();
            long grown = used() - before;
            System.out.printf(
                    "K2: %,d granted, %,d refused, %,d cancelled; %,d bytes more, %d meters%n",
                    granted, refused, cancelled, grown, registry.getMeters().size());

            assertThat(granted).isGreaterThan(NAMES / 20);
            assertThat(refused).isGreaterThan(NAMES / 20);
            assertThat(cancelled).isGreaterThan(NAMES / 20);
            assertThat(grown).isLessThanOrEqualTo(MOST_BYTES);
            assertThat(registry.getMeters()).hasSize(meters).hasSizeLessThanOrEqualTo(1_000);
            assertThat(gate.listenerFailures()).isZero();
            assertThat(quotas.tenants()).isPositive();
        }
    }

    private void pass(Gate gate, int from, int to) {
        for (int i = from; i < to; i++) {
            ask(gate, request(i));
            if (i % 3 == 0) {
                Permit permit = held.poll();
                if (permit != null) {
                    permit.close(Outcome.COMPLETED, new Usage(100, random.nextInt(2_000)));
                }
            }
            while (tickets.size() > 200) {
                cancelled += tickets.remove().cancel() ? 1 : 0;
            }
            if (i % 16 == 0) {
                time.advance(Duration.ofMillis(20));
            }
        }
        // What is in flight or waits is not what a gate remembers.
        tickets.forEach(Ticket::cancel);
        tickets.clear();
        while (!held.isEmpty()) {
            held.remove().close(Outcome.COMPLETED, new Usage(100, 100));
        }
        time.advance(Duration.ofSeconds(3));
        assertThat(gate.queued()).isZero();
        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
    }

    private Request request(int number) {
        String tenant = switch (number % 4) {
            case 0 -> "tenant-" + number;
            case 1 -> "x".repeat(190) + String.format("%010d", number);
            case 2 -> "Ünï\uD83D\uDE00\u0000\u202E" + number;
            default -> number + "/" + "é".repeat(number % 128);
        };
        Request request = Request.of(number % 3 == 0 ? high : low)
                .withTenant(tenant)
                .withModel("model-" + number)
                .withPrompt(100, 1_000);
        return number % 2 == 0 ? request.withKey("key-" + number) : request.withAttempt(1 + number % 3);
    }

    private void ask(Gate gate, Request request) {
        if (random.nextInt(4) == 0) {
            answer(gate.tryAcquire(request));
            return;
        }
        Ticket ticket = gate.acquire(request, this::answer);
        if (ticket.outcome().isEmpty()) {
            if (random.nextBoolean()) {
                cancelled += ticket.cancel() ? 1 : 0;
            } else {
                tickets.add(ticket);
            }
        }
    }

    private void answer(Admission answer) {
        if (answer instanceof Permit permit) {
            granted++;
            held.add(permit);
        } else if (!(answer instanceof Admission.Cancelled)) {
            refused++;
        }
    }

    /** Bytes in use, once collections find no more. */
    private static long used() {
        Runtime runtime = Runtime.getRuntime();
        long least = Long.MAX_VALUE;
        for (int alike = 0; alike < 3; ) {
            System.gc();
            long used = runtime.totalMemory() - runtime.freeMemory();
            alike = used < least - 64 * 1024 ? 0 : alike + 1;
            least = Math.min(least, used);
        }
        return least;
    }
}
