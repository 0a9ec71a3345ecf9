/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

import io.tidegate.guardrail.History.Change;
import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.pool.Evidence;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.PoolViews;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** A pool under a chain of guardrails, which feeds its history as the engine does; plain nanoseconds. */
final class PoolModel {

    static final long SECOND = 1_000_000_000L;
    static final long MINUTE = 60 * SECOND;
    private static final long HORIZON = History.HORIZON.toNanos();

    private final List<Guardrail> chain;
    /** All changes ever made, as an account beside the history. */
    final List<Change> log = new ArrayList<>();

    long now;
    int current;
    History history;
    long timeToReadySeconds = 60;
    /** When those that are not ready were asked for. */
    final List<Long> asked = new ArrayList<>();

    boolean becomeReady = true;
    Evidence evidence = Evidence.COMPLETE;
    UnaryOperator<PoolViews> look = UnaryOperator.identity();
    List<Narrowing> narrowings = List.of();

    PoolModel(List<Guardrail> chain, long startNanos, int current) {
        this.chain = chain;
        this.now = startNanos;
        this.current = current;
        this.history = History.startingAt(startNanos, current);
    }

    static List<Guardrail> without(List<Guardrail> chain, Class<?> type) {
        return chain.stream().filter(each -> !type.isInstance(each)).toList();
    }

    int step(long seconds, double demand) {
        return step(seconds, (int) Math.min(Math.ceil(demand - 1e-9), Integer.MAX_VALUE), demand);
    }

    /** Time passes, then the policies want so many. */
    int step(long seconds, int wanted, double demand) {
        now += seconds * SECOND;
        long readyAfter = timeToReadySeconds * SECOND;
        if (becomeReady && asked.removeIf(at -> now - at >= readyAfter)) {
            history = history.withMarks(history.marks().withReady(now));
        }
        if (asked.isEmpty()) {
            history = history.withMarks(history.marks().withReady(now));
        }
        PoolView view = view();
        mark(view);
        History before = history;
        history = record(before, view, wanted, demand);
        int next = decide(view, history, wanted, true);
        if (next != current) {
            apply(next);
        }
        return next;
    }

    /** What would be decided now with another proposal, all else equal to the last step before it was applied. */
    int wouldDecide(History before, int wanted, double demand) {
        PoolView view = view();
        return decide(view, record(before, view, wanted, demand), wanted, false);
    }

    PoolView view() {
        Long[] due = asked.stream().map(at -> at + timeToReadySeconds * SECOND).toArray(Long[]::new);
        PoolViews views = PoolViews.view()
                .atNanos(now)
                .ready(Math.max(0, current - asked.size()))
                .desired(current)
                .due(due)
                .timeToReady(timeToReadySeconds)
                .evidence(evidence);
        return look.apply(views).build();
    }

    private void mark(PoolView view) {
        Marks marks = history.marks();
        marks = view.traffic() ? marks.withTraffic(now) : marks;
        marks = evidence.complete() ? marks.withGoodPoll() : marks.withIncomplete(now);
        history = history.withMarks(evidence.blind() ? marks : marks.withHeard(now));
    }

    private History record(History before, PoolView view, int wanted, double demand) {
        int evident = view.complete() ? wanted : Math.max(wanted, current);
        return before.withProposal(now, evident, demand, HORIZON);
    }

    private int decide(PoolView view, History known, int wanted, boolean keep) {
        int left = wanted;
        List<Narrowing> made = new ArrayList<>();
        for (Guardrail guardrail : chain) {
            Narrowing narrowing = guardrail.narrow(view, known, left);
            left = narrowing.replicas();
            made.add(narrowing);
        }
        if (keep) {
            narrowings = made;
        }
        return left;
    }

    private void apply(int next) {
        log.add(new Change(now, current, next));
        history = history.withChange(now, current, next);
        for (int i = current; i < next; i++) {
            asked.add(now);
        }
        for (int i = next; i < current && !asked.isEmpty(); i++) {
            asked.remove(asked.size() - 1);
        }
        current = next;
    }

    /** Wanted for so long, in ticks of so many seconds. */
    void hold(long seconds, long tickSeconds, double demand) {
        for (long passed = 0; passed < seconds; passed += tickSeconds) {
            step(tickSeconds, demand);
        }
    }

    /** Its count at an instant, from the account. */
    int countAt(long atNanos) {
        int count = current;
        for (int i = log.size() - 1; i >= 0 && log.get(i).atNanos() - atNanos > 0; i--) {
            count = log.get(i).from();
        }
        return count;
    }

    /** When the direction changed. */
    List<Long> turns() {
        List<Long> turns = new ArrayList<>();
        for (int i = 1; i < log.size(); i++) {
            boolean up = log.get(i).to() > log.get(i).from();
            if (up != log.get(i - 1).to() > log.get(i - 1).from()) {
                turns.add(log.get(i).atNanos());
            }
        }
        return turns;
    }
}
