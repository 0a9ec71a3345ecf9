/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.demo;

import java.math.BigDecimal;
import java.util.Locale;

/** Numbers as people read them. */
final class Figures {

    private Figures() {}

    /** Without needless decimals: 10, 2.5. */
    static String plain(double value) {
        return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
    }

    /** Seconds: 0.21 s, 61 s; a dash if there are none. */
    static String seconds(double seconds) {
        if (Double.isNaN(seconds)) {
            return "-";
        }
        return seconds < 10
                ? String.format(Locale.ROOT, "%.2f s", seconds)
                : String.format(Locale.ROOT, "%.0f s", seconds);
    }

    /** Milliseconds: 1.3 ms; a dash if there are none. */
    static String millis(double millis) {
        return Double.isNaN(millis) ? "-" : String.format(Locale.ROOT, "%.1f ms", millis);
    }

    /** A share: 99.8 %; a dash if there is none. */
    static String percent(double share) {
        return Double.isNaN(share) ? "-" : String.format(Locale.ROOT, "%.1f %%", share * 100);
    }
}
