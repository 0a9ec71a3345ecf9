/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.PriorityQueue;

/** Requests drawn from the rates of one or more sources, merged; equal times in the order of the sources. */
final class RateEvents implements Iterator<TraceEvent> {
    /**
     * Who asks at a rate.
     *
     * @param client tells its arrivals and lengths from those of others; empty if there is one source only
     * @param tier tier of its requests, or empty
     * @param tenant tenant of its requests, or empty
     * @param windows its rates
     * @param lengths lengths of its requests
     */
    record Source(String client, String tier, String tenant, RateWindows windows, TokenLengths lengths) {
        /** One source of all requests. */
        static Source all(RateWindows windows, TokenLengths lengths) {
            return new Source("", "", "", windows, lengths);
        }
    }

    private record Cursor(int order, Source source, Arrivals arrivals) {}

    private final long seed;
    private final double firstSeconds;
    private final PriorityQueue<Cursor> next = new PriorityQueue<>(
            Comparator.comparingDouble((Cursor cursor) -> cursor.arrivals().seconds())
                    .thenComparingInt(Cursor::order));
    private long index;

    /**
     * Begins anew.
     *
     * @param firstSeconds where the first window starts in the time of the file, for lengths that change over it
     */
    RateEvents(List<Source> sources, long seed, double firstSeconds) {
        this.seed = seed;
        this.firstSeconds = firstSeconds;
        for (int i = 0; i < sources.size(); i++) {
            Source source = sources.get(i);
            long own = SeededRandom.derive(seed, SeededRandom.Purpose.ARRIVAL, source.client());
            Arrivals arrivals = new Arrivals(source.windows(), own);
            if (arrivals.next()) {
                next.add(new Cursor(i, source, arrivals));
            }
        }
    }

    @Override
    public boolean hasNext() {
        return !next.isEmpty();
    }

    @Override
    public TraceEvent next() {
        Cursor cursor = next.poll();
        if (cursor == null) {
            throw new NoSuchElementException();
        }
        Source source = cursor.source();
        double seconds = cursor.arrivals().seconds();
        double inFile = firstSeconds + seconds;
        TraceEvent event = new TraceEvent(
                Math.round(seconds * 1e9),
                source.lengths().promptTokens(seed, index, source.client(), inFile),
                source.lengths().outputTokens(seed, index, source.client(), inFile),
                source.tier(),
                source.tenant());
        index++;
        if (cursor.arrivals().next()) {
            next.add(cursor);
        }
        return event;
    }
}
