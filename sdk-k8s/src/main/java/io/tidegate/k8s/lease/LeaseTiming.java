/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.lease;

import java.time.Duration;

/**
 * How long a lease holds and when it is renewed.
 *
 * <p>Two rules bind the four. With them no two lead at once even where one machine's clock runs half as fast again as another's: {@code
 * lease >= 1.5 * (renewDeadline + requestTimeout)}, which is 15 = 1.5 * (8 + 2) by default. And a leader has time for two tries that hang:
 * {@code renewDeadline >= 2 * (retryPeriod + requestTimeout)}, which is 8 = 2 * (2 + 2).
 *
 * @param lease how long others wait after the last change they saw; whole seconds, 1 s to 10 min, 15 s by default
 * @param renewDeadline how long after the beginning of its last good renewal a leader may act; 8 s by default
 * @param retryPeriod longest time between two tries, each up to a fifth shorter by chance; 100 ms or more, 2 s by default
 * @param requestTimeout longest time of one request; 100 ms or more, 2 s by default
 * @since 0.1.0
 */
public record LeaseTiming(Duration lease, Duration renewDeadline, Duration retryPeriod, Duration requestTimeout) {

    /** Longest lease, also of others: what is published beyond that is read as that. */
    static final Duration LONGEST = Duration.ofMinutes(10);

    private static final Duration SHORTEST = Duration.ofMillis(100);

    /** 15, 8, 2 and 2 seconds. */
    public static final LeaseTiming DEFAULT = new LeaseTiming(
            Duration.ofSeconds(15), Duration.ofSeconds(8), Duration.ofSeconds(2), Duration.ofSeconds(2));

    /**
     * Checks it.
     *
     * @throws IllegalArgumentException naming the setting and what it must be
     */
    public LeaseTiming {
        if (lease.compareTo(Duration.ofSeconds(1)) < 0 || lease.compareTo(LONGEST) > 0 || lease.toNanosPart() != 0) {
            throw new IllegalArgumentException("lease must be whole seconds from 1 s to 10 min but was " + lease);
        }
        if (retryPeriod.compareTo(SHORTEST) < 0) {
            throw new IllegalArgumentException("retryPeriod must be >= 100 ms but was " + retryPeriod);
        }
        if (requestTimeout.compareTo(SHORTEST) < 0) {
            throw new IllegalArgumentException("requestTimeout must be >= 100 ms but was " + requestTimeout);
        }
        Duration leastDeadline = retryPeriod.plus(requestTimeout).multipliedBy(2);
        if (renewDeadline.compareTo(leastDeadline) < 0) {
            throw new IllegalArgumentException("renewDeadline must be >= 2 * (retryPeriod + requestTimeout) = "
                    + leastDeadline + " but was " + renewDeadline);
        }
        Duration leastLease = renewDeadline.plus(requestTimeout).multipliedBy(3).dividedBy(2);
        if (lease.compareTo(leastLease) < 0) {
            throw new IllegalArgumentException("lease must be >= 1.5 * (renewDeadline + requestTimeout) = " + leastLease
                    + ", so that a slow clock does no harm, but was " + lease);
        }
    }
}
