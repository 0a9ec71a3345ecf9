/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.load;

/**
 * How a request ended.
 *
 * @since 0.1.0
 */
public enum Outcome {
    /** The whole answer arrived. */
    COMPLETED,
    /** Refused to protect the service: HTTP 429, or 503 other than {@link #EXPIRED}. */
    SHED,
    /** Waited in the gateway until its time was up: HTTP 429, 503 or 504 whose reason says so. */
    EXPIRED,
    /** Anything else: no connection, another status, a stream that broke off or did not end in time. */
    FAILED,
    /** Given up by the driver because it was stopped. Says nothing about the service. */
    CANCELLED
}
