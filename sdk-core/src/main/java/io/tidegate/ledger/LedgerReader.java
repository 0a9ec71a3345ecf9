/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.ledger;

import io.tidegate.log.BoundedLog;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Reads a ledger: its file and those it was rotated into, oldest first, also while somebody writes. What is damaged is passed over and
 * told by {@link #damage}; no entry that is given out differs from what was written.
 *
 * <pre>{@code
 * LedgerReader reader = LedgerReader.of(Path.of("ledger.jsonl"));
 * reader.decision("chat", 17).ifPresent(it -> System.out.println(it.decision().explain()));
 * try (Stream<LedgerReader.Line> lines = reader.entries(LedgerQuery.all().pool("chat"))) {
 *     …
 * }
 * }</pre>
 *
 * <p>Streams are lazy, hold the files open until they are closed, and give what was written until about when they were made. Nothing
 * is kept between calls; each reads the files anew. Safe for many threads; a stream is for one.
 *
 * @since 0.1.0
 */
public final class LedgerReader {

    private static final Logger LOG = BoundedLog.of(LedgerReader.class);

    /** Looks for a moment at which no file is being rotated. */
    private static final int LOOKS = 100;

    private final Path file;
    private final Storage storage;
    private final String name;

    LedgerReader(Path file, Storage storage, String name) {
        this.file = file;
        this.storage = storage;
        this.name = name;
    }

    /**
     * Reads the ledger that is written to this file.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static LedgerReader of(Path file) {
        Path whole = file.toAbsolutePath();
        Path folder = whole.getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw new IllegalArgumentException("there is no ledger " + file + ": its folder does not exist");
        }
        LedgerReader reader = new LedgerReader(file, FileStorage.reading(folder), String.valueOf(whole.getFileName()));
        try {
            if (reader.files().isEmpty()) {
                throw new IllegalArgumentException("there is no ledger " + file);
            }
        } catch (IOException e) {
            throw reader.unreadable(e);
        }
        return reader;
    }

    /**
     * An entry and where it stands.
     *
     * @param seq its number; grows by one from line to line, over all files and runs, and lines that hold no entry have numbers too
     * @param run the run of the gateway that wrote it
     * @param entry the entry
     */
    public record Line(long seq, String run, Entry entry) {}

    /**
     * What is wrong with a ledger.
     *
     * @param lines entries that were read whole
     * @param damaged lines that cannot be read, each with its place and why; the first 100
     * @param damagedCount how many there are
     * @param missing numbers that no line has; those of damaged lines are among them, and those of lines that were never forced when
     *     a machine stopped
     * @param tornBytes bytes at the end without a line break: the line that is being written, or one that a crash left unfinished and
     *     the next start cuts
     */
    public record Damage(long lines, List<String> damaged, long damagedCount, long missing, long tornBytes) {

        private static final int SHOWN = 100;

        public Damage {
            damaged = List.copyOf(damaged);
        }

        /** Whether anything that was written is lost. A line that was never finished is not. */
        public boolean any() {
            return damagedCount > 0 || missing > 0;
        }
    }

    // ---- what there is ---------------------------------------------------------------------------------------------

    /** All entries. */
    public Stream<Line> entries() {
        return entries(LedgerQuery.all());
    }

    /**
     * The entries that are asked for. Close the stream.
     *
     * @throws UncheckedIOException if the files cannot be read, also while the stream is used
     */
    public Stream<Line> entries(LedgerQuery query) {
        Walk walk = new Walk(query, false);
        Spliterator<Line> lines = Spliterators.spliteratorUnknownSize(walk, Spliterator.ORDERED | Spliterator.NONNULL);
        return StreamSupport.stream(lines, false).onClose(walk::close);
    }

    private <T extends Entry> Stream<T> of(LedgerQuery query, Class<T> kind) {
        return entries(query.kinds(Set.of(kind))).map(line -> kind.cast(line.entry()));
    }

    /** The decision of this id in a pool, with all it rested on; the latest, should there be several. */
    public Optional<Entry.Decided> decision(String pool, long id) {
        LedgerQuery query = LedgerQuery.all().pool(pool).kinds(Set.of(Entry.Decided.class));
        Entry.@Nullable Decided found = null;
        try (Walk walk = new Walk(query, false)) {
            walk.onlyId = String.valueOf(id);
            while (walk.hasNext()) {
                found = (Entry.Decided) walk.next().entry();
            }
        }
        return Optional.ofNullable(found);
    }

    /** Decisions, oldest first. Close the stream. */
    public Stream<Entry.Decided> decisions(LedgerQuery query) {
        return of(query, Entry.Decided.class);
    }

    /** Accounts of scale events, in the order in which they were drawn up. Close the stream. */
    public Stream<Account> accounts(LedgerQuery query) {
        return of(query, Entry.Accounted.class).map(Entry.Accounted::account);
    }

    /** Alerts, in the order in which they began and ended. Close the stream. */
    public Stream<Entry.Alerted> alerts(LedgerQuery query) {
        return of(query, Entry.Alerted.class);
    }

    /**
     * Scale events that were decided in the time asked for, each with all its steps that are known, in the order in which they began. An
     * event whose first lines were in files that are gone is among them if it had not ended by then.
     */
    public List<ScaleEvent> events(LedgerQuery query) {
        Map<EventKey, ScaleEvent> events = new LinkedHashMap<>();
        try (Walk walk = new Walk(query.atAnyTime().kinds(Set.of(Entry.Stepped.class)), true)) {
            while (walk.hasNext()) {
                ScaleEvent event = ((Entry.Stepped) walk.next().entry()).event();
                Instant decided = event.steps().get(0).at();
                if (query.takes(decided)) {
                    events.merge(new EventKey(event.pool(), event.id(), decided), event, LedgerReader::later);
                }
            }
        }
        return List.copyOf(events.values());
    }

    /** What was carried over may be older than what was said before. */
    private static ScaleEvent later(ScaleEvent one, ScaleEvent other) {
        return other.steps().size() >= one.steps().size() ? other : one;
    }

    private record EventKey(String pool, String id, Instant decided) {}

    /** What happened in a time, by pool. */
    public LedgerSummary summary(LedgerQuery query) {
        return LedgerSummary.of(this, query);
    }

    /** Reads everything and says what is wrong with it. */
    public Damage damage() {
        try (Walk walk = new Walk(LedgerQuery.all(), false)) {
            long lines = 0;
            while (walk.hasNext()) {
                walk.next();
                lines++;
            }
            walk.endDamage();
            return new Damage(lines, walk.damaged, walk.damagedCount, walk.missing, walk.tornBytes);
        }
    }

    // ---- reading ---------------------------------------------------------------------------------------------------

    private UncheckedIOException unreadable(IOException e) {
        return new UncheckedIOException("cannot read the ledger " + file + ": " + e.getMessage(), e);
    }

    /** Names of the files, oldest first. */
    private List<String> files() throws IOException {
        List<String> names = storage.list();
        List<String> files = new ArrayList<>(LedgerFiles.rotated(names, name));
        if (names.contains(name)) {
            files.add(name);
        }
        return files;
    }

    /** An open file; it stays the same when it is rotated or deleted. */
    private static final class Source {
        private final String name;
        private final LineScanner lines;

        /** Lines from this number on are said again in a later file. */
        private long end = Long.MAX_VALUE;

        private boolean last;

        Source(String name, LineScanner lines) {
            this.name = name;
            this.lines = lines;
        }
    }

    /** Opens all files of one moment. */
    private List<Source> open() throws IOException {
        IOException gone = new IOException("its files change faster than they can be opened");
        for (int look = 0; look < LOOKS; look++) {
            List<String> files = files();
            List<Source> sources = new ArrayList<>();
            boolean same = false;
            try {
                for (String each : files) {
                    sources.add(new Source(each, new LineScanner(storage.read(each))));
                }
                limit(sources);
                same = files.equals(files());
                if (same) {
                    return sources;
                }
            } catch (IOException e) {
                // Deleted since the look, or there is no way to read it: the next look tells.
                gone = e;
                same = false;
            } finally {
                if (!same) {
                    close(sources);
                }
            }
        }
        throw gone;
    }

    private static void close(List<Source> sources) {
        for (Source each : sources) {
            try {
                each.lines.close();
            } catch (IOException e) {
                LOG.debug("{} was read and cannot be closed", each.name, e);
            }
        }
    }

    private void limit(List<Source> sources) throws IOException {
        long end = Long.MAX_VALUE;
        for (int i = sources.size() - 1; i >= 0; i--) {
            Source source = sources.get(i);
            source.end = end;
            source.last = i == sources.size() - 1;
            if (!source.name.equals(name)) {
                end = Math.min(end, LedgerFiles.firstSeq(source.name, name));
            } else {
                long first = firstSeq();
                end = first < 0 ? end : first;
                source.end = first < 0 ? 0 : source.end;
            }
        }
    }

    /** The first number of the current file; negative if its beginning is not all there yet, so that it counts for nothing. */
    private long firstSeq() throws IOException {
        long first = -1;
        int lines = 0;
        int toCarry = 0;
        try (LineScanner scanner = new LineScanner(storage.read(name))) {
            while ((first < 0 || lines <= toCarry) && scanner.next() && (scanner.whole() || scanner.intact())) {
                lines++;
                if (first < 0 && scanner.intact()) {
                    LedgerCodec.Head head = scanner.head();
                    first = head.seq();
                    toCarry = lines == 1 && head.type().equals(LedgerCodec.LEDGER)
                            ? LedgerCodec.header(scanner.read()).carried()
                            : 0;
                }
            }
        } catch (RuntimeException e) {
            // Its checksum is right, so another version wrote it.
            return Math.max(0, first);
        }
        return lines > toCarry ? first : -1;
    }

    /** Goes through all lines once. */
    private final class Walk implements Iterator<Line>, AutoCloseable {

        private final LedgerQuery query;

        /** Whether events that were carried over are given out as well. */
        private final boolean carried;

        private final List<Source> sources;
        private final InputsCodec inputs = new InputsCodec();
        private int at;
        private String run = "";
        private @Nullable Line next;
        private @Nullable String onlyId;

        // Damage.
        private long lastSeq = -1;
        private final List<String> damaged = new ArrayList<>();
        private long damagedCount;
        private long missing;
        private long tornBytes;

        /** Damaged lines of which it is not known yet whether anything is missing. */
        private final List<String> doubtful = new ArrayList<>();

        private long doubtfulCount;

        Walk(LedgerQuery query, boolean carried) {
            this.query = query;
            this.carried = carried;
            try {
                this.sources = open();
            } catch (IOException e) {
                throw unreadable(e);
            }
        }

        @Override
        public boolean hasNext() {
            try {
                while (next == null && at < sources.size()) {
                    Source source = sources.get(at);
                    if (source.lines.next()) {
                        next = line(source);
                    } else {
                        at++;
                    }
                }
            } catch (IOException e) {
                throw unreadable(e);
            }
            return next != null;
        }

        @Override
        public Line next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            Line found = Objects.requireNonNull(next);
            next = null;
            return found;
        }

        private @Nullable Line line(Source source) {
            LineScanner lines = source.lines;
            if (!lines.intact()) {
                if (lines.whole()) {
                    doubt(source, "its checksum is wrong");
                } else if (source.last) {
                    tornBytes = lines.length();
                }
                return null;
            }
            LedgerCodec.Head head;
            try {
                head = lines.head();
            } catch (RuntimeException e) {
                damage(source, String.valueOf(e.getMessage()));
                return null;
            }
            if (head.seq() >= source.end) {
                return null;
            }
            number(head.seq());
            try {
                return entry(head, lines);
            } catch (RuntimeException e) {
                damage(source, head.type() + " " + head.seq() + ": " + e.getMessage());
                return null;
            }
        }

        private @Nullable Line entry(LedgerCodec.Head head, LineScanner lines) {
            Class<? extends Entry> kind = switch (head.type()) {
                case LedgerCodec.LEDGER -> {
                    run = LedgerCodec.header(lines.read()).run();
                    yield null;
                }
                case LedgerCodec.COMPOSITION -> {
                    inputs.know(head.id(), LedgerCodec.composition(lines.read()));
                    yield null;
                }
                case LedgerCodec.OPEN -> carried ? Entry.Stepped.class : null;
                case LedgerCodec.DECISION -> Entry.Decided.class;
                case LedgerCodec.EVENT -> Entry.Stepped.class;
                case LedgerCodec.ACCOUNT -> Entry.Accounted.class;
                case LedgerCodec.OVERRIDE -> Entry.Overridden.class;
                case LedgerCodec.ALERT -> Entry.Alerted.class;
                case LedgerCodec.LOST -> Entry.Lost.class;
                default -> null;
            };
            Instant when = head.at();
            if (kind == null
                    || (!query.kinds().isEmpty() && !query.kinds().contains(kind))
                    || !query.takesPool(head.pool())
                    || (when != null && !query.takes(when))
                    || (onlyId != null && !onlyId.equals(head.id()))) {
                return null;
            }
            Json whole = lines.read();
            if (head.type().equals(LedgerCodec.OPEN)) {
                return new Line(head.seq(), run, new Entry.Stepped(LedgerCodec.event(whole)));
            }
            long seq = head.seq();
            return LedgerCodec.entry(whole, inputs)
                    .map(entry -> new Line(seq, run, entry))
                    .orElse(null);
        }

        /** A line that counts; whether any is missing before it. */
        private void number(long seq) {
            if (lastSeq >= 0 && seq == lastSeq + 1) {
                // What could not be read between the two was never confirmed: an attempt that failed and was made
                // again.
                doubtful.clear();
                doubtfulCount = 0;
            } else {
                if (lastSeq >= 0) {
                    missing += Math.max(0, seq - lastSeq - 1);
                }
                endDamage();
            }
            lastSeq = Math.max(lastSeq, seq);
        }

        private void doubt(Source source, String why) {
            doubtfulCount++;
            if (doubtful.size() < Damage.SHOWN) {
                doubtful.add(place(source, why));
            }
        }

        private void damage(Source source, String why) {
            damagedCount++;
            if (damaged.size() < Damage.SHOWN) {
                damaged.add(place(source, why));
            }
        }

        private String place(Source source, String why) {
            return source.name + " at byte " + source.lines.offset() + ": " + why;
        }

        /** What is doubtful is damage. */
        private void endDamage() {
            damagedCount += doubtfulCount;
            doubtful.stream().limit(Damage.SHOWN - damaged.size()).forEach(damaged::add);
            doubtful.clear();
            doubtfulCount = 0;
        }

        @Override
        public void close() {
            LedgerReader.close(sources);
        }
    }
}
