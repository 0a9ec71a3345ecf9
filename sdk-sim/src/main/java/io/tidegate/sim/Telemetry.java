/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim;

import io.tidegate.sim.baseline.Observation;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Objects;

/** What monitoring knows: gauges and counters as they were at each scrape, and the latencies of late. */
final class Telemetry implements Observation, Scorer.Listener {

    /** Longest window that anybody looks back, seconds, with room: eight days. */
    private static final double LONGEST = 8 * 86_400.0;

    /** Longest window of latencies, seconds. */
    private static final double LONGEST_LATENCY = 600;

    /**
     * How much longer the first token takes on a full replica than on an idle one, as a predictor says. Nobody has published what llm-d's
     * has learned: it is set so that their law, in the scenario {@code llm-d}, lands where they measured it (docs/baselines.md).
     */
    private static final double CONGESTION = 2.6;

    private final VirtualTime time;
    private final Traffic traffic;
    private final Fleet fleet;
    private final Profile profile;
    private final int min;
    private final int max;
    private final double scrapePeriod;

    private final Map<Gauge, Column> gauges = new EnumMap<>(Gauge.class);
    private final Map<Counter, Column> counters = new EnumMap<>(Counter.class);
    private final Recent firstTokens = new Recent();
    private final Recent predicted = new Recent();
    private final Recent perToken = new Recent();
    private double scraped;

    Telemetry(VirtualTime time, Traffic traffic, Fleet fleet, Profile profile, int min, int max, double scrapePeriod) {
        this.time = time;
        this.traffic = traffic;
        this.fleet = fleet;
        this.profile = profile;
        this.min = min;
        this.max = max;
        this.scrapePeriod = scrapePeriod;
        int most = (int) Math.ceil(LONGEST / scrapePeriod);
        EnumSet.allOf(Gauge.class).forEach(gauge -> gauges.put(gauge, new Column(most)));
        EnumSet.allOf(Counter.class).forEach(counter -> counters.put(counter, new Column(most)));
    }

    /** Values at the scrapes, the newest last; the oldest are forgotten. */
    private static final class Column {
        private final int most;
        private double[] values = new double[256];
        private long count;

        Column(int most) {
            this.most = most;
        }

        void add(double value) {
            if (count == values.length && values.length < most) {
                values = Arrays.copyOf(values, Math.min(most, 2 * values.length));
            }
            values[(int) (count % values.length)] = value;
            count++;
        }

        /** The value so many scrapes before the last, or NaN. */
        double back(long scrapes) {
            long index = count - 1 - scrapes;
            return index < 0 || scrapes >= values.length ? Double.NaN : values[(int) (index % values.length)];
        }
    }

    /** Times and values of latencies, oldest first. */
    private static final class Recent {
        private double[] at = new double[1024];
        private double[] value = new double[1024];
        private int first;
        private int end;

        void add(double seconds, double latency) {
            if (end == at.length) {
                while (first < end && at[first] < seconds - LONGEST_LATENCY) {
                    first++;
                }
                int kept = end - first;
                int size = kept > at.length / 2 ? 2 * at.length : at.length;
                double[] newAt = new double[size];
                double[] newValue = new double[size];
                System.arraycopy(at, first, newAt, 0, kept);
                System.arraycopy(value, first, newValue, 0, kept);
                at = newAt;
                value = newValue;
                first = 0;
                end = kept;
            }
            at[end] = seconds;
            value[end++] = latency;
        }

        double quantile(double quantile, double from, double to) {
            double[] found = new double[end - first];
            int count = 0;
            for (int i = end - 1; i >= first && at[i] > from; i--) {
                if (at[i] <= to) {
                    found[count++] = value[i];
                }
            }
            if (count == 0) {
                return Double.NaN;
            }
            Arrays.sort(found, 0, count);
            return found[
                    Math.min(
                            count - 1,
                            (int) Math.ceil(quantile * count) - 1 < 0 ? 0 : (int) Math.ceil(quantile * count) - 1)];
        }
    }

    void begin() {
        scrape();
    }

    private void scrape() {
        double now = time.seconds();
        double engineWaiting = 0;
        double engineRunning = 0;
        double cache = 0;
        double busy = 0;
        for (Fleet.Member member : fleet.members()) {
            if (member.ready) {
                engineWaiting += member.engine.waiting();
                engineRunning += member.engine.running();
                cache += member.engine.cacheUse();
                double busyNow = member.engine.busyNanos(time.nanos()) / 1e9;
                busy += busyNow - member.busyAtScrape;
                member.busyAtScrape = busyNow;
            }
        }
        // By replica: one that has left takes its own past with it and no other's.
        double busyShare = scraped == 0 && now == 0 ? 0 : busy / scrapePeriod;
        gauge(Gauge.QUEUED, traffic.queued());
        gauge(Gauge.DISPATCHED, traffic.running());
        gauge(Gauge.IN_FLIGHT, traffic.queued() + (double) traffic.running());
        gauge(Gauge.ENGINE_WAITING, engineWaiting);
        gauge(Gauge.ENGINE_RUNNING, engineRunning);
        gauge(Gauge.KV_CACHE, cache);
        gauge(Gauge.PREFILL_TOKENS, (double) traffic.promptTokensUnderway());
        gauge(Gauge.GPU_BUSY, Math.min(busyShare, fleet.existing()));
        counter(Counter.ARRIVED, traffic.arrived);
        counter(Counter.ANSWERED, traffic.answered);
        counter(Counter.PROMPT_TOKENS, traffic.promptTokens);
        counter(Counter.OUTPUT_TOKENS, traffic.outputTokens);
        scraped = now;
        time.schedule(Math.round(scrapePeriod * 1e9), this::scrape);
    }

    private Column of(Gauge gauge) {
        return Objects.requireNonNull(gauges.get(gauge));
    }

    private Column of(Counter counter) {
        return Objects.requireNonNull(counters.get(counter));
    }

    private void gauge(Gauge gauge, double value) {
        of(gauge).add(value);
    }

    private void counter(Counter counter, long value) {
        of(counter).add((double) value);
    }

    /** What a predictor that knows the replicas says: those ahead at the rate they drain, then prompts. */
    @Override
    public void arrived(long nowNanos, int promptTokens) {
        int serving = Math.max(1, fleet.ready());
        int ahead = traffic.queued();
        int running = 0;
        for (Fleet.Member member : fleet.members()) {
            ahead += member.engine.waiting();
            running += member.engine.running();
        }
        double use = Math.min(1, running / (serving * profile.concurrency()));
        double alone = profile.timeToFirstTokenAlone() * promptTokens / profile.promptTokens();
        predicted.add(
                nowNanos / 1e9, ahead / (serving * profile.requestsPerSecond()) + alone * (1 + CONGESTION * use * use));
    }

    @Override
    public void timeToFirstToken(long nowNanos, double seconds) {
        firstTokens.add(nowNanos / 1e9, seconds);
    }

    @Override
    public void timePerOutputToken(long nowNanos, double seconds) {
        perToken.add(nowNanos / 1e9, seconds);
    }

    @Override
    public double seconds() {
        return time.seconds();
    }

    @Override
    public int specified() {
        return fleet.specified();
    }

    @Override
    public int created() {
        return fleet.created();
    }

    @Override
    public int ready() {
        return fleet.ready();
    }

    @Override
    public int min() {
        return min;
    }

    @Override
    public int max() {
        return max;
    }

    @Override
    public double latest(Gauge gauge) {
        return of(gauge).back(0);
    }

    private long scrapes(double seconds) {
        return Math.round(seconds / scrapePeriod);
    }

    @Override
    public double mean(Gauge gauge, double seconds, double ago) {
        Column column = of(gauge);
        long from = scrapes(ago);
        long count = Math.max(1, scrapes(seconds));
        double sum = 0;
        int found = 0;
        for (long i = from; i < from + count; i++) {
            double value = column.back(i);
            if (!Double.isNaN(value)) {
                sum += value;
                found++;
            }
        }
        return found == 0 ? Double.NaN : sum / found;
    }

    @Override
    public double rate(Counter counter, double seconds, double ago) {
        Column column = of(counter);
        long from = scrapes(ago);
        long back = Math.max(1, scrapes(seconds));
        double newest = column.back(from);
        // Where there is less than the window, what there is.
        while (back > 0 && Double.isNaN(column.back(from + back))) {
            back--;
        }
        return back == 0 ? Double.NaN : (newest - column.back(from + back)) / (back * scrapePeriod);
    }

    @Override
    public double quantile(Latency latency, double quantile, double seconds) {
        Recent recent = switch (latency) {
            case TIME_TO_FIRST_TOKEN -> firstTokens;
            case PREDICTED_TIME_TO_FIRST_TOKEN -> predicted;
            case TIME_PER_OUTPUT_TOKEN -> perToken;
        };
        return recent.quantile(quantile, scraped - seconds, scraped);
    }

    @Override
    public Profile profile() {
        return profile;
    }
}
