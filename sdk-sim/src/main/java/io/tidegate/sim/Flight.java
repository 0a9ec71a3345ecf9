/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim;

import io.tidegate.admission.Admission;
import io.tidegate.admission.Outcome;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.admission.Ticket;
import io.tidegate.admission.Usage;
import io.tidegate.routing.Dispatch;
import io.tidegate.sim.physics.Sequence;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One request, from its first arrival until nobody asks for it any more. */
final class Flight extends Sequence implements Consumer<Admission> {

    private final Traffic traffic;
    final long arrivedNanos;
    final int tier;
    final Request request;

    /** How often it was sent again. */
    int retries;

    long firstTokenNanos = -1;
    boolean settled;
    boolean waiting;
    boolean prefilling;

    /** Which gateway it came to. */
    int gate;

    @Nullable
    Ticket ticket;

    @Nullable
    Permit permit;

    @Nullable
    Dispatch dispatch;

    Fleet.@Nullable Member member;

    Flight(Traffic traffic, long arrivedNanos, int tier, Request request, int promptTokens, int outputTokens) {
        super(promptTokens, outputTokens);
        this.traffic = traffic;
        this.arrivedNanos = arrivedNanos;
        this.tier = tier;
        this.request = request;
    }

    @Override
    public void accept(Admission answer) {
        traffic.answered(this, answer);
    }

    @Override
    protected void firstToken(long nanos) {
        firstTokenNanos = nanos;
        Permit held = permit;
        if (held != null) {
            held.firstToken();
        }
        traffic.firstToken(this, nanos);
    }

    @Override
    protected void finished(long nanos) {
        end(Outcome.COMPLETED, new Usage(promptTokens(), outputTokens()));
        traffic.finished(this, nanos);
    }

    @Override
    protected void lost(long nanos) {
        end(Outcome.FAILED, Usage.NONE);
        traffic.lost(this);
    }

    /** Gives back what it holds. */
    void end(Outcome outcome, Usage usage) {
        Dispatch sent = dispatch;
        Permit held = permit;
        dispatch = null;
        permit = null;
        ticket = null;
        if (sent != null) {
            if (outcome == Outcome.COMPLETED) {
                sent.succeeded();
            } else if (outcome == Outcome.FAILED) {
                sent.failed();
            } else {
                sent.close();
            }
        }
        if (held != null) {
            held.close(outcome, usage);
        }
    }
}
