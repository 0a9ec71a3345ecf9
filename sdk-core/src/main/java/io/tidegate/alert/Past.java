/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.alert;

import io.tidegate.alert.Situation.Promise;
import io.tidegate.ledger.ScaleEvent;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What rules must know of before: windows over what grows, and where things stood when a scale event began. Its size is bounded by the
 * settings and the number of tiers. For one thread.
 */
final class Past {

    private static final long MINUTE = Duration.ofMinutes(1).toNanos();

    /** How long a loss of entries counts as now. */
    private static final long LOSS_NANOS = MINUTE;

    private final Duration fastLong;
    private final Duration fastShort;
    private final Duration slowLong;
    private final Duration slowShort;
    private final Map<String, Tier> tiers = new HashMap<>();

    /** Money and seconds, by the minute over the last hour and by the quarter of an hour over the last day. */
    private final Ring hour = new Ring(60, MINUTE);

    private final Ring day = new Ring(96, 15 * MINUTE);

    private @Nullable ScaleEvent scaling;
    private boolean lossKnown;
    private long lost;
    private long lostNanos;
    private long lostLately;

    /** One tier's counts when it was last seen, its windows, and its counts when the scale event began. */
    static final class Tier {
        final Burn fast;
        final Burn slow;
        double target = 1;
        private boolean seen;
        private long evaluated;
        private long broken;
        private boolean scaling;
        long evaluatedScaling;
        long brokenScaling;

        Tier(Burn fast, Burn slow) {
            this.fast = fast;
            this.slow = slow;
        }

        private void look(long nowNanos, Promise now, boolean open, boolean begins) {
            target = now.target();
            // Counts that went down began anew, and what was before then is not known.
            long more = seen ? Math.max(0, now.evaluated() - evaluated) : 0;
            long moreBroken = seen ? Math.min(more, Math.max(0, now.broken() - broken)) : 0;
            seen = true;
            evaluated = now.evaluated();
            broken = now.broken();
            fast.add(nowNanos, (double) more, (double) moreBroken);
            slow.add(nowNanos, (double) more, (double) moreBroken);
            if (begins || !open || !scaling) {
                evaluatedScaling = 0;
                brokenScaling = 0;
            } else {
                evaluatedScaling += more;
                brokenScaling += moreBroken;
            }
            scaling = open;
        }
    }

    Past(AlertSettings settings) {
        this.fastLong = settings.fastLong();
        this.fastShort = settings.fastShort();
        this.slowLong = settings.slowLong();
        this.slowShort = settings.slowShort();
    }

    /** Whether its windows are those of these settings. */
    boolean fits(AlertSettings settings) {
        return fastLong.equals(settings.fastLong())
                && fastShort.equals(settings.fastShort())
                && slowLong.equals(settings.slowLong())
                && slowShort.equals(settings.slowShort());
    }

    void look(Situation situation, long stepNanos) {
        ScaleEvent open =
                situation.events().stream().filter(ScaleEvent::open).findFirst().orElse(null);
        boolean begins = open != null && (scaling == null || !open.id().equals(scaling.id()));
        if (!situation.tiers().isEmpty()) {
            Set<String> names = new HashSet<>();
            for (Promise each : situation.tiers()) {
                names.add(each.tier());
                tiers.computeIfAbsent(
                                each.tier(),
                                ignored -> new Tier(new Burn(fastLong, fastShort), new Burn(slowLong, slowShort)))
                        .look(situation.nowNanos(), each, open != null, begins);
            }
            tiers.keySet().retainAll(names);
            scaling = open;
        } else if (begins || open == null) {
            // What breaks from now on is not known, so nothing may be held against this event that is another's.
            tiers.values().forEach(tier -> tier.scaling = false);
            scaling = open;
        } else {
            scaling = open;
        }
        money(situation, stepNanos);
        ledger(situation);
    }

    private void money(Situation situation, long stepNanos) {
        double rate = situation.money().pricePerHour() * situation.running();
        if (rate >= 0 && Double.isFinite(rate) && stepNanos > 0) {
            double seconds = stepNanos / 1e9;
            hour.add(situation.nowNanos(), rate * seconds / 3600, seconds);
            day.add(situation.nowNanos(), rate * seconds / 3600, seconds);
        }
    }

    private void ledger(Situation situation) {
        long now = situation.ledger().lost();
        if (lostLately > 0 && situation.nowNanos() - lostNanos > LOSS_NANOS) {
            lostLately = 0;
        }
        long before = lossKnown ? lost : 0;
        if (now > before) {
            lostLately += now - before;
            lostNanos = situation.nowNanos();
        }
        lossKnown = true;
        lost = now;
    }

    Map<String, Tier> tiers() {
        return tiers;
    }

    /** The oldest scale event that is open. */
    @Nullable
    ScaleEvent scaling() {
        return scaling;
    }

    /** Mean cost per hour over the last hour; NaN if less than a quarter of an hour of it is known. */
    double hourlyRate() {
        return rate(hour, 60, 900);
    }

    /** Mean cost per hour over the last 24 hours; NaN if less than an hour of it is known. */
    double dailyRate() {
        return rate(day, 96, 3600);
    }

    private static double rate(Ring of, int buckets, double leastSeconds) {
        double seconds = of.second(buckets);
        return seconds >= leastSeconds ? of.first(buckets) / seconds * 3600 : Double.NaN;
    }

    /** Entries lost of late. */
    long lostLately() {
        return lostLately;
    }
}
