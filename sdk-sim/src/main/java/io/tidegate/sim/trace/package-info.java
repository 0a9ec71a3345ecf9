/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Request traces: recorded ones read from files, and others made from published figures or of any shape.
 *
 * <p>{@link io.tidegate.sim.trace.TraceFiles} opens a file and finds out its format; {@link io.tidegate.sim.trace.NamedTraces},
 * {@link io.tidegate.sim.trace.Generators} and {@link io.tidegate.sim.trace.BuiltInDay} need no file. All give a
 * {@link io.tidegate.sim.trace.Trace}: events in order of time, which can be cut, thinned, multiplied, repeated and given tiers
 * and tenants, and which are read or drawn while one iterates. Everything random is drawn from a seed, so the same call gives the same
 * events on every JVM.
 */
@NullMarked
package io.tidegate.sim.trace;

import org.jspecify.annotations.NullMarked;
