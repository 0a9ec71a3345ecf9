/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * What may only narrow a proposal: bounds, steps, stabilization, incomplete data. The outcome is a
 * {@link io.tidegate.guardrail.Decision}, which can say why it is what it is. Guardrails are pure; what they must remember
 * is in the {@link io.tidegate.guardrail.History} they are given.
 */
@NullMarked
package io.tidegate.guardrail;

import org.jspecify.annotations.NullMarked;
