/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.alert;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Numbers, times and foreign words as alerts show them. */
final class Words {

    private static final int LONGEST = 200;

    private Words() {}

    /** At most two decimals, and never an exponent below a billion: {@code 14.4}. */
    static String number(double value) {
        if (!Double.isFinite(value) || Math.abs(value) >= 1e9) {
            return String.valueOf(value);
        }
        BigDecimal rounded = BigDecimal.valueOf(value).setScale(2, RoundingMode.HALF_UP);
        return rounded.signum() == 0 ? "0" : rounded.stripTrailingZeros().toPlainString();
    }

    /** {@code 12.5 %}. */
    static String percent(double share) {
        return number(100 * share) + " %";
    }

    /** {@code 45 s}, {@code 12 min}, {@code 1 h 30 min}. */
    static String duration(Duration duration) {
        long seconds = duration.toSeconds();
        if (seconds < 120) {
            return seconds + " s";
        }
        long minutes = seconds / 60;
        if (minutes < 120) {
            return minutes + " min";
        }
        return minutes / 60 + " h" + (minutes % 60 == 0 ? "" : " " + minutes % 60 + " min");
    }

    /** To the minute, in UTC: {@code 2026-03-01T14:05Z}. */
    static String time(Instant at) {
        return at.truncatedTo(ChronoUnit.MINUTES).toString().replace(":00Z", "Z");
    }

    static String replicas(long count) {
        return count == 1 ? "1 replica" : count + " replicas";
    }

    /** What others said, cut. */
    static String cut(String text) {
        return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "…";
    }
}
