/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

/**
 * What an SLO can be broken by.
 *
 * @since 0.1.0
 */
public enum Objective {
    /** The request was shed or expired. */
    ADMISSION,
    /** Its first token came later than promised. */
    TIME_TO_FIRST_TOKEN,
    /** Its tokens came more slowly than promised. */
    TIME_PER_OUTPUT_TOKEN,
    /** It was admitted and failed. */
    COMPLETION
}
