/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.alert;

import io.tidegate.alert.Alert.Severity;
import java.time.Duration;

/** What a rule says of a situation. */
sealed interface Finding {

    /** It cannot be told, for want of data: what fires goes on, what does not does not begin. */
    Finding UNKNOWN = new Unknown();

    /** Neither bad enough to begin nor good enough to end. */
    Finding BETWEEN = new Between();

    /** Nothing is wrong. */
    Finding FINE = new Fine();

    /** See {@link #UNKNOWN}. */
    record Unknown() implements Finding {}

    /** See {@link #BETWEEN}. */
    record Between() implements Finding {}

    /** See {@link #FINE}. */
    record Fine() implements Finding {}

    /**
     * Something is wrong.
     *
     * @param holds how long it must be so before it is an alert
     */
    record Bad(Severity severity, Duration holds, String what, String todo) implements Finding {}

    static Finding warning(Duration holds, String what, String todo) {
        return new Bad(Severity.WARNING, holds, what, todo);
    }

    static Finding of(boolean critical, Duration holds, String what, String todo) {
        return new Bad(critical ? Severity.CRITICAL : Severity.WARNING, holds, what, todo);
    }
}
