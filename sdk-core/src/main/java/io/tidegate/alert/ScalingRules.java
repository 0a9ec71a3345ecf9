/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.alert;

import io.tidegate.guardrail.History.Change;
import io.tidegate.ledger.Refusal;
import io.tidegate.ledger.ScaleEvent;
import io.tidegate.ledger.ScaleEvent.Phase;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** What is wrong with the changes of a pool: too many, failing, refused, somebody else's. */
final class ScalingRules {

    /** Have alerts of their own. */
    private static final Set<Refusal> OTHERS =
            EnumSet.of(Refusal.QUOTA, Refusal.CAPACITY, Refusal.DENIED, Refusal.INVALID, Refusal.CONFLICT);

    private ScalingRules() {}

    static Finding rapid(Situation situation, AlertSettings settings) {
        long window = settings.rapidWindow().toNanos();
        List<Change> recent = situation.changes().stream()
                .filter(change -> situation.nowNanos() - change.atNanos() < window && change.from() != change.to())
                .toList();
        int reversals = 0;
        for (int i = 1; i < recent.size(); i++) {
            if (up(recent.get(i)) != up(recent.get(i - 1))) {
                reversals++;
            }
        }
        if (recent.size() <= settings.rapidChanges() && reversals <= settings.rapidReversals()) {
            boolean fine = recent.size() <= settings.clearShare() * settings.rapidChanges()
                    && reversals <= settings.clearShare() * settings.rapidReversals();
            return fine ? Finding.FINE : Finding.BETWEEN;
        }
        String what = "the desired count changed " + recent.size() + " times and turned around " + reversals
                + " times within " + Words.duration(settings.rapidWindow()) + ", more than "
                + settings.rapidChanges() + " or " + settings.rapidReversals();
        return Finding.warning(
                Duration.ZERO,
                what,
                "raise " + Rules.setting(situation, "down.stabilizationWindow") + " or "
                        + Rules.setting(situation, "guardrails.flapBand")
                        + "; the decisions in the ledger say which policy turns it around");
    }

    private static boolean up(Change change) {
        return change.to() > change.from();
    }

    static Finding failing(Situation situation, AlertSettings settings) {
        for (ScaleEvent event : situation.events()) {
            Phase phase = event.phase();
            long age = situation.nowNanos() - event.latest().atNanos();
            if ((phase == Phase.SENT || phase == Phase.UNANSWERED)
                    && age > settings.unansweredAfter().toNanos()) {
                return Finding.of(
                        pressed(situation),
                        Duration.ZERO,
                        "the backend was asked to go from " + event.from() + " to " + Words.replicas(event.to())
                                + " and has not answered for " + Words.duration(Duration.ofNanos(age)),
                        "see whether its API can be reached from this gateway, and "
                                + Rules.setting(situation, "backend") + "; its status shows whether it was done");
            }
        }
        Attempts attempts = Attempts.of(situation);
        long failed = attempts.failed().stream()
                .takeWhile(event ->
                        Attempts.refusal(event).filter(OTHERS::contains).isEmpty())
                .count();
        if (failed == 0) {
            return Finding.FINE;
        }
        if (situation.latest().isEmpty()) {
            return Finding.UNKNOWN;
        }
        if (!attempts.wanted(situation.latest().get())) {
            return Finding.FINE;
        }
        if (failed < settings.failures()) {
            return Finding.BETWEEN;
        }
        return Finding.of(
                pressed(situation),
                Duration.ZERO,
                "the backend failed " + failed + " times in a row, last to go " + attempts.course() + ": "
                        + attempts.said(),
                "see whether its API can be reached from this gateway, and " + Rules.setting(situation, "backend")
                        + "; until it works the pool keeps what it has");
    }

    static Finding refused(Situation situation, AlertSettings settings) {
        Attempts attempts = Attempts.of(situation);
        if (attempts.none()) {
            return Finding.FINE;
        }
        Refusal refusal = attempts.refusal().orElse(Refusal.UNAVAILABLE);
        if (refusal == Refusal.DENIED) {
            return outstanding(
                    situation,
                    attempts,
                    settings,
                    true,
                    "the backend does not allow it to go " + attempts.course(),
                    "give this gateway the role to read and set the count (kubectl auth can-i update"
                            + " deployments/scale; the account of the cloud API), and see "
                            + Rules.setting(situation, "backend.settings"));
        }
        if (refusal == Refusal.INVALID) {
            return outstanding(
                    situation,
                    attempts,
                    settings,
                    true,
                    "the backend says that it is wrong to go " + attempts.course(),
                    "see whether what " + Rules.setting(situation, "backend.settings") + " names exists, and whether "
                            + Rules.setting(situation, "max") + " is within what it allows");
        }
        return Finding.FINE;
    }

    /** A refusal of that kind is the last word, and is still wanted otherwise. */
    static Finding exhausted(Situation situation, AlertSettings settings, Refusal kind, String todo) {
        Attempts attempts = Attempts.of(situation);
        if (attempts.none() || attempts.refusal().orElse(Refusal.UNAVAILABLE) != kind) {
            return Finding.FINE;
        }
        String lacks = kind == Refusal.QUOTA
                ? "a quota is used up, so the pool cannot go "
                : "there are no replicas of this kind to be had, so the pool cannot go ";
        return outstanding(situation, attempts, settings, pressed(situation), lacks + attempts.course(), todo);
    }

    static Finding ownership(Situation situation, AlertSettings settings) {
        long window = settings.takeoverWindow().toNanos();
        long takeovers = situation.takeovers().stream()
                .filter(at -> situation.nowNanos() - at < window)
                .count();
        String todo = "see who else sets it (kubectl get hpa,scaledobject; managedFields of the target; Argo CD or Flux"
                + " with replicas in git), and take it away from all but one, or set "
                + Rules.setting(situation, "mode") + ": dryRun";
        if (takeovers >= settings.takeovers()) {
            return Finding.warning(
                    Duration.ZERO,
                    "somebody else set the count " + takeovers + " times within "
                            + Words.duration(settings.takeoverWindow()),
                    todo);
        }
        Attempts attempts = Attempts.of(situation);
        if (!attempts.none() && attempts.refusal().orElse(Refusal.UNAVAILABLE) == Refusal.CONFLICT) {
            return outstanding(
                    situation,
                    attempts,
                    settings,
                    pressed(situation),
                    "somebody else owns or keeps changing the count, so the pool cannot go " + attempts.course(),
                    todo);
        }
        return takeovers <= settings.takeovers() / 2 ? Finding.FINE : Finding.BETWEEN;
    }

    private static Finding outstanding(
            Situation situation,
            Attempts attempts,
            AlertSettings settings,
            boolean critical,
            String what,
            String todo) {
        if (situation.latest().isEmpty()) {
            return Finding.UNKNOWN;
        }
        return attempts.wanted(situation.latest().get())
                ? Finding.of(critical, settings.holdFor(), what + ": " + attempts.said(), todo)
                : Finding.FINE;
    }

    private static boolean pressed(Situation situation) {
        return situation.view().map(Attempts::pressed).orElse(false);
    }
}
