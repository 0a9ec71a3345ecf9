/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.policy.PolicySettings;
import io.tidegate.policy.Recipe;
import io.tidegate.policy.ReplicaMath;
import io.tidegate.pool.PoolView;
import io.tidegate.time.DurationText;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * How fast a pool may move in one direction, with the semantics of {@code behavior} of the Kubernetes HPA (v2): first the
 * proposal is stabilised, then it is limited in rate.
 *
 * <p>Stabilised: up goes only to the lowest, down only to the highest number wanted within the window, so that a higher or a lower
 * answer must hold that long. With a window of zero, nothing is waited for.
 *
 * <p>Limited: for each rate, from the count at the beginning of its period,
 *
 * <pre>
 *   start = current − added in the period + removed in the period
 *   up    : start + n      or  ⌈start·(1 + share)⌉
 *   down  : start − n      or  ⌊start·(1 − share)⌋
 * </pre>
 *
 * <p>and of several rates the one that allows most ({@link Select#MAX}) or least ({@link Select#MIN}). Example: with 4 replicas or
 * 100 % in 15 s, 3 may become 7, and 10 may become 20. If of those 7 the last 4 were added 5 s ago, the period began with 3 and
 * nothing may be added for 10 s more.
 *
 * <p>Three things differ from the HPA, each to the safe side of an edge: a result within 1e-9 of a whole number counts as that
 * number, a share lets 1 be added to none, where the HPA would never leave zero, and an up is not stabilised while the pool is
 * blind, since what was wanted then is no evidence.
 *
 * @param direction which way it limits
 * @param stabilizationWindow 0 to 1 hour
 * @param rates in any order; none means no limit
 * @param select which of several rates holds
 * @since 0.1.0
 */
public record Behavior(Direction direction, Duration stabilizationWindow, List<Rate> rates, Select select)
        implements Guardrail {

    /** Which way a pool moves. */
    public enum Direction {
        UP,
        DOWN
    }

    /** Which of several rates holds. */
    public enum Select {
        /** The one that allows the largest change. */
        MAX,
        /** The one that allows the smallest change. */
        MIN,
        /** None: the pool never moves this way. */
        DISABLED
    }

    /** What the amount of a rate counts. */
    public enum Unit {
        REPLICAS,
        SHARE
    }

    /**
     * So much in a period.
     *
     * @param unit what the amount counts
     * @param amount replicas, whole, 1 to {@link ReplicaMath#MANY}; or a share of the count at the period's beginning, above 0 and
     *     finite, where 1 doubles
     * @param period positive, at most {@link History#HORIZON}
     */
    public record Rate(Unit unit, double amount, Duration period) {

        public Rate {
            boolean whole = amount >= 1 && amount <= ReplicaMath.MANY && amount == Math.rint(amount);
            if (unit == Unit.REPLICAS && !whole) {
                throw new IllegalArgumentException(
                        "replicas of a rate must be a whole number of 1..1000000 but was " + amount);
            }
            if (!(amount > 0 && amount < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("share of a rate must be above 0 and finite but was " + amount);
            }
            if (period.isZero() || period.isNegative() || period.compareTo(History.HORIZON) > 0) {
                throw new IllegalArgumentException("period must be positive and at most 1 hour but was " + period);
            }
        }

        /** So many replicas in a period. */
        public static Rate replicas(int replicas, Duration period) {
            return new Rate(Unit.REPLICAS, replicas, period);
        }

        /** This share of the count at the period's beginning in a period; 1 is 100 %. */
        public static Rate share(double share, Duration period) {
            return new Rate(Unit.SHARE, share, period);
        }

        private long limit(Direction direction, long start) {
            if (direction == Direction.UP) {
                return unit == Unit.REPLICAS
                        ? start + (long) amount
                        : Math.max(1, ReplicaMath.ceil(start * (1 + amount)));
            }
            return unit == Unit.REPLICAS ? start - (long) amount : (long) Math.floor(start * (1 - amount) + 1e-9);
        }

        /** As recipes write it: {@code share 0.1 PT1M}. */
        private String text() {
            return PolicySettings.shown(unit) + ' ' + amount + ' ' + period;
        }

        private static Rate parse(String text) {
            String[] parts = text.split(" ", -1);
            for (Unit unit : Unit.values()) {
                if (parts.length == 3 && PolicySettings.shown(unit).equals(parts[0])) {
                    Optional<Duration> period = DurationText.parse(parts[2]);
                    if (period.isPresent()) {
                        return new Rate(unit, Double.parseDouble(parts[1]), period.get());
                    }
                }
            }
            throw new IllegalArgumentException("a rate is such as \"share 0.1 PT1M\" but was \"" + text + '"');
        }

        private String words() {
            String much = unit == Unit.SHARE
                    ? Text.percent(amount)
                    : (long) amount + (amount == 1 ? " replica" : " replicas");
            return much + " in " + period.toSeconds() + " s";
        }
    }

    public Behavior {
        if (stabilizationWindow.isNegative() || stabilizationWindow.compareTo(History.HORIZON) > 0) {
            throw new IllegalArgumentException(
                    "stabilizationWindow must be 0 to 1 hour but was " + stabilizationWindow);
        }
        rates = List.copyOf(rates);
    }

    /** Up as it is by default: at once, by 4 replicas or 100 % in 15 s, whichever is more. */
    public static Behavior up() {
        Duration period = Duration.ofSeconds(15);
        return new Behavior(
                Direction.UP, Duration.ZERO, List.of(Rate.replicas(4, period), Rate.share(1, period)), Select.MAX);
    }

    /** Down as it is by default: what was enough for 300 s, by 1 replica or 10 % in 60 s, whichever is more. */
    public static Behavior down() {
        Duration period = Duration.ofMinutes(1);
        return new Behavior(
                Direction.DOWN,
                Duration.ofMinutes(5),
                List.of(Rate.replicas(1, period), Rate.share(0.1, period)),
                Select.MAX);
    }

    @Override
    public String name() {
        return direction == Direction.UP ? "behavior up" : "behavior down";
    }

    @Override
    public Optional<Recipe> recipe() {
        return Optional.of(new Recipe(
                GuardrailTypes.BEHAVIOR,
                Map.of(
                        "direction", PolicySettings.shown(direction),
                        "stabilizationWindow", stabilizationWindow.toString(),
                        "rates", rates.stream().map(Rate::text).collect(Collectors.joining(", ")),
                        "select", PolicySettings.shown(select))));
    }

    static Behavior of(PolicySettings settings) {
        return new Behavior(
                settings.requiredChoice("direction", Direction.class),
                settings.requiredDuration("stabilizationWindow", Duration.ZERO, History.HORIZON),
                rates(settings),
                settings.requiredChoice("select", Select.class));
    }

    private static List<Rate> rates(PolicySettings settings) {
        String text = settings.requiredText("rates", "replicas 4.0 PT15S, share 1.0 PT15S");
        try {
            return text.isEmpty()
                    ? List.of()
                    : Arrays.stream(text.split(", ", -1)).map(Rate::parse).toList();
        } catch (IllegalArgumentException e) {
            settings.problem("rates", "is wrong: " + e.getMessage());
            return List.of();
        }
    }

    @Override
    public Narrowing narrow(PoolView view, History history, int proposed) {
        int current = view.replicas().desired();
        boolean mine = direction == Direction.UP ? proposed > current : proposed < current;
        if (!mine) {
            return Narrowing.none(name(), proposed);
        }
        if (select == Select.DISABLED) {
            return new Narrowing(name(), current, "scaling " + way() + " is switched off");
        }
        int stable = stabilised(view, history, current, proposed);
        int left = limited(view.nowNanos(), history, current, stable);
        if (left == proposed) {
            return Narrowing.none(name(), proposed);
        }
        String why = stable == proposed ? "" : stableWords(stable);
        if (left != stable) {
            why += (why.isEmpty() ? "" : "; ") + rateWords();
        }
        return new Narrowing(name(), left, why);
    }

    private int stabilised(PoolView view, History history, int current, int proposed) {
        if (stabilizationWindow.isZero()) {
            return proposed;
        }
        long window = stabilizationWindow.toNanos();
        if (direction == Direction.DOWN) {
            return Math.min(current, history.highestProposed(view.nowNanos(), window, proposed));
        }
        return view.evidence().blind()
                ? proposed
                : Math.max(current, history.lowestProposed(view.nowNanos(), window, proposed));
    }

    private int limited(long now, History history, int current, int stable) {
        if (rates.isEmpty()) {
            return stable;
        }
        boolean highest = (direction == Direction.UP) == (select == Select.MAX);
        long limit = highest ? Long.MIN_VALUE : Long.MAX_VALUE;
        for (Rate rate : rates) {
            long period = rate.period().toNanos();
            long start = Math.max(0, (long) current - history.added(now, period) + history.removed(now, period));
            long allowed = rate.limit(direction, start);
            limit = highest ? Math.max(limit, allowed) : Math.min(limit, allowed);
        }
        return direction == Direction.UP
                ? (int) Math.min(stable, Math.max(current, limit))
                : (int) Math.max(stable, Math.min(current, limit));
    }

    private String way() {
        return direction == Direction.UP ? "up" : "down";
    }

    private String stableWords(int stable) {
        String seconds = stabilizationWindow.toSeconds() + " s";
        return direction == Direction.UP
                ? "at times only " + stable + " were wanted or present within the last " + seconds
                : stable + " were wanted within the last " + seconds;
    }

    private String rateWords() {
        String all =
                rates.stream().map(Rate::words).collect(Collectors.joining(select == Select.MAX ? " or " : " and "));
        return "at most " + all + " may be " + (direction == Direction.UP ? "added" : "removed");
    }
}
