/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.ledger;

/**
 * How a ledger does.
 *
 * @param written entries written since it was opened
 * @param lost entries that could not be written and never will be
 * @param waiting entries taken and not yet written
 * @param failing what is wrong now, in words; empty if nothing is
 * @since 0.1.0
 */
public record LedgerStatus(long written, long lost, long waiting, String failing) {

    /** Of a ledger that does not say. */
    public static final LedgerStatus UNKNOWN = new LedgerStatus(0, 0, 0, "");
}
