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
 * What there is at least when nothing has been heard of for long: the larger of the present count and a configured one. Nothing
 * goes down again before several complete polls have followed one another. A pool that has gone to none stays there.
 *
 * <p>May raise what was proposed. KEDA knows the same as {@code currentReplicasIfHigher}; a plain fixed number would take replicas away
 * in the middle of a burst.
 *
 * @param replicas 0 or more; 0 keeps what there is
 * @param after how long the pool has been blind, 0 to 1 day
 * @param goodPolls complete polls in a row before anything may go down, after blindness and after any incomplete data; 0 or more
 * @since 0.1.0
 */
public record Fallback(int replicas, Duration after, int goodPolls) implements Guardrail {

    public Fallback {
        if (replicas < 0) {
            throw new IllegalArgumentException("replicas of the fallback must be >= 0 but was " + replicas);
        }
        if (goodPolls < 0 || goodPolls > 1_000) {
            throw new IllegalArgumentException("goodPolls must be 0..1000 but was " + goodPolls);
        }
        Text.window("after", after, Duration.ofDays(1));
    }

    /** With the defaults: after 5 minutes, until 3 good polls. */
    public Fallback(int replicas) {
        this(replicas, Duration.ofMinutes(5), 3);
    }

    @Override
    public String name() {
        return "fallback";
    }

    @Override
    public Optional<Recipe> recipe() {
        return Optional.of(new Recipe(
                GuardrailTypes.FALLBACK,
                Map.of(
                        "replicas",
                        Integer.toString(replicas),
                        "after",
                        after.toString(),
                        "goodPolls",
                        Integer.toString(goodPolls))));
    }

    static Fallback of(PolicySettings settings) {
        return new Fallback(
                (int) settings.requiredWhole("replicas", 0, Integer.MAX_VALUE),
                settings.requiredDuration("after", Duration.ZERO, Duration.ofDays(1)),
                (int) settings.requiredWhole("goodPolls", 0, Integer.MAX_VALUE));
    }

    @Override
    public Narrowing narrow(PoolView view, History history, int proposed) {
        int current = view.replicas().desired();
        long silentNanos = view.nowNanos() - history.marks().heardNanos();
        // With none, what replicas say of themselves cannot be heard; whoever asks wakes the pool without it.
        if (view.evidence().blind() && silentNanos >= after.toNanos() && current > 0) {
            int held = Math.max(replicas, current);
            return proposed >= held
                    ? Narrowing.none(name(), proposed)
                    : new Narrowing(
                            name(),
                            held,
                            "nothing has been heard of for " + Text.seconds(silentNanos)
                                    + (held > current ? ", and " + replicas + " are safe then" : ""));
        }
        // While data is incomplete another guardrail holds, and names the gaps.
        int polls = history.marks().goodPolls();
        if (polls >= goodPolls || !view.complete()) {
            return Narrowing.none(name(), proposed);
        }
        return Text.noDown(
                name(),
                current,
                proposed,
                polls + " of " + goodPolls + " complete polls have followed since data was last incomplete");
    }
}
