/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.ledger;

import io.tidegate.guardrail.Decision.Direction;
import io.tidegate.ledger.ScaleEvent.Phase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What happened in a time, by pool. Immutable.
 *
 * @param pools by name
 * @param lost entries that could not be written in that time; they belong to no pool, and where one was asked for they are not counted
 * @since 0.1.0
 */
public record LedgerSummary(Map<String, OfPool> pools, long lost) {

    public LedgerSummary {
        pools = Map.copyOf(pools);
    }

    /**
     * What happened in one pool. Scale events count by when they were decided, the rest by when it was written.
     *
     * @param decisions decisions written
     * @param up scale events that add replicas
     * @param down scale events that remove replicas
     * @param failed of both, those that the backend refused
     * @param superseded of both, those that another decision took over
     * @param open of both, those that had not ended
     * @param timeToReady from the decision to all replicas ready, of those that add some and ended so
     * @param cost what all replicas cost while scale events lasted; 0 if no price is known
     * @param addedCost what the replicas that they added cost before they were of use; 0 if no price is known
     * @param priced accounts with a price, of which the two above are sums
     * @param accounts accounts written
     * @param broken SLOs broken while scale events lasted
     * @param alerts alerts that began
     */
    public record OfPool(
            long decisions,
            long up,
            long down,
            long failed,
            long superseded,
            long open,
            Times timeToReady,
            double cost,
            double addedCost,
            long priced,
            long accounts,
            long broken,
            long alerts) {}

    /**
     * How long something took.
     *
     * @param count how often it was measured
     * @param p50 half of them took at most this; empty if there are none
     * @param p90 nine of ten took at most this; empty if there are none
     * @param max the longest; empty if there are none
     */
    public record Times(int count, Optional<Duration> p50, Optional<Duration> p90, Optional<Duration> max) {

        static Times of(List<Duration> all) {
            List<Duration> sorted = all.stream().sorted().toList();
            return new Times(sorted.size(), rank(sorted, 0.5), rank(sorted, 0.9), rank(sorted, 1));
        }

        private static Optional<Duration> rank(List<Duration> sorted, double fraction) {
            int rank = (int) Math.ceil(fraction * sorted.size() - 1e-9);
            return sorted.isEmpty() ? Optional.empty() : Optional.of(sorted.get(Math.max(0, rank - 1)));
        }
    }

    /** Sums of one pool while they grow. */
    private static final class Sums {
        private long decisions;
        private long up;
        private long down;
        private long failed;
        private long superseded;
        private long open;
        private final List<Duration> timesToReady = new ArrayList<>();
        private double cost;
        private double addedCost;
        private long priced;
        private long accounts;
        private long broken;
        private long alerts;

        void add(ScaleEvent event) {
            up += event.direction() == Direction.UP ? 1 : 0;
            down += event.direction() == Direction.UP ? 0 : 1;
            failed += event.phase() == Phase.FAILED ? 1 : 0;
            superseded += event.phase() == Phase.SUPERSEDED ? 1 : 0;
            open += event.open() ? 1 : 0;
            if (event.direction() == Direction.UP) {
                event.timeTo(Phase.READY).ifPresent(timesToReady::add);
            }
        }

        void add(Account account) {
            accounts++;
            broken += account.broken();
            if (!Double.isNaN(account.cost())) {
                priced++;
                cost += account.cost();
                addedCost += account.addedCost();
            }
        }

        OfPool done() {
            return new OfPool(
                    decisions,
                    up,
                    down,
                    failed,
                    superseded,
                    open,
                    Times.of(timesToReady),
                    cost,
                    addedCost,
                    priced,
                    accounts,
                    broken,
                    alerts);
        }
    }

    static LedgerSummary of(LedgerReader reader, LedgerQuery query) {
        Map<String, Sums> sums = new TreeMap<>();
        reader.events(query).forEach(event -> of(sums, event.pool()).add(event));
        long lost = 0;
        try (Stream<LedgerReader.Line> lines = reader.entries(query.kinds(
                Set.of(Entry.Decided.class, Entry.Accounted.class, Entry.Alerted.class, Entry.Lost.class)))) {
            for (LedgerReader.Line line : (Iterable<LedgerReader.Line>) lines::iterator) {
                Entry entry = line.entry();
                if (entry instanceof Entry.Accounted accounted) {
                    of(sums, entry.pool()).add(accounted.account());
                } else if (entry instanceof Entry.Decided) {
                    of(sums, entry.pool()).decisions++;
                } else if (entry instanceof Entry.Alerted alerted) {
                    of(sums, entry.pool()).alerts += alerted.firing() ? 1 : 0;
                } else if (entry instanceof Entry.Lost some) {
                    lost += some.count();
                }
            }
        }
        Map<String, OfPool> pools = new TreeMap<>();
        sums.forEach((pool, each) -> pools.put(pool, each.done()));
        return new LedgerSummary(pools, lost);
    }

    private static Sums of(Map<String, Sums> sums, String pool) {
        return sums.computeIfAbsent(pool, ignored -> new Sums());
    }
}
