/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.tidegate.engine.spi.EngineListener;
import io.tidegate.guardrail.Coverage;
import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.History;
import io.tidegate.guardrail.Narrowing;
import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.ledger.Entry;
import io.tidegate.ledger.Ledger;
import io.tidegate.ledger.ScaleEvent;
import io.tidegate.ledger.ScaleEvent.Phase;
import io.tidegate.policy.Proposal;
import io.tidegate.policy.Proposal.Cause;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.Signal;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Foreign code that throws, at every place where the engine calls some. */
class EngineContainmentTest {

    static Stream<Throwable> failures() {
        return Stream.of(
                new IllegalStateException("told to"),
                new AssertionError("told to"),
                new NoClassDefFoundError("told/To"),
                new StackOverflowError("told to"),
                new OutOfMemoryError("told to"));
    }

    private static RuntimeException thrown(Throwable failure) {
        if (failure instanceof Error error) {
            throw error;
        }
        return (RuntimeException) failure;
    }

    private record FailingPolicy(Throwable failure) implements Policy {
        @Override
        public String name() {
            return "failing";
        }

        @Override
        public Proposal propose(PoolView view) {
            throw thrown(failure);
        }
    }

    private static void assertScaled(Rig rig, int replicas) {
        assertThat(rig.backend.requests).hasSize(1);
        assertThat(rig.backend.lastRequest().to()).isEqualTo(replicas);
        assertThat(rig.event(0).phase()).isEqualTo(Phase.ACCEPTED);
        assertThat(rig.state().failures()).isPositive();
    }

    @ParameterizedTest
    @MethodSource("failures")
    void policy_throws_itAbstains_soUpGoesOnAndDownDoesNot(Throwable failure) {
        Rig rig = new Rig(3);
        rig.pool.policy(new FailingPolicy(failure));
        rig.want = 1;
        rig.start();
        rig.nextStatus();
        assertThat(rig.backend.requests).isEmpty();
        assertThat(rig.state().latest().orElseThrow().explain()).contains("Policy failing abstains: it failed");

        rig.want = 5;
        rig.advance(Rig.PERIOD);
        assertScaled(rig, 5);
    }

    @Test
    void policy_returnsNull_itAbstains() {
        Rig rig = new Rig(3);
        rig.pool.policy(new Policy() {
            @Override
            public String name() {
                return "nothing";
            }

            @Override
            @SuppressWarnings("NullAway")
            public Proposal propose(PoolView view) {
                return null;
            }
        });
        rig.want = 1;
        rig.start();
        assertThat(rig.backend.requests).isEmpty();
        rig.want = 5;
        rig.advance(Rig.PERIOD);
        assertScaled(rig, 5);
    }

    @Test
    void policy_wantsAbsurdlyMany_isBounded() {
        Rig rig = new Rig(3);
        rig.want = Integer.MAX_VALUE;
        rig.start();
        assertThat(rig.backend.lastRequest().to()).isEqualTo(10);
    }

    @ParameterizedTest
    @MethodSource("failures")
    void guardrail_throws_theCountStaysAndTheLoopGoesOn(Throwable failure) {
        boolean[] failing = {true};
        Rig rig = new Rig(3);
        rig.pool.guardrail(guardrail(proposed -> {
            if (failing[0]) {
                throw thrown(failure);
            }
            return Narrowing.none("mine", proposed);
        }));
        rig.want = 5;
        rig.start();
        rig.nextStatus();
        assertThat(rig.backend.requests).isEmpty();
        assertThat(rig.state().latest().orElseThrow().explain()).contains("Guardrail mine makes it 3: it failed");

        failing[0] = false;
        rig.advance(Rig.PERIOD);
        assertScaled(rig, 5);
    }

    @Test
    @SuppressWarnings("NullAway")
    void guardrail_returnsNull_theCountStaysAndTheRoundGoesOn() {
        Rig rig = new Rig(3);
        rig.pool.guardrail(guardrail(proposed -> null));
        rig.want = 5;
        rig.start();
        assertThat(rig.backend.requests).isEmpty();
        assertThat(rig.state().latest().orElseThrow().explain()).contains("Guardrail mine makes it 3: it failed");
    }

    @Test
    void guardrail_leavesTheBounds_isBroughtBack() {
        Rig rig = new Rig(3);
        rig.pool.guardrail(guardrail(proposed -> new Narrowing("mine", Integer.MAX_VALUE, "for fun")));
        rig.start();
        assertThat(rig.backend.lastRequest().to()).isEqualTo(10);
    }

    private interface Narrow {
        Narrowing of(int proposed);
    }

    private static Guardrail guardrail(Narrow narrow) {
        return new Guardrail() {
            @Override
            public String name() {
                return "mine";
            }

            @Override
            public Narrowing narrow(PoolView view, History history, int proposed) {
                return narrow.of(proposed);
            }
        };
    }

    @ParameterizedTest
    @MethodSource("failures")
    void listener_throws_theOthersAreToldAndTheDecisionIsSent(Throwable failure) {
        Rig rig = new Rig(1);
        rig.want = 3;
        rig.start(
                Runnable::run,
                builder -> builder.listener(new EngineListener() {
                    @Override
                    public void decided(Decision decision) {
                        throw thrown(failure);
                    }

                    @Override
                    public void stepped(ScaleEvent event) {
                        throw thrown(failure);
                    }
                }));
        assertScaled(rig, 3);
        assertThat(rig.decisions).hasSize(1);
        assertThat(rig.steps).hasSize(3);
        assertThat(rig.state().failures()).isEqualTo(4);
    }

    @ParameterizedTest
    @MethodSource("failures")
    void ledger_throws_theDecisionIsSent(Throwable failure) {
        Rig rig = new Rig(1);
        rig.want = 3;
        rig.start(
                Runnable::run,
                builder -> builder.ledger(new Ledger() {
                    @Override
                    public CompletableFuture<Void> append(Entry entry) {
                        throw thrown(failure);
                    }

                    @Override
                    public void close() {}
                }));
        assertScaled(rig, 3);
        assertThat(rig.state().failures()).isEqualTo(4);
    }

    @ParameterizedTest
    @MethodSource("failures")
    void supply_throws_theLoopGoesOn(Throwable failure) {
        Rig rig = new Rig(1);
        rig.pool.supply(ignored -> {
            throw thrown(failure);
        });
        rig.want = 3;
        rig.start();
        assertScaled(rig, 3);
    }

    @ParameterizedTest
    @MethodSource("failures")
    void load_throws_theRoundIsSkippedAndTheNextIsNot(Throwable failure) {
        Rig rig = new Rig(1);
        boolean[] failing = {true};
        rig.pool.load(() -> {
            if (failing[0]) {
                throw thrown(failure);
            }
            return rig.load.get();
        });
        rig.want = 3;
        assertThatCode(rig::start).doesNotThrowAnyException();
        rig.nextStatus();
        assertThat(rig.backend.requests).isEmpty();

        failing[0] = false;
        rig.advance(Rig.PERIOD);
        assertScaled(rig, 3);
    }

    @ParameterizedTest
    @MethodSource("failures")
    void signals_throw_upGoesOnAndDownDoesNot(Throwable failure) {
        Rig rig = new Rig(3);
        rig.pool.signals(() -> {
            throw thrown(failure);
        });
        rig.want = 1;
        rig.start();
        rig.nextStatus();
        assertThat(rig.backend.requests).isEmpty();
        assertThat(rig.view().complete()).isFalse();

        rig.want = 5;
        rig.advance(Rig.PERIOD);
        assertScaled(rig, 5);
    }

    static Stream<Supplier<Map<String, Signal>>> brokenSignals() {
        Map<String, Signal> holed = new HashMap<>();
        holed.put("a", null);
        return Stream.of(() -> null, () -> holed);
    }

    @ParameterizedTest
    @MethodSource("brokenSignals")
    void signals_nullOrWithNulls_upGoesOnAndDownDoesNot(Supplier<Map<String, Signal>> signals) {
        Rig rig = new Rig(3);
        rig.pool.signals(signals);
        rig.want = 1;
        rig.start();
        assertThat(rig.backend.requests).isEmpty();
        rig.want = 5;
        rig.advance(Rig.PERIOD);
        assertScaled(rig, 5);
    }

    static Stream<Signal> unusable() {
        return Stream.of(
                new Signal.Missing("vllm", "404"),
                new Signal.Stale("vllm", java.time.Duration.ofMinutes(1)),
                new Signal.Invalid("vllm", "NaN"));
    }

    @ParameterizedTest
    @CsvSource({"0.7, 1", "0.8, 1", "0.9, 3"})
    void signals_heardInPart_areEvidenceFromTheCoverageOfTheGuardrailOn(double least, int desired) {
        Rig rig = new Rig(3);
        rig.backend.instant = true;
        rig.pool.guardrail(new Coverage(least));
        rig.pool.signals(
                () -> Map.of("gpu", new Signal.Known(1, "ratio", rig.time.nanos(), "dcgm", 0.8, java.util.List.of())));
        rig.pool.stabilizationWindow(java.time.Duration.ofSeconds(2));
        rig.want = 1;
        rig.start();
        rig.advance(java.time.Duration.ofSeconds(6));

        assertThat(rig.backend.desired).isEqualTo(desired);
    }

    @ParameterizedTest
    @MethodSource("unusable")
    void signals_oneIsUnusable_nothingScalesDown(Signal unusable) {
        Rig rig = new Rig(3);
        rig.pool.signals(() -> Map.of("good", new Signal.Known(1, "requests", 0, "dcgm"), "bad", unusable));
        rig.want = 1;
        rig.start();
        rig.nextStatus();
        assertThat(rig.backend.requests).isEmpty();
        assertThat(rig.state().latest().orElseThrow().explain()).contains("Guardrail complete data makes it 3: bad: ");
        rig.want = 4;
        rig.advance(Rig.PERIOD);
        assertThat(rig.backend.lastRequest().to()).isEqualTo(4);
    }

    @Test
    void noPolicyKnows_whatThereIsStays() {
        Rig rig = new Rig(3);
        ScaledPool.Builder blind = ScaledPool.builder("chat")
                .load(rig.load)
                .backend(rig.backend)
                .bounds(0, 10)
                .policy(new Policy() {
                    @Override
                    public String name() {
                        return "blind";
                    }

                    @Override
                    public Proposal propose(PoolView view) {
                        return new Proposal.Abstains(name(), "no idea");
                    }
                });
        Engine engine = Engine.builder()
                .time(rig.time)
                .executor(Runnable::run)
                .pool(blind.build())
                .build();
        engine.start();
        rig.time.advance(java.time.Duration.ofHours(1));
        assertThat(rig.backend.requests).isEmpty();
        assertThat(engine.state("chat").latest().orElseThrow().cause()).isEqualTo(Cause.NO_DATA);
    }
}
