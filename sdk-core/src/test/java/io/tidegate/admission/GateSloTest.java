/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tidegate.pool.Replicas;
import io.tidegate.pool.Slo;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.supply.Supply;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Every end of a request against the SLO: TTFT 2 s, 100 ms for each later token. The clock wraps at 1 s. */
class GateSloTest {

    private final ManualTime time = new ManualTime(Long.MAX_VALUE - 1_000_000_000L, Instant.EPOCH);
    private final Tier tier = Tier.builder("premium")
            .slo(Slo.timeToFirstToken(Duration.ofSeconds(2)).withTimePerOutputToken(Duration.ofMillis(100)))
            .build();
    private final Tier plain = Tier.builder("plain").build();
    private final Events events = new Events();
    private final Gate gate = Gate.builder("chat")
            .tier(tier)
            .tier(plain)
            .time(time)
            .callbackExecutor(Runnable::run)
            .limit(Work.slots(1))
            .build();

    GateSloTest() {
        gate.addListener(events);
    }

    private Permit admit(Tier of) {
        return Answers.permit(gate.tryAcquire(Request.of(of)));
    }

    private void pass(long millis) {
        time.advance(Duration.ofMillis(millis));
    }

    private List<String> evaluated() {
        return events.lines.stream()
                .filter(line -> line.startsWith("evaluated"))
                .map(line -> line.substring("evaluated ".length()))
                .toList();
    }

    @Test
    void close_withinAllBounds_keepsThePromise() {
        Permit permit = admit(tier);
        pass(2000);
        permit.firstToken();
        pass(1000);
        permit.close(Outcome.COMPLETED, new Usage(50, 11));

        assertThat(evaluated()).containsExactly("premium []");
        assertThat(events.lines)
                .containsExactly(
                        "admitted premium 0",
                        "firstToken premium 2000000000",
                        "evaluated premium []",
                        "closed premium COMPLETED 3000000000 50+11");
        assertThat(gate.sloAttainment(tier)).hasValue(1.0);
    }

    @Test
    void close_firstTokenTooLate_breaksTimeToFirstToken() {
        Permit permit = admit(tier);
        pass(2001);
        permit.firstToken();
        permit.close(Outcome.COMPLETED, new Usage(50, 1));

        assertThat(evaluated()).containsExactly("premium [TIME_TO_FIRST_TOKEN]");
        assertThat(gate.sloAttainment(tier)).hasValue(0.0);
    }

    @Test
    void close_queueTime_isPartOfTimeToFirstToken() {
        Permit held = admit(plain);
        Answers waiter = new Answers();
        gate.acquire(Request.of(tier), waiter);
        pass(1500);
        held.close();
        pass(600);
        waiter.permit().firstToken();
        waiter.permit().close(Outcome.COMPLETED, new Usage(1, 1));

        assertThat(evaluated()).containsExactly("plain []", "premium [TIME_TO_FIRST_TOKEN]");
        assertThat(events.lines).contains("firstToken premium 2100000000", "closed premium COMPLETED 600000000 1+1");
    }

    @Test
    void close_laterTokensTooSlow_breaksTimePerOutputToken() {
        Permit permit = admit(tier);
        pass(100);
        permit.firstToken();
        pass(1001);
        permit.close(Outcome.COMPLETED, new Usage(50, 11));

        assertThat(evaluated()).containsExactly("premium [TIME_PER_OUTPUT_TOKEN]");
    }

    @Test
    void close_oneTokenOrNoneReported_hasNoTimePerToken() {
        for (int output = 0; output <= 1; output++) {
            Permit permit = admit(tier);
            pass(1);
            permit.firstToken();
            pass(60_000);
            permit.close(Outcome.COMPLETED, new Usage(50, output));
        }

        assertThat(evaluated()).containsExactly("premium []", "premium []");
    }

    @Test
    void close_notStreamed_hasItsFirstTokenAtItsEnd() {
        Permit inTime = admit(tier);
        pass(2000);
        inTime.close(Outcome.COMPLETED, new Usage(50, 1000));
        Permit late = admit(tier);
        pass(2001);
        late.close(Outcome.COMPLETED, new Usage(50, 1000));

        assertThat(evaluated()).containsExactly("premium []", "premium [TIME_TO_FIRST_TOKEN]");
    }

    @Test
    void close_everythingBroken_namesAll() {
        Permit permit = admit(tier);
        pass(2001);
        permit.firstToken();
        pass(201);
        permit.close(Outcome.FAILED, new Usage(50, 3));

        assertThat(evaluated()).hasSize(1);
        assertThat(evaluated().get(0))
                .contains("COMPLETION", "TIME_TO_FIRST_TOKEN", "TIME_PER_OUTPUT_TOKEN")
                .doesNotContain("ADMISSION");
    }

    @Test
    void close_failed_breaksCompletionAlsoWithoutBounds() {
        admit(plain).close(Outcome.FAILED, Usage.NONE);

        assertThat(evaluated()).containsExactly("plain [COMPLETION]");
    }

    @Test
    void close_clientWentAway_countsNeitherWay() {
        Permit permit = admit(tier);
        pass(60_000);
        permit.close(Outcome.CANCELLED, Usage.NONE);

        assertThat(evaluated()).isEmpty();
        assertThat(gate.sloAttainment(tier)).isEmpty();
        assertThat(events.lines).contains("closed premium CANCELLED 60000000000 0+0");
    }

    @Test
    void close_unreported_countsAsAnswered() {
        admit(plain).close();

        assertThat(evaluated()).containsExactly("plain []");
        assertThat(events.lines).contains("closed plain UNREPORTED 0 0+0");
    }

    @Test
    void refusals_breakAdmissionButCancellationDoesNot() {
        Permit held = admit(plain);
        gate.tryAcquire(Request.of(tier));
        Ticket cancelled = gate.acquire(Request.of(tier), new Answers());
        cancelled.cancel();
        gate.acquire(Request.of(tier).withTimeout(Duration.ofSeconds(3)), new Answers());
        pass(3000);
        gate.acquire(Request.of(tier), new Answers());
        gate.close();
        held.close(Outcome.CANCELLED, Usage.NONE);

        assertThat(evaluated()).containsExactly("premium [ADMISSION]", "premium [ADMISSION]", "premium [ADMISSION]");
        assertThat(events.lines)
                .contains(
                        "refused premium NO_ROOM 0",
                        "refused premium Cancelled 0",
                        "refused premium Expired 3000000000",
                        "refused premium DRAINING 0");
        assertThat(gate.sloAttainment(tier)).hasValue(0.0);
    }

    @Test
    void firstToken_again_orAfterTheEnd_doesNothing() {
        Permit permit = admit(tier);
        permit.firstToken();
        pass(5000);
        permit.firstToken();
        permit.close(Outcome.COMPLETED, Usage.NONE);
        Permit closed = admit(tier);
        closed.close(Outcome.CANCELLED, Usage.NONE);
        closed.firstToken();

        assertThat(events.lines.stream().filter(line -> line.startsWith("firstToken")))
                .hasSize(1);
        assertThat(evaluated()).containsExactly("premium []");
    }

    @Test
    void evaluated_whileScaling_saysSo() {
        gate.supply(new Supply(new Replicas(2, 1, List.of(5L)), Work.slots(1), true));
        admit(plain).close();
        gate.supply(Supply.fixed(1, Work.slots(1)));
        admit(plain).close();

        assertThat(evaluated()).containsExactly("plain [] scaling", "plain []");
    }

    @Test
    void sloAttainment_isOverTheLastFiveMinutesAndPerTier() {
        assertThat(gate.sloAttainment(tier)).isEmpty();
        admit(plain).close(Outcome.FAILED, Usage.NONE);
        for (int i = 0; i < 3; i++) {
            admit(tier).close(Outcome.COMPLETED, Usage.NONE);
        }
        pass(120_000);
        admit(tier).close(Outcome.FAILED, Usage.NONE);

        assertThat(gate.sloAttainment(tier)).hasValue(0.75);
        assertThat(gate.sloAttainment(plain)).hasValue(0.0);
        pass(181_000);
        assertThat(gate.sloAttainment(tier).orElseThrow()).isCloseTo(0, within(0.0));
        assertThat(gate.sloAttainment(plain)).isEmpty();
        pass(120_000);
        assertThat(gate.sloAttainment(tier)).isEmpty();
    }
}
