/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim;

import io.tidegate.pool.Slo;
import io.tidegate.pool.Tier;
import io.tidegate.sim.score.TierScore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;

/** Counts what becomes of requests, by the rules of {@link TierScore}. */
final class Scorer {

    /** How a request ended that was not answered. */
    enum End {
        SHED,
        EXPIRED,
        LEFT,
        FAILED
    }

    private static final double NANOS = 1e9;
    /** Microseconds, up to a day, to three digits. */
    private static final long MOST_MICROS = 86_400_000_000L;

    private static final int DIGITS = 3;

    private final List<TierCount> tiers = new ArrayList<>();
    private final TierCount all;
    private long open;
    private double lastEnd;

    /* Since the last moment. */
    private final Histogram recent = new Histogram(MOST_MICROS, DIGITS);
    private long recentSettled;
    private long recentAttained;

    /** Told of each latency, for whoever looks from outside. */
    interface Listener {
        /** A request has come. */
        void arrived(long nowNanos, int promptTokens);

        void timeToFirstToken(long nowNanos, double seconds);

        void timePerOutputToken(long nowNanos, double seconds);
    }

    private final Listener listener;

    Scorer(List<Tier> tiers, Listener listener) {
        tiers.forEach(tier -> this.tiers.add(new TierCount(tier.name(), tier.slo())));
        this.all = new TierCount("all", Slo.none());
        this.listener = listener;
    }

    private static final class TierCount {
        final String name;
        final long firstTokenNanos;
        final double perTokenSeconds;
        final Histogram firstTokens = new Histogram(MOST_MICROS, DIGITS);
        final Histogram perToken = new Histogram(MOST_MICROS, DIGITS);
        long offered;
        long attained;
        long late;
        final Map<End, Long> ends = new EnumMap<>(End.class);

        TierCount(String name, Slo slo) {
            this.name = name;
            this.firstTokenNanos = slo.timeToFirstToken().map(Duration::toNanos).orElse(Long.MAX_VALUE);
            this.perTokenSeconds = slo.timePerOutputToken()
                    .map(bound -> bound.toNanos() / NANOS)
                    .orElse(Double.POSITIVE_INFINITY);
        }

        TierScore score() {
            return new TierScore(
                    name,
                    offered,
                    attained,
                    late,
                    ends.getOrDefault(End.SHED, 0L),
                    ends.getOrDefault(End.EXPIRED, 0L),
                    ends.getOrDefault(End.LEFT, 0L),
                    ends.getOrDefault(End.FAILED, 0L),
                    seconds(firstTokens, 50),
                    seconds(firstTokens, 90),
                    seconds(firstTokens, 99),
                    seconds(perToken, 50),
                    seconds(perToken, 99));
        }
    }

    private static double seconds(Histogram histogram, double percentile) {
        return histogram.getTotalCount() == 0 ? Double.NaN : histogram.getValueAtPercentile(percentile) / 1e6;
    }

    void offered(Flight flight) {
        open++;
        all.offered++;
        tiers.get(flight.tier).offered++;
        listener.arrived(flight.arrivedNanos, flight.promptTokens());
    }

    void firstToken(Flight flight, long nowNanos) {
        long micros = Math.min(MOST_MICROS, (nowNanos - flight.arrivedNanos) / 1000);
        all.firstTokens.recordValue(micros);
        tiers.get(flight.tier).firstTokens.recordValue(micros);
        recent.recordValue(micros);
        listener.timeToFirstToken(nowNanos, micros / 1e6);
    }

    void finished(Flight flight, long nowNanos) {
        TierCount tier = tiers.get(flight.tier);
        double perToken = flight.outputTokens() > 1
                ? (nowNanos - flight.firstTokenNanos) / NANOS / (flight.outputTokens() - 1)
                : 0;
        if (flight.outputTokens() > 1) {
            long micros = Math.min(MOST_MICROS, Math.round(perToken * 1e6));
            tier.perToken.recordValue(micros);
            all.perToken.recordValue(micros);
            listener.timePerOutputToken(nowNanos, perToken);
        }
        boolean kept = flight.firstTokenNanos - flight.arrivedNanos <= tier.firstTokenNanos
                && perToken <= tier.perTokenSeconds;
        if (kept) {
            tier.attained++;
            all.attained++;
            recentAttained++;
        } else {
            tier.late++;
            all.late++;
        }
        settled(flight, nowNanos);
    }

    void settle(Flight flight, End how) {
        tiers.get(flight.tier).ends.merge(how, 1L, Long::sum);
        all.ends.merge(how, 1L, Long::sum);
        settled(flight, -1);
    }

    private void settled(Flight flight, long nowNanos) {
        flight.settled = true;
        open--;
        recentSettled++;
        lastEnd = Math.max(lastEnd, nowNanos / NANOS);
    }

    /** Requests that came and have not ended. */
    long open() {
        return open;
    }

    TierScore all() {
        return all.score();
    }

    List<TierScore> scores() {
        return tiers.stream().map(TierCount::score).toList();
    }

    /** Median of the times to first token since this was last asked, the 99th percentile, and the share that attained. */
    double[] takeRecent() {
        double[] taken = {
            seconds(recent, 50),
            seconds(recent, 99),
            recentSettled == 0 ? Double.NaN : (double) recentAttained / recentSettled
        };
        recent.reset();
        recentSettled = 0;
        recentAttained = 0;
        return taken;
    }
}
