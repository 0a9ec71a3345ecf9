/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * How many replicas a pool should have. A {@link io.tidegate.policy.spi.Policy} turns one {@link io.tidegate.pool.PoolView}
 * into a {@link io.tidegate.policy.Proposal}. Policies read no clock, start no thread and remember nothing; of several in a
 * pool the highest proposal counts.
 *
 * <ol>
 *   <li>{@link io.tidegate.policy.BacklogPolicy} comes first and is always there: arrivals and queue, from the gate alone.
 *   <li>{@link io.tidegate.policy.TargetTrackingPolicy} holds any signal at a target, by the rules of the Kubernetes HPA.
 *   <li>{@link io.tidegate.policy.LatencyPolicy} keeps a latency below its objective.
 *   <li>{@link io.tidegate.policy.PanicWindowPolicy} adds fast in a burst and removes slowly after it, by the rules of
 *       Knative.
 *   <li>{@link io.tidegate.policy.FormulaPolicy} is for what none of these says, in the user's own formula.
 * </ol>
 */
@NullMarked
package io.tidegate.policy;

import org.jspecify.annotations.NullMarked;
