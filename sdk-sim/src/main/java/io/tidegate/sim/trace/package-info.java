/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Request traces: recorded ones read from files, and one made up from published figures.
 *
 * <p>{@link io.tidegate.sim.trace.TraceFiles} opens a file and finds out its format;
 * {@link io.tidegate.sim.trace.BuiltInDay} needs no file. Both give a
 * {@link io.tidegate.sim.trace.Trace}: events in order of time, which can be cut, thinned and given tiers and
 * tenants. Everything random is drawn from a seed, so the same call gives the same events on every JVM.
 */
@NullMarked
package io.tidegate.sim.trace;

import org.jspecify.annotations.NullMarked;
