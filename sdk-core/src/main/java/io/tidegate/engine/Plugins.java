/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.plugin.Bulkhead;
import io.tidegate.plugin.PluginStatus;
import io.tidegate.plugin.PluginStatus.Kind;
import io.tidegate.plugin.PluginStatus.State;
import io.tidegate.policy.PolicyTypes;
import io.tidegate.policy.spi.LearningPolicy;
import io.tidegate.policy.spi.Policy;
import io.tidegate.time.TimeSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * The policies of a pool that are not ours, each behind a bulkhead of its own. A policy that stays over a reload keeps its bulkhead, so
 * that what it holds and how it does is not forgotten; what one that goes still holds is counted until it gives it back.
 *
 * <p>Safe for many threads. Under the lock runs nothing foreign but {@link Policy#name()}, which is asked where pools are made.
 */
final class Plugins {

    private final TimeSource time;
    private final Executor calls;
    private final Failures failures;
    private final Runnable woken;

    private final Object lock = new Object();
    /** Guarded by lock: those that hold and those that held before them, for a round may be under way with these. */
    private final Map<String, List<Guarded>> holding = new HashMap<>();
    /** Guarded by lock: all that hold, held before them, or hold threads still. */
    private final List<Guarded> all = new ArrayList<>();
    /** Guarded by lock: what those came to that are gone. */
    private PluginStatus gone = new PluginStatus("replaced", Kind.POLICY, State.CLOSED, 0, 0, 0, 0, 0, "");

    private record Guarded(String place, Policy policy, Bulkhead bulkhead) {}

    /**
     * @param calls runs them; they may block
     * @param woken run when one has changed its mind, on any thread
     */
    Plugins(TimeSource time, Executor calls, Failures failures, Runnable woken) {
        this.time = time;
        this.calls = calls;
        this.failures = failures;
        this.woken = woken;
    }

    /**
     * The same policies, those that are not ours kept from the engine's thread.
     *
     * @param place live or in the shadow, before the names of what fails
     */
    List<Policy> guarded(String place, List<Policy> policies) {
        synchronized (lock) {
            List<Policy> guarded = new ArrayList<>();
            List<Guarded> used = new ArrayList<>();
            for (Policy policy : policies) {
                if (PolicyTypes.isBuiltIn(policy)) {
                    guarded.add(policy);
                } else {
                    String name = Decider.name(policy);
                    Guarded one = behindBulkhead(place, name, policy);
                    used.add(one);
                    guarded.add(wrapped(place, name, policy, one.bulkhead()));
                }
            }
            List<Guarded> before = holding.put(place, used);
            forget(place, used, before == null ? List.of() : before);
            return guarded;
        }
    }

    private Policy wrapped(String place, String name, Policy policy, Bulkhead bulkhead) {
        String who = place + "plugin policy " + name;
        Consumer<Throwable> failed = failure -> failures.failed(who, failure);
        Runnable recovered = () -> failures.recovered(who);
        return policy instanceof LearningPolicy learning
                ? new ForeignPolicy.Learning(name, learning, bulkhead, failed, recovered, woken)
                : new ForeignPolicy(name, policy, bulkhead, failed, recovered, woken);
    }

    private Guarded behindBulkhead(String place, String name, Policy policy) {
        for (Guarded each : all) {
            if (each.policy() == policy && each.place().equals(place)) {
                return each;
            }
        }
        Bulkhead made = Bulkhead.builder(place + name, Kind.POLICY, time, calls).build();
        Guarded added = new Guarded(place, policy, made);
        all.add(added);
        return added;
    }

    private void forget(String place, List<Guarded> used, List<Guarded> before) {
        for (Guarded each : List.copyOf(all)) {
            PluginStatus last = each.bulkhead().status();
            if (each.place().equals(place) && !used.contains(each) && !before.contains(each) && last.abandoned() == 0) {
                all.remove(each);
                gone = new PluginStatus(
                        gone.name(),
                        gone.kind(),
                        gone.state(),
                        gone.succeeded() + last.succeeded(),
                        gone.failures() + last.failures(),
                        gone.timeouts() + last.timeouts(),
                        gone.refused() + last.refused(),
                        0,
                        last.lastFailure().isEmpty() ? gone.lastFailure() : last.lastFailure());
            }
        }
    }

    /** How each does that there is, and what those came to that were replaced. */
    List<PluginStatus> statuses() {
        List<PluginStatus> statuses = new ArrayList<>();
        synchronized (lock) {
            all.forEach(each -> statuses.add(each.bulkhead().status()));
            if (gone.calls() + gone.refused() > 0) {
                statuses.add(gone);
            }
        }
        return statuses;
    }

    /** Interrupts what is under way and asks none any more. */
    void close() {
        List<Guarded> closing;
        synchronized (lock) {
            closing = List.copyOf(all);
        }
        closing.forEach(each -> each.bulkhead().close());
    }
}
