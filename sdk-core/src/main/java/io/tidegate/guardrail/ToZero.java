/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.policy.PolicySettings;
import io.tidegate.policy.Recipe;
import io.tidegate.pool.PoolView;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * The last replica leaves only on proof: after a whole window in which data was complete and nobody asked, waited or was served.
 * More than one never go to none at once; they go to one.
 *
 * <p>Knative keeps its last replica for a whole stable window in the same way.
 *
 * @param window 0 to 1 hour
 * @since 0.1.0
 */
public record ToZero(Duration window) implements Guardrail {

    public ToZero {
        Text.window("window", window, History.HORIZON);
    }

    /** With the default: 10 minutes. */
    public ToZero() {
        this(Duration.ofMinutes(10));
    }

    @Override
    public String name() {
        return "to zero";
    }

    @Override
    public Optional<Recipe> recipe() {
        return Optional.of(new Recipe(GuardrailTypes.TO_ZERO, Map.of("window", window.toString())));
    }

    static ToZero of(PolicySettings settings) {
        return new ToZero(settings.requiredDuration("window", Duration.ZERO, History.HORIZON));
    }

    @Override
    public Narrowing narrow(PoolView view, History history, int proposed) {
        int current = view.replicas().desired();
        if (proposed > 0 || current == 0) {
            return Narrowing.none(name(), proposed);
        }
        if (current > 1) {
            return new Narrowing(name(), 1, "the last replica leaves alone, once there is only one");
        }
        String proof = missingProof(view, history.marks());
        return proof.isEmpty() ? Narrowing.none(name(), proposed) : new Narrowing(name(), 1, proof);
    }

    private String missingProof(PoolView view, Marks marks) {
        String needed = "; the last replica leaves after " + window.toSeconds() + " s without";
        if (view.traffic()) {
            return "there is traffic" + needed;
        }
        if (!view.complete()) {
            return "data is incomplete" + needed;
        }
        long quiet = view.nowNanos() - marks.trafficNanos();
        if (quiet < window.toNanos()) {
            return "there was traffic " + Text.seconds(quiet) + " ago" + needed;
        }
        long whole = view.nowNanos() - marks.incompleteNanos();
        return whole < window.toNanos() ? "data was incomplete " + Text.seconds(whole) + " ago" + needed : "";
    }
}
