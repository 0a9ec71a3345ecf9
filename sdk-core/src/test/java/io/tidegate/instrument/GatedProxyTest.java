/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.instrument;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

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
import java.io.IOException;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class GatedProxyTest {

    private final ManualTime time = new ManualTime();
    private final List<String> events = new ArrayList<>();
    private final Gate gate = Gate.builder("chat")
            .time(time)
            .tier(Tier.builder("premium").build())
            .tier(Tier.builder("instant").maxQueueTime(Duration.ZERO).build())
            .limit(Work.slots(1))
            .callbackExecutor(Runnable::run)
            .build();

    GatedProxyTest() {
        gate.addListener(new GateListener() {
            @Override
            public void admitted(Tier tier, long queueNanos) {
                events.add("admitted " + tier + " after "
                        + Duration.ofNanos(queueNanos).toSeconds());
            }

            @Override
            public void refused(Tier tier, Admission refusal, long queueNanos) {
                events.add("refused " + tier);
            }

            @Override
            public void closed(Tier tier, Outcome outcome, long inFlightNanos, Usage usage) {
                events.add(outcome + " after " + Duration.ofNanos(inFlightNanos).toSeconds());
            }
        });
    }

    private <T> T proxy(Class<T> type, T target) {
        return GatedProxy.of(type, target, List.of(gate));
    }

    /** Takes the only slot. */
    private Permit occupy() {
        Permit permit = (Permit) gate.tryAcquire(Request.of(gate.tier("premium")));
        events.clear();
        return permit;
    }

    @Gated(pool = "chat", tier = "instant")
    @Retention(RetentionPolicy.RUNTIME)
    @interface Instant {}

    interface Api {
        @Gated(pool = "chat")
        String answer(String question) throws IOException;

        @Instant
        String now();

        @Gated(pool = "chat", tier = "premium")
        CompletionStage<String> later(CompletableFuture<String> answer);

        @Gated(pool = "chat")
        CompletableFuture<String> future(CompletableFuture<String> answer);

        String free();
    }

    private final class Target implements Api {
        @Override
        public String answer(String question) throws IOException {
            assertThat(gate.inFlight().slots()).isEqualTo(1);
            time.advance(Duration.ofSeconds(3));
            switch (question) {
                case "io" -> throw new IOException("disk");
                case "error" -> throw new StackOverflowError();
                default -> {
                    return "to " + question;
                }
            }
        }

        @Override
        public String now() {
            return "now";
        }

        @Override
        public CompletionStage<String> later(CompletableFuture<String> answer) {
            return answer;
        }

        @Override
        public CompletableFuture<String> future(CompletableFuture<String> answer) {
            return answer;
        }

        @Override
        public String free() {
            return "free";
        }
    }

    private final Api api = proxy(Api.class, new Target());

    @Test
    void syncMethod_room_runsAndCounts() throws IOException {
        assertThat(api.answer("you")).isEqualTo("to you");

        assertThat(events).containsExactly("admitted premium after 0", "COMPLETED after 3");
        assertThat(gate.inFlight().slots()).isZero();
    }

    @Test
    void syncMethod_throws_theVeryExceptionComesOutAndThePermitGoesBack() {
        assertThatThrownBy(() -> api.answer("io"))
                .isInstanceOf(IOException.class)
                .hasMessage("disk");
        assertThatThrownBy(() -> api.answer("error")).isInstanceOf(StackOverflowError.class);

        assertThat(events).filteredOn(event -> event.startsWith("FAILED")).hasSize(2);
        assertThat(gate.inFlight().slots()).isZero();
    }

    @Test
    void syncMethod_noRoomAndNoWaiting_throwsWithReasonAndRetryTime() {
        occupy();

        RequestRefusedException e = catchThrowableOfType(RequestRefusedException.class, api::now);

        assertThat(e).hasMessageStartingWith("Api.now was refused: Shed[reason=NO_ROOM");
        assertThat(e.httpStatus()).isEqualTo(429);
        assertThat(e.retryAfter()).isGreaterThanOrEqualTo(Duration.ofSeconds(1));
        assertThat(e.getStackTrace()).isEmpty();
        assertThat(events).containsExactly("refused instant");
    }

    @Test
    void syncMethod_interruptedBeforeWaiting_keepsTheFlagAndHoldsNothing() {
        occupy();
        Thread.currentThread().interrupt();

        assertThatThrownBy(() -> api.answer("you")).isInstanceOf(RequestRefusedException.class);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(gate.inFlight().slots()).isEqualTo(1);
        assertThat(gate.queued()).isZero();
    }

    @Test
    void stageMethod_waits_withoutHoldingTheThreadAndHoldsThePermitUntilTheStageEnds() {
        Permit held = occupy();
        CompletableFuture<String> answer = new CompletableFuture<>();

        CompletableFuture<String> result = api.later(answer).toCompletableFuture();
        assertThat(gate.queued()).isEqualTo(1);
        time.advance(Duration.ofSeconds(4));
        held.close();
        time.advance(Duration.ofSeconds(5));
        assertThat(gate.inFlight().slots()).isEqualTo(1);
        assertThat(result).isNotDone();

        answer.complete("done");
        assertThat(result).isCompletedWithValue("done");
        assertThat(gate.inFlight().slots()).isZero();
        assertThat(events).contains("admitted premium after 4", "COMPLETED after 5");
    }

    @Test
    void stageMethod_failsOrExpires_completesExceptionally() {
        CompletableFuture<String> answer = new CompletableFuture<>();
        CompletableFuture<String> failed = api.future(answer.thenApply(value -> value));
        answer.completeExceptionally(new IOException("gone"));
        assertThat(failed).isCompletedExceptionally();
        assertThatThrownBy(failed::join).isInstanceOf(CompletionException.class).hasCauseInstanceOf(IOException.class);
        assertThat(gate.inFlight().slots()).isZero();

        occupy();
        CompletableFuture<String> expired = api.future(new CompletableFuture<>());
        time.advance(Duration.ofSeconds(10));
        assertThatThrownBy(expired::join).hasCauseInstanceOf(RequestRefusedException.class);
        assertThat(gate.queued()).isZero();
    }

    @Test
    void stageMethod_cancelledWhileItWaitsOrRuns_givesEverythingBack() {
        Permit held = occupy();
        CompletableFuture<String> waiting = api.future(new CompletableFuture<>());
        assertThat(waiting.cancel(true)).isTrue();
        assertThat(gate.queued()).isZero();
        held.close();

        CompletableFuture<String> answer = new CompletableFuture<>();
        CompletableFuture<String> running = api.future(answer);
        assertThat(running.cancel(true)).isTrue();
        assertThat(answer).isCancelled();
        assertThat(gate.inFlight().slots()).isZero();
        assertThat(events).contains("CANCELLED after 0");
    }

    @Test
    void otherMethods_passThrough() {
        occupy();

        assertThat(api.free()).isEqualTo("free");
        assertThat(api.toString()).startsWith("Gated[");
        assertThat(List.of(proxy(Api.class, new Target()), api).indexOf(api)).isEqualTo(1);
        assertThat(api.hashCode()).isEqualTo(System.identityHashCode(api));
        assertThat(events).isEmpty();
    }

    interface Plain {
        String call();
    }

    @Gated(pool = "chat", tier = "instant")
    static class OnType implements Plain {
        @Override
        public String call() {
            return "type";
        }
    }

    static class OnMethod extends OnType {
        @Override
        @Gated(pool = "chat", tier = "premium")
        public String call() {
            return "method";
        }
    }

    @Test
    void annotation_onTheImplementation_isFoundMethodBeforeTypeAndInherited() {
        assertThat(proxy(Plain.class, new OnType()).call()).isEqualTo("type");
        assertThat(proxy(Plain.class, new OnMethod()).call()).isEqualTo("method");
        assertThat(proxy(Plain.class, new OnType() {}).call()).isEqualTo("type");

        assertThat(events)
                .filteredOn(event -> event.startsWith("admitted"))
                .containsExactly("admitted instant after 0", "admitted premium after 0", "admitted instant after 0");
    }

    interface Publishes {
        @Gated(pool = "chat")
        Flow.Publisher<String> stream();
    }

    interface Futures {
        @Gated(pool = "chat")
        Future<String> future();
    }

    interface OwnStage {
        abstract class Special implements CompletionStage<String> {}

        @Gated(pool = "chat")
        Special stage();
    }

    @Test
    void of_resultsThatEndLaterInAnUnknownWay_areRefusedAtOnce() {
        assertThatThrownBy(() -> proxy(Publishes.class, () -> subscriber -> {}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Publishes.stream")
                .hasMessageContaining("Flow$Publisher");
        assertThatThrownBy(() -> proxy(Futures.class, CompletableFuture::new))
                .hasMessageContaining("java.util.concurrent.Future ends after the method returns");
        assertThatThrownBy(() -> GatedProxy.of(OwnStage.class, () -> null, List.of(gate)))
                .hasMessageContaining("only CompletionStage and CompletableFuture");
    }

    interface WrongPool {
        @Gated(pool = "images")
        String call();
    }

    interface WrongTier {
        @Gated(pool = "chat", tier = "gold")
        String call();
    }

    @Test
    void of_wrongNames_areRefusedNamingWhatThereIs() {
        assertThatThrownBy(() -> proxy(WrongPool.class, () -> ""))
                .hasMessageContaining("@Gated on WrongPool.call names the pool \"images\", but there are only [chat]");
        assertThatThrownBy(() -> proxy(WrongTier.class, () -> ""))
                .hasMessageContaining("no tier \"gold\", only [premium, instant]");
        assertThatThrownBy(() -> proxy(Plain.class, () -> "")).hasMessageContaining("no method of");
        assertThatThrownBy(() -> GatedProxy.of(String.class, "", List.of(gate)))
                .hasMessageContaining("not an interface");
    }
}
