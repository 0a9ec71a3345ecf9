/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.backend;

import io.tidegate.policy.PolicySettings;
import java.util.Optional;

/** Whole numbers among settings. */
final class Whole {

    private Whole() {}

    /** A whole number from a least to a most; noted and replaced by the other one if it is none. */
    static int number(PolicySettings settings, String name, int least, int most, int otherwise) {
        Optional<String> text = settings.text(name);
        if (text.isEmpty()) {
            return otherwise;
        }
        try {
            int found = Integer.parseInt(text.get());
            if (found >= least && found <= most) {
                return found;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        settings.problem(
                name, "must be a whole number from " + least + " to " + most + " but is \"" + text.get() + '"');
        return otherwise;
    }
}
