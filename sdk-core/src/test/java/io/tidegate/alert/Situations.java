/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.alert;

import io.tidegate.alert.Situation.Money;
import io.tidegate.alert.Situation.Promise;
import io.tidegate.guardrail.Decision;
import io.tidegate.ledger.LedgerStatus;
import io.tidegate.ledger.ScaleEvent;
import io.tidegate.policy.Proposal.Cause;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.PoolViews;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Situations of a pool "chat" of which one thing is told after the other. */
final class Situations {

    long nowNanos;
    int running = 1;
    double price = 4;
    List<Promise> tiers = List.of();
    List<ScaleEvent> events = List.of();
    LedgerStatus ledger = LedgerStatus.UNKNOWN;

    Situation now() {
        PoolView view = PoolViews.view().atNanos(nowNanos).ready(1).build();
        Decision decision = new Decision(1, "chat", Instant.EPOCH, nowNanos, 1, 1, Cause.SIGNAL, List.of(), List.of());
        return new Situation(
                "chat",
                nowNanos,
                Instant.EPOCH.plusNanos(nowNanos),
                Duration.ofMillis(250),
                Optional.of(view),
                Optional.of(decision),
                true,
                0.9,
                events,
                List.of(),
                List.of(),
                running,
                Double.isNaN(price) ? Money.UNKNOWN : new Money(price, 0, 0),
                tiers,
                ledger);
    }

    Situation after(Duration step) {
        nowNanos += step.toNanos();
        return now();
    }
}
