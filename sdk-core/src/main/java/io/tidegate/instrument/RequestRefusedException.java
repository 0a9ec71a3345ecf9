/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.instrument;

import io.tidegate.admission.Admission;
import java.time.Duration;

/**
 * A call to a {@link Gated} method that was not let through. Carries the gate's answer; has no stack trace, since refusals
 * are everyday matters and must stay cheap.
 *
 * @since 0.1.0
 */
public final class RequestRefusedException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final transient Admission refusal;

    RequestRefusedException(String method, Admission refusal) {
        super(method + " was refused: " + refusal, null, false, false);
        this.refusal = refusal;
    }

    /** The answer of the gate: shed, expired or cancelled. */
    public Admission refusal() {
        return refusal;
    }

    /** When to ask again; zero if the caller gave up itself. */
    public Duration retryAfter() {
        if (refusal instanceof Admission.Shed shed) {
            return shed.retryAfter();
        }
        return refusal instanceof Admission.Expired expired ? expired.retryAfter() : Duration.ZERO;
    }

    /** The HTTP status that says this: 429, 503 or 504; 503 if the caller gave up itself. */
    public int httpStatus() {
        if (refusal instanceof Admission.Shed shed) {
            return shed.reason().httpStatus();
        }
        return refusal instanceof Admission.Expired expired ? expired.reason().httpStatus() : 503;
    }
}
