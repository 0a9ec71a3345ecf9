/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.time.ManualTime;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A ledger that holds all kinds of lines, cut and changed at each byte. */
class LedgerRecoveryTest {

    private static final String NAME = "ledger.jsonl";
    private static final Path FILE = Path.of(NAME);

    private static byte[] whole = {};
    private static final Map<Long, Entry> ENTRIES = new HashMap<>();

    private static FileLedger open(SimulatedDisk disk) {
        return FileLedger.builder(FILE)
                .time(new ManualTime())
                .executor(Runnable::run)
                .run("test")
                .open(disk, NAME);
    }

    private static SimulatedDisk with(byte[] content) {
        SimulatedDisk disk = new SimulatedDisk(1);
        disk.put(NAME, content);
        return disk;
    }

    private static List<LedgerReader.Line> lines(SimulatedDisk disk) {
        try (Stream<LedgerReader.Line> lines = new LedgerReader(FILE, disk, NAME).entries()) {
            return lines.toList();
        }
    }

    private static LedgerReader.Damage damage(SimulatedDisk disk) {
        return new LedgerReader(FILE, disk, NAME).damage();
    }

    @BeforeAll
    static void write() {
        SimulatedDisk disk = new SimulatedDisk(1);
        // Two runs and each kind, of the shortest entries by chance.
        for (int run = 0; run < 2; run++) {
            try (FileLedger ledger = open(disk)) {
                for (int kind = 0; kind < 6; kind++) {
                    assertThat(ledger.append(shortest(kind, run))).isCompleted();
                }
            }
        }
        whole = disk.content(NAME);
        lines(disk).forEach(line -> ENTRIES.put(line.seq(), line.entry()));
        assertThat(ENTRIES).hasSize(12);
        String text = new String(whole, StandardCharsets.US_ASCII);
        for (String type :
                List.of("ledger", "composition", "decision", "event", "account", "override", "alert", "lost")) {
            assertThat(text).contains("{\"type\":\"" + type + "\"");
        }
    }

    private static Entry shortest(int kind, int run) {
        Entry shortest = new RandomEntries(kind).entry(kind);
        for (int seed = kind + 6 + run; seed < 1_200; seed++) {
            Entry entry = new RandomEntries(seed).entry(kind);
            String id = entry instanceof Entry.Decided decided
                    ? LedgerCodec.id(decided.inputs().composition())
                    : "";
            if (LedgerCodec.entry(1, entry, id).length < LedgerCodec.entry(1, shortest, "").length) {
                shortest = entry;
            }
        }
        return shortest;
    }

    /** Numbers of the entries that stand whole before this byte. */
    private static List<Long> wholeBefore(int cut) {
        List<Long> seqs = new ArrayList<>();
        int begin = 0;
        for (int i = 0; i <= cut; i++) {
            boolean lineEnds = i < whole.length && whole[i] == '\n';
            if (lineEnds) {
                long seq = LedgerCodec.head(whole, begin, i - begin).seq();
                if (ENTRIES.containsKey(seq)) {
                    seqs.add(seq);
                }
                begin = i + 1;
            }
        }
        return seqs;
    }

    @Test
    void open_cutAtEachByte_keepsEachWholeLineAndGoesOn() throws ReflectiveOperationException {
        Entry next = new Entry.Alerted("chat", Instant.EPOCH, "test", true, "warning", "after the cut");
        for (int cut = 0; cut <= whole.length; cut++) {
            SimulatedDisk disk = with(Arrays.copyOf(whole, cut));

            try (FileLedger ledger = open(disk)) {
                assertThat(ledger.append(next)).as("cut at %s", cut).isCompleted();
            }

            List<LedgerReader.Line> lines = lines(disk);
            List<Long> expected = wholeBefore(cut);
            assertThat(lines).as("cut at %s", cut).hasSize(expected.size() + 1);
            for (int i = 0; i < expected.size(); i++) {
                assertThat(lines.get(i).seq()).as("cut at %s", cut).isEqualTo(expected.get(i));
                assertThat(RandomEntries.same(lines.get(i).entry(), ENTRIES.get(expected.get(i))))
                        .as("cut at %s", cut)
                        .isTrue();
            }
            assertThat(lines.get(expected.size()).entry()).isEqualTo(next);
            assertThat(damage(disk).any())
                    .as("cut at %s: %s", cut, damage(disk))
                    .isFalse();
        }
    }

    @Test
    void read_eachByteChanged_noEntryIsWrongAndTheDamageIsSeen() throws ReflectiveOperationException {
        for (int at = 0; at < whole.length; at++) {
            for (int mask : new int[] {1, 0x20}) {
                byte[] changed = whole.clone();
                changed[at] ^= (byte) mask;
                SimulatedDisk disk = with(changed);

                List<LedgerReader.Line> lines = lines(disk);

                for (LedgerReader.Line line : lines) {
                    assertThat(RandomEntries.same(line.entry(), ENTRIES.get(line.seq())))
                            .as("byte %s changed by %s", at, mask)
                            .isTrue();
                }
                // A line, or two where the break between them is gone; with a composition, the decisions that rest on
                // it.
                assertThat(lines.size()).as("byte %s", at).isBetween(ENTRIES.size() - 2, ENTRIES.size());
                LedgerReader.Damage damage = damage(disk);
                assertThat(damage.any() || damage.tornBytes() > 0)
                        .as("byte %s changed by %s", at, mask)
                        .isTrue();
            }
        }
    }

    @Test
    void open_eachByteChanged_goesOn() {
        Entry next = new Entry.Alerted("chat", Instant.EPOCH, "test", true, "warning", "after the damage");
        for (int at = 0; at < whole.length; at++) {
            byte[] changed = whole.clone();
            changed[at] ^= 1;
            SimulatedDisk disk = with(changed);
            try (FileLedger ledger = open(disk)) {
                assertThat(ledger.append(next)).as("byte %s", at).isCompleted();
            }
            List<LedgerReader.Line> lines = lines(disk);
            assertThat(lines.get(lines.size() - 1).entry()).as("byte %s", at).isEqualTo(next);
            assertThat(lines).extracting(LedgerReader.Line::seq).doesNotHaveDuplicates();
            // All but the very last line break, without which the line is one that was never finished.
            assertThat(damage(disk).any()).as("byte %s", at).isEqualTo(at < whole.length - 1);
        }
    }

    @Test
    void canary_readerThatLooksAtNoChecksum_isFound() {
        // The test above would say nothing if changed bytes made no difference to who reads without a checksum.
        int wrong = 0;
        for (int at = 0; at < whole.length; at++) {
            byte[] changed = whole.clone();
            changed[at] ^= 1;
            int begin = 0;
            InputsCodec inputs = new InputsCodec();
            for (int i = 0; i < changed.length; i++) {
                if (changed[i] == '\n') {
                    wrong += readsWrong(changed, begin, i - begin, inputs) ? 1 : 0;
                    begin = i + 1;
                }
            }
        }
        assertThat(wrong).isGreaterThan(whole.length / 4);
    }

    private static boolean readsWrong(byte[] bytes, int from, int length, InputsCodec inputs) {
        try {
            Json line = LedgerCodec.read(bytes, from, length);
            if (line.text("type").equals(LedgerCodec.COMPOSITION)) {
                inputs.know(line.text("id"), LedgerCodec.composition(line));
            }
            Entry entry = LedgerCodec.entry(line, inputs).orElse(null);
            Entry written = ENTRIES.get(line.whole("seq"));
            return entry != null && (written == null || !RandomEntries.same(entry, written));
        } catch (RuntimeException | ReflectiveOperationException e) {
            return false;
        }
    }

    @Test
    void open_aFileThatIsNoLedger_isMovedAsideAndNotLost() throws Exception {
        byte[] other =
                "{\"type\":\"decision\",\"pool\":\"chat\"}\nsomething else\n".getBytes(StandardCharsets.US_ASCII);
        SimulatedDisk disk = with(other);
        open(disk).close();

        assertThat(disk.content(NAME + ".unreadable-1")).isEqualTo(other);
        assertThat(damage(disk).any()).isFalse();
    }

    @Test
    void open_noiseInTheMiddle_isPassedOverAndTold() throws Exception {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        int half = new String(whole, StandardCharsets.US_ASCII).indexOf("\n{\"type\":\"account\"") + 1;
        content.write(whole, 0, half);
        content.write(new byte[3 * Json.MAX_LINE]);
        content.write('\n');
        content.write(whole, half, whole.length - half);
        SimulatedDisk disk = with(content.toByteArray());

        open(disk).close();

        // No number is missing, so nothing that was written is.
        assertThat(lines(disk)).hasSize(ENTRIES.size());
        assertThat(damage(disk).missing()).isZero();
    }
}
