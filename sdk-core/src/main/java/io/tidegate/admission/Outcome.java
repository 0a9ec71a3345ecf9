/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

/**
 * How an admitted request ended.
 *
 * @since 0.1.0
 */
public enum Outcome {
    /** Answered to the last byte. */
    COMPLETED,
    /** The pool or the way to it failed. */
    FAILED,
    /** The client went away. */
    CANCELLED,
    /** The permit was returned by {@link Permit#close()} alone, so nobody said. Counts as answered. */
    UNREPORTED
}
