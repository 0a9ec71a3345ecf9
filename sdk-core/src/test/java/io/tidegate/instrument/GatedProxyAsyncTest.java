/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.instrument;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.tidegate.admission.Admission;
import io.tidegate.admission.Gate;
import io.tidegate.admission.Outcome;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.admission.Usage;
import io.tidegate.admission.spi.GateListener;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.time.ManualTime;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;

/** Calls that end when a future of theirs does. */
class GatedProxyAsyncTest {

    private final ManualTime time = new ManualTime();
    private final List<Outcome> outcomes = new ArrayList<>();
    private final Gate gate = Gate.builder("chat")
            .time(time)
            .callbackExecutor(Runnable::run)
            .limit(Work.slots(1))
            .tier(Tier.builder("premium").build())
            .build();

    @Gated(pool = "chat")
    interface Chat {
        CompletionStage<String> stage();

        CompletableFuture<String> future();
    }

    private final CompletableFuture<String> running = new CompletableFuture<>();
    private int calls;
    private CompletionStage<String> returned = running;
    private Throwable thrown;

    private final Chat chat = GatedProxy.of(
            Chat.class,
            new Chat() {
                @Override
                public CompletionStage<String> stage() {
                    calls++;
                    if (thrown instanceof Error error) {
                        throw error;
                    }
                    if (thrown != null) {
                        throw (RuntimeException) thrown;
                    }
                    return returned;
                }

                @Override
                public CompletableFuture<String> future() {
                    return (CompletableFuture<String>) stage();
                }
            },
            List.of(gate));

    GatedProxyAsyncTest() {
        gate.addListener(new GateListener() {
            @Override
            public void closed(Tier tier, Outcome outcome, long inFlightNanos, Usage usage) {
                outcomes.add(outcome);
            }
        });
    }

    private Permit occupy() {
        return (Permit) gate.tryAcquire(Request.of(gate.tier("premium")));
    }

    private CompletableFuture<String> ask() {
        return chat.stage().toCompletableFuture();
    }

    private static Throwable failureOf(CompletableFuture<?> future) {
        assertThat(future).isDone();
        return catchThrowable(future::join);
    }

    private void assertIdle() {
        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
        assertThat(gate.queued()).isZero();
    }

    @Test
    void stage_holdsItsPermitUntilItCompletes() {
        CompletableFuture<String> answer = ask();
        assertThat(gate.inFlight().slots()).isEqualTo(1);
        assertThat(answer).isNotDone();

        running.complete("yes");

        assertThat(answer).isCompletedWithValue("yes");
        assertIdle();
        assertThat(outcomes).containsExactly(Outcome.COMPLETED);
    }

    @Test
    void stage_permitIsBackBeforeTheCallerHears() {
        CompletableFuture<Integer> seen =
                ask().thenApply(ignored -> gate.inFlight().slots());
        running.complete("yes");
        assertThat(seen).isCompletedWithValue(0);
    }

    @Test
    void future_isGatedLikeAStage() {
        CompletableFuture<String> answer = chat.future();
        assertThat(gate.inFlight().slots()).isEqualTo(1);
        running.complete("yes");
        assertThat(answer).isCompletedWithValue("yes");
        assertIdle();
    }

    @Test
    void stage_alreadyComplete_isAnsweredAtOnce() {
        running.complete("yes");
        assertThat(ask()).isCompletedWithValue("yes");
        assertIdle();
    }

    @Test
    void stage_waits_withoutHoldingTheCallersThread() {
        Permit other = occupy();
        CompletableFuture<String> answer = ask();
        assertThat(calls).isZero();
        assertThat(gate.queued()).isEqualTo(1);

        other.close();
        assertThat(calls).isEqualTo(1);
        running.complete("yes");
        assertThat(answer).isCompletedWithValue("yes");
        assertIdle();
    }

    @Test
    void stage_refused_completesWithTheAnswerOfTheGate() {
        gate.close();
        CompletableFuture<String> answer = ask();
        assertThat(failureOf(answer)).hasCauseInstanceOf(RequestRefusedException.class);
        assertThat(calls).isZero();
    }

    @Test
    void stage_expiresWhileWaiting_completesWithThat() {
        Permit other = occupy();
        CompletableFuture<String> answer = ask();
        time.advance(Duration.ofSeconds(10));
        assertThat(failureOf(answer).getCause())
                .isInstanceOfSatisfying(
                        RequestRefusedException.class,
                        refused -> assertThat(refused.refusal()).isInstanceOf(Admission.Expired.class));
        assertThat(calls).isZero();
        other.close();
        assertIdle();
    }

    @Test
    void stage_fails_theCallerSeesTheCauseAndThePermitIsBack() {
        for (Throwable failure :
                new Throwable[] {new IllegalStateException("told to"), new AssertionError("told to")}) {
            CompletableFuture<String> fails = new CompletableFuture<>();
            // As of a dependent stage, which wraps what failed before it.
            returned = fails.thenApply(value -> value);
            CompletableFuture<String> answer = ask();
            fails.completeExceptionally(failure);
            Throwable seen = failureOf(answer);
            assertThat(seen).isInstanceOf(CompletionException.class);
            assertThat(seen.getCause()).isSameAs(failure);
            assertIdle();
        }
        assertThat(outcomes).containsExactly(Outcome.FAILED, Outcome.FAILED);
    }

    @Test
    void stage_callThrowsBeforeThereIsOne_completesWithThat() {
        for (Throwable failure :
                new Throwable[] {new IllegalStateException("told to"), new AssertionError("told to")}) {
            thrown = failure;
            CompletableFuture<String> answer = ask();
            assertThat(failureOf(answer).getCause()).isSameAs(failure);
            assertIdle();
        }
        assertThat(outcomes).containsExactly(Outcome.FAILED, Outcome.FAILED);
    }

    @Test
    void stage_callReturnsNull_completesExceptionally() {
        returned = null;
        assertThat(failureOf(ask())).hasCauseInstanceOf(NullPointerException.class);
        assertIdle();
    }

    @Test
    void stage_brokenOneThatCannotBeWatched_losesNoPermit() {
        @SuppressWarnings("unchecked")
        CompletionStage<String> broken = (CompletionStage<String>) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {CompletionStage.class}, (proxy, method, arguments) -> {
                    throw new UnsupportedOperationException("told to");
                });
        returned = broken;
        assertThat(failureOf(ask())).hasCauseInstanceOf(UnsupportedOperationException.class);
        assertIdle();
    }

    // ---- cancelling ------------------------------------------------------------------------------------------------

    @Test
    void cancel_whileWaiting_leavesTheQueueAndNeverCalls() {
        Permit other = occupy();
        CompletableFuture<String> answer = ask();
        assertThat(answer.cancel(true)).isTrue();
        assertThat(gate.queued()).isZero();
        assertThat(gate.load().tiers().get(0).cancelled()).isEqualTo(1);
        other.close();
        assertThat(calls).isZero();
        assertIdle();
    }

    @Test
    void cancel_whileRunning_cancelsWhatRunsAndReturnsThePermit() {
        CompletableFuture<String> answer = ask();
        answer.cancel(true);
        assertThat(running).isCancelled();
        assertIdle();
        assertThat(outcomes).containsExactly(Outcome.CANCELLED);
    }

    @Test
    void cancel_whileRunning_whatCannotBeCancelledKeepsItsPermitUntilItEnds() {
        returned = running.minimalCompletionStage();
        CompletableFuture<String> answer = ask();
        answer.cancel(true);
        assertThat(gate.inFlight().slots()).isEqualTo(1);
        running.complete("too late");
        assertThat(answer).isCancelled();
        assertIdle();
    }

    @Test
    void cancel_ofWhatRuns_reachesTheCaller() {
        CompletableFuture<String> answer = ask();
        running.cancel(true);
        assertThat(failureOf(answer)).isInstanceOf(CancellationException.class);
        assertThat(outcomes).containsExactly(Outcome.CANCELLED);
    }

    @Test
    void cancel_ofWhatRunsBehindADependentStage_isNoFailureOfThePool() {
        returned = running.thenApply(value -> value);
        CompletableFuture<String> answer = ask();
        running.cancel(true);
        assertThat(failureOf(answer)).isInstanceOf(CancellationException.class);
        assertThat(outcomes).containsExactly(Outcome.CANCELLED);
        assertIdle();
    }

    // ---- types whose end is not known ------------------------------------------------------------------------------

    @Gated(pool = "chat")
    interface PlainFuture {
        Future<String> ask();
    }

    @Gated(pool = "chat")
    interface FlowPublisher {
        Flow.Publisher<String> ask();
    }

    @Gated(pool = "chat")
    interface ReactivePublisher {
        Publisher<String> ask();
    }

    interface Flux extends Publisher<String> {}

    static class Mono implements Flux {
        @Override
        public void subscribe(String subscriber) {}
    }

    @Gated(pool = "chat")
    interface ReactiveSubtype {
        Mono ask();
    }

    static class OwnFuture extends CompletableFuture<String> {}

    @Gated(pool = "chat")
    interface OwnFutures {
        OwnFuture ask();
    }

    private void assertRefused(Class<?> type, String named) {
        Object target = Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> null);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> of(type, target))
                .withMessageContaining(named)
                .withMessageContaining(type.getSimpleName() + ".ask");
    }

    private <T> T of(Class<T> type, Object target) {
        return GatedProxy.of(type, type.cast(target), List.of(gate));
    }

    @Test
    void of_typeThatEndsLaterInAnUnknownWay_isRefusedByName() {
        assertRefused(PlainFuture.class, "java.util.concurrent.Future");
        assertRefused(FlowPublisher.class, "java.util.concurrent.Flow$Publisher");
        assertRefused(ReactivePublisher.class, "org.reactivestreams.Publisher");
        assertRefused(ReactiveSubtype.class, Mono.class.getName());
        assertRefused(OwnFutures.class, OwnFuture.class.getName());
    }

    interface Model<A> {
        A ask();
    }

    static class StageModel implements Model<CompletionStage<String>> {
        private final CompletableFuture<String> running = new CompletableFuture<>();

        @Override
        @Gated(pool = "chat")
        public CompletionStage<String> ask() {
            return running;
        }
    }

    static class FutureModel implements Model<Future<String>> {
        @Override
        @Gated(pool = "chat")
        public Future<String> ask() {
            return new FutureTask<>(() -> "x");
        }
    }

    static class PublisherModel implements Model<Object> {
        @Override
        @Gated(pool = "chat")
        public Mono ask() {
            return new Mono();
        }
    }

    @Test
    void of_genericMethodThatEndsLater_isRefusedByTheTypeOfItsImplementation() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> of(Model.class, new FutureModel()))
                .withMessageContaining("java.util.concurrent.Future");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> of(Model.class, new PublisherModel()))
                .withMessageContaining(Mono.class.getName());
    }

    interface Overloaded {
        @Gated(pool = "chat")
        Object ask(Object question);
    }

    static class OverloadedImplementation implements Overloaded {
        @Override
        public String ask(Object question) {
            return "x";
        }

        public Future<String> ask(String question) {
            return new FutureTask<>(() -> question);
        }
    }

    @Test
    void of_overloadThatEndsLater_isNotTakenForTheGatedMethod() {
        Overloaded proxy = of(Overloaded.class, new OverloadedImplementation());
        assertThat(proxy.ask(5)).isEqualTo("x");
    }

    @Test
    void call_genericMethodThatReturnsAStage_holdsItsPermitUntilThatCompletes() {
        StageModel target = new StageModel();
        @SuppressWarnings("unchecked")
        Model<CompletionStage<String>> model = of(Model.class, target);
        CompletionStage<String> answer = model.ask();
        assertThat(gate.inFlight().slots()).as("still running").isEqualTo(1);
        target.running.complete("yes");
        assertThat(answer.toCompletableFuture()).isCompletedWithValue("yes");
        assertIdle();
    }

    @Gated(pool = "chat")
    interface Anything<A> extends Model<A> {}

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void call_lambdaOfAGenericType_holdsItsPermitUntilItsStageCompletes(boolean fails) {
        Anything<CompletionStage<String>> lambda = () -> running;
        @SuppressWarnings("unchecked")
        Anything<CompletionStage<String>> model = of(Anything.class, lambda);
        model.ask();
        assertThat(gate.inFlight().slots()).as("still running").isEqualTo(1);
        if (fails) {
            running.completeExceptionally(new IllegalStateException("told to"));
        } else {
            running.complete("yes");
        }
        assertIdle();
        assertThat(outcomes).containsExactly(fails ? Outcome.FAILED : Outcome.COMPLETED);
    }
}
