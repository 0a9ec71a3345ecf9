/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.distribution.DistributionStatisticConfig;
import io.micrometer.core.instrument.distribution.pause.PauseDetector;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.tidegate.admission.spi.GateListener;
import io.tidegate.meter.TidegateMetrics;
import io.tidegate.pool.Slo;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.time.ManualTime;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever code of others throws, and wherever: requests have the same answers, and every permit comes back. */
class GateForeignPromisesTest {

    private static final Work LIMIT = Work.slots(1);

    static List<Throwable> kinds() {
        return List.of(
                new IllegalStateException("on purpose"),
                new AssertionError("on purpose"),
                new OutOfMemoryError("on purpose"),
                new StackOverflowError("on purpose"),
                new NoClassDefFoundError("on purpose"),
                new IOException("on purpose"),
                new InterruptedException("on purpose"));
    }

    /** One clock, one gate, and requests that meet every way to be answered. */
    private static final class Scene {

        final ManualTime time = new ManualTime();
        final Tier tier = Tier.builder("standard")
                .maxQueued(3)
                .maxQueueTime(Duration.ofSeconds(10))
                .slo(Slo.timeToFirstToken(Duration.ofMillis(1)))
                .build();
        final List<String> answers = new ArrayList<>();
        final Gate gate;

        Scene(Executor executor) {
            gate = Gate.builder("chat")
                    .tier(tier)
                    .time(time)
                    .callbackExecutor(executor)
                    .limit(LIMIT)
                    .build();
        }

        /** @param disturbance runs in each callback after it has noted its answer and before it uses it */
        void play(Runnable disturbance) {
            Request request = Request.of(tier);
            Permit held = (Permit) gate.tryAcquire(request);
            held.firstToken();
            gate.acquire(request, callback("granted", disturbance));
            gate.acquire(request.withTimeout(Duration.ofSeconds(1)), callback("expires", disturbance));
            Ticket gaveUp = gate.acquire(request, callback("gives up", disturbance));
            gate.acquire(request, callback("too many", disturbance));
            note("at once", gate.tryAcquire(request));
            gaveUp.cancel();
            time.advance(Duration.ofSeconds(3));
            held.close(Outcome.COMPLETED, new Usage(1, 2));
            Permit again = (Permit) gate.tryAcquire(request);
            gate.acquire(request, callback("shed", disturbance));
            gate.close();
            again.close(Outcome.FAILED, Usage.NONE);
            note("closed", gate.tryAcquire(request));
        }

        private Consumer<Admission> callback(String name, Runnable disturbance) {
            return answer -> {
                note(name, answer);
                try {
                    disturbance.run();
                } finally {
                    if (answer instanceof Permit permit) {
                        permit.close(Outcome.CANCELLED, Usage.NONE);
                    }
                }
            };
        }

        private void note(String name, Admission answer) {
            answers.add(name + " " + answer);
        }
    }

    private static List<String> undisturbed() {
        Scene scene = new Scene(Runnable::run);
        scene.play(() -> {});
        return scene.answers;
    }

    private static void check(Scene scene, int thrown) {
        assertThat(scene.answers).isEqualTo(undisturbed());
        assertThat(thrown).as("times it threw").isPositive();
        assertThat(scene.gate.listenerFailures()).isEqualTo(thrown);
        assertThat(scene.gate.inFlight()).isEqualTo(Work.NONE);
        assertThat(scene.gate.queued()).isZero();
    }

    @Nested
    @DisplayName("A4: what a listener, callback, executor or meter throws is counted and changes no answer")
    class Throwing {

        static Stream<Arguments> listenerSites() {
            return Arrays.stream(GateListener.class.getMethods())
                    .flatMap(method -> kinds().stream().map(kind -> Arguments.of(method, kind)));
        }

        /** A method added to the interface is tried too. */
        @ParameterizedTest
        @MethodSource("listenerSites")
        void listener_throws_changesNothing(Method site, Throwable kind) {
            Scene scene = new Scene(Runnable::run);
            AtomicInteger thrown = new AtomicInteger();
            scene.gate.addListener((GateListener) Proxy.newProxyInstance(
                    GateListener.class.getClassLoader(),
                    new Class<?>[] {GateListener.class},
                    (proxy, called, given) -> {
                        if (called.equals(site)) {
                            thrown.incrementAndGet();
                            sneaky(kind);
                        }
                        return null;
                    }));
            Events events = new Events();
            scene.gate.addListener(events);
            scene.play(() -> {});

            check(scene, thrown.get());
            assertThat(events.lines).hasSizeGreaterThanOrEqualTo(thrown.get());
        }

        static List<Throwable> kinds() {
            return GateForeignPromisesTest.kinds();
        }

        @ParameterizedTest
        @MethodSource("kinds")
        void callback_throws_changesNothing(Throwable kind) {
            Scene scene = new Scene(Runnable::run);
            AtomicInteger thrown = new AtomicInteger();
            scene.play(() -> {
                thrown.incrementAndGet();
                sneaky(kind);
            });

            check(scene, thrown.get());
        }

        @ParameterizedTest
        @MethodSource("kinds")
        void demandListener_throws_changesNothing(Throwable kind) {
            Scene scene = new Scene(Runnable::run);
            AtomicInteger thrown = new AtomicInteger();
            AtomicInteger told = new AtomicInteger();
            scene.gate.onDemand(() -> {
                thrown.incrementAndGet();
                sneaky(kind);
            });
            scene.gate.onDemand(told::incrementAndGet);
            scene.play(() -> {});

            check(scene, thrown.get());
            assertThat(told).hasValue(thrown.get());
        }

        /** Each second task it is given; half of these it has run before. */
        @ParameterizedTest
        @MethodSource("kinds")
        void executor_throws_changesNothing(Throwable kind) {
            AtomicInteger given = new AtomicInteger();
            AtomicInteger thrown = new AtomicInteger();
            Scene scene = new Scene(task -> {
                int number = given.incrementAndGet();
                if (number % 2 == 0) {
                    task.run();
                    return;
                }
                if (number % 4 == 1) {
                    task.run();
                }
                thrown.incrementAndGet();
                sneaky(kind);
            });
            scene.play(() -> {});

            check(scene, thrown.get());
        }

        /** The registry is told on the clock's thread, apart from all requests, and is tried again each second. */
        @ParameterizedTest
        @MethodSource("unchecked")
        void meterRegistry_throws_changesNothing(Throwable kind) {
            Scene scene = new Scene(Runnable::run);
            AtomicInteger thrown = new AtomicInteger();
            ThrowingRegistry registry = new ThrowingRegistry(kind, thrown);
            TidegateMetrics metrics = new TidegateMetrics(List.of(scene.gate)).withExecutor(Runnable::run);
            metrics.bindTo(registry);
            scene.play(() -> {});
            int before = thrown.get();
            scene.time.advance(Duration.ofSeconds(5));

            assertThat(scene.answers).isEqualTo(undisturbed());
            assertThat(scene.gate.inFlight()).isEqualTo(Work.NONE);
            assertThat(before).isPositive();
            assertThat(thrown.get()).isGreaterThan(before);
            metrics.close();
        }

        static Stream<Throwable> unchecked() {
            return kinds().stream().filter(kind -> kind instanceof RuntimeException || kind instanceof Error);
        }
    }

    private static final class ThrowingRegistry extends SimpleMeterRegistry {

        private final Throwable kind;
        private final AtomicInteger thrown;

        ThrowingRegistry(Throwable kind, AtomicInteger thrown) {
            this.kind = kind;
            this.thrown = thrown;
        }

        @Override
        protected Timer newTimer(Meter.Id id, DistributionStatisticConfig config, PauseDetector pauses) {
            Timer good = super.newTimer(id, config, pauses);
            return (Timer) Proxy.newProxyInstance(
                    Timer.class.getClassLoader(), new Class<?>[] {Timer.class}, (proxy, called, given) -> {
                        if (called.getName().equals("record")) {
                            thrown.incrementAndGet();
                            sneaky(kind);
                        }
                        return called.invoke(good, given);
                    });
        }
    }

    @Nested
    @DisplayName("A6: an Error, an interrupt or an executor that rejects leaves no permit behind")
    class ErrorsAndInterrupts {

        private final Scene scene = new Scene(Runnable::run);
        private final Request request = Request.of(scene.tier);

        static List<Error> errors() {
            return List.of(new OutOfMemoryError("on purpose"), new AssertionError("on purpose"));
        }

        @ParameterizedTest
        @MethodSource("errors")
        void userCode_throwsWhileItHoldsAPermit_returnsIt(Error kind) {
            Answers waiter = new Answers();

            assertThatThrownBy(() -> {
                        try (Permit permit = Answers.permit(scene.gate.tryAcquire(request))) {
                            scene.gate.acquire(request, waiter);
                            assertThat(permit.closed()).isFalse();
                            throw kind;
                        }
                    })
                    .isSameAs(kind);

            assertThat(waiter.permit().closed()).isFalse();
        }

        /** The true thing, below a permit that was taken where there was stack. */
        @Test
        void userCode_overflowsTheStackBelowThePermit_returnsIt() {
            assertThatThrownBy(() -> {
                        try (Permit permit = Answers.permit(scene.gate.tryAcquire(request))) {
                            assertThat(recursion(permit)).isNotNull();
                        }
                    })
                    .isInstanceOf(StackOverflowError.class);

            assertThat(scene.gate.inFlight()).isEqualTo(Work.NONE);
        }

        @SuppressWarnings("InfiniteRecursion")
        private Object recursion(Object any) {
            return List.of(recursion(any));
        }

        /** The whole of memory in one array. */
        @Test
        void userCode_runsOutOfMemory_returnsIt() {
            assertThatThrownBy(() -> {
                        try (Permit permit = Answers.permit(scene.gate.tryAcquire(request))) {
                            assertThat(new long[Integer.MAX_VALUE])
                                    .as("more than there is")
                                    .isNull();
                            assertThat(permit.closed()).isFalse();
                        }
                    })
                    .isInstanceOf(OutOfMemoryError.class);

            assertThat(scene.gate.inFlight()).isEqualTo(Work.NONE);
        }

        @Test
        void acquire_onAnInterruptedThread_takesNothing() {
            Thread.currentThread().interrupt();

            assertThatThrownBy(() -> scene.gate.acquire(request)).isInstanceOf(InterruptedException.class);

            assertThat(Thread.interrupted()).isFalse();
            assertThat(scene.gate.inFlight()).isEqualTo(Work.NONE);
        }

        @Test
        void close_onAnInterruptedThread_returnsItAndKeepsTheFlag() {
            Permit permit = Answers.permit(scene.gate.tryAcquire(request));
            Thread.currentThread().interrupt();
            permit.close();

            assertThat(Thread.interrupted()).isTrue();
            assertThat(scene.gate.inFlight()).isEqualTo(Work.NONE);
        }

        /** Granted, expired, cancelled and shed: each is told though the executor takes nothing any more. */
        @Test
        void executor_rejectsEverything_tellsEveryAnswerAndReturnsAll() {
            Scene rejecting = new Scene(task -> {
                throw new RejectedExecutionException("on purpose");
            });
            rejecting.play(() -> {});

            assertThat(rejecting.answers).isEqualTo(undisturbed());
            assertThat(rejecting.gate.inFlight()).isEqualTo(Work.NONE);
        }

        /** The future's dependants run inside the callback. */
        @Test
        void dependantOfTheFuture_throwsAnError_permitCanBeReturnedStill() {
            List<Permit> given = new ArrayList<>();
            Permit held = Answers.permit(scene.gate.tryAcquire(request));
            var dependant = scene.gate.acquireAsync(request).thenAccept(answer -> {
                given.add((Permit) answer);
                throw new StackOverflowError("on purpose");
            });

            held.close();
            given.get(0).close();

            assertThat(dependant).isCompletedExceptionally();
            assertThat(scene.gate.inFlight()).isEqualTo(Work.NONE);
        }
    }

    /** Throws anything, checked or not, as code of other JVM languages does. */
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    private static <T extends Throwable> void sneaky(@Nullable Throwable failure) throws T {
        throw (T) failure;
    }
}
