/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** Words and numbers that guardrails share, and the commonest thing they do. */
final class Text {

    private static final int NAMED = 3;

    private Text() {}

    /** Down is held, up is left alone. */
    static Narrowing noDown(String guardrail, int current, int proposed, String why) {
        return proposed < current ? new Narrowing(guardrail, current, why) : Narrowing.none(guardrail, proposed);
    }

    /** {@code 12.5 %}; one digit where it is not whole. */
    static String percent(double share) {
        double percent = Math.round(share * 1000) / 10.0;
        return percent == Math.rint(percent)
                ? String.format(Locale.ROOT, "%.0f %%", percent)
                : String.format(Locale.ROOT, "%.1f %%", percent);
    }

    /** Two digits. */
    static String number(double value) {
        return String.format(Locale.ROOT, "%.2f", value);
    }

    /** Whole seconds between two instants. */
    static String seconds(long nanos) {
        return Duration.ofNanos(nanos).toSeconds() + " s";
    }

    /** Seconds until something, rounded up, so that it never says 0 while one has to wait. */
    static String secondsUntil(long nanos) {
        return Math.floorDiv(nanos + 999_999_999, 1_000_000_000) + " s";
    }

    /** The first three, and how many there are beside them. */
    static String few(List<String> all) {
        if (all.size() <= NAMED) {
            return String.join("; ", all);
        }
        return String.join("; ", all.subList(0, NAMED)) + " and " + (all.size() - NAMED) + " more";
    }

    static void window(String setting, Duration value, Duration most) {
        if (value.isNegative() || value.compareTo(most) > 0) {
            throw new IllegalArgumentException(setting + " must be 0 to " + most + " but was " + value);
        }
    }

    static void share(String setting, double value) {
        if (!(value >= 0 && value <= 1)) {
            throw new IllegalArgumentException(setting + " must be 0 to 1 but was " + value);
        }
    }
}
