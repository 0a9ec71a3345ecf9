/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.meter;

/** Meters that must be told their values one by one. */
interface Publishing {

    /** Hands on to the registry what was counted since the last call. One call at a time; it may block or throw as a registry does. */
    void publish();
}
