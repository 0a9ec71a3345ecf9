/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import io.tidegate.ledger.Entry;
import io.tidegate.ledger.LedgerQuery;
import io.tidegate.ledger.LedgerReader;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.PoolView.TierView;
import io.tidegate.pool.Recent.Second;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The load of one pool as the decisions in a ledger saw it: each decision holds the arrivals of the ten minutes before it by the second,
 * the smoothed rate of each tier, and what was served.
 *
 * <p>The arrivals of each second become a rate, shared among the tiers as the smoothed rates of the decision are; arrivals
 * within a second are Poisson. All requests of a tier have its mean tokens, those that were served per answered request. Times that no
 * decision looked back on (more than ten minutes without a decision, a gateway that was down) get the mean of the minute before and
 * the minute after.
 *
 * <p>Lost are: the instants within a second, the lengths of single requests, tenants, sessions, how shares of tiers moved between two
 * decisions. Refused requests are among the arrivals, and so are the retries of clients. Damaged lines are passed over, as
 * {@link LedgerReader} does.
 */
final class LedgerTraceReader implements TraceReader {
    private static final String HEADER = "{\"type\":\"ledger\"";
    private static final long SECOND = 1_000_000_000L;
    private static final long MINUTE = Duration.ofMinutes(1).toNanos();

    /** Longest stretch that is read: some ten years. */
    private static final long MAX_SPAN_SECONDS = Duration.ofDays(3_653).toSeconds();

    @Override
    public boolean accepts(String firstLine) {
        return firstLine.startsWith(HEADER);
    }

    @Override
    public String describe() {
        return "ledger of decisions (JSONL)";
    }

    @Override
    public String name() {
        return "ledger";
    }

    @Override
    public Trace read(TraceInput input, TraceSettings settings) {
        Load load = load(input, settings);
        List<String> notes = new ArrayList<>();
        notes.add("the rates are those that " + load.decisions + " decisions saw of pool " + load.pool);
        if (load.filled > 0) {
            notes.add(String.format(
                    Locale.ROOT,
                    "no decision looked back on %d of %d s: they were filled from the minutes before and after",
                    Math.round(load.filled / 1e9),
                    Math.round(load.covered / 1e9)));
        }
        List<RateEvents.Source> sources = load.sources(settings, notes);
        return new Trace(
                input.name(),
                name(),
                Duration.ofNanos(load.covered),
                0,
                notes,
                () -> new RateEvents(sources, settings.seed(), 0));
    }

    private static Load load(TraceInput input, TraceSettings settings) {
        LedgerQuery query = settings.pool().map(LedgerQuery.all()::pool).orElseGet(LedgerQuery::all);
        TreeSet<String> pools = new TreeSet<>();
        Load load = new Load(input);
        try (Stream<Entry.Decided> decisions = LedgerReader.of(input.file()).decisions(query)) {
            for (Iterator<Entry.Decided> each = decisions.iterator(); each.hasNext(); ) {
                Entry.Decided decided = each.next();
                pools.add(decided.pool());
                if (pools.size() == 1) {
                    load.add(decided.at(), decided.inputs().view());
                }
            }
        } catch (UncheckedIOException e) {
            throw input.unreadable(0, new IOException(e.getMessage(), e));
        } catch (IllegalArgumentException e) {
            throw input.bad(0, String.valueOf(e.getMessage()));
        }
        if (pools.size() > 1) {
            throw input.bad(0, "it has decisions of the pools " + String.join(", ", pools) + ": say of which one");
        }
        if (pools.isEmpty()) {
            throw input.bad(
                    0,
                    "there is no decision in it"
                            + settings.pool().map(each -> " of pool " + each).orElse(""));
        }
        if (load.pieces.stream().noneMatch(piece -> piece.arrivals() > 0)) {
            throw input.bad(0, "none of its decisions saw a request arrive");
        }
        return load;
    }

    /**
     * A stretch of time.
     *
     * @param endNanos its end since the start of the trace
     * @param arrivals requests asked in it; NaN if nobody looked
     * @param view number of the decision that saw it
     */
    private record Piece(long endNanos, long lengthNanos, double arrivals, int view) {}

    /** What is gathered of one pool. */
    private static final class Load {
        private final TraceInput input;
        private final List<Piece> pieces = new ArrayList<>();
        /** Smoothed arrivals per second of each tier, by decision. */
        private final List<Map<String, Double>> shares = new ArrayList<>();

        private final Map<String, double[]> tokens = new TreeMap<>();
        private String pool = "";
        private int decisions;
        private @Nullable Instant origin;
        private long covered;
        private long filled;

        Load(TraceInput input) {
            this.input = input;
        }

        void add(Instant at, PoolView view) {
            pool = view.pool();
            decisions++;
            Map<String, Double> rates = new TreeMap<>();
            for (TierView tier : view.tiers()) {
                rates.put(tier.tier().name(), Math.max(0, tier.arrivalsPerSecond()));
                double[] sums = tokens.computeIfAbsent(tier.tier().name(), ignored -> new double[3]);
                sums[0] += tier.served().completedPerSecond();
                sums[1] += tier.served().promptTokensPerSecond();
                sums[2] += tier.served().outputTokensPerSecond();
            }
            shares.add(rates);
            for (Second second : view.recent().seconds()) {
                add(at.minusNanos(view.nowNanos() - second.endNanos()), second);
            }
        }

        /** Adds what of a second is not covered yet; the wall clock of one decision may differ a little from that of the next. */
        private void add(Instant end, Second second) {
            if (origin == null) {
                origin = end.minusNanos(second.lengthNanos());
            }
            Duration since = Duration.between(origin, end);
            if (since.toSeconds() > MAX_SPAN_SECONDS) {
                throw input.bad(0, "its decisions are more than ten years apart");
            }
            long endNanos = since.toNanos();
            if (endNanos <= covered) {
                return;
            }
            long start = endNanos - second.lengthNanos();
            if (start - covered >= SECOND) {
                pieces.add(new Piece(start, start - covered, Double.NaN, decisions - 1));
                filled += start - covered;
                covered = start;
            }
            // A piece that overlaps what is known counts for its rest; one that starts a little late is stretched.
            long known = Math.max(0, covered - start);
            double rest = (double) (second.lengthNanos() - known) / (double) second.lengthNanos();
            pieces.add(new Piece(endNanos, endNanos - covered, second.arrivals() * rest, decisions - 1));
            covered = endNanos;
        }

        List<RateEvents.Source> sources(TraceSettings settings, List<String> notes) {
            double[] ends = new double[pieces.size()];
            double[] totals = new double[pieces.size()];
            for (int i = 0; i < ends.length; i++) {
                Piece piece = pieces.get(i);
                ends[i] = (double) piece.endNanos() / 1e9;
                totals[i] = Double.isNaN(piece.arrivals())
                        ? (around(i, -1) + around(i, 1)) / 2
                        : piece.arrivals() / ((double) piece.lengthNanos() / 1e9);
            }
            List<Map<String, Double>> parts = parts();
            List<RateEvents.Source> sources = new ArrayList<>();
            for (String tier : tokens.keySet()) {
                double[] rates = new double[totals.length];
                for (int i = 0; i < rates.length; i++) {
                    rates[i] = totals[i] * parts.get(pieces.get(i).view()).getOrDefault(tier, 0.0);
                }
                RateWindows windows = RateWindows.poisson(ends, rates).times(settings.rateFactor());
                sources.add(new RateEvents.Source(tier, tier, "", windows, lengths(tier, settings, notes)));
            }
            return sources;
        }

        /** Mean rate of the minute next to a piece, in one direction; in the other one if there is nothing. */
        private double around(int piece, int direction) {
            double arrivals = 0;
            long length = 0;
            for (int i = piece + direction; i >= 0 && i < pieces.size() && length < MINUTE; i += direction) {
                Piece each = pieces.get(i);
                if (Double.isNaN(each.arrivals())) {
                    break;
                }
                arrivals += each.arrivals();
                length += each.lengthNanos();
            }
            return length == 0 ? 0 : arrivals / ((double) length / 1e9);
        }

        /** Each decision's shares of the tiers; where it saw no tier ask, those of the decision before, else of the one after. */
        private List<Map<String, Double>> parts() {
            List<Map<String, Double>> parts = new ArrayList<>();
            Map<String, Double> last =
                    shares.stream().filter(each -> sum(each) > 0).findFirst().orElseGet(this::evenly);
            for (Map<String, Double> each : shares) {
                last = sum(each) > 0 ? each : last;
                double sum = sum(last);
                Map<String, Double> part = new TreeMap<>();
                last.forEach((tier, rate) -> part.put(tier, rate / sum));
                parts.add(part);
            }
            return parts;
        }

        private Map<String, Double> evenly() {
            Map<String, Double> even = new TreeMap<>();
            tokens.keySet().forEach(tier -> even.put(tier, 1.0));
            return even;
        }

        private static double sum(Map<String, Double> rates) {
            return rates.values().stream().mapToDouble(Double::doubleValue).sum();
        }

        private TokenLengths lengths(String tier, TraceSettings settings, List<String> notes) {
            double[] sums = tokens.getOrDefault(tier, new double[3]);
            if (settings.lengthsGiven()) {
                return settings.drawnLengths();
            }
            if (sums[0] > 0 && sums[1] + sums[2] > 0) {
                int prompt = mean(sums[1], sums[0]);
                int output = mean(sums[2], sums[0]);
                notes.add("requests of tier " + tier + " have its mean of " + prompt + " prompt and " + output
                        + " output tokens");
                return Lengths.fixed(prompt, output).tokens();
            }
            notes.add(
                    "no tokens of tier " + tier + " are recorded: its requests have lengths of " + settings.lengths());
            return settings.drawnLengths();
        }

        private static int mean(double tokens, double requests) {
            return (int) Math.min(EventFile.MAX_TOKENS, Math.round(tokens / requests));
        }
    }
}
