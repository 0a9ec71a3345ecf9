/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import java.time.Instant;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * How, where and when it was measured.
 *
 * @param quick whether it was only to see that all runs
 * @param loadBefore load average at the start
 * @param loadAfter load average at the end
 */
record Run(
        boolean quick,
        Effort effort,
        Instant startedAt,
        Map<String, String> machine,
        Map<String, String> peers,
        OptionalDouble loadBefore,
        OptionalDouble loadAfter) {}
