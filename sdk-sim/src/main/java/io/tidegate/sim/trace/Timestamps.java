/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;

/** Times as data sets write them; one without a zone is taken as UTC. */
final class Timestamps {
    /** Length of a time without fraction and zone: {@code 2023-11-16 18:15:46}. */
    private static final int SECONDS_END = 19;

    private static final int FRACTION_DIGITS = 9;

    private Timestamps() {}

    /**
     * Parses {@code yyyy-MM-dd HH:mm:ss[.fraction][zone]}. By hand, because a formatter would take most of the time of
     * reading a file.
     */
    static Instant parse(String text) {
        if (text.length() < SECONDS_END
                || text.charAt(4) != '-'
                || text.charAt(7) != '-'
                || (text.charAt(10) != ' ' && text.charAt(10) != 'T')
                || text.charAt(13) != ':'
                || text.charAt(16) != ':') {
            throw new DateTimeException("not a time");
        }
        int position = SECONDS_END;
        int nanos = 0;
        if (position < text.length() && text.charAt(position) == '.') {
            int start = ++position;
            while (position < text.length() && isDigit(text.charAt(position))) {
                position++;
            }
            int digits = position - start;
            if (digits == 0 || digits > FRACTION_DIGITS) {
                throw new DateTimeException("not a fraction");
            }
            nanos = number(text, start, position);
            for (int i = digits; i < FRACTION_DIGITS; i++) {
                nanos *= 10;
            }
        }
        ZoneOffset zone = position == text.length() ? ZoneOffset.UTC : ZoneOffset.of(text.substring(position));
        LocalDateTime local = LocalDateTime.of(
                number(text, 0, 4),
                number(text, 5, 7),
                number(text, 8, 10),
                number(text, 11, 13),
                number(text, 14, 16),
                number(text, 17, SECONDS_END),
                nanos);
        return local.toInstant(zone);
    }

    private static int number(String text, int from, int to) {
        int value = 0;
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            if (!isDigit(c)) {
                throw new DateTimeException("not a number");
            }
            value = value * 10 + (c - '0');
        }
        return value;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }
}
