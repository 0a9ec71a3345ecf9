/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Each thread's own walk through the requests of the tenants, round and round. */
@State(Scope.Thread)
public class Walk {

    private int at;

    int next() {
        at = at + 1 & ShippedGate.TENANTS - 1;
        return at;
    }
}
