/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import java.time.Duration;
import java.util.Locale;

/**
 * What became of a request at the gate: a {@link Permit}, or one of the refusals. Load is an everyday matter, so a refusal
 * is a value and never an exception.
 *
 * @since 0.1.0
 */
public sealed interface Admission permits Permit, Admission.Shed, Admission.Expired, Admission.Cancelled {

    /**
     * The request was refused to protect the service.
     *
     * @param reason why
     * @param retryAfter when asking again is likely to succeed; at least one second, jittered so that those refused
     *     together do not return together
     */
    record Shed(Reason reason, Duration retryAfter) implements Admission {}

    /**
     * The request waited as long as its tier, or its own time-out, allows.
     *
     * @param waited how long it was in queue
     * @param retryAfter when asking again is likely to succeed; at least one second
     * @param reason {@link Reason#QUEUE_TIMEOUT}, {@link Reason#DEADLINE_PASSED} where its own deadline ended the wait, or {@link
     *     Reason#NO_CAPACITY} where no replica serves
     */
    record Expired(Duration waited, Duration retryAfter, Reason reason) implements Admission {}

    /**
     * The caller gave up while the request waited.
     *
     * @param waited how long it was in queue
     */
    record Cancelled(Duration waited) implements Admission {}

    /**
     * Why a request was refused. For machines: {@link #code()} belongs into a header, {@link #httpStatus()} is the status.
     */
    enum Reason {
        /** There is no room now, and the request or its tier does not wait. */
        NO_ROOM(429),
        /** The places to wait are taken. */
        QUEUE_FULL(429),
        /** It would not be served within its bound, counting replicas on their way. */
        WAIT_TOO_LONG(429),
        /** Its own deadline has passed, so that nobody waits for the answer. */
        DEADLINE_PASSED(504),
        /** It waited, and its place was needed for a higher tier. */
        EVICTED(429),
        /** No replica serves, and the places to wait for one are taken. */
        NO_CAPACITY(503),
        /** The gate is closing. */
        DRAINING(503),
        /** Its tenant, or its tier, has used up its quota of requests or tokens. */
        QUOTA_EXCEEDED(429),
        /** Its rank is below what is admitted while more arrives than can be served. */
        OVERLOADED(429),
        /** It was refused before and came back sooner than it was told to. */
        RETRY_TOO_SOON(429),
        /** It waited as long as its tier, or its own time-out, allows. Never of a {@link Shed}. */
        QUEUE_TIMEOUT(429);

        private final int httpStatus;
        private final String code;

        Reason(int httpStatus) {
            this.httpStatus = httpStatus;
            this.code = name().toLowerCase(Locale.ROOT);
        }

        /** The reason in one word, for headers and logs: {@code quota_exceeded}. Stable. */
        public String code() {
            return code;
        }

        /** The HTTP status that says this: 429 where capacity is contended, 503 where there is none, 504 where time is over. */
        public int httpStatus() {
            return httpStatus;
        }
    }
}
