/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.pool;

import io.tidegate.pool.PoolView.ServedView;
import io.tidegate.pool.PoolView.TierView;
import io.tidegate.pool.Recent.Second;
import io.tidegate.pool.Signal.Known;
import io.tidegate.pool.Signal.Part;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Views of pools as they may be: busy, idle, blind, of one tier or three, in the middle of a raise, near the end of the clock. */
public final class RandomViews {

    private static final long SECOND = 1_000_000_000L;

    /** Signals that views have at times. */
    public static final List<String> SIGNALS =
            List.of("gate.ttft.p95", "gate.queue.depth", "pods.cpu.utilization", "a.b");

    private final SplittableRandom random;

    public RandomViews(SplittableRandom random) {
        this.random = random;
    }

    public PoolView next() {
        return next(
                random.nextInt(5) == 0 ? Long.MAX_VALUE - random.nextLong(100 * SECOND) : random.nextLong(1L << 50));
    }

    /** One at an instant. */
    public PoolView next(long now) {
        int desired = random.nextInt(0, 12);
        int due = random.nextInt(3) == 0 ? random.nextInt(desired + 1) : 0;
        int toReady = random.nextInt(1, 300);
        List<Long> dueNanos = new ArrayList<>();
        for (int i = 0; i < due; i++) {
            dueNanos.add(now + random.nextLong(-200 * SECOND, 300 * SECOND));
        }
        PoolViews views = PoolViews.view()
                .atNanos(now)
                .ready(Math.max(0, desired - due))
                .desired(desired)
                .due(dueNanos.toArray(Long[]::new))
                .timeToReady(toReady)
                .replica(
                        random.nextBoolean()
                                ? Work.slots(random.nextInt(0, 64))
                                : new Work(32, random.nextLong(1 << 20)))
                .evidence(evidence())
                .capacity(
                        random.nextBoolean()
                                ? Capacity.UNKNOWN
                                : new Capacity(
                                        random.nextBoolean() ? Double.NaN : 100 + random.nextDouble() * 3000,
                                        0.1 + random.nextDouble() * 5,
                                        random.nextInt(2)))
                .recent(recent(now, desired - due))
                .signals(signals(now));
        int tiers = random.nextInt(1, 4);
        boolean idle = random.nextInt(5) == 0;
        for (int i = 0; i < tiers; i++) {
            views.tier(tier(i, idle));
        }
        return views.build();
    }

    private Evidence evidence() {
        return switch (random.nextInt(6)) {
            case 0 -> Evidence.missing("a signal is missing");
            case 1 -> new Evidence(List.of("all", "are", "missing", "here"), 0, true);
            case 2 -> new Evidence(List.of(), random.nextDouble(), false);
            default -> Evidence.COMPLETE;
        };
    }

    private Recent recent(long now, int ready) {
        List<Second> seconds = new ArrayList<>();
        int length = random.nextInt(4) == 0 ? random.nextInt(20) : 400;
        boolean steady = random.nextInt(3) > 0;
        double level = random.nextDouble() * 100;
        for (int i = length - 1; i >= 0; i--) {
            level = Math.max(0, level + random.nextDouble() * 10 - 5);
            seconds.add(new Second(
                    now - i * SECOND,
                    SECOND,
                    random.nextInt(200) == 0 ? level * 20 : level,
                    random.nextInt(10),
                    random.nextInt(10),
                    random.nextInt(10_000),
                    steady ? ready : Math.max(0, ready - random.nextInt(3))));
        }
        return new Recent(seconds);
    }

    private Map<String, Signal> signals(long now) {
        Map<String, Signal> signals = new HashMap<>();
        for (String name : SIGNALS) {
            if (random.nextInt(8) > 0) {
                signals.put(name, signal(name, now));
            }
        }
        return signals;
    }

    private Signal signal(String name, long now) {
        boolean ratio = name.contains("utilization");
        String unit = ratio ? "ratio" : random.nextInt(8) == 0 ? "ratio" : "requests";
        double value = random.nextInt(8) == 0 ? 0 : random.nextDouble() * (ratio ? 1.2 : 30);
        return switch (random.nextInt(9)) {
            case 0 -> new Signal.Missing(name, "not there");
            case 1 -> new Signal.Stale(name, Duration.ofSeconds(random.nextInt(100)));
            case 2 -> new Signal.Invalid(name, "no number");
            case 3 -> new Known(value, unit, now, name, random.nextDouble(), List.of());
            case 4 ->
                new Known(
                        value,
                        unit,
                        now,
                        name,
                        1,
                        List.of(
                                new Part("r0", true, new Known(value, unit, now, "r0")),
                                new Part("r1", random.nextBoolean(), new Known(value * 2, unit, now, "r1")),
                                new Part("r2", true, new Signal.Missing("r2", "starts"))));
            default -> new Known(value, unit, now, name);
        };
    }

    private TierView tier(int place, boolean idle) {
        Tier.Builder tier = Tier.builder("tier" + place).maxQueueTime(Duration.ofMillis(random.nextLong(1, 100_000)));
        if (random.nextBoolean()) {
            tier.slo(Slo.timeToFirstToken(Duration.ofMillis(random.nextLong(1, 20_000)))
                    .withTarget(random.nextBoolean() ? 0.99 : 0.5));
        }
        if (idle) {
            return new TierView(tier.build(), 0, 0, Duration.ZERO, 0, 0, Double.NaN, Double.NaN);
        }
        long evaluated = random.nextLong(200);
        ServedView served = new ServedView(
                random.nextDouble() * 10,
                random.nextDouble() * 5000,
                random.nextDouble() * 2000,
                evaluated,
                random.nextInt(3) == 0 ? random.nextLong(20) : 0,
                evaluated,
                random.nextInt(3) == 0 ? random.nextLong(evaluated + 1) : 0,
                times(),
                times(),
                times());
        return new TierView(
                tier.build(),
                random.nextInt(100),
                random.nextInt(3) == 0 ? random.nextInt(300) : 0,
                Duration.ofMillis(random.nextInt(30_000)),
                random.nextDouble() * 20,
                random.nextDouble(),
                random.nextInt(6) == 0 ? Double.NaN : random.nextDouble() * 30,
                random.nextInt(3) == 0 ? Double.NaN : random.nextDouble() * 4000,
                random.nextInt(4) == 0 ? ServedView.NOTHING : served);
    }

    private LatencySnapshot times() {
        long[] counts = new long[LatencySnapshot.BUCKETS];
        for (int i = 0; i < 5; i++) {
            counts[LatencySnapshot.bucket(random.nextLong(20 * SECOND))] += random.nextInt(10);
        }
        return LatencySnapshot.of(counts);
    }
}
