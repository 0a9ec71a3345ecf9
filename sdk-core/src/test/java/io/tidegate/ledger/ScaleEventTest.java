/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.guardrail.Decision.Direction;
import io.tidegate.ledger.ScaleEvent.Phase;
import io.tidegate.ledger.ScaleEvent.Step;
import io.tidegate.policy.Proposal.Cause;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScaleEventTest {

    private static Step step(Phase phase, long seconds) {
        return new Step(
                phase,
                Instant.EPOCH.plusSeconds(seconds),
                Duration.ofSeconds(seconds).toNanos(),
                "");
    }

    private static ScaleEvent event(int from, int to) {
        return new ScaleEvent("chat-1", "chat", 1, from, to, Cause.ARRIVALS, List.of(step(Phase.DECIDED, 10)));
    }

    @Test
    void with_addsAStepAndLeavesTheOldOneAlone() {
        ScaleEvent decided = event(1, 3);
        ScaleEvent sent = decided.with(step(Phase.SENT, 11));

        assertThat(decided.phase()).isEqualTo(Phase.DECIDED);
        assertThat(sent.phase()).isEqualTo(Phase.SENT);
        assertThat(sent.latest().atNanos()).isEqualTo(Duration.ofSeconds(11).toNanos());
        assertThat(sent.id()).isEqualTo(decided.id());
    }

    @Test
    void timeTo_isFromTheDecision() {
        ScaleEvent event = event(1, 3)
                .with(step(Phase.SENT, 10))
                .with(step(Phase.ACCEPTED, 12))
                .with(step(Phase.FIRST_READY, 70))
                .with(step(Phase.READY, 75));

        assertThat(event.timeTo(Phase.DECIDED)).contains(Duration.ZERO);
        assertThat(event.timeTo(Phase.ACCEPTED)).contains(Duration.ofSeconds(2));
        assertThat(event.timeTo(Phase.READY)).contains(Duration.ofSeconds(65));
        assertThat(event.timeTo(Phase.FAILED)).isEmpty();
        assertThat(event.reached(Phase.FIRST_READY)).isTrue();
        assertThat(event.reached(Phase.SUPERSEDED)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "DECIDED, false",
        "SENT, false",
        "ACCEPTED, false",
        "FIRST_READY, false",
        "READY, true",
        "FAILED, true",
        "SUPERSEDED, true"
    })
    void last_endsTheEvent(Phase phase, boolean last) {
        assertThat(phase.last()).isEqualTo(last);
        assertThat(event(1, 3).with(step(phase, 20)).open()).isEqualTo(!last);
    }

    @Test
    void direction_followsTheCounts() {
        assertThat(event(1, 3).direction()).isEqualTo(Direction.UP);
        assertThat(event(3, 1).direction()).isEqualTo(Direction.DOWN);
    }

    @Test
    void new_withoutSteps_isRejected() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ScaleEvent("chat-1", "chat", 1, 1, 2, Cause.ARRIVALS, List.of()));
    }

    @Test
    void none_keepsNothingAndClosesTwice() {
        Ledger none = Ledger.none();
        assertThatCode(() -> {
                    none.append(new Entry.Stepped(event(1, 2))).join();
                    none.close();
                    none.close();
                    none.append(new Entry.Stepped(event(1, 2))).join();
                })
                .doesNotThrowAnyException();
    }
}
