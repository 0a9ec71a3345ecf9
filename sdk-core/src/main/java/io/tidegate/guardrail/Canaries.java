/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.policy.ReplicaMath;
import io.tidegate.pool.Capacity;
import io.tidegate.pool.Evidence;
import io.tidegate.pool.LatencySnapshot;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.PoolView.ServedView;
import io.tidegate.pool.PoolView.TierView;
import io.tidegate.pool.Recent;
import io.tidegate.pool.Replicas;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What each guardrail exists to reject, by its settings. Told from the settings alone and not by asking the guardrail, or one that
 * rejects nothing would have nothing to reject.
 */
public final class Canaries {

    /** On any clock; far enough from 0 that what was before has a time. */
    private static final long NOW = Duration.ofDays(100).toNanos();

    private static final Duration TIME_TO_READY = Duration.ofMinutes(2);
    private static final Evidence BLIND = new Evidence(List.of("the canary is not heard of"), 1, true);

    /** A share this near to all of it counts as all, since counts are whole. */
    private static final double ALL = 1 - 1e-6;

    private Canaries() {}

    /**
     * The canaries of a guardrail; none if its settings make it never reject anything, or if it is not ours and names none: see {@link
     * Guardrail#canaries()}.
     */
    public static List<Canary> of(Guardrail guardrail) {
        List<Canary> all = new ArrayList<>();
        if (guardrail instanceof Bounds bounds) {
            bounds(bounds, all);
        } else if (guardrail instanceof CompleteData) {
            PoolView view = view(2, Evidence.missing("the canary's data is missing"), List.of());
            all.add(new Canary("down on incomplete data", view, history(2), 1, 2, 2));
        } else if (guardrail instanceof Coverage coverage) {
            if (coverage.least() > 0) {
                Evidence part = new Evidence(List.of(), coverage.least() / 2, false);
                all.add(new Canary("down on too little coverage", view(2, part, List.of()), history(2), 1, 2, 2));
            }
        } else if (guardrail instanceof Healthy healthy) {
            healthy(healthy, all);
        } else if (guardrail instanceof ClockJump) {
            all.add(new Canary("down just after the clock jumped", view(2), history(2), 1, 2, 2));
        } else if (guardrail instanceof Behavior behavior) {
            behavior(behavior, all);
        } else if (guardrail instanceof FlapDamping) {
            History down = history(10).withChange(NOW, 11, 10);
            all.add(new Canary("up just after a down, without need", view(10), down, 11, 10, 10));
        } else if (guardrail instanceof ToZero) {
            all.add(new Canary("several to none at once", view(2), history(2), 0, 1, 1));
            all.add(new Canary("the last one while it serves", view(1, List.of(tier(1, 0))), history(1), 0, 1, 1));
        } else if (guardrail instanceof PendingCap cap) {
            pendingCap(cap, all);
        } else if (guardrail instanceof Spend spend && spend.check() instanceof SpendCap cap) {
            int paid = cap.replicas();
            all.add(new Canary("one more than is paid for", view(paid), history(paid), paid + 1, paid, paid));
        } else if (guardrail instanceof Fallback fallback) {
            fallback(fallback, all);
        } else if (guardrail instanceof Tolerance tolerance) {
            tolerance(tolerance, all);
        } else {
            all.addAll((guardrail instanceof Own own ? own.guardrail() : guardrail).canaries());
        }
        return all;
    }

    /** A pool of one replica of which all is known and nothing is wrong. */
    public static PoolView quiet() {
        return view(1);
    }

    /** Its history. */
    public static History quietHistory() {
        return history(1);
    }

    private static void bounds(Bounds bounds, List<Canary> all) {
        int max = bounds.max();
        if (max < Integer.MAX_VALUE) {
            all.add(new Canary("one more than the maximum", view(1), history(1), max + 1, bounds.min(), max));
        }
        if (bounds.min() > 0) {
            all.add(new Canary("one fewer than the minimum", view(1), history(1), bounds.min() - 1, bounds.min(), max));
        }
    }

    private static void healthy(Healthy healthy, List<Canary> all) {
        PoolView raising = view(2, Evidence.COMPLETE, List.of(), List.of(NOW + 1));
        all.add(new Canary("down while a raise is under way", raising, history(2), 1, 2, 2));
        if (healthy.failedShare() < 1) {
            PoolView failing = view(2, List.of(tier(0, healthy.minCount())));
            all.add(new Canary("down while all requests fail", failing, history(2), 1, 2, 2));
        }
    }

    private static void behavior(Behavior behavior, List<Canary> all) {
        boolean up = behavior.direction() == Behavior.Direction.UP;
        boolean off = behavior.select() == Behavior.Select.DISABLED;
        boolean waits = !behavior.stabilizationWindow().isZero();
        if (up) {
            // As many as there are numbers: no rate allows that.
            if (off || waits || !behavior.rates().isEmpty()) {
                int most = off || waits ? 1 : Integer.MAX_VALUE - 1;
                all.add(new Canary("up faster than allowed", view(1), history(1), Integer.MAX_VALUE, 1, most));
            }
            return;
        }
        // More than the largest rate removes at once.
        int current = 2 * ReplicaMath.MANY;
        long limiting = behavior.rates().stream()
                .filter(rate -> rate.unit() == Behavior.Unit.REPLICAS || rate.amount() < ALL)
                .count();
        boolean limits = behavior.select() == Behavior.Select.MIN
                ? limiting > 0
                : limiting > 0 && limiting == behavior.rates().size();
        if (off || waits || limits) {
            int least = off || waits ? current : 1;
            all.add(new Canary("down faster than allowed", view(current), history(current), 0, least, current));
        }
    }

    private static void pendingCap(PendingCap cap, List<Canary> all) {
        long allowed = (long) cap.most() + 1;
        if (allowed < Integer.MAX_VALUE) {
            // One is due already.
            PoolView due = view(2, Evidence.COMPLETE, List.of(), List.of(NOW + TIME_TO_READY.toNanos()));
            int most = (int) allowed;
            all.add(new Canary("more pending than the cap", due, history(2), most + 1, Math.min(2, most), most));
        }
        long asked = NOW - 10 * TIME_TO_READY.toNanos();
        PoolView late = view(2, Evidence.COMPLETE, List.of(), List.of(asked + TIME_TO_READY.toNanos()));
        History raised = history(2).withChange(NOW, 1, 2).withMarks(Marks.startingAt(asked));
        all.add(new Canary("up while those asked for are overdue", late, raised, 3, 2, 2));
    }

    private static void fallback(Fallback fallback, List<Canary> all) {
        Marks silent = Marks.startingAt(NOW).withHeard(NOW - fallback.after().toNanos());
        int least = Math.max(1, fallback.replicas());
        all.add(new Canary(
                "down while nothing is heard of",
                view(1, BLIND, List.of()),
                history(1).withMarks(silent),
                0,
                least,
                least));
        if (fallback.goodPolls() > 0) {
            all.add(new Canary("down right after blindness", view(2), history(2), 1, 2, 2));
        }
    }

    private static void tolerance(Tolerance tolerance, List<Canary> all) {
        if (tolerance.up() > 0) {
            History demand = History.startingAt(NOW, 100)
                    .withProposal(NOW, 101, 100 * (1 + tolerance.up() / 2), History.HORIZON.toNanos());
            all.add(new Canary("up on a demand that is tolerated", view(100), demand, 101, 100, 100));
        }
        if (tolerance.down() > 0) {
            History demand = History.startingAt(NOW, 100)
                    .withProposal(NOW, 99, 100 * (1 - tolerance.down() / 2), History.HORIZON.toNanos());
            if (demand.demand() < 100) {
                all.add(new Canary("down on a demand that is tolerated", view(100), demand, 99, 100, 100));
            }
        }
    }

    private static History history(int current) {
        return History.startingAt(NOW, current);
    }

    private static PoolView view(int current) {
        return view(current, Evidence.COMPLETE, List.of());
    }

    private static PoolView view(int current, List<TierView> tiers) {
        return view(current, Evidence.COMPLETE, tiers);
    }

    private static PoolView view(int current, Evidence evidence, List<TierView> tiers) {
        return view(current, evidence, tiers, List.of());
    }

    private static PoolView view(int current, Evidence evidence, List<TierView> tiers, List<Long> due) {
        return new PoolView(
                "canary",
                NOW,
                evidence,
                new Replicas(current, current - due.size(), due),
                Work.slots(1),
                TIME_TO_READY,
                tiers,
                Map.of(),
                Capacity.UNKNOWN,
                Recent.NOTHING);
    }

    private static TierView tier(long inFlight, long failed) {
        ServedView served = new ServedView(
                0, 0, 0, 0, failed, 0, 0, LatencySnapshot.EMPTY, LatencySnapshot.EMPTY, LatencySnapshot.EMPTY);
        return new TierView(
                Tier.builder("canary").build(), inFlight, 0, Duration.ZERO, 0, 0, Double.NaN, Double.NaN, served);
    }
}
