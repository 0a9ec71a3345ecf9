/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * A file of events: checked in one pass, and read again on each iteration. The trace starts at the earliest event.
 *
 * <p>Rows are put in order by a window of {@link TraceSettings#sortWindow()} rows, which is all that is held. The events of a
 * short file are kept instead, so that it is read once and may be gone afterwards.
 */
final class EventFile {
    /** Most tokens a prompt or an answer may have; more is taken for a broken row. */
    static final int MAX_TOKENS = 10_000_000;

    /** Most events that are kept; a file with more is read anew each time. About 2 MB. */
    static final int KEPT_EVENTS = 50_000;

    /** Furthest a row may be from the first one; further is taken for a broken time. */
    private static final Duration MAX_SPAN = Duration.ofDays(3_653);

    private final TraceInput input;
    private final TraceSettings settings;
    private final EventRows.Opener opener;

    private EventFile(TraceInput input, TraceSettings settings, EventRows.Opener opener) {
        this.input = input;
        this.settings = settings;
        this.opener = opener;
    }

    /** Checks the whole file and returns its trace. */
    static Trace read(TraceInput input, TraceSettings settings, String format, EventRows.Opener opener) {
        Trace trace = new EventFile(input, settings, opener).check(format);
        return settings.rateFactor() == 1 ? trace : trace.scaled(settings.rateFactor(), settings.seed());
    }

    private Trace check(String format) {
        TraceInput.Stamp stamp = input.stamp();
        List<TraceEvent> kept = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        try (Ordered rows = new Ordered(settings.sortWindow())) {
            Placed first = rows.next();
            if (first == null) {
                throw input.bad(
                        0, rows.bad.skipped().isEmpty() ? "the file has a header but no rows" : "no row is good");
            }
            long start = first.nanos();
            Placed last = first;
            long events = 0;
            for (Placed each = first; each != null; each = rows.next()) {
                events++;
                last = each;
                if (events <= KEPT_EVENTS) {
                    kept.add(each.event(start));
                } else {
                    kept = List.of();
                }
            }
            if (rows.outOfOrder > 0) {
                notes.add(rows.outOfOrder + " rows were out of order and were sorted");
            }
            rows.bad.note(notes);
            rows.rows.note(notes);
            if (settings.lengthsGiven()) {
                notes.add("the token " + (settings.tokenQuantiles().isPresent() ? "quantiles" : "lengths")
                        + " were not used: this format has the lengths of each request");
            }
            Duration duration = Duration.ofNanos(last.nanos() - start);
            if (events <= KEPT_EVENTS) {
                List<TraceEvent> all = List.copyOf(kept);
                return new Trace(
                        input.name(), format, duration, rows.outOfOrder, notes, rows.bad.skipped(), all::iterator);
            }
            // Where all rows that count are in order, nothing needs to be held.
            int window = rows.outOfOrder > 0 ? settings.sortWindow() : 0;
            long expected = events;
            return new Trace(
                    input.name(),
                    format,
                    duration,
                    rows.outOfOrder,
                    notes,
                    rows.bad.skipped(),
                    () -> new Events(stamp, start, expected, window));
        } catch (IOException e) {
            throw input.unreadable(0, e);
        }
    }

    /** A row and its time relative to the first row of the file, possibly negative. */
    private record Placed(long number, long nanos, EventRow row) {
        private static final Comparator<Placed> ORDER =
                Comparator.comparingLong(Placed::nanos).thenComparingLong(Placed::number);

        TraceEvent event(long start) {
            return new TraceEvent(nanos - start, row.promptTokens(), row.outputTokens(), row.tier(), row.tenant());
        }
    }

    /** The good rows in order of time; equal times keep the file's order. */
    private final class Ordered implements Closeable {
        private final int size;
        private final EventRows rows;
        private final BadRows bad = new BadRows(settings);
        private final PriorityQueue<Placed> window = new PriorityQueue<>(Placed.ORDER);
        private @Nullable Instant origin;
        private boolean ended;
        private long number;
        private long latest = Long.MIN_VALUE;
        private long given = Long.MIN_VALUE;
        private long outOfOrder;

        Ordered(int size) throws IOException {
            this.size = size;
            this.rows = opener.open(input);
        }

        @Nullable
        Placed next() {
            while (!ended && window.size() <= size) {
                try {
                    EventRow row = rows.next();
                    if (row == null) {
                        ended = true;
                    } else {
                        window.add(placed(row));
                    }
                } catch (TraceFormatException e) {
                    bad.skip(e);
                }
            }
            Placed first = window.poll();
            if (first != null) {
                given = first.nanos();
            }
            return first;
        }

        private Placed placed(EventRow row) {
            Instant zero = origin == null ? row.time() : origin;
            Duration since = Duration.between(zero, row.time());
            if (since.abs().compareTo(MAX_SPAN) > 0) {
                throw input.badRow(row.line(), "the time is more than ten years away from the first row's");
            }
            long nanos = since.toNanos();
            if (nanos < given) {
                throw input.badRow(
                        row.line(),
                        "the time is before that of a row more than " + settings.sortWindow()
                                + " rows above: sort the file or widen the sort window");
            }
            if (number == settings.maxEvents()) {
                throw input.bad(
                        row.line(),
                        "there are more than " + settings.maxEvents() + " events: cut the file or raise the limit");
            }
            origin = zero;
            if (nanos < latest) {
                outOfOrder++;
            } else {
                latest = nanos;
            }
            return new Placed(number++, nanos, row);
        }

        @Override
        public void close() throws IOException {
            rows.close();
        }
    }

    /** Reads the checked file again. Holds it open until the last event was given, or until it is closed. */
    final class Events implements Iterator<TraceEvent>, AutoCloseable {
        private final long start;
        private final long expected;
        private final Ordered rows;
        private @Nullable TraceEvent next;
        private long events;
        private int mostHeld;

        Events(TraceInput.Stamp stamp, long start, long expected, int window) {
            this.start = start;
            this.expected = expected;
            if (!input.stamp().equals(stamp)) {
                throw changed();
            }
            try {
                this.rows = new Ordered(window);
            } catch (IOException e) {
                throw input.unreadable(0, e);
            }
            advance();
        }

        @Override
        public boolean hasNext() {
            return next != null;
        }

        @Override
        public TraceEvent next() {
            TraceEvent event = next;
            if (event == null) {
                throw new NoSuchElementException();
            }
            advance();
            return event;
        }

        /** Most rows held at once so far. */
        int mostHeld() {
            return mostHeld;
        }

        @Override
        public void close() {
            next = null;
            try {
                rows.close();
            } catch (IOException e) {
                throw input.unreadable(0, e);
            }
        }

        private void advance() {
            Placed row;
            try {
                row = rows.next();
            } catch (TraceFormatException e) {
                close();
                throw e;
            }
            mostHeld = Math.max(mostHeld, rows.window.size() + (row == null ? 0 : 1));
            if (row != null) {
                events++;
                next = row.event(start);
                return;
            }
            close();
            if (events != expected) {
                throw changed();
            }
        }

        private TraceFormatException changed() {
            return input.bad(0, "the file has changed since it was checked");
        }
    }
}
