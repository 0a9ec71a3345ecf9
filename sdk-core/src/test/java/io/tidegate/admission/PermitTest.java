/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.tidegate.pool.LatencySnapshot;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The one word of a permit's life, from asking to returning. */
class PermitTest {

    private final ManualTime time = new ManualTime(Long.MAX_VALUE - 1_000_000_000L, Instant.EPOCH);
    private final Tier tier = Tier.builder("standard").build();
    private final Gate gate = Gate.builder("chat")
            .tier(tier)
            .time(time)
            .callbackExecutor(Runnable::run)
            .limit(Work.slots(1))
            .build();

    private Permit take() {
        return Answers.permit(gate.tryAcquire(Request.of(tier)));
    }

    private LatencySnapshot firstTokens() {
        return gate.latency(tier, Latency.TIME_TO_FIRST_TOKEN);
    }

    @Test
    void firstToken_severalTimes_countsTheFirst() {
        Permit permit = take();
        time.advance(Duration.ofSeconds(2));

        permit.firstToken();
        time.advance(Duration.ofSeconds(5));
        permit.firstToken();

        assertThat(firstTokens().count()).isOne();
        assertThat(firstTokens().quantile(1).orElseThrow()).isBetween(Duration.ofMillis(1930), Duration.ofMillis(2070));
        assertThat(permit.closed()).isFalse();
    }

    @Test
    void firstToken_afterClosing_doesNothing() {
        Permit permit = take();
        permit.close();

        permit.firstToken();

        assertThat(firstTokens().count()).isZero();
        assertThat(permit.closed()).isTrue();
        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
    }

    @Test
    void firstToken_whileWaiting_doesNothing() {
        Permit held = take();
        Answers answers = new Answers();
        Permit waiting = (Permit) gate.acquire(Request.of(tier), answers);

        waiting.firstToken();
        assertThat(waiting.close(Outcome.COMPLETED, Usage.NONE)).isFalse();

        assertThat(firstTokens().count()).isZero();
        assertThat(gate.queued()).isOne();
        held.close();
        assertThat(answers.permit()).isSameAs(waiting);
    }

    /** At once, a moment after, and beyond what the word can hold. */
    @ParameterizedTest
    @ValueSource(longs = {0, 1, 1023, 1024, 1025, 2_199_023_254_528L, 2_199_023_255_552L, 86_400_000_000_000L})
    void firstToken_whenever_thePermitIsStillHeldAndCanBeReturned(long nanos) {
        Permit permit = take();
        time.advance(Duration.ofNanos(nanos));

        permit.firstToken();

        assertThat(permit.state()).isPositive();
        assertThat(gate.inFlight().slots()).isOne();
        assertThat(permit.close(Outcome.COMPLETED, Usage.NONE)).isTrue();
        assertThat(permit.close(Outcome.COMPLETED, Usage.NONE)).isFalse();
        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
    }

    @Test
    void close_nothingGiven_isRefusedAndThePermitStays() {
        Permit permit = take();

        assertThatNullPointerException().isThrownBy(() -> permit.close(null, Usage.NONE));
        assertThatNullPointerException().isThrownBy(() -> permit.close(Outcome.COMPLETED, null));

        assertThat(permit.closed()).isFalse();
        assertThat(gate.inFlight().slots()).isOne();
    }

    @Test
    void close_again_countsWhatTheFirstSaid() {
        Permit permit = take();

        assertThat(permit.close(Outcome.FAILED, new Usage(1, 2))).isTrue();
        permit.close();
        assertThat(permit.close(Outcome.COMPLETED, new Usage(10, 20))).isFalse();

        assertThat(gate.usage(tier)).isEqualTo(new Usage(1, 2));
        assertThat(gate.latency(tier, Latency.IN_FLIGHT_FAILED).count()).isOne();
        assertThat(gate.latency(tier, Latency.IN_FLIGHT_COMPLETED).count()).isZero();
        assertThat(gate.latency(tier, Latency.IN_FLIGHT_UNREPORTED).count()).isZero();
    }

    @Test
    void tryWithResources_isUnreported() {
        try (Permit permit = take()) {
            assertThat(permit.tier()).isSameAs(tier);
            assertThat(permit.queueWait()).isZero();
        }

        assertThat(gate.latency(tier, Latency.IN_FLIGHT_UNREPORTED).count()).isOne();
    }

    @Test
    void toString_saysWhetherItIsWaitingHeldOrClosed() {
        Permit held = take();
        Permit waiting = (Permit) gate.acquire(Request.of(tier), new Answers());
        assertThat(held).hasToString("Permit[tier=standard, queueWait=PT0S, closed=false]");
        assertThat(waiting).hasToString("Ticket[tier=standard, waiting]");

        time.advance(Duration.ofSeconds(3));
        held.close();

        assertThat(held).asString().endsWith("closed=true]");
        assertThat(waiting).hasToString("Permit[tier=standard, queueWait=PT3S, closed=false]");
    }
}
