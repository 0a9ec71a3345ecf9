/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Requests in order of time, with a name and a length.
 *
 * <p>Each call of {@link #iterator()} starts anew and gives the same events. Traces from event files keep all events in
 * compact arrays (16 bytes an event); traces made from rates produce events while one iterates and keep none, so a week
 * of a thousand requests per second costs no memory. {@link #slice}, {@link #sampled} and {@link #assigned} are views:
 * cheap, and computed while one iterates.
 *
 * <p>Immutable and safe for many threads; one iterator belongs to one thread.
 *
 * @since 0.1.0
 */
public final class Trace implements Iterable<TraceEvent> {
    private final String name;
    private final String format;
    private final Duration duration;
    private final long outOfOrderRows;
    private final List<String> notes;
    private final Supplier<Iterator<TraceEvent>> events;

    Trace(
            String name,
            String format,
            Duration duration,
            long outOfOrderRows,
            List<String> notes,
            Supplier<Iterator<TraceEvent>> events) {
        this.name = name;
        this.format = format;
        this.duration = duration;
        this.outOfOrderRows = outOfOrderRows;
        this.notes = List.copyOf(notes);
        this.events = events;
    }

    /**
     * Returns a trace of the given events, sorted by offset (events of the same instant keep their order). It lasts until
     * its last event; its format is {@code list}.
     *
     * @param name what to call it, for people
     * @param events the events, copied
     */
    public static Trace of(String name, List<TraceEvent> events) {
        List<TraceEvent> sorted = new ArrayList<>(events);
        sorted.sort(Comparator.comparingLong(TraceEvent::offsetNanos));
        List<TraceEvent> kept = List.copyOf(sorted);
        Duration duration = kept.isEmpty()
                ? Duration.ZERO
                : Duration.ofNanos(kept.get(kept.size() - 1).offsetNanos());
        return new Trace(Objects.requireNonNull(name, "name"), "list", duration, 0, List.of(), kept::iterator);
    }

    /**
     * Returns a trace whose events are made while one iterates; its format is {@code generated}.
     *
     * @param name what to call it, for people
     * @param duration how long it lasts, in trace time
     * @param events gives a new iterator on each call, over the same events, in order of their offsets, none later than the
     *     duration
     */
    public static Trace generated(String name, Duration duration, Supplier<Iterator<TraceEvent>> events) {
        return new Trace(
                Objects.requireNonNull(name, "name"),
                "generated",
                Objects.requireNonNull(duration, "duration"),
                0,
                List.of(),
                Objects.requireNonNull(events, "events"));
    }

    /** What to call the trace, for people: the file's name, for one read from a file. */
    public String name() {
        return name;
    }

    /**
     * The format it came from: {@code azure-llm}, {@code mooncake}, {@code ragpulse}, {@code servegen-rate},
     * {@code servegen-clients}, {@code built-in}, {@code list} or {@code generated}.
     */
    public String format() {
        return format;
    }

    /** How long the trace lasts, in trace time; no event is later. */
    public Duration duration() {
        return duration;
    }

    /** How many rows of the file were earlier than a row before them. They were sorted into place. */
    public long outOfOrderRows() {
        return outOfOrderRows;
    }

    /** What a reader of the results should know about how the events came about, one sentence each; often empty. */
    public List<String> notes() {
        return notes;
    }

    /** Returns the events from the first on, in order of their offsets. */
    @Override
    public Iterator<TraceEvent> iterator() {
        return events.get();
    }

    /**
     * Returns the events of a stretch of time, with offsets from its start. Reaching it takes going through the events
     * before it.
     *
     * @param from where the stretch starts; not negative, before the end of the trace
     * @param length how long it is, above 0; cut at the end of the trace
     * @throws IllegalArgumentException if the stretch is not like that
     */
    public Trace slice(Duration from, Duration length) {
        if (from.isNegative() || (from.compareTo(duration) >= 0 && !from.isZero())) {
            throw new IllegalArgumentException(
                    "from must be within the trace (" + seconds(duration) + ") but was " + seconds(from));
        }
        if (length.isNegative() || length.isZero()) {
            throw new IllegalArgumentException("length must be above 0 but was " + seconds(length));
        }
        Duration rest = duration.minus(from);
        boolean wholeRest = length.compareTo(rest) >= 0;
        long start = from.toNanos();
        // An event at the very end of the trace belongs to a slice that reaches it; otherwise the end is excluded.
        long end = wholeRest ? Long.MAX_VALUE : start + length.toNanos();
        return derived(wholeRest ? rest : length, null, () -> new SliceIterator(events.get(), start, end));
    }

    /**
     * Returns the events thinned at random: each is kept with the given probability, whatever happens to the others.
     * For one seed, a lower probability keeps a subset of what a higher one keeps.
     *
     * @param probability 0..1; 1 keeps all
     * @param seed which events are kept
     * @throws IllegalArgumentException if the probability is not in 0..1
     */
    public Trace sampled(double probability, long seed) {
        if (!(probability >= 0 && probability <= 1)) {
            throw new IllegalArgumentException("probability must be in 0..1 but was " + probability);
        }
        if (probability == 1) {
            return this;
        }
        String note = "each event was kept with probability " + probability + " (seed " + seed + ")";
        return derived(duration, note, () -> new SampleIterator(events.get(), probability, seed));
    }

    /**
     * Returns the events with tiers and tenants drawn by shares for those that have none. The two draws of an event are
     * independent; what the trace itself says is kept.
     *
     * @param tiers shares of the tiers
     * @param tenants shares of the tenants
     * @param seed which event gets which
     */
    public Trace assigned(Shares tiers, Shares tenants, long seed) {
        Objects.requireNonNull(tiers, "tiers");
        Objects.requireNonNull(tenants, "tenants");
        return derived(duration, null, () -> new AssignIterator(events.get(), tiers, tenants, seed));
    }

    /** Goes through all events once and returns their figures. */
    public TraceStats stats() {
        return TraceStats.of(this);
    }

    @Override
    public String toString() {
        return name + " (" + format + ", " + seconds(duration) + ")";
    }

    private Trace derived(Duration newDuration, @Nullable String note, Supplier<Iterator<TraceEvent>> newEvents) {
        List<String> newNotes = new ArrayList<>(notes);
        if (note != null) {
            newNotes.add(note);
        }
        return new Trace(name, format, newDuration, outOfOrderRows, newNotes, newEvents);
    }

    private static String seconds(Duration duration) {
        return duration.toNanos() / 1e9 + " s";
    }

    private static final class SliceIterator implements Iterator<TraceEvent> {
        private final Iterator<TraceEvent> source;
        private final long start;
        private final long end;
        private @Nullable TraceEvent next;
        private boolean ended;

        SliceIterator(Iterator<TraceEvent> source, long start, long end) {
            this.source = source;
            this.start = start;
            this.end = end;
        }

        @Override
        public boolean hasNext() {
            while (next == null && !ended) {
                if (!source.hasNext()) {
                    ended = true;
                    break;
                }
                TraceEvent event = source.next();
                if (event.offsetNanos() >= end) {
                    ended = true;
                } else if (event.offsetNanos() >= start) {
                    next = event;
                }
            }
            return next != null;
        }

        @Override
        public TraceEvent next() {
            if (!hasNext() || next == null) {
                throw new NoSuchElementException();
            }
            TraceEvent event = next;
            next = null;
            return start == 0
                    ? event
                    : new TraceEvent(
                            event.offsetNanos() - start,
                            event.promptTokens(),
                            event.outputTokens(),
                            event.tier(),
                            event.tenant());
        }
    }

    private static final class SampleIterator implements Iterator<TraceEvent> {
        private final Iterator<TraceEvent> source;
        private final double probability;
        private final long seed;
        private long index;
        private @Nullable TraceEvent next;

        SampleIterator(Iterator<TraceEvent> source, double probability, long seed) {
            this.source = source;
            this.probability = probability;
            this.seed = seed;
        }

        @Override
        public boolean hasNext() {
            while (next == null && source.hasNext()) {
                TraceEvent event = source.next();
                if (SeededRandom.uniform(seed, SeededRandom.Purpose.SAMPLE, index++) < probability) {
                    next = event;
                }
            }
            return next != null;
        }

        @Override
        public TraceEvent next() {
            if (!hasNext() || next == null) {
                throw new NoSuchElementException();
            }
            TraceEvent event = next;
            next = null;
            return event;
        }
    }

    private static final class AssignIterator implements Iterator<TraceEvent> {
        private final Iterator<TraceEvent> source;
        private final Shares tiers;
        private final Shares tenants;
        private final long seed;
        private long index;

        AssignIterator(Iterator<TraceEvent> source, Shares tiers, Shares tenants, long seed) {
            this.source = source;
            this.tiers = tiers;
            this.tenants = tenants;
            this.seed = seed;
        }

        @Override
        public boolean hasNext() {
            return source.hasNext();
        }

        @Override
        public TraceEvent next() {
            TraceEvent event = source.next();
            long number = index++;
            String tier = event.tier().isEmpty()
                    ? tiers.pick(SeededRandom.uniform(seed, SeededRandom.Purpose.TIER, number))
                    : event.tier();
            String tenant = event.tenant().isEmpty()
                    ? tenants.pick(SeededRandom.uniform(seed, SeededRandom.Purpose.TENANT, number))
                    : event.tenant();
            return new TraceEvent(event.offsetNanos(), event.promptTokens(), event.outputTokens(), tier, tenant);
        }
    }
}
