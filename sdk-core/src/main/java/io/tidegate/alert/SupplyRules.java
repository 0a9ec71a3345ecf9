/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.alert;

import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.Narrowing;
import io.tidegate.ledger.Refusal;
import io.tidegate.pool.PoolView;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What is wrong with the replicas there are: they do not come, or more may not be. */
final class SupplyRules {

    private static final String PENDING_CAP = "pending cap";
    private static final Set<String> LIMITS = Set.of("bounds", "spend cap");

    private SupplyRules() {}

    static Finding late(Situation situation, AlertSettings settings) {
        if (situation.view().isEmpty() || !situation.backendFresh()) {
            return Finding.UNKNOWN;
        }
        PoolView view = situation.view().get();
        List<Long> due = view.replicas().dueNanos();
        if (due.isEmpty() || lateness(situation, due.get(0)) <= 0) {
            return Finding.FINE;
        }
        double timeToReady = view.timeToReady().toNanos();
        double most = (settings.lateFactor() - 1) * timeToReady;
        long late =
                due.stream().filter(each -> lateness(situation, each) > most).count();
        if (late == 0) {
            return Finding.BETWEEN;
        }
        Duration oldest = Duration.ofNanos((long) (lateness(situation, due.get(0)) + timeToReady));
        return Finding.of(
                Attempts.pressed(view),
                settings.holdFor(),
                Words.replicas(late) + " asked for and not ready, the oldest for " + Words.duration(oldest)
                        + ", more than " + Words.number(settings.lateFactor()) + " times the time to ready of "
                        + Words.duration(view.timeToReady()) + "; " + Attempts.pressure(view),
                "see why they do not start (kubectl describe pod, kubectl get events; the instances of the cloud API): no"
                        + " node or GPU free, image or model not pulled, readiness failing; if they are only slow, raise"
                        + " pools." + situation.pool() + ".replica.timeToReady or "
                        + Rules.setting(situation, "alerts.lateFactor"));
    }

    private static double lateness(Situation situation, long dueNanos) {
        return situation.nowNanos() - dueNanos;
    }

    static Finding maxReached(Situation situation, AlertSettings settings) {
        if (situation.view().isEmpty() || situation.latest().isEmpty() || !situation.backendFresh()) {
            return Finding.UNKNOWN;
        }
        PoolView view = situation.view().get();
        Decision decision = situation.latest().get();
        int wanted = Attempts.most(decision);
        Optional<Narrowing> limit = decision.narrowings().stream()
                .filter(each -> each.narrowed()
                        && LIMITS.contains(each.guardrail())
                        && each.replicas() == decision.to()
                        && wanted > each.replicas())
                .findFirst();
        if (limit.isEmpty()) {
            return Finding.FINE;
        }
        if (!Attempts.pressed(view)) {
            return Finding.BETWEEN;
        }
        boolean bounds = limit.get().guardrail().equals("bounds");
        return Finding.of(
                Attempts.refusedPerSecond(view) > 0,
                settings.holdFor(),
                Words.replicas(wanted) + " wanted, and " + Words.cut(limit.get().why()) + "; "
                        + Attempts.pressure(view),
                "raise " + Rules.setting(situation, bounds ? "max" : "guardrails.maxCostPerHour")
                        + ", or let less in: quotas, lower tiers first, another pool in the router's routes");
    }

    static Finding capacity(Situation situation, AlertSettings settings) {
        Finding refused = ScalingRules.exhausted(
                situation,
                settings,
                Refusal.CAPACITY,
                "see what there is (kubectl describe nodes; the provider's stock), and add another zone, region or kind of"
                        + " replica; the backend is asked again by itself");
        if (refused != Finding.FINE) {
            return refused;
        }
        if (situation.view().isEmpty() || situation.latest().isEmpty() || !situation.backendFresh()) {
            return Finding.UNKNOWN;
        }
        PoolView view = situation.view().get();
        List<Long> due = view.replicas().dueNanos();
        Optional<Narrowing> cap = situation.latest().get().narrowings().stream()
                .filter(each -> each.narrowed() && each.guardrail().equals(PENDING_CAP))
                .findFirst();
        if (cap.isEmpty()) {
            return Finding.FINE;
        }
        // A large raise meets the cap for as long as replicas take; it is a lack only when they are late.
        if (due.isEmpty() || lateness(situation, due.get(0)) <= 0) {
            return Finding.BETWEEN;
        }
        return Finding.of(
                Attempts.pressed(view),
                settings.holdFor(),
                "replicas asked for do not come, and no more are asked for: "
                        + Words.cut(cap.get().why()) + "; " + Attempts.pressure(view),
                "see why they do not start (kubectl describe pod, kubectl get events), whether there is a node or GPU free"
                        + " (kubectl describe nodes), and " + Rules.setting(situation, "guardrails.pendingMost"));
    }
}
