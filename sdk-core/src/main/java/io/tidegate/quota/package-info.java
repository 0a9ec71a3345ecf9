/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * How much each tenant and tier may ask for in a minute, or in all: requests and tokens, reserved before a request runs and
 * settled when it ends.
 *
 * <p>{@link io.tidegate.quota.Quotas} comes first; {@link io.tidegate.quota.Quota} is one account's setting. The package knows
 * no gate; the gate asks it.
 */
@NullMarked
package io.tidegate.quota;

import org.jspecify.annotations.NullMarked;
