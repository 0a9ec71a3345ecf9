/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.admission.Gate;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.admission.Usage;
import io.tidegate.admission.spi.GateListener;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.time.ManualTime;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AnswerTapTest {

    private static final String STREAM = """
            data: {"choices":[{"delta":{"role":"assistant","content":""}}]}

            data: {"choices":[{"delta":{"content":"the "}}]}

            data: {"choices":[{"delta":{"content":"tide"}}]}

            data: {"choices":[],"usage":{"prompt_tokens":7,"total_tokens":9,"completion_tokens":2}}

            data: [DONE]

            """;

    private final ManualTime time = new ManualTime();
    private final List<Long> firstTokens = new ArrayList<>();

    private Permit permit() {
        Gate gate = Gate.builder("chat")
                .time(time)
                .tier(Tier.builder("standard").build())
                .limit(Work.slots(1))
                .build();
        gate.addListener(new GateListener() {
            @Override
            public void firstToken(Tier tier, long sinceArrivalNanos) {
                firstTokens.add(sinceArrivalNanos);
            }
        });
        return (Permit) gate.tryAcquire(Request.of(gate.tier("standard")));
    }

    @ParameterizedTest(name = "in pieces of {0} bytes")
    @ValueSource(ints = {1, 2, 3, 7, 64, 100, 4096})
    void passed_streamInPieces_tellsTheFirstTokenOnceAndKeepsTheUsage(int size) {
        AnswerTap tap = new AnswerTap(permit(), true);
        byte[] bytes = STREAM.getBytes(StandardCharsets.UTF_8);
        int firstContent = STREAM.indexOf("\"the \"");

        for (int from = 0; from < bytes.length; from += size) {
            int length = Math.min(size, bytes.length - from);
            byte[] piece = new byte[length];
            System.arraycopy(bytes, from, piece, 0, length);
            tap.passed(piece, length);
            if (from + length < firstContent) {
                assertThat(firstTokens).as("before the first text").isEmpty();
            }
            time.advance(Duration.ofMillis(1));
        }

        assertThat(firstTokens).hasSize(1);
        assertThat(tap.usage()).isEqualTo(new Usage(7, 2));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"usage\":{\"prompt_tokens\": 12,\"completion_tokens\" : 34}}", "no json", ""})
    void passed_wholeAnswer_keepsTheUsageIfThereIsOne(String body) {
        AnswerTap tap = new AnswerTap(permit(), false);
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        tap.passed(bytes, bytes.length);

        assertThat(tap.usage()).isEqualTo(body.contains("usage") ? new Usage(12, 34) : Usage.NONE);
        assertThat(firstTokens).isEmpty();
    }
}
