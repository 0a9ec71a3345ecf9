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
import io.tidegate.pool.PoolView;
import io.tidegate.pool.Replicas;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;

/**
 * Another set of policies beside the one that acts, on the same load, with replicas that exist only on paper: whatever it decides is
 * accepted at once and ready after the expected time. For the engine's thread only.
 */
final class Shadow {

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
                io.tidegate.policy.Proposal.Cause.NO_DATA,
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
        while (!due.isEmpty() && now - due.getFirst() >= 0) {
            due.removeFirst();
        }
        PoolView view = seen.withReplicas(new Replicas(target, target - due.size(), List.copyOf(due)));
        Origin origin = new Origin(Decision.Trigger.PERIOD, now, Mode.DRY_RUN);
        latest = course.decide(view, marks, trusted, id, at, origin, null);
        if (latest.direction() != Direction.HOLD) {
            changes++;
            course.changed(now, target, latest.to());
            long readyAt = now + seen.timeToReady().toNanos();
            for (int i = target; i < latest.to(); i++) {
                due.addLast(readyAt);
            }
            for (int i = latest.to(); i < target && !due.isEmpty(); i++) {
                due.removeLast();
            }
            target = latest.to();
        }
    }

    ShadowState state() {
        return new ShadowState(name, target, target - due.size(), replicaSeconds, liveReplicaSeconds, changes, latest);
    }

    Map<String, io.tidegate.policy.Learned> learned() {
        return course.learned();
    }
}
