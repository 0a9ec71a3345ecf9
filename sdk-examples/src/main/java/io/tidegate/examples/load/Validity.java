/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.load;

import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Whether the driver itself distorted a run.
 *
 * <p>The rule: the 99th percentile of the lateness, in trace time, is at most 5 % of the tightest SLO. Example: requests that
 * leave 1.2 ms late at 10 times real time are 12 ms late for the trace; with a TTFT bound of 2 s up to 100 ms are fine. A
 * run is not valid either if nothing was sent, or if the driver had to leave out requests.
 *
 * @param valid whether the figures of the run may be believed
 * @param sentence the rule with the run's figures
 * @param reason why the run is not valid, and what helps; empty if it is
 * @since 0.1.0
 */
public record Validity(boolean valid, String sentence, String reason) {
    private static final double LATENESS_SHARE = 0.05;

    /**
     * Judges a run.
     *
     * @param load the final figures; at least one tier has an SLO
     * @param timeScale how much faster than real time the trace was replayed
     * @throws IllegalArgumentException if no tier has an SLO
     */
    public static Validity of(LoadSnapshot load, double timeScale) {
        TierSlo tightest = tightest(load);
        if (load.lateness().count() == 0) {
            return new Validity(false, "no request was sent", "no request was sent");
        }
        double lateMillis = load.lateness().p99Seconds() * 1e3;
        double traceMillis = lateMillis * timeScale;
        double allowedMillis = millis(tightest.ttft()) * LATENESS_SHARE;
        boolean onTime = traceMillis <= allowedMillis;
        String sentence = "p99 lateness " + figure(lateMillis) + " ms x " + exact(timeScale) + " = "
                + figure(traceMillis) + " ms, " + (onTime ? "at most" : "more than") + " 5 % of the tightest SLO ("
                + tightest.tier() + " TTFT " + figure(millis(tightest.ttft()) / 1e3) + " s): " + figure(allowedMillis)
                + " ms";
        if (!onTime) {
            return new Validity(
                    false, sentence, "the driver sent requests too late: lower the time scale or sample the trace");
        }
        if (load.refusedByDriver() > 0) {
            return new Validity(
                    false,
                    sentence,
                    "the driver left out " + load.refusedByDriver()
                            + " requests because too many were open: sample the trace");
        }
        return new Validity(true, sentence, "");
    }

    private static TierSlo tightest(LoadSnapshot load) {
        List<TierSlo> slos = new ArrayList<>();
        for (TierLoad tier : load.tiers()) {
            if (tier.sloTtft() != null) {
                slos.add(new TierSlo(tier.tier(), tier.sloTtft()));
            }
        }
        return slos.stream()
                .min(Comparator.comparing(TierSlo::ttft))
                .orElseThrow(() -> new IllegalArgumentException("no tier has an SLO"));
    }

    private static double millis(Duration duration) {
        return duration.toNanos() / 1e6;
    }

    private static String exact(double value) {
        return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
    }

    /** Three significant digits, and never more decimals than that takes: 1.2, 12, 0.0312, 1250. */
    private static String figure(double value) {
        BigDecimal rounded = BigDecimal.valueOf(value).round(new MathContext(3)).stripTrailingZeros();
        return rounded.toPlainString();
    }
}
