/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.alert.Alert;
import io.tidegate.alert.AlertKind;
import io.tidegate.guardrail.Decision;
import io.tidegate.ledger.ScaleEvent;
import io.tidegate.policy.Learned;
import io.tidegate.pool.PoolView;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the engine knows of a pool, as of its last round. Immutable.
 *
 * @since 0.1.0
 */
public final class PoolState {

    private final @Nullable PoolView view;
    private final @Nullable Decision latest;
    private final List<Decision> decisions;
    private final List<ScaleEvent> events;
    private final int running;
    private final double replicaSeconds;
    private final long failures;
    private final Optional<ManualOverride> override;
    private final Optional<ShadowState> shadow;
    private final Map<String, Learned> learned;
    private final ScaleTimes scaleTimes;
    private final List<Alert> alerts;
    private final Map<AlertKind, Long> fired;

    /** Nothing is known yet. */
    static final PoolState UNKNOWN = new PoolState(
            null,
            null,
            List.of(),
            List.of(),
            0,
            0,
            0,
            Optional.empty(),
            Optional.empty(),
            Map.of(),
            ScaleTimes.NOTHING,
            List.of(),
            Map.of());

    PoolState(
            @Nullable PoolView view,
            @Nullable Decision latest,
            List<Decision> decisions,
            List<ScaleEvent> events,
            int running,
            double replicaSeconds,
            long failures,
            Optional<ManualOverride> override,
            Optional<ShadowState> shadow,
            Map<String, Learned> learned,
            ScaleTimes scaleTimes,
            List<Alert> alerts,
            Map<AlertKind, Long> fired) {
        this.view = view;
        this.latest = latest;
        this.decisions = List.copyOf(decisions);
        this.events = List.copyOf(events);
        this.running = running;
        this.replicaSeconds = replicaSeconds;
        this.failures = failures;
        this.override = override;
        this.shadow = shadow;
        this.learned = Map.copyOf(learned);
        this.scaleTimes = scaleTimes;
        this.alerts = List.copyOf(alerts);
        this.fired = Map.copyOf(fired);
    }

    /** What was known, or empty until the backend's status was first heard. */
    public Optional<PoolView> view() {
        return Optional.ofNullable(view);
    }

    /** The last decision, also one that changed nothing. */
    public Optional<Decision> latest() {
        return Optional.ofNullable(latest);
    }

    /** The last decisions that changed the desired count, oldest first, at most 256. */
    public List<Decision> decisions() {
        return decisions;
    }

    /** The last scale events, oldest first, at most 256. */
    public List<ScaleEvent> events() {
        return events;
    }

    /** Replicas that exist in any state. */
    public int running() {
        return running;
    }

    /** Sum over time of the replicas that existed, since the engine started; what is paid for. */
    public double replicaSeconds() {
        return replicaSeconds;
    }

    /** Times that a plugin, the backend, the ledger or a listener failed. */
    public long failures() {
        return failures;
    }

    /** What a person said that is still in force. */
    public Optional<ManualOverride> override() {
        return override;
    }

    /** What the policies in the shadow have come to, if there are some. */
    public Optional<ShadowState> shadow() {
        return shadow;
    }

    /** What policies have learned, by their names. */
    public Map<String, Learned> learned() {
        return learned;
    }

    /** How long replicas take to be ready, and where that time goes. */
    public ScaleTimes scaleTimes() {
        return scaleTimes;
    }

    /** What is wrong with it now, as of the last look, which is once a second; in the order of {@link AlertKind}. */
    public List<Alert> alerts() {
        return alerts;
    }

    /** How often an alert of that kind has begun since the engine started. */
    public long alertsFired(AlertKind kind) {
        return fired.getOrDefault(kind, 0L);
    }
}
