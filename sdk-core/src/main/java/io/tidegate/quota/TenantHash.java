/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.quota;

import java.util.function.LongSupplier;

/**
 * A hash of tenant ids under secret numbers, so that nobody can choose ids that fall together. {@link String#hashCode} would not
 * do: strings with the same one are easily made, and mixing a secret in afterwards does not part them.
 *
 * <p>Four characters at a time are folded by a multiplication to 128 bits, as wyhash does. Immutable.
 */
final class TenantHash {

    /** Characters that count; of longer ids the rest is left out, so that a hash has a bound. */
    static final int MAX_LENGTH = 128;

    private final long start;
    private final long secret;
    private final long end;

    TenantHash(LongSupplier random) {
        this.start = random.getAsLong();
        this.secret = random.getAsLong() | 1;
        this.end = random.getAsLong() | 1;
    }

    long of(String id) {
        int length = Math.min(id.length(), MAX_LENGTH);
        long hash = start;
        int i = 0;
        for (; i + 4 <= length; i += 4) {
            long four = id.charAt(i)
                    | (long) id.charAt(i + 1) << 16
                    | (long) id.charAt(i + 2) << 32
                    | (long) id.charAt(i + 3) << 48;
            hash = fold(hash ^ four, secret);
        }
        long rest = 0;
        for (; i < length; i++) {
            rest = rest << 16 | id.charAt(i);
        }
        return fold(fold(hash ^ rest, secret) ^ id.length(), end);
    }

    private static long fold(long a, long b) {
        return Math.multiplyHigh(a, b) ^ (a * b);
    }
}
