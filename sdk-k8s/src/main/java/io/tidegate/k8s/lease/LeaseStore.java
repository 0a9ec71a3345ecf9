/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.lease;

import org.jspecify.annotations.Nullable;

/** Where the lease is. Calls block, for a request's longest time and no longer. */
interface LeaseStore {

    /** What is there, null if nothing. Throws whatever when it cannot be known. */
    @Nullable
    LeaseView read();

    /**
     * Writes over exactly what was read, or where nothing is.
     *
     * @throws Changed if something else is there by now: nothing was written
     * @throws RuntimeException of any other kind if nobody knows whether it was
     */
    LeaseView write(Election.Write write);

    /** Somebody else wrote meanwhile. */
    final class Changed extends RuntimeException {

        private static final long serialVersionUID = 1L;

        Changed(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }
}
