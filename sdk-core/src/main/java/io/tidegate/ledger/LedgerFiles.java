/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.ledger;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Names of the files of a ledger: the one that is written, and those it was rotated into, by their first number. */
final class LedgerFiles {

    private static final int DIGITS = 12;

    private LedgerFiles() {}

    /** A rotated file whose first line has this number. */
    static String rotated(String name, long firstSeq) {
        return name + "." + String.format(Locale.ROOT, "%0" + DIGITS + "d", firstSeq);
    }

    /** The rotated ones among these, oldest first. */
    static List<String> rotated(Collection<String> names, String name) {
        return names.stream()
                .filter(each -> each.startsWith(name + ".") && isNumber(each.substring(name.length() + 1)))
                .sorted(Comparator.comparingLong(each -> firstSeq(each, name)))
                .toList();
    }

    /** The number in the name of a rotated file. */
    static long firstSeq(String rotated, String name) {
        return Long.parseLong(rotated.substring(name.length() + 1));
    }

    private static boolean isNumber(String text) {
        return text.length() >= DIGITS
                && text.length() <= 18
                && text.chars().allMatch(each -> each >= '0' && each <= '9');
    }
}
