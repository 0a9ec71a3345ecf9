/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.Narrowing;
import io.tidegate.ledger.Entry;
import io.tidegate.policy.Proposal;
import io.tidegate.policy.Proposal.Cause;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class HoldsTest {

    private final Holds holds = new Holds();

    private static Decision held(Duration at, int wanted, String guardrail) {
        return new Decision(
                1,
                "chat",
                Instant.EPOCH.plus(at),
                at.toNanos(),
                5,
                5,
                Cause.ARRIVALS,
                List.of(new Proposal.Wants("p", wanted, Cause.ARRIVALS, "so much.")),
                guardrail.isEmpty() ? List.of() : List.of(new Narrowing(guardrail, 5, "it says so")));
    }

    @Test
    void isNew_nothingWanted_never() {
        assertThat(holds.isNew(held(Duration.ZERO, 5, ""))).isFalse();
    }

    @Test
    void isNew_whatHoldsBackChanges_onceEach() {
        assertThat(holds.isNew(held(Duration.ZERO, 7, "bounds"))).isTrue();
        assertThat(holds.isNew(held(Duration.ofSeconds(1), 8, "bounds"))).isFalse();
        assertThat(holds.isNew(held(Duration.ofSeconds(2), 8, "spend"))).isTrue();
        assertThat(holds.isNew(held(Duration.ofSeconds(3), 2, "spend"))).isTrue();
    }

    @Test
    void isNew_sameReasonComesAndGoes_onceInFiveMinutes() {
        int recorded = 0;
        for (int i = 0; i < 2 * 3_600; i++) {
            boolean tolerated = i % 2 == 0;
            recorded +=
                    holds.isNew(held(Duration.ofSeconds(i), tolerated ? 6 : 5, tolerated ? "tolerance" : "")) ? 1 : 0;
        }
        assertThat(recorded).isEqualTo(24);
    }

    @Test
    void engine_heldBack_isInTheLedgerWithItsReason() {
        MemoryLedger ledger = new MemoryLedger();
        Rig rig = new Rig(1);
        rig.pool.bounds(1, 2);
        rig.start(Runnable::run, builder -> builder.ledger(ledger));
        rig.want = 9;
        rig.advance(Duration.ofMinutes(2));

        List<Entry.Decided> decided = ledger.of(Entry.Decided.class);
        assertThat(decided).hasSize(2);
        assertThat(decided.get(0).decision().to()).isEqualTo(2);
        assertThat(decided.get(1).decision().direction()).isEqualTo(Decision.Direction.HOLD);
        assertThat(decided.get(1).decision().explain()).contains("bounds");
        assertThat(rig.decisions).as("listeners hear of changes only").hasSize(1);
    }
}
