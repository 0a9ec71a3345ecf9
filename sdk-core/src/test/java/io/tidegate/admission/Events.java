/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import io.tidegate.admission.spi.GateListener;
import io.tidegate.pool.Tier;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** A listener that writes down what it is told, one line each. */
final class Events implements GateListener {

    final List<String> lines = new ArrayList<>();

    @Override
    public void admitted(Tier tier, long queueNanos) {
        lines.add("admitted " + tier + " " + queueNanos);
    }

    @Override
    public void refused(Tier tier, Admission refusal, long queueNanos) {
        String how = refusal instanceof Admission.Shed shed
                ? shed.reason().name()
                : refusal.getClass().getSimpleName();
        lines.add("refused " + tier + " " + how + " " + queueNanos);
    }

    @Override
    public void firstToken(Tier tier, long sinceArrivalNanos) {
        lines.add("firstToken " + tier + " " + sinceArrivalNanos);
    }

    @Override
    public void closed(Tier tier, Outcome outcome, long inFlightNanos, Usage usage) {
        lines.add("closed " + tier + " " + outcome + " " + inFlightNanos + " " + usage.promptTokens() + "+"
                + usage.outputTokens());
    }

    @Override
    public void evaluated(Tier tier, Set<Objective> broken, boolean scaling) {
        lines.add("evaluated " + tier + " " + broken + (scaling ? " scaling" : ""));
    }
}
