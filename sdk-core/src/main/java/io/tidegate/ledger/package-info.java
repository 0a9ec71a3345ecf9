/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The account of what was decided and what came of it. {@link io.tidegate.ledger.ScaleEvent} is one decision's life;
 * {@link io.tidegate.ledger.Ledger} is where both are written, {@link io.tidegate.ledger.FileLedger} as JSON lines.
 */
@NullMarked
package io.tidegate.ledger;

import org.jspecify.annotations.NullMarked;
