/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.routing;

import io.tidegate.admission.Admission;
import java.time.Duration;

/**
 * What became of a request at a {@link Router}.
 *
 * @since 0.1.0
 */
public sealed interface Routed permits Routed.Answered, Routed.Unroutable {

    /**
     * A gate has answered, or the caller gave up.
     *
     * @param admission the answer; a permit tells its pool as well
     * @param target the target whose gate it was
     * @param model the model that is to serve it
     * @param reason why that target was asked
     */
    record Answered(Admission admission, String target, String model, Reason reason) implements Routed {}

    /**
     * No gate was asked: no target ever serves such a request.
     *
     * @param why why
     */
    record Unroutable(Why why) implements Routed {}

    /** The answer, or a refusal for good where there is none: for callers that need not tell them apart. */
    default Admission admission() {
        return this instanceof Answered answered
                ? answered.admission()
                : new Admission.Shed(Admission.Reason.NO_CAPACITY, Duration.ofSeconds(1));
    }

    /** Why a target was asked. A tag of meters. */
    enum Reason {
        /** It is the primary, and nothing spoke against it. */
        PRIMARY,
        /** It is the primary, to which requests return now that it is quick enough again. One for each return. */
        RETURNED,
        /** The primary would have made it wait too long. */
        SPILLED_WAIT,
        /** No replica of the primary serves. */
        NO_CAPACITY,
        /** The primary is not well. */
        PRIMARY_UNHEALTHY,
        /** The primary cannot hold a request of that length. */
        PRIMARY_TOO_SHORT,
        /** The gate asked before refused it. */
        REFUSED,
        /** No target is well, so that it was asked all the same. */
        NONE_HEALTHY
    }

    /** Why no target ever serves a request. */
    enum Why {
        /** There is no route for that model. */
        UNKNOWN_MODEL(404),
        /** There are routes for that model, but none for that tier. */
        UNKNOWN_TIER(400),
        /** Prompt and answer are longer than the context of every target it may go to. */
        CONTEXT_TOO_LONG(400);

        private final int httpStatus;

        Why(int httpStatus) {
            this.httpStatus = httpStatus;
        }

        /** The HTTP status that says this. */
        public int httpStatus() {
            return httpStatus;
        }
    }
}
