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
import java.util.PriorityQueue;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Requests in order of time, with a name and a length.
 *
 * <p>Each call of {@link #iterator()} starts anew and gives the same events. Memory does not grow with the length of a trace:
 * one from a long event file reads the file again on each iteration (a file of at most 50,000 events is kept), one made from rates
 * draws its events while one iterates. {@link #slice}, {@link #sampled}, {@link #scaled}, {@link #repeatedFor} and
 * {@link #assigned} are views: cheap, and computed while one iterates.
 *
 * <p>An iterator over a long file holds it open until its last event was given. One that is left before can be closed: it is then
 * an {@link AutoCloseable}. A file that changes after it was checked makes iterating fail with a {@link TraceFormatException}.
 *
 * <p>Immutable and safe for many threads; one iterator belongs to one thread.
 *
 * @since 0.1.0
 */
public final class Trace implements Iterable<TraceEvent> {
    private static final int MAX_FACTOR = 10_000;

    private final String name;
    private final String format;
    private final Duration duration;
    private final long outOfOrderRows;
    private final List<String> notes;
    private final List<BadRow> badRows;
    private final Supplier<Iterator<TraceEvent>> events;

    Trace(
            String name,
            String format,
            Duration duration,
            long outOfOrderRows,
            List<String> notes,
            Supplier<Iterator<TraceEvent>> events) {
        this(name, format, duration, outOfOrderRows, notes, List.of(), events);
    }

    Trace(
            String name,
            String format,
            Duration duration,
            long outOfOrderRows,
            List<String> notes,
            List<BadRow> badRows,
            Supplier<Iterator<TraceEvent>> events) {
        this.name = name;
        this.format = format;
        this.duration = duration;
        this.outOfOrderRows = outOfOrderRows;
        this.notes = List.copyOf(notes);
        this.badRows = List.copyOf(badRows);
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
     * The format it came from: one of {@link TraceFiles#formats()}, {@code built-in}, {@code list} or {@code generated}.
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

    /** The rows of the file that were skipped because they were bad, as far as {@link TraceSettings#skipBadRows()} allows it. */
    public List<BadRow> badRows() {
        return badRows;
    }

    /** Returns the same events under another name. */
    public Trace named(String other) {
        return new Trace(
                Objects.requireNonNull(other, "name"), format, duration, outOfOrderRows, notes, badRows, events);
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
     * Returns the events at a multiple of their rate, with copies shifted by up to a second;
     * {@link #scaled(double, long, Duration)}.
     *
     * @param factor above 0, at most 10,000
     * @param seed which events are kept or repeated, and how copies are shifted
     * @throws IllegalArgumentException if the factor is not like that
     */
    public Trace scaled(double factor, long seed) {
        return scaled(factor, seed, Duration.ofSeconds(1));
    }

    /**
     * Returns the events at a multiple of their rate.
     *
     * <p>Below 1 they are thinned ({@link #sampled}). Above 1 each event stays and is repeated: at 2.3 twice, and with a
     * probability of 0.3 thrice in all, so that the mean rate is met whatever the seed. A copy has the tokens, tier and tenant of
     * its original and comes later by a time drawn evenly from 0 up to the shift, or up to the end of the trace where that is
     * nearer.
     *
     * <p>What this does to burstiness: over times much longer than the shift, a peak of the original is the same peak
     * multiplied, as if all clients acted together. k copies of independent clients would even each other out; these do not.
     * A Poisson trace scaled to k times its rate has counts whose variance is k times their mean, where a Poisson process of
     * that rate would have 1; within the shift it looks like Poisson. Thinning, in turn, brings arrivals nearer to Poisson. So for
     * traces that are drawn from rates, draw at the higher rate ({@link TraceSettings.Builder#rateFactor}, or a
     * generator's rate) and scale recorded requests only.
     *
     * @param factor above 0, at most 10,000
     * @param seed which events are kept or repeated, and how copies are shifted
     * @param shift not negative; the events of so much time are held while one iterates
     * @throws IllegalArgumentException if one is not like that
     */
    public Trace scaled(double factor, long seed, Duration shift) {
        checkFactor("factor", factor);
        if (shift.isNegative()) {
            throw new IllegalArgumentException("shift must be >= 0 but was " + seconds(shift));
        }
        if (factor <= 1) {
            return sampled(factor, seed);
        }
        String note = "each event is there " + factor + " times on average, copies up to " + seconds(shift)
                + " later (seed " + seed + ")";
        long end = duration.toNanos();
        return derived(duration, note, () -> new ScaleIterator(events.get(), factor, seed, shift.toNanos(), end));
    }

    /**
     * Returns the events over and over until a length is reached. Each round starts when the one before ends, so where a trace ends
     * with its last event, that and the first of the next round come at the same instant.
     *
     * @param length how long the result lasts, above 0; may be shorter than the trace. Its end is excluded
     * @throws IllegalArgumentException if the length is not like that, or this trace has no length
     */
    public Trace repeatedFor(Duration length) {
        if (length.isNegative() || length.isZero()) {
            throw new IllegalArgumentException("length must be above 0 but was " + seconds(length));
        }
        if (duration.isZero()) {
            throw new IllegalArgumentException("a trace of no length cannot be repeated");
        }
        String note = length.compareTo(duration) > 0 ? "the trace was repeated every " + seconds(duration) : null;
        return derived(length, note, () -> new RepeatIterator(events, duration.toNanos(), length.toNanos()));
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
        return new Trace(name, format, newDuration, outOfOrderRows, newNotes, badRows, newEvents);
    }

    private static String seconds(Duration duration) {
        return duration.toNanos() / 1e9 + " s";
    }

    static void checkFactor(String name, double factor) {
        if (!(factor > 0 && factor <= MAX_FACTOR)) {
            throw new IllegalArgumentException(
                    name + " must be above 0 and at most " + MAX_FACTOR + " but was " + factor);
        }
    }

    /** Gives back what an iterator holds, if it holds anything. */
    private static void close(Iterator<TraceEvent> events) {
        if (events instanceof AutoCloseable closeable) {
            try {
                closeable.close();
            } catch (RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IllegalStateException("an iterator of a trace could not be closed", e);
            }
        }
    }

    /** Events made from those of another iterator; closed with it. */
    private abstract static class View implements Iterator<TraceEvent>, AutoCloseable {
        final Iterator<TraceEvent> source;
        private @Nullable TraceEvent next;
        private boolean ended;

        View(Iterator<TraceEvent> source) {
            this.source = source;
        }

        /** Makes the next event; null if there is none any more. */
        abstract @Nullable TraceEvent make();

        @Override
        public boolean hasNext() {
            if (next == null && !ended) {
                next = make();
                if (next == null) {
                    close();
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

        @Override
        public void close() {
            ended = true;
            Trace.close(source);
        }
    }

    private static TraceEvent at(TraceEvent event, long offsetNanos) {
        return offsetNanos == event.offsetNanos()
                ? event
                : new TraceEvent(offsetNanos, event.promptTokens(), event.outputTokens(), event.tier(), event.tenant());
    }

    private static final class SliceIterator extends View {
        private final long start;
        private final long end;

        SliceIterator(Iterator<TraceEvent> source, long start, long end) {
            super(source);
            this.start = start;
            this.end = end;
        }

        @Override
        @Nullable
        TraceEvent make() {
            while (source.hasNext()) {
                TraceEvent event = source.next();
                if (event.offsetNanos() >= end) {
                    return null;
                }
                if (event.offsetNanos() >= start) {
                    return at(event, event.offsetNanos() - start);
                }
            }
            return null;
        }
    }

    private static final class SampleIterator extends View {
        private final double probability;
        private final long seed;
        private long index;

        SampleIterator(Iterator<TraceEvent> source, double probability, long seed) {
            super(source);
            this.probability = probability;
            this.seed = seed;
        }

        @Override
        @Nullable
        TraceEvent make() {
            while (source.hasNext()) {
                TraceEvent event = source.next();
                if (SeededRandom.uniform(seed, SeededRandom.Purpose.SAMPLE, index++) < probability) {
                    return event;
                }
            }
            return null;
        }
    }

    private static final class ScaleIterator extends View {
        private record Copy(TraceEvent event, long number) {
            private static final Comparator<Copy> ORDER = Comparator.comparingLong(
                            (Copy copy) -> copy.event().offsetNanos())
                    .thenComparingLong(Copy::number);
        }

        private final double factor;
        private final long seed;
        private final long shift;
        private final long end;
        private final PriorityQueue<Copy> copies = new PriorityQueue<>(Copy.ORDER);
        private @Nullable TraceEvent original;
        private long index;

        ScaleIterator(Iterator<TraceEvent> source, double factor, long seed, long shift, long end) {
            super(source);
            this.factor = factor;
            this.seed = seed;
            this.shift = shift;
            this.end = end;
        }

        @Override
        @Nullable
        TraceEvent make() {
            if (original == null && source.hasNext()) {
                original = source.next();
            }
            TraceEvent event = original;
            Copy copy = copies.peek();
            if (copy != null && (event == null || copy.event().offsetNanos() <= event.offsetNanos())) {
                copies.poll();
                return copy.event();
            }
            if (event != null) {
                original = null;
                repeat(event);
            }
            return event;
        }

        private void repeat(TraceEvent event) {
            int times = (int) Math.floor(factor);
            if (SeededRandom.uniform(seed, SeededRandom.Purpose.COPIES, index) < factor - times) {
                times++;
            }
            long room = Math.min(shift, end - event.offsetNanos());
            for (int copy = 1; copy < times; copy++) {
                long number = index * (MAX_FACTOR + 1) + copy;
                double part = SeededRandom.uniform(seed, SeededRandom.Purpose.SHIFT, number);
                long later = (long) (part * (double) room);
                copies.add(new Copy(at(event, event.offsetNanos() + later), number));
            }
            index++;
        }
    }

    private static final class RepeatIterator implements Iterator<TraceEvent>, AutoCloseable {
        private final Supplier<Iterator<TraceEvent>> rounds;
        private final long period;
        private final long length;
        private Iterator<TraceEvent> round;
        private long start;
        private @Nullable TraceEvent next;

        RepeatIterator(Supplier<Iterator<TraceEvent>> rounds, long period, long length) {
            this.rounds = rounds;
            this.period = period;
            this.length = length;
            this.round = rounds.get();
        }

        @Override
        public boolean hasNext() {
            while (next == null && start < length) {
                if (round.hasNext()) {
                    TraceEvent event = round.next();
                    if (start + event.offsetNanos() >= length) {
                        close();
                    } else {
                        next = at(event, start + event.offsetNanos());
                    }
                } else {
                    start += period;
                    if (start < length) {
                        round = rounds.get();
                    }
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

        @Override
        public void close() {
            start = length;
            Trace.close(round);
        }
    }

    private static final class AssignIterator extends View {
        private final Shares tiers;
        private final Shares tenants;
        private final long seed;
        private long index;

        AssignIterator(Iterator<TraceEvent> source, Shares tiers, Shares tenants, long seed) {
            super(source);
            this.tiers = tiers;
            this.tenants = tenants;
            this.seed = seed;
        }

        @Override
        @Nullable
        TraceEvent make() {
            if (!source.hasNext()) {
                return null;
            }
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
