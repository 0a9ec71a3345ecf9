/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.manifests;

import io.tidegate.config.TidegateConfig.BehaviorConfig;
import io.tidegate.guardrail.Behavior.Select;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * How fast an HPA may change the count one way.
 *
 * @param why comments, of one line each
 * @param windowSeconds how long an answer must hold
 * @param select {@code Max}, {@code Min} or {@code Disabled}
 * @param policies so many in so long; none for the HPA's own
 */
record Speed(List<String> why, int windowSeconds, String select, List<Step> policies) {

    /** The longest period that an HPA knows. */
    private static final Duration LONGEST = Duration.ofMinutes(30);

    /** So many pods, or so many percent of them, in a time. */
    record Step(String type, int value, int periodSeconds) {

        static Step percent(int value, int periodSeconds) {
            return new Step("Percent", value, periodSeconds);
        }

        static Step pods(int value, int periodSeconds) {
            return new Step("Pods", value, periodSeconds);
        }
    }

    Speed {
        why = List.copyOf(why);
        policies = List.copyOf(policies);
    }

    /** As a pool of the configuration has it; what an HPA cannot express is the nearest that it can, and said. */
    static Speed of(BehaviorConfig behavior, String path) {
        List<String> why = new ArrayList<>(List.of("As " + path + " of the configuration."));
        List<Step> steps = new ArrayList<>();
        add(steps, why, behavior.replicas(), behavior.share(), behavior.period());
        behavior.rates().values().forEach(rate -> add(steps, why, rate.replicas(), rate.share(), rate.period()));
        String select = switch (behavior.select()) {
            case MAX -> "Max";
            case MIN -> "Min";
            case DISABLED -> "Disabled";
        };
        if (behavior.select() == Select.DISABLED) {
            why.add("Disabled: never this way.");
        }
        return new Speed(why, seconds(behavior.stabilizationWindow()), select, steps);
    }

    private static void add(List<Step> steps, List<String> why, int replicas, double share, Duration period) {
        double part = 1;
        Duration used = period;
        if (period.compareTo(LONGEST) > 0) {
            part = (double) LONGEST.toNanos() / period.toNanos();
            used = LONGEST;
            why.add("An HPA knows no period above 1800 s: of one of " + seconds(period) + " s it is a part.");
        }
        if (replicas > 0) {
            steps.add(Step.pods((int) Math.max(1, Math.floor(replicas * part)), seconds(used)));
        }
        if (share > 0) {
            steps.add(Step.percent((int) Math.max(1, Math.round(100 * share * part)), seconds(used)));
        }
    }

    /** Rounded up, as an HPA knows no less than a second. */
    private static int seconds(Duration duration) {
        return (int) duration.plusNanos(999_999_999).toSeconds();
    }

    /**
     * As it stands in {@code behavior}.
     *
     * @param direction {@code scaleUp} or {@code scaleDown}
     * @param tolerance whether the tolerance is said
     */
    List<String> lines(String direction, boolean tolerance) {
        List<String> lines = new ArrayList<>(List.of(direction + ":"));
        why.forEach(line -> lines.add("  # " + line));
        lines.add("  stabilizationWindowSeconds: " + windowSeconds);
        if (tolerance) {
            lines.add("  # The default of 10 % swallows every step of one from ten replicas on.");
            lines.add("  tolerance: \"0\"");
        }
        lines.add("  selectPolicy: " + select);
        if (!policies.isEmpty()) {
            lines.add("  policies:");
            policies.forEach(step -> lines.add("    - {type: " + step.type() + ", value: " + step.value()
                    + ", periodSeconds: " + step.periodSeconds() + "}"));
        }
        return lines;
    }
}
