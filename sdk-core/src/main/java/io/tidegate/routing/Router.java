/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.routing;

import io.tidegate.admission.Admission;
import io.tidegate.admission.Gate;
import io.tidegate.admission.Outcome;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.admission.Ticket;
import io.tidegate.admission.Usage;
import io.tidegate.log.BoundedLog;
import io.tidegate.pool.Tier;
import io.tidegate.routing.Route.Alternative;
import io.tidegate.routing.Routed.Answered;
import io.tidegate.routing.Routed.Reason;
import io.tidegate.routing.Routed.Unroutable;
import io.tidegate.routing.Routed.Why;
import io.tidegate.time.TimeSource;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Chooses which of several pools serves a request, and asks its gate: the pool it is meant for, or a smaller model, another region,
 * serverless, whatever its {@link Route} names; or it waits where it waits least.
 *
 * <p><b>How.</b> The primary while it admits now, or is predicted to within {@link Route#spillAfter}. Above that requests leave it,
 * until its predicted wait is back at {@link Route#returnBelow} of the threshold, so that they do not go to and fro. Who leaves
 * goes to the alternative that admits now: by preference, then price, within the cap; where none does, to wait where predicted wait
 * and extra latency together are least, ties to the primary. Whom a gate refuses for lack of room or capacity, the next is asked
 * for; a quota that is used up and a deadline that has passed are final.
 *
 * <p><b>Guarantees.</b> A request is served with the model it asked for, or one its route allows instead; in its tier; by a target
 * whose context holds it. It waits in one gate at a time, at each at most once, and never longer in all than the primary's tier and
 * its own time-out allow. What spills counts as demand of the primary, and one that has no replica is told so once. The callback is
 * called exactly once.
 *
 * <p><b>Threads.</b> Safe for many; no thread of its own, no lock. Only {@link #acquire(RoutedRequest)} blocks.
 *
 * @since 0.1.0
 */
@SuppressWarnings("EnumOrdinal") // an array is the quickest map from an enum, and none of them leaves this class
public final class Router {

    private static final Logger LOG = BoundedLog.of(Router.class);

    private final TimeSource time;
    private final Map<String, Place> places;

    /** By model, then tier. */
    private final Map<String, Map<String, Path>> paths;

    private final LongAdder[] unroutable = new LongAdder[Why.values().length];
    private final LongAdder callbackFailures = new LongAdder();

    private Router(TimeSource time, Map<String, Place> places, Map<String, Map<String, Path>> paths) {
        this.time = time;
        this.places = places;
        this.paths = paths;
        for (int i = 0; i < unroutable.length; i++) {
            unroutable[i] = new LongAdder();
        }
    }

    /**
     * Starts a router.
     *
     * @param time the clock of all its gates
     */
    public static Builder builder(TimeSource time) {
        return new Builder(time);
    }

    // ---- asking -----------------------------------------------------------------------------------------------------

    /** Asks without waiting. */
    public Routed tryAcquire(RoutedRequest request) {
        Journey journey = begin(request, false);
        return journey == null ? unroutable(request) : tryNext(journey);
    }

    private Routed tryNext(Journey journey) {
        Candidate next = journey.next();
        while (next != null) {
            Answered answered = journey.answered(next, gate(next).tryAcquire(journey.asked(next, time.coarseNanos())));
            if (answered != null) {
                return count(answered);
            }
            next = journey.next();
        }
        return count(journey.refused());
    }

    /**
     * Asks and waits on the calling thread, platform or virtual.
     *
     * @throws InterruptedException if the thread is interrupted while waiting; the request then holds no permit
     */
    public Routed acquire(RoutedRequest request) throws InterruptedException {
        Journey journey = begin(request, true);
        if (journey == null) {
            return unroutable(request);
        }
        Candidate next = journey.next();
        while (next != null) {
            Request asked = journey.asked(next, time.coarseNanos());
            Admission answer =
                    journey.waits() ? gate(next).acquire(asked) : gate(next).tryAcquire(asked);
            Answered answered = journey.answered(next, answer);
            if (answered != null) {
                return count(answered);
            }
            next = journey.next();
        }
        return count(journey.refused());
    }

    /**
     * Asks and answers by a future, which never completes exceptionally by itself.
     *
     * <p>Cancelling the future, or completing it in any other way, gives up; if a permit was granted in that moment it is given
     * back.
     */
    @SuppressWarnings("FutureReturnValueIgnored") // the stage that watches for cancellation has no result of its own
    public CompletableFuture<Routed> acquireAsync(RoutedRequest request) {
        CompletableFuture<Routed> future = new CompletableFuture<>();
        RoutedTicket ticket = acquire(request, routed -> {
            if (!future.complete(routed) && routed.admission() instanceof Permit permit) {
                permit.close(Outcome.CANCELLED, Usage.NONE);
            }
        });
        if (!future.isDone()) {
            future.whenComplete((routed, failure) -> ticket.cancel());
        }
        return future;
    }

    /**
     * Asks and answers by a callback, called exactly once: on the calling thread before this method returns if the answer is known
     * at once, else where the gate that answers calls it. What it throws is counted and logged.
     *
     * @return the ticket, by which the caller may give up
     */
    public RoutedTicket acquire(RoutedRequest request, Consumer<? super Routed> callback) {
        Objects.requireNonNull(callback, "callback");
        Journey journey = begin(request, true);
        if (journey != null) {
            Passage passage = new Passage(journey, callback);
            passage.go();
            return passage;
        }
        Routed answer = unroutable(request);
        tell(callback, answer);
        return new Told(answer);
    }

    /** A request that was answered at once. */
    private record Told(Routed answer) implements RoutedTicket {
        @Override
        public boolean cancel() {
            return false;
        }

        @Override
        public Optional<Routed> outcome() {
            return Optional.of(answer);
        }
    }

    /** Null if no target ever serves it. */
    private @Nullable Journey begin(RoutedRequest request, boolean mayWait) {
        Path path = path(request);
        if (path == null) {
            return null;
        }
        Journey journey = new Journey(path, request, time.coarseNanos(), mayWait);
        return journey.routable() ? journey : null;
    }

    private @Nullable Path path(RoutedRequest request) {
        Map<String, Path> tiers = paths.get(request.model());
        return tiers == null ? null : tiers.get(request.tier());
    }

    private Unroutable unroutable(RoutedRequest request) {
        Why why = !paths.containsKey(request.model())
                ? Why.UNKNOWN_MODEL
                : path(request) == null ? Why.UNKNOWN_TIER : Why.CONTEXT_TOO_LONG;
        unroutable[why.ordinal()].increment();
        return new Unroutable(why);
    }

    private static Gate gate(Candidate candidate) {
        return candidate.place.target.gate();
    }

    private Answered count(Answered answered) {
        Place place = places.get(answered.target());
        if (place != null) {
            place.count(answered.reason());
        }
        return answered;
    }

    private void tell(Consumer<? super Routed> callback, Routed answer) {
        try {
            callback.accept(answer);
        } catch (RuntimeException | Error e) {
            callbackFailures.increment();
            LOG.warn("the callback of a routed request failed", e);
        }
    }

    /**
     * Drives a journey by callbacks. Its state is the step it is at, or its answer; moving on, answering and giving up are each one
     * compare-and-set from the step, and exactly one wins.
     */
    private final class Passage implements RoutedTicket {

        private final Journey journey;
        private final Consumer<? super Routed> callback;

        private final Step first = new Step(null, Reason.PRIMARY);

        /** A {@link Step} or a {@link Routed}. */
        private final AtomicReference<Object> state;

        Passage(Journey journey, Consumer<? super Routed> callback) {
            this.journey = journey;
            this.callback = callback;
            this.state = new AtomicReference<>(first);
        }

        /** Asks one gate after the other until one lets it wait or answers for good. */
        void go() {
            advance(first);
        }

        private void advance(Step from) {
            Step before = from;
            while (true) {
                Candidate next = journey.next();
                if (next == null) {
                    settle(before, journey.refused());
                    return;
                }
                Step step = new Step(next, journey.reason());
                if (!state.compareAndSet(before, step)) {
                    // Given up between two gates.
                    return;
                }
                Request asked = journey.asked(next, time.coarseNanos());
                if (journey.waits()) {
                    wait(step, next, asked);
                    return;
                }
                Answered answered = journey.answered(next, gate(next).tryAcquire(asked));
                if (answered != null) {
                    settle(step, answered);
                    return;
                }
                before = step;
            }
        }

        private void wait(Step step, Candidate at, Request asked) {
            Ticket ticket = gate(at).acquire(asked, answer -> answeredAt(step, at, answer));
            step.ticket = ticket;
            // Given up before the ticket was there to be seen.
            if (state.get() instanceof Routed) {
                ticket.cancel();
            }
        }

        private void answeredAt(Step step, Candidate at, Admission answer) {
            if (!step.equals(state.get())) {
                giveBack(answer);
                return;
            }
            Answered answered = journey.answered(at, answer);
            if (answered != null) {
                settle(step, answered);
                return;
            }
            try {
                advance(step);
            } catch (RuntimeException | Error e) {
                // A gate or a clock that fails must not leave the request without its answer.
                if (state.get() instanceof Step last) {
                    settle(last, journey.refused());
                }
                throw e;
            }
        }

        private void settle(Step from, Answered answered) {
            if (state.compareAndSet(from, answered)) {
                tell(callback, count(answered));
            } else {
                giveBack(answered.admission());
            }
        }

        private static void giveBack(Admission answer) {
            if (answer instanceof Permit permit) {
                permit.close(Outcome.CANCELLED, Usage.NONE);
            }
        }

        @Override
        public boolean cancel() {
            Object seen = state.get();
            while (seen instanceof Step step) {
                Answered cancelled = journey.cancelled(step.at, step.reason, time.coarseNanos());
                Object found = state.compareAndExchange(seen, cancelled);
                if (found == seen) {
                    Ticket ticket = step.ticket;
                    if (ticket != null) {
                        ticket.cancel();
                    }
                    tell(callback, count(cancelled));
                    return true;
                }
                seen = found;
            }
            return false;
        }

        @Override
        public Optional<Routed> outcome() {
            return state.get() instanceof Routed routed ? Optional.of(routed) : Optional.empty();
        }
    }

    /** One gate at which a request is, or none yet. */
    private static final class Step {

        private final @Nullable Candidate at;
        private final Reason reason;
        private volatile @Nullable Ticket ticket;

        Step(@Nullable Candidate at, Reason reason) {
            this.at = at;
            this.reason = reason;
        }
    }

    // ---- what it knows ----------------------------------------------------------------------------------------------

    /** The targets, in the order they were named. */
    public List<Target> targets() {
        return places.values().stream().map(place -> place.target).toList();
    }

    /**
     * Requests that this target answered for this reason so far, with a permit or without.
     *
     * @throws IllegalArgumentException if there is no such target
     */
    public long routed(String target, Reason reason) {
        Place place = places.get(target);
        if (place == null) {
            throw new IllegalArgumentException("no target is named " + target + ", only " + places.keySet());
        }
        return place.counted(reason);
    }

    /** All of those, for meters. */
    public Map<String, Map<Reason, Long>> routed() {
        Map<String, Map<Reason, Long>> all = new LinkedHashMap<>();
        places.forEach((name, place) -> {
            Map<Reason, Long> counts = new EnumMap<>(Reason.class);
            for (Reason reason : Reason.values()) {
                counts.put(reason, place.counted(reason));
            }
            all.put(name, counts);
        });
        return all;
    }

    /** Requests that no target ever serves, so far. */
    public long unroutable(Why why) {
        return unroutable[why.ordinal()].sum();
    }

    /**
     * Whether requests of this model and tier leave their primary now.
     *
     * @throws IllegalArgumentException if there is no such route
     */
    public boolean spilling(String model, String tier) {
        Path path = path(RoutedRequest.of(model, tier));
        if (path == null) {
            throw new IllegalArgumentException("there is no route for " + model + ", " + tier);
        }
        return path.spilling();
    }

    /** Times that a callback threw. */
    public long callbackFailures() {
        return callbackFailures.sum();
    }

    @Override
    public String toString() {
        return "Router" + places.keySet();
    }

    /** Collects the targets and routes of a {@link Router}. Not safe for use by several threads. */
    public static final class Builder {

        /** Bits of what a journey remembers. */
        private static final int MAX_CANDIDATES = 30;

        private final TimeSource time;
        private final List<Target> targets = new ArrayList<>();
        private final List<Route> routes = new ArrayList<>();

        private Builder(TimeSource time) {
            this.time = Objects.requireNonNull(time, "time");
        }

        /** Adds targets. */
        public Builder target(Target... more) {
            targets.addAll(List.of(more));
            return this;
        }

        /** Adds routes; one for each model and tier. */
        public Builder route(Route... more) {
            routes.addAll(List.of(more));
            return this;
        }

        /**
         * The router.
         *
         * @throws IllegalArgumentException naming all that is missing or does not fit: targets, tiers, models, clocks
         */
        public Router build() {
            List<String> faults = new ArrayList<>();
            Map<String, Place> places = new LinkedHashMap<>();
            for (Target target : targets) {
                if (places.put(target.name(), new Place(target)) != null) {
                    faults.add("two targets are named " + target.name());
                }
                if (!target.gate().time().equals(time)) {
                    faults.add("the gate of " + target.name() + " has another clock than the router");
                }
            }
            Map<String, Map<String, Path>> paths = new HashMap<>();
            for (Route route : routes) {
                Path path = path(route, places, faults);
                Map<String, Path> tiers = paths.computeIfAbsent(route.model(), model -> new HashMap<>());
                if (tiers.put(route.tier(), path) != null) {
                    faults.add("there are two routes for " + route.model() + ", " + route.tier());
                }
            }
            if (routes.isEmpty()) {
                faults.add("there is no route");
            }
            if (!faults.isEmpty()) {
                throw new IllegalArgumentException(String.join("; ", faults));
            }
            return new Router(time, places, paths);
        }

        private static Path path(Route route, Map<String, Place> places, List<String> faults) {
            List<Candidate> candidates = new ArrayList<>();
            List<Alternative> all = new ArrayList<>();
            all.add(new Alternative(0, route.primary(), route.model()));
            all.addAll(route.alternatives());
            List<String> seen = new ArrayList<>();
            for (Alternative each : all) {
                String place = each.target() + " with " + each.model();
                if (seen.contains(place)) {
                    faults.add(name(route) + " names " + place + " twice");
                }
                seen.add(place);
                Candidate candidate = candidate(route, each, candidates.size(), places, faults);
                boolean asked = each.model().equals(route.model()) || route.substitution();
                if (candidate != null && asked) {
                    candidates.add(candidate);
                }
            }
            if (candidates.size() > MAX_CANDIDATES) {
                faults.add(name(route) + " has more than " + MAX_CANDIDATES + " targets");
            }
            return new Path(route, candidates.toArray(new Candidate[0]));
        }

        private static @Nullable Candidate candidate(
                Route route, Alternative each, int index, Map<String, Place> places, List<String> faults) {
            Place place = places.get(each.target());
            if (place == null) {
                faults.add(name(route) + " needs a target named " + each.target() + ", but there are only "
                        + places.keySet());
                return null;
            }
            Long context = place.target.models().get(each.model());
            if (context == null) {
                faults.add(name(route) + " needs " + each.model() + " of target " + each.target()
                        + ", which serves only " + place.target.models().keySet());
                return null;
            }
            Tier tier = tier(place.target.gate(), route.tier());
            if (tier == null) {
                faults.add(name(route) + " needs a tier " + route.tier() + " of target " + each.target()
                        + ", whose gate has only " + place.target.gate().tiers());
                return null;
            }
            return new Candidate(place, index, tier, each.model(), context, each.preference());
        }

        private static @Nullable Tier tier(Gate gate, String name) {
            for (Tier tier : gate.tiers()) {
                if (tier.name().equals(name)) {
                    return tier;
                }
            }
            return null;
        }

        private static String name(Route route) {
            return "the route of " + route.model() + ", " + route.tier();
        }
    }
}
