/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.gateway;

import io.tidegate.admission.Admission;
import io.tidegate.admission.Gate;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.admission.Ticket;
import io.tidegate.engine.Engine;
import io.tidegate.engine.PolicySet;
import io.tidegate.engine.ScaledPool;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.guardrail.Bounds;
import io.tidegate.guardrail.Decision.Trigger;
import io.tidegate.policy.TargetTrackingPolicy;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.supply.Supply;
import io.tidegate.time.SystemTime;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Measures how long it takes from a request that has to wait to the call of a backend, in real time and in the process that serves the
 * demo: a pool of its own with one slot, which is taken, its own gate, engine and policy, and a backend that only notes when it is called.
 * Several times a second, at random, one request comes and waits until the backend was called.
 *
 * <p>Beside it, how long the same request would have waited for whoever looks each {@value #POLL_SECONDS} s, as autoscalers that scrape do:
 * until the next look of a clock that ticks in this process. That leaves out what follows the look.
 */
final class ReactionProbe implements AutoCloseable {

    static final int POLL_SECONDS = 15;

    private static final long POLL_NANOS = Duration.ofSeconds(POLL_SECONDS).toNanos();
    private static final Duration MEAN_GAP = Duration.ofMillis(150);
    /** A trial that has not ended by then counts as that long. */
    private static final long LONGEST_NANOS = Duration.ofSeconds(10).toNanos();

    private final SystemTime time = SystemTime.start();
    private final SplittableRandom random = new SplittableRandom(1);
    private final Tier tier =
            Tier.builder("probe").maxQueueTime(Duration.ofMinutes(1)).build();
    private final Gate gate;
    private final Engine engine;
    private final AtomicLong calledNanos = new AtomicLong();
    private final Noting backend = new Noting();
    private volatile boolean closed;

    private final Object lock = new Object();
    private final Histogram events = new Histogram(LONGEST_NANOS, 3);
    private final Histogram polls = new Histogram(Duration.ofMinutes(1).toNanos(), 3);
    private final ArrayDeque<Long> unseen = new ArrayDeque<>();
    /** The one slot; kept, or it would be found to be leaked and given back. */
    private @Nullable Permit taken;

    private @Nullable Ticket waiting;
    private long sinceNanos;
    private long polledNanos;

    /**
     * What was measured, in milliseconds; NaN where there was nothing.
     *
     * @param count requests that had to wait
     * @param p50 from the request to the call of the backend
     * @param p99 the same
     * @param polled of these, those that a poll has seen by now
     * @param pollP50 from the request to the next poll
     * @param pollP99 the same
     */
    record Reaction(long count, double p50, double p99, long polled, double pollP50, double pollP99) {}

    ReactionProbe() {
        gate = Gate.builder("probe")
                .time(time)
                .tier(tier)
                .supply(Supply.fixed(1, Work.slots(1)))
                .build();
        engine = Engine.builder()
                .time(time)
                .pool(ScaledPool.builder("probe")
                        .load(gate::load)
                        .backend(backend)
                        .replicaWork(Work.slots(1))
                        .decides(new PolicySet(
                                "probe",
                                List.of(TargetTrackingPolicy.concurrency(1)
                                        .tolerance(0)
                                        .build()),
                                List.of(new Bounds(1, 2))))
                        .build())
                .build();
        gate.onDemand(() -> engine.wake("probe", Trigger.QUEUE));
    }

    /** Takes the slot and begins. */
    void start() {
        if (gate.tryAcquire(Request.of(tier)) instanceof Permit permit) {
            taken = permit;
            engine.start();
            polledNanos = time.nanos();
            time.schedule(POLL_NANOS, this::poll);
            next();
        }
    }

    private void next() {
        if (!closed) {
            time.schedule((long) (random.nextDouble(0.5, 1.5) * MEAN_GAP.toNanos()), this::step);
        }
    }

    private void step() {
        try {
            synchronized (lock) {
                if (waiting == null) {
                    begin();
                } else {
                    end(waiting);
                }
            }
        } finally {
            next();
        }
    }

    private void begin() {
        // A replica that was asked for in the trial before must be gone, or nothing would be asked for now.
        // The view is that of the last round, so it may be from before the replica was asked for.
        int known = engine.state("probe")
                .view()
                .map(view -> view.replicas().desired())
                .orElse(0);
        if (backend.replicas == 1 && known == 1) {
            calledNanos.set(0);
            sinceNanos = time.nanos();
            waiting = gate.acquire(Request.of(tier), ReactionProbe::giveBack);
        }
    }

    private static void giveBack(Admission answer) {
        if (answer instanceof Permit permit) {
            permit.close();
        }
    }

    private void end(Ticket ticket) {
        long called = calledNanos.get();
        long now = time.nanos();
        if (called == 0 && now - sinceNanos < LONGEST_NANOS) {
            return;
        }
        events.recordValue(Math.min(LONGEST_NANOS, Math.max(0, (called == 0 ? now : called) - sinceNanos)));
        if (polledNanos - sinceNanos >= 0) {
            polls.recordValue(polledNanos - sinceNanos);
        } else {
            unseen.addLast(sinceNanos);
        }
        ticket.cancel();
        waiting = null;
    }

    private void poll() {
        if (!closed) {
            time.schedule(POLL_NANOS, this::poll);
            synchronized (lock) {
                polledNanos = time.nanos();
                for (long since : unseen) {
                    polls.recordValue(Math.max(0, polledNanos - since));
                }
                unseen.clear();
            }
        }
    }

    Reaction reaction() {
        synchronized (lock) {
            return new Reaction(
                    events.getTotalCount(),
                    millis(events, 50),
                    millis(events, 99),
                    polls.getTotalCount(),
                    millis(polls, 50),
                    millis(polls, 99));
        }
    }

    private static double millis(Histogram times, double percentile) {
        return times.getTotalCount() == 0 ? Double.NaN : times.getValueAtPercentile(percentile) / 1e6;
    }

    @Override
    public void close() {
        closed = true;
        if (taken != null) {
            taken.close();
        }
        engine.close();
        gate.close();
        time.close();
    }

    /** Has at once what it is told, and notes when it is told to grow. */
    private final class Noting implements ScalerBackend {

        private volatile int replicas = 1;

        @Override
        public ReplicaStatus status(String pool) {
            return new ReplicaStatus(replicas, replicas, replicas);
        }

        @Override
        public void scale(ScaleRequest request) {
            if (request.to() > request.from()) {
                calledNanos.compareAndSet(0, time.nanos());
            }
            replicas = request.to();
        }
    }
}
