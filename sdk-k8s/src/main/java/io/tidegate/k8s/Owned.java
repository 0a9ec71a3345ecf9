/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Refuses to write what is another's. */
final class Owned {

    private static final Duration LONGEST_RESPECT = Duration.ofDays(30);

    private Owned() {}

    static Duration respectFor(Duration respectFor) {
        if (respectFor.isNegative() || respectFor.compareTo(LONGEST_RESPECT) > 0) {
            throw new IllegalArgumentException("respectFor must be 0 to 30 d but was " + respectFor);
        }
        return respectFor;
    }

    /**
     * Throws if nothing is to be written for a pause, a person, what keeps the object as in a repository, or who undid our writes.
     *
     * @param givenWay for how long who undid our writes is left alone
     */
    static void check(
            ScaleTarget target,
            ObjectFacts facts,
            Ownership owner,
            Rivalry rivalry,
            Duration respectFor,
            boolean force,
            Instant now,
            Duration givenWay) {
        if (Ownership.isPaused(facts, now)) {
            throw KubernetesScaleException.owned(
                    target,
                    "is paused by annotation " + ObjectFacts.PAUSED + ": \"" + facts.annotation(ObjectFacts.PAUSED)
                            + "\"; remove it to have it scaled",
                    null);
        }
        Duration stands = owner.stands(respectFor, now);
        if (stands != null) {
            throw KubernetesScaleException.owned(
                    target,
                    "was scaled by hand, by manager " + owner.name() + ", which stands for another "
                            + stands.toSeconds() + " s by setting respectFor",
                    stands);
        }
        if (owner.who() == Ownership.Who.REPOSITORY && !force) {
            throw KubernetesScaleException.owned(
                    target,
                    "has its number from " + owner.name()
                            + ", so it is only observed; leave the number out of what that applies, or set force: true",
                    null);
        }
        @Nullable String winner = rivalry.winner();
        if (winner != null) {
            throw KubernetesScaleException.owned(
                    target,
                    "is given way with: " + winner + " undid " + Rivalry.MOST_UNDONE
                            + " of our writes; keep one of the two from scaling it and start anew",
                    givenWay);
        }
    }
}
