/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidegate.pool.Work;
import io.tidegate.time.ManualTime;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A dispatch ends once, by whatever word comes first, and what a replica runs adds up. The same check must find the fault of a flag
 * that is looked at first and set afterwards.
 */
@Tag("lincheck")
class ReplicaRaceTest {

    private static ReplicaBalancer balancer(String... ids) {
        ReplicaBalancer balancer = ReplicaBalancer.of(new ManualTime());
        update(balancer, ids);
        return balancer;
    }

    private static void update(ReplicaBalancer balancer, String... ids) {
        List<Endpoint> endpoints = new ArrayList<>();
        for (String id : ids) {
            endpoints.add(Endpoint.of(id, URI.create("http://" + id), Work.slots(8)));
        }
        balancer.update(endpoints);
    }

    @Test
    void dispatch_endedByMany_oneWins() {
        modelChecking().sequentialSpecification(PlainEnd.class).check(DispatchEnd.class);
        stress().sequentialSpecification(PlainEnd.class).check(DispatchEnd.class);
    }

    @Test
    void counts_begunAndEndedByMany_addUp() {
        modelChecking().check(Counts.class);
        stress().check(Counts.class);
    }

    @Test
    void lookThenSet_modelChecked_isFoundOut() {
        assertThatThrownBy(() ->
                        modelChecking().sequentialSpecification(PlainEnd.class).check(LookThenSet.class))
                .isInstanceOf(LincheckAssertionError.class);
    }

    private static ModelCheckingOptions modelChecking() {
        return new ModelCheckingOptions()
                .iterations(2)
                .invocationsPerIteration(30)
                .threads(2)
                .actorsPerThread(2)
                .actorsBefore(0)
                .actorsAfter(0);
    }

    private static StressOptions stress() {
        return new StressOptions()
                .iterations(2)
                .invocationsPerIteration(100)
                .threads(3)
                .actorsPerThread(2)
                .actorsBefore(0)
                .actorsAfter(0);
    }

    abstract static class End {

        @Operation
        public abstract boolean succeed();

        @Operation
        public abstract boolean reject();

        @Operation
        public abstract boolean fail();
    }

    /** What it must look like: whether it was the first. */
    public static final class PlainEnd extends End {

        private boolean ended;

        private boolean end() {
            boolean first = !ended;
            ended = true;
            return first;
        }

        @Override
        public boolean succeed() {
            return end();
        }

        @Override
        public boolean reject() {
            return end();
        }

        @Override
        public boolean fail() {
            return end();
        }
    }

    /** The real one. */
    public static final class DispatchEnd extends End {

        private final ReplicaBalancer balancer = balancer("a");
        private final Dispatch dispatch = (Dispatch) balancer.choose(7);

        @Override
        public boolean succeed() {
            return dispatch.succeeded();
        }

        @Override
        public boolean reject() {
            return dispatch.rejected(Duration.ofSeconds(1));
        }

        @Override
        public boolean fail() {
            return dispatch.failed();
        }

        @Validate
        public void countsOnce() {
            long expected = dispatch.ended() ? 0 : 1;
            if (balancer.inFlight() != expected || balancer.failures() + balancer.rejections() > 1) {
                throw new IllegalStateException(balancer.toString());
            }
        }
    }

    /** The canary. */
    public static final class LookThenSet extends End {

        private volatile boolean ended;

        private boolean end() {
            if (ended) {
                return false;
            }
            ended = true;
            return true;
        }

        @Override
        public boolean succeed() {
            return end();
        }

        @Override
        public boolean reject() {
            return end();
        }

        @Override
        public boolean fail() {
            return end();
        }
    }

    /** Whoever begins and ends whatever, what runs is what has begun and not ended. */
    public static final class Counts {

        private final ReplicaBalancer balancer = balancer("a", "b");
        private final ConcurrentLinkedQueue<Dispatch> open = new ConcurrentLinkedQueue<>();

        @Operation
        public void begin() {
            open.add((Dispatch) balancer.choose(5));
        }

        @Operation
        public void end() {
            Dispatch dispatch = open.poll();
            if (dispatch != null) {
                dispatch.close();
                dispatch.close();
            }
        }

        @Operation
        public void remove() {
            update(balancer, "a");
        }

        @Validate
        public void addUp() {
            long requests = 0;
            long tokens = 0;
            for (ReplicaLoad load : balancer.loads()) {
                requests += load.inFlight().slots();
                tokens += load.inFlight().tokens();
            }
            if (requests != open.size() || tokens != 5L * open.size()) {
                throw new IllegalStateException(balancer + " but " + open.size());
            }
        }
    }

    @Test
    void everything_byManyThreads_isNeverNegativeAndZeroAtTheEnd() throws Exception {
        ManualTime time = new ManualTime();
        ReplicaBalancer balancer = ReplicaBalancer.of(time);
        update(balancer, "a", "b", "c", "d", "e", "f");
        AtomicBoolean stop = new AtomicBoolean();
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<?>> workers = new ArrayList<>();
            for (int worker = 0; worker < 3; worker++) {
                long seed = worker;
                workers.add(threads.submit(() -> work(balancer, new SplittableRandom(seed))));
            }
            Future<?> watcher = threads.submit(() -> {
                SplittableRandom random = new SplittableRandom(77);
                while (!stop.get()) {
                    update(
                            balancer,
                            random.nextBoolean()
                                    ? new String[] {"a", "b", "c"}
                                    : new String[] {"b", "c", "d", "e", "f", "g"});
                    assertThat(balancer.imbalance()).isBetween(0.0, 10.0);
                    // A count below zero would be one of a million.
                    assertThat(balancer.inFlight()).isBetween(0L, 300L);
                    balancer.reading("b", time.nanos(), random.nextInt(9), random.nextInt(9), random.nextDouble());
                    time.advance(Duration.ofMillis(50));
                }
            });
            for (Future<?> each : workers) {
                each.get(60, TimeUnit.SECONDS);
            }
            stop.set(true);
            watcher.get(60, TimeUnit.SECONDS);
        } finally {
            stop.set(true);
            threads.shutdownNow();
        }

        assertThat(balancer.inFlight()).isZero();
        assertThat(balancer.loads())
                .allSatisfy(load -> assertThat(load.inFlight()).isEqualTo(Work.NONE));
    }

    private static void work(ReplicaBalancer balancer, SplittableRandom random) {
        Dispatch[] held = new Dispatch[100];
        for (int i = 0; i < 100_000; i++) {
            int slot = random.nextInt(held.length);
            if (held[slot] != null) {
                switch (random.nextInt(8)) {
                    case 0 -> held[slot].failed();
                    case 1 -> held[slot].rejected(Duration.ofMillis(random.nextInt(1, 200)));
                    case 2 -> held[slot].close();
                    default -> held[slot].succeeded();
                }
                held[slot].close();
            }
            long tokens = random.nextInt(5_000_000);
            Choice choice =
                    random.nextInt(4) == 0 ? balancer.choose(tokens, random.nextInt(20)) : balancer.choose(tokens);
            held[slot] = choice instanceof Dispatch dispatch ? dispatch : null;
        }
        for (Dispatch each : held) {
            if (each != null) {
                each.close();
            }
        }
    }
}
