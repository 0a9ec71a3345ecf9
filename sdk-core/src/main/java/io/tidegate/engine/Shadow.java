/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.Decision.Direction;
import io.tidegate.guardrail.Decision.Mode;
import io.tidegate.guardrail.Decision.Origin;
import io.tidegate.guardrail.History;
import io.tidegate.guardrail.Marks;
import io.tidegate.policy.Proposal;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.Replicas;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;

/**
 * Another set of policies beside the one that acts, on the same load, with replicas that exist only on paper: whatever it decides is
 * accepted at once and ready after the expected time. For the engine's thread only.
 */
final class Shadow {

    /** Replicas on paper at most: where a set has no bounds, they must not cost the engine its memory. */
    private static final int MOST = 10_000;

    private final String name;
    private final Course course;
    private int target;
    private final ArrayDeque<Long> due = new ArrayDeque<>();
    private double replicaSeconds;
    private double liveReplicaSeconds;
    private long accruedNanos;
    private long changes;
    private Decision latest;

    /** Begins with what there is. */
    Shadow(String name, Decider decider, PoolView view, Instant at) {
        this.name = name;
        this.course = new Course(
                decider, History.startingAt(view.nowNanos(), view.replicas().desired()));
        this.target = view.replicas().desired();
        this.due.addAll(view.replicas().dueNanos());
        this.accruedNanos = view.nowNanos();
        this.latest = new Decision(
                0,
                view.pool(),
                at,
                view.nowNanos(),
                target,
                target,
                Proposal.Cause.NO_DATA,
                List.of(),
                List.of(),
                List.of(),
                new Origin(Decision.Trigger.PERIOD, view.nowNanos(), Mode.DRY_RUN));
    }

    String name() {
        return name;
    }

    void use(Decider decider) {
        course.use(decider);
    }

    void round(PoolView seen, int running, Marks marks, boolean trusted, long id, Instant at) {
        long now = seen.nowNanos();
        double seconds = (now - accruedNanos) / 1e9;
        accruedNanos = now;
        replicaSeconds += target * seconds;
        liveReplicaSeconds += running * seconds;
        // Not in order where the expected time was corrected meanwhile.
        due.removeIf(readyAt -> now - readyAt >= 0);
        PoolView view = seen.withReplicas(new Replicas(target, target - due.size(), List.copyOf(due)));
        Origin origin = new Origin(Decision.Trigger.PERIOD, now, Mode.DRY_RUN);
        latest = course.decide(view, marks, trusted, id, at, origin, null);
        if (latest.direction() != Direction.HOLD) {
            int next = Math.min(latest.to(), MOST);
            if (next != target) {
                changes++;
                course.changed(now, target, next);
            }
            long nextReady = now + seen.timeToReady().toNanos();
            for (int i = target; i < next; i++) {
                due.addLast(nextReady);
            }
            for (int i = next; i < target && !due.isEmpty(); i++) {
                due.removeLast();
            }
            target = next;
        }
    }

    ShadowState state() {
        return new ShadowState(name, target, target - due.size(), replicaSeconds, liveReplicaSeconds, changes, latest);
    }
}
