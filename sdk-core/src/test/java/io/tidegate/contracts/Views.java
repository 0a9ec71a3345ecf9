/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.contracts;

import io.tidegate.policy.ReplicaMath;
import io.tidegate.pool.Capacity;
import io.tidegate.pool.Evidence;
import io.tidegate.pool.LatencySnapshot;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.PoolView.ServedView;
import io.tidegate.pool.PoolView.TierView;
import io.tidegate.pool.Recent;
import io.tidegate.pool.Recent.Second;
import io.tidegate.pool.Replicas;
import io.tidegate.pool.Signal;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Views of a pool for tests, written the way a sentence names them: {@code Views.view().ready(2).tier("premium", 12, 3).build()}.
 *
 * <p>Unless something else is said, the pool is {@code chat}, has one ready replica of 32 slots, needs 2 minutes for another, has no
 * tier, no signal and no past, and all of that was heard of.
 *
 * @since 0.1.0
 */
public final class Views {

    private String pool = "chat";
    private long nowNanos = Duration.ofDays(1).toNanos();
    private Evidence evidence = Evidence.COMPLETE;
    private int desired = 1;
    private int ready = 1;
    private List<Long> dueNanos = List.of();
    private Work replicaWork = Work.slots(32);
    private Duration timeToReady = Duration.ofMinutes(2);
    private final List<TierView> tiers = new ArrayList<>();
    private final Map<String, Signal> signals = new LinkedHashMap<>();
    private Capacity capacity = Capacity.UNKNOWN;
    private Recent recent = Recent.NOTHING;

    private Views() {}

    /** Starts a view. */
    public static Views view() {
        return new Views();
    }

    /** Starts with what a view has. */
    public static Views of(PoolView view) {
        Views copy = new Views();
        copy.pool = view.pool();
        copy.nowNanos = view.nowNanos();
        copy.evidence = view.evidence();
        copy.desired = view.replicas().desired();
        copy.ready = view.replicas().ready();
        copy.dueNanos = view.replicas().dueNanos();
        copy.replicaWork = view.replicaWork();
        copy.timeToReady = view.timeToReady();
        copy.tiers.addAll(view.tiers());
        copy.signals.putAll(view.signals());
        copy.capacity = view.capacity();
        copy.recent = view.recent();
        return copy;
    }

    /** The instant, on the monotonic clock. */
    public Views at(long nanos) {
        this.nowNanos = nanos;
        return this;
    }

    /** Replicas wanted and ready. */
    public Views ready(int count) {
        this.desired = count;
        this.ready = count;
        return this;
    }

    /** Replicas wanted, whatever is ready. */
    public Views desired(int count) {
        this.desired = count;
        return this;
    }

    /** When each replica that is asked for is expected. */
    public Views due(Long... atNanos) {
        this.dueNanos = Arrays.asList(atNanos);
        return this;
    }

    /** What one replica holds. */
    public Views replica(Work work) {
        this.replicaWork = work;
        return this;
    }

    public Views timeToReady(Duration time) {
        this.timeToReady = time;
        return this;
    }

    /** Adds a tier with so many in flight and waiting, and nothing else known. */
    public Views tier(String name, long inFlight, long queued) {
        return tier(name, inFlight, queued, 0, Double.NaN);
    }

    /** Adds a tier, of which so many arrive each second and are in flight for so long. */
    public Views tier(String name, long inFlight, long queued, double arrivalsPerSecond, double inFlightSeconds) {
        return tier(new TierView(
                Tier.builder(name).build(),
                inFlight,
                queued,
                Duration.ZERO,
                arrivalsPerSecond,
                0,
                inFlightSeconds,
                Double.NaN));
    }

    /** Adds a tier. */
    public Views tier(TierView tier) {
        tiers.add(tier);
        return this;
    }

    /** Takes all tiers away. */
    public Views noTiers() {
        tiers.clear();
        return this;
    }

    /** Adds a signal, or puts it in place of the one of that name. */
    public Views signal(String name, Signal signal) {
        signals.put(name, signal);
        return this;
    }

    /** Adds a signal that is known, measured now. */
    public Views signal(String name, double value, String unit) {
        return signal(name, new Signal.Known(value, unit, nowNanos, "test"));
    }

    /** Takes a signal away, as if no source gave it. */
    public Views noSignal(String name) {
        signals.remove(name);
        return this;
    }

    /** How far what is known can be trusted. */
    public Views evidence(Evidence known) {
        this.evidence = known;
        return this;
    }

    public Views capacity(Capacity learned) {
        this.capacity = learned;
        return this;
    }

    public Views recent(Recent load) {
        this.recent = load;
        return this;
    }

    /** The last so many seconds were all like this. */
    public Views recent(int seconds, double concurrency, double arrivals, double tokens) {
        List<Second> all = new ArrayList<>();
        for (int i = seconds - 1; i >= 0; i--) {
            all.add(new Second(
                    nowNanos - i * 1_000_000_000L, 1_000_000_000L, concurrency, arrivals, arrivals, tokens, ready));
        }
        return recent(new Recent(all));
    }

    /** The view. */
    public PoolView build() {
        return new PoolView(
                pool,
                nowNanos,
                evidence,
                new Replicas(desired, ready, dueNanos),
                replicaWork,
                timeToReady,
                tiers,
                signals,
                capacity,
                recent);
    }

    /**
     * A view, and what may happen to a pool in the field, by what it is: no replicas, no tiers, signals missing, stale, invalid, partly
     * heard of, negative and huge, figures NaN, infinite and huge, a clock about to wrap, nothing known of the past.
     */
    public static Map<String, PoolView> odd(PoolView view) {
        Map<String, PoolView> odd = new LinkedHashMap<>();
        odd.put("as it is", view);
        put(odd, "no replicas", view, views -> views.ready(0));
        put(odd, "no replica ready of many", view, views -> views.ready(0).desired(50));
        put(odd, "as many replicas as can be", view, views -> views.ready(ReplicaMath.MANY));
        put(
                odd,
                "replicas long overdue",
                view,
                views -> views.due(views.nowNanos - Duration.ofDays(1).toNanos()));
        put(odd, "no tiers", view, Views::noTiers);
        put(odd, "no tiers and nothing else", view, views -> {
            views.noTiers();
            views.signals.clear();
            views.recent = Recent.NOTHING;
            views.capacity = Capacity.UNKNOWN;
        });
        put(
                odd,
                "an idle tier of which nothing is known",
                view,
                views -> views.noTiers().tier("idle", 0, 0));
        put(odd, "nothing heard of", view, views -> views.evidence(new Evidence(List.of("all"), 0, true)));
        put(odd, "a replica that holds nothing", view, views -> views.replica(Work.NONE));
        put(odd, "a replica that holds all", view, views -> views.replica(new Work(Work.MAX_SLOTS, Work.MAX_TOKENS)));
        put(odd, "capacity not known", view, views -> views.capacity(Capacity.UNKNOWN));
        put(odd, "capacity half known", view, views -> views.capacity(new Capacity(Double.NaN, 3, 20)));
        put(odd, "capacity next to nothing", view, views -> views.capacity(new Capacity(1e-300, 1e-300, 20)));
        put(odd, "capacity huge", view, views -> views.capacity(new Capacity(1e300, 1e300, 20)));
        put(odd, "ready at once", view, views -> views.timeToReady(Duration.ZERO));
        put(odd, "ready after an age", view, views -> views.timeToReady(Duration.ofDays(365)));
        put(odd, "a clock about to wrap", view, views -> views.at(Long.MAX_VALUE - 1));
        put(odd, "a clock that has wrapped", view, views -> views.at(Long.MIN_VALUE + 1));
        put(odd, "nothing known of the past", view, views -> views.recent(Recent.NOTHING));
        put(odd, "a past of huge numbers", view, views -> views.recent(600, 1e300, 1e300, 1e300));
        put(
                odd,
                "a past of numbers that are none",
                view,
                views -> views.recent(60, Double.NaN, Double.NaN, Double.POSITIVE_INFINITY));
        for (double figure : new double[] {Double.NaN, 0, Double.MIN_VALUE, 1e300, Double.POSITIVE_INFINITY, -1}) {
            put(odd, "figures of tiers " + figure, view, views -> views.figures(Long.MAX_VALUE / 64, figure));
        }
        put(odd, "nobody in tiers", view, views -> views.figures(0, 0));
        put(odd, "negative counts in tiers", view, views -> views.figures(-5, 1));
        for (double value : new double[] {0, -0.0, -1, Double.MIN_VALUE, 1e300, -1e300}) {
            put(odd, "signals " + value, view, views -> views.signals(value));
        }
        gaps(view).forEach(odd::put);
        return odd;
    }

    /** A view with each of its signals, and all together, missing, stale, invalid, not given, and known in part. */
    public static Map<String, PoolView> gaps(PoolView view) {
        Map<String, PoolView> gaps = new LinkedHashMap<>();
        List<List<String>> sets = new ArrayList<>();
        view.signals().keySet().forEach(name -> sets.add(List.of(name)));
        if (sets.size() > 1) {
            sets.add(List.copyOf(view.signals().keySet()));
        }
        for (List<String> names : sets) {
            gap(gaps, "missing", view, names, new Signal.Missing("test", "not there"));
            gap(gaps, "stale", view, names, new Signal.Stale("test", Duration.ofMinutes(5)));
            gap(gaps, "invalid", view, names, new Signal.Invalid("test", "NaN"));
            put(gaps, names + " not given", view, views -> names.forEach(views::noSignal));
        }
        return gaps;
    }

    private static void gap(Map<String, PoolView> gaps, String what, PoolView view, List<String> names, Signal signal) {
        put(gaps, names + " " + what, view, views -> names.forEach(name -> views.signal(name, signal)));
    }

    private static void put(Map<String, PoolView> all, String what, PoolView view, Consumer<Views> change) {
        Views views = of(view);
        change.accept(views);
        all.put(what, views.build());
    }

    private Views signals(double value) {
        signals.replaceAll((name, signal) -> signal instanceof Signal.Known known
                ? new Signal.Known(value, known.unit(), known.atNanos(), known.source())
                : signal);
        return this;
    }

    private Views figures(long count, double figure) {
        tiers.replaceAll(tier -> new TierView(
                tier.tier(),
                count,
                count,
                Duration.ofHours(1),
                figure,
                figure,
                figure,
                figure,
                new ServedView(
                        figure,
                        figure,
                        figure,
                        count,
                        count,
                        count,
                        count,
                        LatencySnapshot.EMPTY,
                        LatencySnapshot.EMPTY,
                        LatencySnapshot.EMPTY)));
        return this;
    }
}
