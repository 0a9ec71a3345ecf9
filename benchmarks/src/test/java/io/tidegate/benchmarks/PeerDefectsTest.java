/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.netflix.concurrency.limits.Limiter;
import com.netflix.concurrency.limits.limit.FixedLimit;
import com.netflix.concurrency.limits.limiter.AbstractPartitionedLimiter;
import dev.failsafe.Bulkhead;
import dev.failsafe.Failsafe;
import dev.failsafe.spi.Scheduler;
import io.tidegate.admission.Admission;
import io.tidegate.admission.Gate;
import io.tidegate.admission.Outcome;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.admission.Ticket;
import io.tidegate.admission.Usage;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/**
 * Defects that releases of the peers have. Each is shown on the peer first, which proves that the steps would show it, and then
 * the same steps are taken at a gate.
 */
class PeerDefectsTest {

    private final ManualTime time = new ManualTime();
    private final Tier tier = Tier.builder("standard")
            .maxQueued(200_000)
            .maxQueueTime(Duration.ofHours(1))
            .build();
    private final ExecutorService threads = Executors.newCachedThreadPool();

    private Gate gate(int slots) {
        return Gate.builder("chat")
                .tier(tier)
                .time(time)
                .maxQueued(200_000)
                .callbackExecutor(Runnable::run)
                .limit(Work.slots(slots))
                .build();
    }

    private Permit take(Gate gate) {
        Admission answer = gate.tryAcquire(Request.of(tier));
        assertThat(answer).isInstanceOf(Permit.class);
        return (Permit) answer;
    }

    /** How many permits it gives until it refuses. */
    private int room(Gate gate) {
        int count = 0;
        while (gate.tryAcquire(Request.of(tier)) instanceof Permit) {
            count++;
        }
        return count;
    }

    @AfterEach
    void stop() throws InterruptedException {
        threads.shutdownNow();
        assertThat(threads.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
    }

    /** A waiter that has timed out stays in the queue, and the next permit that is returned goes to it and is gone. */
    @Nested
    class TimedOutWaiterSwallowsAReturn {

        @Test
        void failsafe_losesThePermit() throws Exception {
            Bulkhead<Object> bulkhead = Bulkhead.of(1);
            bulkhead.acquirePermit();
            Future<Boolean> waiter = threads.submit(() -> bulkhead.tryAcquirePermit(Duration.ofMillis(1)));
            assertThat(waiter.get(30, TimeUnit.SECONDS)).isFalse();

            bulkhead.releasePermit();

            assertThat(bulkhead.tryAcquirePermit())
                    .as("the only permit is free")
                    .isFalse();
        }

        @Test
        void gate_keepsIt() {
            Gate gate = gate(1);
            Permit held = take(gate);
            List<Admission> told = new ArrayList<>();
            gate.acquire(Request.of(tier).withTimeout(Duration.ofMillis(1)), told::add);
            time.advance(Duration.ofMillis(1));
            assertThat(told).singleElement().isInstanceOf(Admission.Expired.class);

            held.close();

            assertThat(room(gate)).isEqualTo(1);
        }
    }

    /** Two exits of one request each return its permit, and from then on one more than the limit may run. */
    @Nested
    class SecondReturnMakesRoom {

        @Test
        void semaphore_hasOneMore() {
            Semaphore semaphore = new Semaphore(2);
            semaphore.acquireUninterruptibly();
            semaphore.release();
            semaphore.release();

            assertThat(semaphore.availablePermits()).isEqualTo(3);
        }

        @Test
        void resilience4j_admitsAnotherBesideTheOneThatRuns() {
            var bulkhead = Peers.bulkhead(2, Duration.ZERO);
            assertThat(bulkhead.tryAcquirePermission()).isTrue();
            assertThat(bulkhead.tryAcquirePermission()).isTrue();
            bulkhead.onComplete();
            bulkhead.onComplete();

            assertThat(bulkhead.tryAcquirePermission()).as("first").isTrue();
            assertThat(bulkhead.tryAcquirePermission())
                    .as("third beside the one that still runs")
                    .isTrue();
        }

        @Test
        void gate_hasNoMore() {
            Gate gate = gate(2);
            Permit permit = take(gate);
            take(gate);
            permit.close(Outcome.COMPLETED, Usage.NONE);
            permit.close(Outcome.FAILED, Usage.NONE);
            permit.close();

            assertThat(gate.inFlight().slots()).isEqualTo(1);
            assertThat(room(gate)).isEqualTo(1);
        }
    }

    /** A partition is refused only when the whole is full and so is its own share: shares are taken beyond the whole. */
    @Nested
    class PartitionsExceedTheLimit {

        private static final int LIMIT = 10;

        @Test
        void concurrencyLimits_hasNineteenOfTenInFlight() {
            Limiter<String> limiter = new PartitionedBuilder()
                    .partitionResolver(name -> name)
                    .partition("large", 0.9)
                    .partition("small", 0.1)
                    .limit(FixedLimit.of(LIMIT))
                    .build();
            int inFlight = 0;
            for (String name : List.of("small", "large")) {
                while (limiter.acquire(name).isPresent()) {
                    inFlight++;
                }
            }

            assertThat(inFlight).isEqualTo(19);
        }

        @Test
        void gate_hasTen() {
            Tier large = Tier.builder("large").build();
            Tier small = Tier.builder("small").build();
            Gate gate = Gate.builder("chat")
                    .tier(large)
                    .tier(small)
                    .time(time)
                    .limit(Work.slots(LIMIT))
                    .build();
            int inFlight = 0;
            for (Tier each : List.of(small, large)) {
                while (gate.tryAcquire(Request.of(each)) instanceof Permit) {
                    inFlight++;
                }
            }

            assertThat(inFlight).isEqualTo(LIMIT);
        }
    }

    private static final class PartitionedBuilder
            extends AbstractPartitionedLimiter.Builder<PartitionedBuilder, String> {
        @Override
        protected PartitionedBuilder self() {
            return this;
        }
    }

    /**
     * Whoever gives up is looked for from the beginning of the queue. What the pool of the peer looks through cannot be counted
     * from outside, so that only ours is shown here: in quadratic time this would take minutes.
     */
    @Nested
    class GivingUpLooksThroughTheQueue {

        private static final int QUEUED = 100_000;

        @Test
        void gate_hundredThousandGiveUpFromTheMiddle_isNotQuadratic() {
            Gate gate = gate(1);
            take(gate);
            AtomicInteger cancelled = new AtomicInteger();
            List<Ticket> tickets = new ArrayList<>();
            for (int i = 0; i < QUEUED; i++) {
                tickets.add(gate.acquire(Request.of(tier), answer -> cancelled.incrementAndGet()));
            }

            assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
                for (int i = 0; i < QUEUED / 2; i++) {
                    tickets.get(QUEUED / 2 + i).cancel();
                    tickets.get(QUEUED / 2 - 1 - i).cancel();
                }
            });

            assertThat(cancelled).hasValue(QUEUED);
            assertThat(gate.queued()).isZero();
        }
    }

    /** What a waiter runs when it is granted runs inside the lock of whoever granted it. */
    @Nested
    class CallbackRunsUnderALock {

        /** The scheduler is the caller's: it runs what is due at once on the thread that brings it. */
        @Test
        void failsafe_schedulesTheCallHoldingItsMonitor() {
            Bulkhead<Object> bulkhead =
                    Bulkhead.builder(1).withMaxWaitTime(Duration.ofMinutes(1)).build();
            assertThat(bulkhead.tryAcquirePermit()).isTrue();
            List<Boolean> locked = new ArrayList<>();
            ScheduledExecutorService never = Executors.newScheduledThreadPool(0);
            Scheduler scheduler = (task, delay, unit) -> {
                locked.add(Thread.holdsLock(bulkhead));
                if (delay == 0) {
                    call(task);
                }
                return never.schedule(() -> null, 1, TimeUnit.DAYS);
            };
            CompletableFuture<Boolean> told = Failsafe.with(bulkhead)
                    .with(scheduler)
                    .getAsync(() -> Thread.holdsLock(bulkhead))
                    .thenApply(answer -> Thread.holdsLock(bulkhead));
            assertThat(locked).isNotEmpty().doesNotContain(true);
            assertThat(told).isNotDone();

            bulkhead.releasePermit();

            assertThat(told.getNow(false) || locked.contains(true))
                    .as("code of others ran inside the lock")
                    .isTrue();
            never.shutdownNow();
        }

        private void call(Callable<?> task) {
            try {
                Object unused = task.call();
            } catch (Exception e) {
                throw new AssertionError("it must not fail", e);
            }
        }

        @Test
        void gate_tellsOutsideOfAll() throws Exception {
            Gate gate = gate(1);
            Permit held = take(gate);
            CompletableFuture<Boolean> another = new CompletableFuture<>();
            gate.acquire(Request.of(tier), answer -> {
                Future<Boolean> asks = threads.submit(() -> {
                    // Asks, queues, gives up and returns, which needs everything that the gate has.
                    boolean unused = gate.tryAcquire(Request.of(tier)) instanceof Permit;
                    Ticket ticket = gate.acquire(Request.of(tier), each -> {});
                    ((Permit) answer).close();
                    return ticket.outcome().orElseThrow() instanceof Permit;
                });
                another.complete(answersWithin(asks, 30_000));
            });

            held.close();

            assertThat(another.get(60, TimeUnit.SECONDS)).isTrue();
            assertThat(gate.inFlight().slots()).isEqualTo(1);
        }

        private boolean answersWithin(Future<Boolean> asked, long millis) {
            try {
                asked.get(millis, TimeUnit.MILLISECONDS);
                return true;
            } catch (TimeoutException e) {
                return false;
            } catch (Exception e) {
                throw new AssertionError("it must not fail", e);
            }
        }
    }
}
