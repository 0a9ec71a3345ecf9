/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.policy.PolicySettings;
import io.tidegate.policy.Recipe;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Guardrails of this library by their type, as recipes name them. What others add has no type: its answers are read from the ledger
 * where a decision is made again.
 *
 * @since 0.1.0
 */
public final class GuardrailTypes {

    static final String BOUNDS = "bounds";
    static final String TOLERANCE = "tolerance";
    static final String FALLBACK = "fallback";
    static final String COMPLETE_DATA = "completeData";
    static final String COVERAGE = "coverage";
    static final String HEALTHY = "healthy";
    static final String CLOCK_JUMP = "clockJump";
    static final String BEHAVIOR = "behavior";
    static final String FLAP_DAMPING = "flapDamping";
    static final String TO_ZERO = "toZero";
    static final String PENDING_CAP = "pendingCap";
    static final String SPEND = "spend";

    private static final Map<String, Function<PolicySettings, Guardrail>> TYPES = new TreeMap<>(Map.ofEntries(
            Map.entry(BOUNDS, Bounds::of),
            Map.entry(TOLERANCE, Tolerance::of),
            Map.entry(FALLBACK, Fallback::of),
            Map.entry(COMPLETE_DATA, settings -> new CompleteData()),
            Map.entry(COVERAGE, Coverage::of),
            Map.entry(HEALTHY, Healthy::of),
            Map.entry(CLOCK_JUMP, ClockJump::of),
            Map.entry(BEHAVIOR, Behavior::of),
            Map.entry(FLAP_DAMPING, FlapDamping::of),
            Map.entry(TO_ZERO, ToZero::of),
            Map.entry(PENDING_CAP, PendingCap::of),
            Map.entry(SPEND, Spend::of)));

    private GuardrailTypes() {}

    /**
     * Makes again a guardrail that said how it is made; it gives the same answers.
     *
     * @param name the name it had
     * @throws IllegalArgumentException naming the types there are if there is none of that name, or every setting that is wrong, or the
     *     name that such a guardrail has if it is another
     */
    public static Guardrail create(String name, Recipe recipe) {
        Function<PolicySettings, Guardrail> type = TYPES.get(recipe.type());
        if (type == null) {
            throw new IllegalArgumentException(
                    "there is no guardrail of type \"" + recipe.type() + "\", only " + TYPES.keySet());
        }
        PolicySettings settings = PolicySettings.of(recipe);
        Guardrail made;
        try {
            made = type.apply(settings);
        } catch (IllegalArgumentException e) {
            // What it was given in place of a wrong value may be what it minds.
            settings.check();
            throw e;
        }
        settings.check();
        if (!made.name().equals(name)) {
            throw new IllegalArgumentException("a guardrail of this recipe of type \"" + recipe.type()
                    + "\" is named \"" + made.name() + "\" and not \"" + name + '"');
        }
        return made;
    }
}
