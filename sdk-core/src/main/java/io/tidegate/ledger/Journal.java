/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.ledger;

import io.tidegate.log.BoundedLog;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * The lines of a ledger on a disk that may fail: what is numbered, forced, rotated, recovered. For one thread at a time.
 *
 * <p>After a write or a force failed nobody knows what of the file is on the disk, and a second force may say yes to what is lost. So
 * the file is left as it is, and the next attempt begins a new one whose first number follows the last that is safe; it says again
 * what came after. A reader passes over lines whose number is not below the first of a later file.
 */
final class Journal {

    private static final Logger LOG = BoundedLog.of(FileLedger.class);

    /** Scale events without an end that are carried over; of more, the oldest are let go. */
    private static final int MOST_OPEN = 1_000;

    /** Bytes that may be written and not forced, where entries are forced at all. */
    private static final long MOST_UNFORCED = 1 << 20;

    /** Files that are kept at most, however small they are. */
    private static final int MOST_FILES = 1_000;

    /** How the first line of each file begins. */
    private static final byte[] BEGINNING = "{\"type\":\"ledger\",".getBytes(StandardCharsets.US_ASCII);

    private final Storage storage;
    private final String name;
    private final Settings settings;

    /** The run, library and limits of a journal. */
    record Settings(String run, String library, FileLedger.Sync sync, long rotateAt, int keep) {}

    private Storage.@Nullable Output out;

    /** Number of the first line in the current file; negative if nothing in it is safe, so that it may be written anew. */
    private long firstSeq = -1;

    private long bytes;
    private boolean anyEntry;

    /** All lines up to this number are as safe as was asked for. */
    private long safe;

    private long nextSeq;
    private boolean broken;

    /** Older files may go as soon as an entry stands in this one. */
    private boolean pruneDue;

    /** Written after the safe ones, and neither forced nor known to have failed. */
    private final List<Entry> unforced = new ArrayList<>();

    private long unforcedBytes;
    private final Set<String> compositions = new HashSet<>();
    private final Map<Composition, String> compositionIds = new HashMap<>();

    // What is carried over.
    private final Map<String, Long> lastDecisions = new HashMap<>();
    private final Map<EventKey, ScaleEvent> open = new LinkedHashMap<>();

    private record EventKey(String pool, String id) {}

    Journal(Storage storage, String name, Settings settings) {
        this.storage = storage;
        this.name = name;
        this.settings = settings;
    }

    // ---- opening ---------------------------------------------------------------------------------------------------

    /**
     * Reads what is there, cuts a last line that a crash left unfinished, and begins to write.
     *
     * @throws IOException if it cannot be read or made; if only writing or forcing failed, the journal is {@link #broken}
     */
    Recovered recover() throws IOException {
        List<String> names = storage.list();
        List<Scan> scans = new ArrayList<>();
        Scan current = names.contains(name) ? scan(name, Long.MAX_VALUE) : null;
        boolean goOn = current != null && current.reaches && current.complete && current.version == LedgerCodec.VERSION;
        if (current != null && (!current.reaches || (!goOn && !current.anyEntry))) {
            discard(current);
            current = null;
        }
        List<String> rotated = LedgerFiles.rotated(names, name);
        long end = Long.MAX_VALUE;
        if (current != null) {
            scans.add(current);
            end = current.firstSeq;
        }
        for (int i = rotated.size() - 1; i >= 0 && (scans.isEmpty() || !scans.get(0).complete); i--) {
            Scan scan = scan(rotated.get(i), end);
            scan.firstSeq = LedgerFiles.firstSeq(rotated.get(i), name);
            end = scan.firstSeq;
            scans.add(0, scan);
        }
        take(scans);
        int damaged = scans.stream().mapToInt(scan -> scan.damaged).sum();
        if (damaged > 0) {
            LOG.warn("{} lines of the ledger {} are damaged and passed over", damaged, name);
        }
        begin(current, goOn);
        return new Recovered(lastDecisions, List.copyOf(open.values()));
    }

    /** Nothing in the current file counts. If a crash left it so, it goes; what is not ours is only moved out of the way. */
    private void discard(Scan current) throws IOException {
        if (current.ours) {
            storage.delete(name);
            return;
        }
        List<String> names = storage.list();
        int number = 1;
        while (names.contains(name + ".unreadable-" + number)) {
            number++;
        }
        String aside = name + ".unreadable-" + number;
        LOG.warn("{} is no ledger that can be read; it is now called {}, and a new one begins", name, aside);
        storage.rename(name, aside);
    }

    private void begin(@Nullable Scan current, boolean goOn) throws IOException {
        if (current != null) {
            firstSeq = current.firstSeq;
            anyEntry = current.anyEntry;
        }
        if (current == null || !goOn) {
            Storage.Output made = newFile();
            try {
                start(made, List.of());
            } catch (IOException e) {
                failed(e);
            }
            return;
        }
        if (current.tornFrom >= 0) {
            LOG.warn("the last line of the ledger {} was never finished and is cut", name);
            storage.truncate(name, current.tornFrom);
        }
        bytes = current.tornFrom >= 0 ? current.tornFrom : current.bytes;
        compositions.addAll(current.compositions);
        out = storage.append(name);
        try {
            List<byte[]> lines = new ArrayList<>();
            if (current.unended) {
                lines.add(new byte[] {'\n'});
            }
            lines.add(LedgerCodec.header(nextSeq, settings.library, settings.run, 0));
            write(LedgerCodec.joined(lines));
            nextSeq++;
            confirm(settings.sync != FileLedger.Sync.NONE);
            forceNames();
        } catch (IOException e) {
            failed(e);
        }
    }

    /** What one file holds of that which is needed to go on. */
    private static final class Scan {
        /** Whether its beginning is there, with all that was carried over. */
        private boolean complete;

        /** Whether it goes as far as its beginning was to go, damaged or not. */
        private boolean reaches;

        /** Whether a ledger began it, as far as it goes. */
        private boolean ours = true;

        private int version;
        private long firstSeq = -1;
        private long lastSeq = -1;
        private long bytes;
        private long tornFrom = -1;
        private boolean unended;
        private boolean anyEntry;
        private int damaged;

        /** Damaged lines after the last that is whole. */
        private int damagedLast;

        private final Set<String> compositions = new HashSet<>();
        private final Map<String, Long> lastDecisions = new HashMap<>();
        private final Map<EventKey, ScaleEvent> events = new LinkedHashMap<>();
    }

    /** Reads a file as far as it is below this number. */
    private Scan scan(String file, long end) throws IOException {
        Scan scan = new Scan();
        // Of the lines that have to be there after the first.
        int toCarry = -1;
        int carried = 0;
        int index = -1;
        try (LineScanner lines = new LineScanner(storage.read(file))) {
            while (lines.next()) {
                boolean intact = lines.intact();
                scan.ours &= index >= 0 || lines.beginsLike(BEGINNING);
                if (!lines.whole()) {
                    scan.unended = intact;
                    if (!intact) {
                        scan.tornFrom = lines.offset();
                        break;
                    }
                }
                index++;
                LedgerCodec.Head head = intact ? headOrNull(lines) : null;
                if (head == null) {
                    scan.damaged++;
                    scan.damagedLast++;
                    continue;
                }
                if (head.seq() >= end) {
                    continue;
                }
                scan.damagedLast = 0;
                scan.firstSeq = scan.firstSeq < 0 ? head.seq() : scan.firstSeq;
                scan.lastSeq = Math.max(scan.lastSeq, head.seq());
                try {
                    if (head.type().equals(LedgerCodec.LEDGER)) {
                        LedgerCodec.Header header = LedgerCodec.header(lines.read());
                        toCarry = index == 0 ? header.carried() : toCarry;
                        scan.version = header.version();
                    } else {
                        line(scan, head, lines);
                    }
                    carried += index > 0 && index <= toCarry ? 1 : 0;
                } catch (RuntimeException e) {
                    scan.damaged++;
                }
            }
        }
        scan.bytes = storage.size(file);
        scan.complete = toCarry >= 0 && carried == toCarry;
        scan.reaches = index >= Math.max(0, toCarry);
        return scan;
    }

    private static LedgerCodec.@Nullable Head headOrNull(LineScanner lines) {
        try {
            return lines.head();
        } catch (RuntimeException e) {
            // Its checksum is right, so another version wrote it.
            return null;
        }
    }

    private static void line(Scan scan, LedgerCodec.Head head, LineScanner lines) {
        switch (head.type()) {
            case LedgerCodec.CARRIED ->
                LedgerCodec.carried(lines.read()).forEach((pool, id) -> scan.lastDecisions.merge(pool, id, Math::max));
            case LedgerCodec.OPEN -> event(scan, lines);
            case LedgerCodec.COMPOSITION -> scan.compositions.add(head.id());
            case LedgerCodec.EVENT -> {
                scan.anyEntry = true;
                event(scan, lines);
            }
            case LedgerCodec.DECISION -> {
                scan.anyEntry = true;
                scan.lastDecisions.merge(head.pool(), Long.parseLong(head.id()), Math::max);
            }
            default -> scan.anyEntry = true;
        }
    }

    private static void event(Scan scan, LineScanner lines) {
        ScaleEvent event = LedgerCodec.event(lines.read());
        scan.events.put(new EventKey(event.pool(), event.id()), event);
        if (scan.events.size() > 4 * MOST_OPEN) {
            scan.events.values().removeIf(each -> !each.open());
            trim(scan.events);
        }
    }

    private static void trim(Map<EventKey, ?> events) {
        while (events.size() > MOST_OPEN) {
            events.remove(events.keySet().iterator().next());
        }
    }

    /** What these files say together, oldest first. */
    private void take(List<Scan> scans) {
        long last = 0;
        int damagedLast = 0;
        for (Scan scan : scans) {
            scan.lastDecisions.forEach((pool, id) -> lastDecisions.merge(pool, id, Math::max));
            scan.events.values().forEach(this::step);
            last = Math.max(last, Math.max(scan.firstSeq, scan.lastSeq));
            damagedLast = scan.damagedLast + (scan.lastSeq < 0 ? damagedLast : 0);
        }
        // Damaged lines had numbers too; so it shows that they are missing.
        nextSeq = last + 1 + damagedLast;
        safe = nextSeq - 1;
    }

    private void step(ScaleEvent event) {
        EventKey key = new EventKey(event.pool(), event.id());
        if (event.open()) {
            open.put(key, event);
            trim(open);
        } else {
            open.remove(key);
        }
    }

    // ---- writing ---------------------------------------------------------------------------------------------------

    /** Whether the last attempt failed; the next one begins a new file. */
    boolean broken() {
        return broken;
    }

    /**
     * Writes entries, and forces them where that is asked for: all or, from the caller's view, none.
     *
     * @return why an entry was not written though the disk took it, in the order of the entries; null where it was
     * @throws IOException if nobody knows what was written; the same entries may be given again
     */
    List<@Nullable RuntimeException> append(List<Entry> entries) throws IOException {
        try {
            if (broken) {
                again();
            } else if (bytes >= settings.rotateAt && anyEntry) {
                rotate();
            }
            List<@Nullable RuntimeException> refused = new ArrayList<>();
            Encoded encoded = encode(entries, nextSeq, refused);
            byte[] all = LedgerCodec.joined(encoded.lines());
            write(all);
            boolean force = settings.sync == FileLedger.Sync.ALL
                    || (settings.sync == FileLedger.Sync.EVENTS
                            && (entries.stream().anyMatch(Journal::matters)
                                    || unforcedBytes + all.length > MOST_UNFORCED));
            nextSeq = encoded.nextSeq();
            if (!force && settings.sync != FileLedger.Sync.NONE) {
                unforced.addAll(encoded.entries());
                unforcedBytes += all.length;
            } else {
                confirm(force);
            }
            compositions.addAll(encoded.compositions());
            encoded.entries().forEach(this::remember);
            anyEntry |= !encoded.entries().isEmpty();
            if (anyEntry && pruneDue) {
                pruneDue = false;
                prune();
            }
            return refused;
        } catch (IOException | RuntimeException | Error e) {
            failed(e);
            throw e;
        }
    }

    private static boolean matters(Entry entry) {
        return entry instanceof Entry.Decided || entry instanceof Entry.Stepped || entry instanceof Entry.Overridden;
    }

    private record Encoded(List<byte[]> lines, long nextSeq, List<Entry> entries, Set<String> compositions) {}

    private Encoded encode(List<Entry> entries, long from, List<@Nullable RuntimeException> refused) {
        long seq = from;
        List<byte[]> lines = new ArrayList<>();
        List<Entry> written = new ArrayList<>();
        Set<String> added = new HashSet<>();
        for (Entry entry : entries) {
            try {
                String id = "";
                byte @Nullable [] composition = null;
                if (entry instanceof Entry.Decided decided) {
                    id = id(decided.inputs().composition());
                    if (!compositions.contains(id) && !added.contains(id)) {
                        composition = LedgerCodec.composition(
                                seq, id, decided.inputs().composition());
                    }
                }
                byte[] line = LedgerCodec.entry(composition == null ? seq : seq + 1, entry, id);
                if (composition != null) {
                    lines.add(composition);
                    added.add(id);
                    seq++;
                }
                lines.add(line);
                seq++;
                written.add(entry);
                refused.add(null);
            } catch (RuntimeException e) {
                refused.add(e);
            }
        }
        return new Encoded(lines, seq, written, added);
    }

    private String id(Composition composition) {
        if (compositionIds.size() > 64) {
            compositionIds.clear();
        }
        return compositionIds.computeIfAbsent(composition, LedgerCodec::id);
    }

    private void remember(Entry entry) {
        if (entry instanceof Entry.Decided decided) {
            lastDecisions.merge(decided.pool(), decided.decision().id(), Math::max);
        } else if (entry instanceof Entry.Stepped stepped) {
            step(stepped.event());
        }
    }

    /** Leaves the file as it is, so that nothing is built on what may not be there. */
    private void failed(Throwable e) {
        if (!broken) {
            LOG.debug("the ledger {} goes on in a new file", name, e);
        }
        broken = true;
        nextSeq = safe + 1;
    }

    private void write(byte[] all) throws IOException {
        Storage.Output to = output();
        for (int at = 0; at < all.length; ) {
            int written = to.write(all, at, all.length - at);
            if (written <= 0) {
                throw new IOException("the disk takes nothing");
            }
            at += written;
        }
        bytes += all.length;
    }

    private Storage.Output output() {
        if (out == null) {
            throw new IllegalStateException("the journal is closed");
        }
        return out;
    }

    /** All that was written is as safe as was asked for. */
    private void confirm(boolean force) throws IOException {
        if (force) {
            output().force();
        }
        safe = nextSeq - 1;
        unforced.clear();
        unforcedBytes = 0;
    }

    private void forceNames() throws IOException {
        if (settings.sync != FileLedger.Sync.NONE) {
            storage.forceNames();
        }
    }

    /** Forces what is not yet; done before it is closed. */
    void force() throws IOException {
        try {
            if (broken) {
                again();
            } else {
                confirm(settings.sync != FileLedger.Sync.NONE);
            }
        } catch (IOException | RuntimeException | Error e) {
            failed(e);
            throw e;
        }
    }

    private void rotate() throws IOException {
        confirm(settings.sync != FileLedger.Sync.NONE);
        start(newFile(), List.of());
    }

    /** After a failure: a new file from the last safe line on. */
    private void again() throws IOException {
        Storage.Output made = newFile();
        nextSeq = safe + 1;
        start(made, List.copyOf(unforced));
        broken = false;
    }

    /**
     * Moves the current file aside. One that holds no entry is deleted and its numbers are used again; what it carried over still
     * stands in the file before it, which is kept until it holds one.
     */
    private Storage.Output newFile() throws IOException {
        Storage.Output before = out;
        out = null;
        if (before != null) {
            try {
                before.close();
            } catch (IOException e) {
                LOG.debug("a file of the ledger {} could not be closed", name, e);
            }
        }
        if (storage.list().contains(name)) {
            if (firstSeq >= 0 && firstSeq <= safe && anyEntry) {
                storage.rename(name, LedgerFiles.rotated(name, firstSeq));
            } else {
                storage.delete(name);
                safe = firstSeq >= 0 ? Math.min(safe, firstSeq - 1) : safe;
            }
        }
        firstSeq = -1;
        bytes = 0;
        anyEntry = false;
        compositions.clear();
        Storage.Output made = storage.append(name);
        out = made;
        return made;
    }

    /**
     * Writes and forces the beginning of a file: its first line, what is carried over, and what has to be said again. Until all of it is
     * there the file counts for nothing, and lines in files before it are not void.
     */
    private void start(Storage.Output made, List<Entry> repeat) throws IOException {
        long first = nextSeq;
        long seq = first + 1;
        List<byte[]> lines = new ArrayList<>();
        if (!lastDecisions.isEmpty()) {
            lines.add(LedgerCodec.carried(seq++, lastDecisions));
        }
        for (ScaleEvent each : open.values()) {
            lines.add(LedgerCodec.open(seq++, each));
        }
        Encoded again = encode(repeat, seq, new ArrayList<>());
        lines.addAll(again.lines());
        lines.add(0, LedgerCodec.header(first, settings.library, settings.run, lines.size()));
        write(LedgerCodec.joined(lines));
        if (settings.sync != FileLedger.Sync.NONE) {
            made.force();
        }
        forceNames();
        nextSeq = again.nextSeq();
        compositions.addAll(again.compositions());
        anyEntry = !again.entries().isEmpty();
        firstSeq = first;
        pruneDue = true;
        safe = nextSeq - 1;
        unforced.clear();
        unforcedBytes = 0;
    }

    /** Deletes the oldest files, of which those after a failure may be small: they count by their bytes. */
    private void prune() {
        try {
            List<String> rotated = new ArrayList<>(LedgerFiles.rotated(storage.list(), name));
            long total = 0;
            List<Long> sizes = new ArrayList<>();
            for (String each : rotated) {
                sizes.add(storage.size(each));
                total += sizes.get(sizes.size() - 1);
            }
            int oldest = 0;
            while (rotated.size() - oldest > settings.keep
                    && (total - sizes.get(oldest) >= settings.keep * (double) settings.rotateAt
                            || rotated.size() - oldest > MOST_FILES)) {
                total -= sizes.get(oldest);
                storage.delete(rotated.get(oldest++));
            }
        } catch (IOException e) {
            LOG.warn("old files of the ledger {} cannot be deleted: {}", name, e.getMessage());
        }
    }

    /** Closes the file. */
    void close() {
        Storage.Output last = out;
        out = null;
        try {
            if (last != null) {
                last.close();
            }
        } catch (IOException e) {
            LOG.warn("the ledger {} cannot be closed: {}", name, e.getMessage());
        } finally {
            storage.close();
        }
    }
}
