/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy;

import io.tidegate.pool.Signal;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;

/** How policies write numbers for people, and which measured numbers cannot be true. */
final class Figures {

    /** Unit of shares, 0 to 1. */
    static final String RATIO = "ratio";

    private Figures() {}

    /** At most two decimals, or three significant digits where that would say nothing: {@code 10}, {@code 1.25}, {@code 1E+9}. */
    static String number(double value) {
        if (!Double.isFinite(value)) {
            return value > 0 ? "ever more" : Double.toString(value);
        }
        double size = Math.abs(value);
        BigDecimal exact = BigDecimal.valueOf(value);
        if (size >= 1e9 || (size < 0.01 && size > 0)) {
            return exact.round(new MathContext(3)).stripTrailingZeros().toString();
        }
        return exact.setScale(2, RoundingMode.HALF_UP).stripTrailingZeros().toPlainString();
    }

    /** With its unit; shares as percent. */
    static String measured(double value, String unit) {
        return RATIO.equals(unit) ? number(value * 100) + " %" : (number(value) + ' ' + unit).trim();
    }

    /**
     * Whether a load can have this value. Negative ones cannot, −0 among them, which only broken arithmetic leaves; nor can
     * values above 0 too small to be normal, which are what is left of a division gone wrong and would read as idle.
     */
    static boolean possible(double value) {
        return Double.isFinite(value)
                && Double.doubleToRawLongBits(value) >= 0
                && !(value > 0 && value < Double.MIN_NORMAL);
    }

    /** Why a policy has no opinion on this signal; empty if it can be used. */
    static String unusable(String name, Signal signal) {
        if (!(signal instanceof Signal.Known known)) {
            return name + " is not known: " + signal.gap();
        }
        return possible(known.value()) ? "" : name + " cannot be " + known.value();
    }

    /** @throws IllegalArgumentException if a target is one that no load can be held against */
    static void checkTarget(String name, double target) {
        if (!(target >= Double.MIN_NORMAL) || Double.isInfinite(target)) {
            throw new IllegalArgumentException(
                    name + " must be above 0, finite and not vanishingly small but was " + target);
        }
    }
}
