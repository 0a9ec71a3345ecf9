/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * What may only narrow a proposal. {@link io.tidegate.guardrail.Guardrails} makes the chain of a pool and says what is asked in which
 * order and why; each guardrail is one small type beside it. Those that may raise what was proposed are the minimum of
 * {@link io.tidegate.guardrail.Bounds} and {@link io.tidegate.guardrail.Fallback}, no other. The outcome is a
 * {@link io.tidegate.guardrail.Decision}, which can say why it is what it is. Guardrails are pure; what they must remember is in
 * the {@link io.tidegate.guardrail.History} they are given.
 */
@NullMarked
package io.tidegate.guardrail;

import org.jspecify.annotations.NullMarked;
