/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The contract kits are proven here: what is sound passes, and for each rule there is something that breaks it and is found out.
 */
@NullMarked
package io.tidegate.kits;

import org.jspecify.annotations.NullMarked;
