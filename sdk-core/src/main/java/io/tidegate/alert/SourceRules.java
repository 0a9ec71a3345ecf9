/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.alert;

import io.tidegate.pool.Evidence;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** What is wrong with what is known of a pool, and with the account of it. */
final class SourceRules {

    private static final int NAMED = 5;

    private SourceRules() {}

    static Finding stale(Situation situation, AlertSettings settings) {
        if (situation.view().isEmpty()) {
            return Finding.of(
                    true,
                    settings.staleFor(),
                    "nothing is decided: the backend has not been heard of, or every round fails",
                    "see in the log what failed (\"the backend's status\", \"a round\"), whether the backend's API can be"
                            + " reached, and " + Rules.setting(situation, "backend"));
        }
        Evidence evidence = situation.view().get().evidence();
        List<String> gaps = new ArrayList<>(evidence.gaps());
        if (evidence.coverage() < situation.leastCoverage()) {
            gaps.add("only " + Words.percent(evidence.coverage()) + " of those heard of that should be, less than "
                    + Words.percent(situation.leastCoverage()));
        }
        if (gaps.isEmpty()) {
            return Finding.FINE;
        }
        List<String> named = gaps.stream().limit(NAMED).map(Words::cut).toList();
        String more = gaps.size() > NAMED ? "; and " + (gaps.size() - NAMED) + " more" : "";
        return Finding.of(
                evidence.blind(),
                settings.staleFor(),
                (evidence.blind() ? "nothing is heard of" : "what is known is incomplete")
                        + ", so nothing scales down: " + String.join("; ", named) + more,
                "see in the log which source fails and whether its address answers (curl its /metrics), that replicas are"
                        + " not filtered out, and tidegate.evidence.gaps and tidegate.evidence.coverage");
    }

    static Finding ledger(Situation situation, Past past, AlertSettings settings) {
        long lost = past.lostLately();
        String failing = situation.ledger().failing();
        String todo =
                "see whether the disk of ledger.file is full or read-only (df, ls -l) and the log; scaling goes on"
                        + " without the account";
        if (lost > 0) {
            return Finding.warning(
                    Duration.ZERO,
                    "the account lost " + lost + (lost == 1 ? " entry" : " entries") + " of late"
                            + (failing.isEmpty() ? "" : ": " + Words.cut(failing)),
                    todo);
        }
        return failing.isEmpty()
                ? Finding.FINE
                : Finding.warning(
                        settings.holdFor(),
                        "the account cannot be written: " + Words.cut(failing) + "; "
                                + situation.ledger().waiting() + " entries wait",
                        todo);
    }
}
