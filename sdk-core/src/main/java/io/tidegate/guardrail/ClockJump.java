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
 * Nothing scales down for a while after the wall clock jumped against the monotonic one, or the process stood still or was
 * started: rates and windows that span such a gap are not what they seem.
 *
 * <p>Time in decisions is monotonic, so this hold is all that a jump of the wall clock does to a decision.
 *
 * @param hold 0 to 1 hour
 * @since 0.1.0
 */
public record ClockJump(Duration hold) implements Guardrail {

    public ClockJump {
        Text.window("hold", hold, History.HORIZON);
    }

    /** With the default: 5 minutes. */
    public ClockJump() {
        this(Duration.ofMinutes(5));
    }

    @Override
    public String name() {
        return "clock jump";
    }

    @Override
    public Optional<Recipe> recipe() {
        return Optional.of(new Recipe(GuardrailTypes.CLOCK_JUMP, Map.of("hold", hold.toString())));
    }

    static ClockJump of(PolicySettings settings) {
        return new ClockJump(settings.requiredDuration("hold", Duration.ZERO, History.HORIZON));
    }

    @Override
    public Narrowing narrow(PoolView view, History history, int proposed) {
        long ago = view.nowNanos() - history.marks().jumpNanos();
        if (ago > hold.toNanos()) {
            return Narrowing.none(name(), proposed);
        }
        return Text.noDown(
                name(),
                view.replicas().desired(),
                proposed,
                "the clock jumped, or the process stood still or started, " + Text.seconds(ago)
                        + " ago; nothing goes down for " + hold.toSeconds() + " s");
    }
}
