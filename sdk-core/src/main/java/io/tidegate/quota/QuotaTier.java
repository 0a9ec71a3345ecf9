/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.quota;

import org.jspecify.annotations.Nullable;

/**
 * A tier as {@link Quotas} know it, looked up once by {@link Quotas#tier} and handed in with each request. Of use with the
 * quotas it came from only.
 *
 * @since 0.1.0
 */
public final class QuotaTier {

    private final String name;

    /** Its place among the tiers that are named in the settings; -1 for others. */
    final int number;

    /** What all its tenants share; null if that is not limited. */
    final @Nullable Bucket bucket;

    QuotaTier(String name, int number, @Nullable Bucket bucket) {
        this.name = name;
        this.number = number;
        this.bucket = bucket;
    }

    /** The tier's name. */
    public String name() {
        return name;
    }

    @Override
    public String toString() {
        return name;
    }
}
