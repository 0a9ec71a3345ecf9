/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.vllm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GenerationTest {
    private static final Sequence SEQUENCE = new Sequence(new Sequence.Work(1, 50, 50, FinishReason.LENGTH), 0);

    @Test
    void progressed_interval_showsTheFirstTokenThenEveryIntervalThenTheEnd() throws InterruptedException {
        Generation generation = new Generation(SEQUENCE, 20);
        List<Integer> shown = new ArrayList<>();
        for (int tokens = 1; tokens <= 50; tokens++) {
            generation.progressed(tokens, tokens == 50 ? FinishReason.LENGTH : null);
            int seen = shown.isEmpty() ? 0 : shown.get(shown.size() - 1);
            if (List.of(1, 21, 41, 50).contains(tokens)) {
                shown.add(generation.awaitBeyond(seen).tokens());
            }
        }

        assertThat(shown).containsExactly(1, 21, 41, 50);
    }

    @Test
    void progressed_betweenIntervals_showsNothingNew() throws InterruptedException {
        Generation generation = new Generation(SEQUENCE, 20);
        IntStream.rangeClosed(1, 20).forEach(tokens -> generation.progressed(tokens, null));

        assertThat(generation.awaitBeyond(0)).isEqualTo(new Generation.Output(1, null));
    }

    @Test
    void progressed_onlyTheEnd_showsNothingBefore() throws InterruptedException {
        Generation generation = new Generation(SEQUENCE, Generation.ONLY_THE_END);
        IntStream.range(1, 50).forEach(tokens -> generation.progressed(tokens, null));
        generation.progressed(50, FinishReason.STOP);

        assertThat(generation.awaitBeyond(0)).isEqualTo(new Generation.Output(50, FinishReason.STOP));
    }

    @Test
    void abandon_partOfTheOutputShown_endsWithThatPart() throws InterruptedException {
        Generation generation = new Generation(SEQUENCE, 10);
        IntStream.rangeClosed(1, 15).forEach(tokens -> generation.progressed(tokens, null));

        generation.abandon();

        assertThat(generation.awaitBeyond(0)).isEqualTo(new Generation.Output(11, FinishReason.ABORT));
    }

    @Test
    void awaitBeyond_manyShortGenerations_missesNoWakeUp() throws Exception {
        ExecutorService reader = Executors.newSingleThreadExecutor();
        try {
            for (int round = 0; round < 20_000; round++) {
                Generation generation = new Generation(SEQUENCE, 1);
                Future<FinishReason> end = reader.submit(() -> {
                    int seen = 0;
                    Generation.Output output = generation.awaitBeyond(seen);
                    while (output.finish() == null) {
                        seen = output.tokens();
                        output = generation.awaitBeyond(seen);
                    }
                    return output.finish();
                });
                generation.progressed(1, null);
                generation.progressed(2, FinishReason.STOP);
                assertThat(end.get(10, TimeUnit.SECONDS)).isEqualTo(FinishReason.STOP);
            }
        } finally {
            reader.shutdownNow();
        }
    }
}
