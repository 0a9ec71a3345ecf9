/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.vllm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EngineRunnerTest {
    private static final ReplicaProfile PROFILE = ReplicaProfile.llama70bOnFourH100();
    private static final double SCALE = 500;

    private final EngineRunner runner = EngineRunner.start(
            new ContinuousBatchingEngine(new ContinuousBatchingEngine.Limits(PROFILE, 32, 8192, 131_072)),
            new TraceClock(SCALE));

    @AfterEach
    void close() {
        runner.close();
    }

    private Generation submit(int promptTokens, int outputTokens) {
        Sequence.Work work = new Sequence.Work(promptTokens, outputTokens, outputTokens, FinishReason.LENGTH);
        return runner.submit(work, Generation.ONLY_THE_END).orElseThrow();
    }

    /** The thread wakes late at every step; were lateness to add up, the trace time would show it. */
    @Test
    void run_manySteps_lateWakeUpsDoNotAddUp() throws InterruptedException {
        long startNanos = System.nanoTime();

        Generation.Output output = submit(1024, 2000).awaitBeyond(0);

        double realSeconds = (System.nanoTime() - startNanos) / 1e9;
        double traceSeconds = (PROFILE.prefillNanos(1024) + 2000 * PROFILE.decodeNanos(1)) / 1e9;
        assertThat(output).isEqualTo(new Generation.Output(2000, FinishReason.LENGTH));
        EngineMetrics metrics = runner.snapshot().metrics();
        assertThat(metrics.histogram(Distribution.END_TO_END).sum()).isCloseTo(traceSeconds, within(1e-6));
        assertThat(realSeconds).isGreaterThanOrEqualTo(traceSeconds / SCALE);
    }

    @Test
    void submit_idleRunner_startsAtTheArrival() throws InterruptedException {
        for (int i = 0; i < 3; i++) {
            submit(128, 1).awaitBeyond(0);
        }

        Histogram firstToken = runner.snapshot().metrics().histogram(Distribution.TIME_TO_FIRST_TOKEN);
        double one = (PROFILE.prefillNanos(128) + PROFILE.decodeNanos(1)) / 1e9;
        assertThat(firstToken.sum()).isCloseTo(3 * one, within(1e-6));
    }

    @Test
    void abort_runningRequest_freesTheEngineAtOnce() {
        Generation generation = submit(1000, 100_000);
        await().atMost(Duration.ofSeconds(10))
                .until(() -> runner.snapshot().metrics().generationTokens() > 0);

        runner.abort(generation);

        assertThat(runner.snapshot().running()).isZero();
        assertThat(runner.snapshot().usedBlocks()).isZero();
    }

    @Test
    void close_openRequests_endsThemAndTakesNoMore() throws InterruptedException {
        Generation first = submit(1000, 100_000);
        Generation second = submit(1000, 100_000);

        runner.close();

        assertThat(first.awaitBeyond(0).finish()).isEqualTo(FinishReason.ABORT);
        assertThat(second.awaitBeyond(0).finish()).isEqualTo(FinishReason.ABORT);
        assertThat(runner.isOpen()).isFalse();
        assertThat(runner.submit(new Sequence.Work(1, 1, 1, FinishReason.STOP), 1))
                .isEmpty();
    }
}
