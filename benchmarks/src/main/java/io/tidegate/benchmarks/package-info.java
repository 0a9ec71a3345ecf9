/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Speed and races of what runs on every request, ours beside the peers. JMH classes end in {@code Benchmark}, jcstress
 * classes in {@code Stress}, and those that must be found faulty in {@code Canary}. How to run them is in the module's
 * README.
 */
@NullMarked
package io.tidegate.benchmarks;

import org.jspecify.annotations.NullMarked;
