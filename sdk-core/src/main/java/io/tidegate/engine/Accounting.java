/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.engine.spi.Birth;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.guardrail.Decision.Direction;
import io.tidegate.ledger.Account;
import io.tidegate.ledger.Account.Kept;
import io.tidegate.ledger.Account.Stage;
import io.tidegate.ledger.ScaleEvent;
import io.tidegate.ledger.ScaleEvent.Phase;
import io.tidegate.pool.PoolLoad;
import io.tidegate.pool.PoolLoad.TierLoad;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Draws up what scale events came to. For the engine's thread only, but for {@link #firstToken}.
 *
 * <p>What is counted between two looks at the pool is counted to the state the pool was in at the later one; rounds are a quarter of a
 * second apart by default.
 */
final class Accounting {

    /** How long before and after an event it is looked how busy the pool is. */
    private static final long MINUTE_NANOS = Duration.ofMinutes(1).toNanos();

    private static final long SECOND_NANOS = Duration.ofSeconds(1).toNanos();

    /** A backend's clock may be so far off before what it says of times is left out. */
    private static final Duration SKEW = Duration.ofSeconds(2);

    private static final int MOST_REPLICAS = 4_096;

    private final TimeSource time;
    private final Consumer<Account> drawnUp;
    /** By event, in the order in which they began; those that ended are kept for a minute. */
    private final Map<String, Tally> tallies = new LinkedHashMap<>();
    /** How busy the pool was, about a second each, of the last minute. */
    private final ArrayDeque<Use> uses = new ArrayDeque<>();

    /** The next of them, not yet a second long. */
    private @Nullable Use second;

    private int runningReplicas;
    private @Nullable PoolLoad last;
    /** When each replica wrote its first token, by its name. */
    private final Map<String, Long> firstTokens = new ConcurrentHashMap<>();

    private double pricePerHour = Double.NaN;

    /** Slots in use and slots there were, summed over a time, in slot-nanoseconds. */
    private record Use(long endNanos, double inUse, double slots) {}

    /**
     * @param drawnUp told of each account
     */
    Accounting(TimeSource time, Consumer<Account> drawnUp) {
        this.time = time;
        this.drawnUp = drawnUp;
    }

    void price(double perReplicaHour) {
        pricePerHour = perReplicaHour;
    }

    /** A replica wrote its first token, from any thread. */
    void firstToken(String replica) {
        if (!firstTokens.containsKey(replica) && firstTokens.size() < MOST_REPLICAS) {
            firstTokens.putIfAbsent(replica, time.nanos());
        }
    }

    /** What is counted of one event. */
    private static final class Tally {
        private ScaleEvent event;
        private final double usedBefore;
        private final double pricePerHour;
        private final long beganNanos;
        private @Nullable Long calledNanos;
        private long countedNanos;
        private @Nullable Long endedNanos;
        private double replicaNanos;
        private double addedNanos;
        private long completed;
        private final Map<String, Kept> tiers = new HashMap<>();
        private final Map<Stage, Long> broken = new EnumMap<>(Stage.class);
        private final Map<String, Birth> births = new HashMap<>();

        Tally(ScaleEvent event, long beganNanos, double usedBefore, double pricePerHour) {
            this.event = event;
            this.beganNanos = beganNanos;
            this.countedNanos = event.steps().get(0).atNanos();
            this.usedBefore = usedBefore;
            this.pricePerHour = pricePerHour;
        }

        boolean open() {
            return endedNanos == null;
        }

        /** So many ran since it was counted last. */
        void ran(int replicas, long nowNanos) {
            double nanos = Math.max(0, nowNanos - countedNanos);
            countedNanos = nowNanos;
            replicaNanos += replicas * nanos;
            addedNanos += Math.max(0, replicas - event.from()) * nanos;
        }

        long at(Phase phase) {
            return event.steps().stream()
                    .filter(step -> step.phase() == phase)
                    .findFirst()
                    .orElseThrow()
                    .atNanos();
        }
    }

    /**
     * An event took a step.
     *
     * @param sinceNanos when what set off its decision happened
     */
    void stepped(ScaleEvent event, long sinceNanos) {
        // One that another process began is first heard of later: neither what set it off nor how busy the pool was
        // then is known.
        boolean begins = event.phase() == Phase.DECIDED;
        long began = begins ? sinceNanos : event.steps().get(0).atNanos();
        Tally tally = tallies.computeIfAbsent(
                event.id(), id -> new Tally(event, began, begins ? used() : Double.NaN, pricePerHour));
        tally.event = event;
        if (!event.open() && tally.open()) {
            long ended = event.latest().atNanos();
            tally.ran(runningReplicas, ended);
            tally.endedNanos = ended;
        }
    }

    /** The backend was called for it. */
    void called(String event, long atNanos) {
        Tally tally = tallies.get(event);
        if (tally != null) {
            tally.calledNanos = atNanos;
        }
    }

    /** What the backend says of how replicas came to be. */
    void status(ReplicaStatus status) {
        for (Tally tally : tallies.values()) {
            if (tally.open() && tally.event.direction() == Direction.UP) {
                Instant since = tally.event.steps().get(0).at().minus(SKEW);
                for (Birth birth : status.births()) {
                    if (birth.created().isAfter(since)) {
                        tally.births.put(birth.replica(), birth);
                    }
                }
            }
        }
    }

    /** Counts what happened since the round before. */
    void round(PoolLoad load, int running, int ready, int slotsPerReplica, long now) {
        runningReplicas = running;
        PoolLoad before = last;
        last = load;
        if (before != null) {
            use(before, load, ready * (double) slotsPerReplica);
        }
        boolean first = true;
        for (Tally tally : tallies.values()) {
            if (tally.open()) {
                tally.ran(runningReplicas, now);
                if (before != null) {
                    tally.completed += grown(before, load);
                    if (first) {
                        promises(tally, before, load);
                    }
                }
                first = false;
            }
        }
        settle(now);
    }

    private static long grown(PoolLoad before, PoolLoad load) {
        return Math.max(0, completed(load) - completed(before));
    }

    private static long completed(PoolLoad load) {
        return load.tiers().stream()
                .mapToLong(tier -> tier.served().completed())
                .sum();
    }

    private static void promises(Tally tally, PoolLoad before, PoolLoad load) {
        for (TierLoad tier : load.tiers()) {
            String name = tier.tier().name();
            TierLoad earlier = before.tiers().stream()
                    .filter(each -> each.tier().name().equals(name))
                    .findFirst()
                    .orElse(tier);
            long evaluated =
                    Math.max(0, tier.served().sloEvaluated() - earlier.served().sloEvaluated());
            long broken =
                    Math.max(0, tier.served().sloBroken() - earlier.served().sloBroken());
            if (evaluated > 0 || broken > 0) {
                tally.tiers.merge(
                        name,
                        new Kept(evaluated, broken),
                        (one, other) -> new Kept(one.evaluated() + other.evaluated(), one.broken() + other.broken()));
            }
            if (broken > 0) {
                tally.broken.merge(stage(tally), broken, Long::sum);
            }
        }
    }

    /** Where an open event stands. */
    private static Stage stage(Tally tally) {
        ScaleEvent event = tally.event;
        if (!event.reached(Phase.SENT)) {
            return Stage.DECIDE;
        }
        if (!event.reached(Phase.ACCEPTED)) {
            return Stage.API;
        }
        List<Birth> added = added(tally);
        if (added.isEmpty() || added.stream().allMatch(birth -> birth.ready() != null)) {
            return Stage.READY;
        }
        if (added.stream().anyMatch(birth -> birth.scheduled() == null && birth.started() == null)) {
            return Stage.SCHEDULE;
        }
        return added.stream().anyMatch(birth -> birth.started() == null) ? Stage.PULL : Stage.LOAD;
    }

    private static List<Birth> added(Tally tally) {
        return tally.births.values().stream()
                .sorted(Comparator.comparing(Birth::created).thenComparing(Birth::replica))
                .limit(Math.max(0, tally.event.to() - tally.event.from()))
                .toList();
    }

    private void use(PoolLoad before, PoolLoad load, double slots) {
        double nanos = load.atNanos() - before.atNanos();
        if (nanos <= 0) {
            return;
        }
        double inFlight = (inFlight(before) + inFlight(load)) / 2;
        Use more = new Use(load.atNanos(), inFlight * nanos, slots * nanos);
        Use sum = second == null
                ? more
                : new Use(more.endNanos(), second.inUse() + more.inUse(), second.slots() + more.slots());
        boolean whole = uses.isEmpty() || load.atNanos() - uses.getLast().endNanos() >= SECOND_NANOS;
        second = whole ? null : sum;
        if (whole) {
            uses.addLast(sum);
        }
        while (!uses.isEmpty() && load.atNanos() - uses.getFirst().endNanos() > MINUTE_NANOS) {
            uses.removeFirst();
        }
    }

    private static double inFlight(PoolLoad load) {
        return load.tiers().stream()
                .mapToDouble(tier -> (double) tier.inFlight())
                .sum();
    }

    /** Share of slots in use over the last minute; NaN if nothing is known or there were none. */
    private double used() {
        double inUse = 0;
        double slots = 0;
        for (Use use : uses) {
            inUse += use.inUse();
            slots += use.slots();
        }
        return slots > 0 ? Math.min(1, inUse / slots) : Double.NaN;
    }

    private void settle(long now) {
        for (Iterator<Tally> each = tallies.values().iterator(); each.hasNext(); ) {
            Tally tally = each.next();
            if (tally.endedNanos != null && now - tally.endedNanos >= MINUTE_NANOS) {
                each.remove();
                drawnUp.accept(account(tally, used()));
            }
        }
        if (tallies.isEmpty() && firstTokens.size() >= MOST_REPLICAS) {
            firstTokens.clear();
        }
    }

    /** Draws up those that ended, without the minute after. */
    void close() {
        for (Tally tally : List.copyOf(tallies.values())) {
            if (!tally.open()) {
                drawnUp.accept(account(tally, Double.NaN));
            }
        }
        tallies.clear();
    }

    private Account account(Tally tally, double usedAfter) {
        ScaleEvent event = tally.event;
        long ended = Objects.requireNonNull(tally.endedNanos);
        return new Account(
                event.id(),
                event.pool(),
                event.decisionId(),
                time.wallTime(),
                event.from(),
                event.to(),
                event.phase(),
                Duration.ofNanos(ended - event.steps().get(0).atNanos()),
                stages(tally),
                tally.usedBefore,
                usedAfter,
                tally.replicaNanos / 1e9,
                tally.addedNanos / 1e9,
                tally.pricePerHour,
                tally.completed,
                tally.tiers,
                tally.broken);
    }

    private Map<Stage, Duration> stages(Tally tally) {
        Map<Stage, Duration> stages = new EnumMap<>(Stage.class);
        ScaleEvent event = tally.event;
        if (!event.reached(Phase.SENT)) {
            return stages;
        }
        // Of one that another process sent, the call itself is not known.
        long called = tally.calledNanos == null ? tally.at(Phase.SENT) : tally.calledNanos;
        stages.put(Stage.DECIDE, Duration.ofNanos(Math.max(0, called - tally.beganNanos)));
        if (!event.reached(Phase.ACCEPTED)) {
            return stages;
        }
        long accepted = tally.at(Phase.ACCEPTED);
        stages.put(Stage.API, Duration.ofNanos(Math.max(0, accepted - called)));
        if (!event.reached(Phase.READY)) {
            return stages;
        }
        long known = accepted;
        long ready = tally.at(Phase.READY);
        List<Birth> added = added(tally);
        if (added.size() == event.to() - event.from()) {
            for (Stage stage : List.of(Stage.SCHEDULE, Stage.PULL, Stage.LOAD)) {
                OptionalLong last = last(added, stage, event);
                if (last.isPresent()) {
                    // By another clock than ours, so kept in order.
                    long at = Math.max(known, Math.min(last.getAsLong(), ready));
                    stages.put(stage, Duration.ofNanos(at - known));
                    known = at;
                }
            }
        }
        stages.put(Stage.READY, Duration.ofNanos(ready - known));
        firstToken(tally, added).ifPresent(at -> stages.put(Stage.FIRST_TOKEN, Duration.ofNanos(at)));
        return stages;
    }

    /** When the last of those added had come so far, on our clock; empty if that is not known of each. */
    private static OptionalLong last(List<Birth> added, Stage stage, ScaleEvent event) {
        ScaleEvent.Step decided = event.steps().get(0);
        List<Instant> times = new ArrayList<>();
        for (Birth birth : added) {
            Instant at = switch (stage) {
                case SCHEDULE -> birth.scheduled();
                case PULL -> birth.started();
                default -> birth.ready();
            };
            if (at == null) {
                return OptionalLong.empty();
            }
            times.add(at);
        }
        return times.stream()
                .max(Comparator.naturalOrder())
                .map(at -> OptionalLong.of(
                        decided.atNanos() + Duration.between(decided.at(), at).toNanos()))
                .orElse(OptionalLong.empty());
    }

    /** Time from when the first was ready to the first token of one that was added; of any that is new where their names are not known. */
    private OptionalLong firstToken(Tally tally, List<Birth> added) {
        if (!tally.event.reached(Phase.FIRST_READY)) {
            return OptionalLong.empty();
        }
        long accepted = tally.at(Phase.ACCEPTED);
        long firstReady = tally.at(Phase.FIRST_READY);
        return firstTokens.entrySet().stream()
                .filter(each -> added.isEmpty()
                        || added.stream().anyMatch(birth -> birth.replica().equals(each.getKey())))
                .filter(each -> each.getValue() - accepted >= 0)
                .mapToLong(each -> Math.max(0, each.getValue() - firstReady))
                .min();
    }
}
