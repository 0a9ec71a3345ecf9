/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidegate.guardrail.Decision;
import io.tidegate.ledger.Entry.Alerted;
import io.tidegate.ledger.Entry.Decided;
import io.tidegate.pool.Tier;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.ObjectMapper;

class LedgerCodecTest {

    private static final ObjectMapper JACKSON = new ObjectMapper();

    private static byte[] line(Entry entry) {
        String id = entry instanceof Decided decided
                ? LedgerCodec.id(decided.inputs().composition())
                : "";
        return LedgerCodec.entry(7, entry, id);
    }

    private static Json json(byte[] line) {
        return LedgerCodec.read(line, 0, line.length - 1);
    }

    private static Entry back(byte[] line, Entry like) {
        InputsCodec inputs = new InputsCodec();
        if (like instanceof Decided decided) {
            byte[] composition = LedgerCodec.composition(
                    6,
                    LedgerCodec.id(decided.inputs().composition()),
                    decided.inputs().composition());
            Json read = json(composition);
            inputs.know(read.text("id"), LedgerCodec.composition(read));
        }
        return LedgerCodec.entry(json(line), inputs).orElseThrow();
    }

    @Test
    void entry_ofEveryKindDrawnByChance_readsBackExactly() throws ReflectiveOperationException {
        for (int seed = 0; seed < 3_000; seed++) {
            Entry entry = new RandomEntries(seed).entry(seed);
            byte[] line = line(entry);

            Entry back = back(line, entry);

            assertThat(RandomEntries.same(entry, back))
                    .as("seed %s: %s", seed, entry)
                    .isTrue();
            assertThat(line(back)).as("seed %s", seed).isEqualTo(line);
        }
    }

    @Test
    void same_differenceInTheLastBit_isSeen() throws ReflectiveOperationException {
        // What the test above relies on: each seed differs from the next.
        for (int seed = 0; seed < 600; seed++) {
            Entry entry = new RandomEntries(seed).entry(seed);
            assertThat(RandomEntries.same(entry, new RandomEntries(seed).entry(seed)))
                    .isTrue();
            assertThat(RandomEntries.same(entry, new RandomEntries(seed + 6).entry(seed)))
                    .as("seed %s", seed)
                    .isFalse();
        }
        assertThat(RandomEntries.same(List.of(0.0), List.of(-0.0))).isFalse();
        assertThat(RandomEntries.same(
                        Tier.builder("a").build(),
                        Tier.builder("a").weight(Math.nextUp(1.0)).build()))
                .isFalse();
    }

    @Test
    void line_anyEntry_isOneLineOfAsciiThatOthersRead() {
        for (int seed = 0; seed < 600; seed++) {
            byte[] line = line(new RandomEntries(seed).entry(seed));
            for (int i = 0; i < line.length - 1; i++) {
                assertThat(line[i]).as("seed %s byte %s", seed, i).isBetween((byte) 0x20, (byte) 0x7f);
            }
            assertThat(line[line.length - 1]).isEqualTo((byte) '\n');
            Map<?, ?> read = JACKSON.readValue(line, Map.class);
            assertThat(read.get("seq")).isEqualTo(7);
        }
    }

    @Test
    void line_headAndSeal_standWhereToolsLookForThem() {
        RandomEntries random = new RandomEntries(1);
        Decision drawn = random.decision();
        Decision decision = new Decision(
                17,
                "chat",
                Instant.parse("2026-11-24T02:00:00Z"),
                5,
                1,
                2,
                drawn.cause(),
                List.of(new io.tidegate.policy.Proposal.Wants("backlog", 2, drawn.cause(), "much waits")),
                List.of());
        String text = new String(line(new Decided(decision, random.inputs())), StandardCharsets.US_ASCII);

        assertThat(text)
                .startsWith("{\"type\":\"decision\",\"seq\":7,\"pool\":\"chat\",\"id\":17,"
                        + "\"at\":\"2026-11-24T02:00:00Z\",\"from\":1,\"to\":2,\"cause\":\""
                        + Json.name(drawn.cause()) + "\",\"why\":\"much waits\",")
                .containsPattern("\"inputs\":\\{\"composition\":\"[0-9a-f]{16}\"")
                .containsPattern("},\"crc\":\"[0-9a-f]{8}\"}\n$");
    }

    @Test
    void read_fieldsOfALaterVersion_arePassedOver() throws ReflectiveOperationException {
        for (int seed = 0; seed < 600; seed++) {
            Entry entry = new RandomEntries(seed).entry(seed);
            String more = "{\"later\":{\"a\":[1,null,{\"b\":2.5}]},"
                    + new String(line(entry), StandardCharsets.US_ASCII).strip().substring(1);
            byte[] line = more.replace("\"gaps\":", "\"later\":null,\"gaps\":")
                    .replace("\"steps\":[{", "\"steps\":[{\"later\":true,")
                    .concat("\n")
                    .getBytes(StandardCharsets.US_ASCII);

            assertThat(RandomEntries.same(entry, back(line, entry)))
                    .as("seed %s", seed)
                    .isTrue();
        }
    }

    @Test
    void read_fieldMissing_isUnreadable() {
        Set<String> seen = new HashSet<>();
        List<String> required = List.of(
                "pool",
                "id",
                "from",
                "to",
                "cause",
                "atNanos",
                "sinceNanos",
                "mode",
                "trigger",
                "proposals",
                "inputs",
                "guardrails",
                "alternatives",
                "composition",
                "trusted",
                "learned",
                "history",
                "marks",
                "view",
                "evidence",
                "coverage",
                "blind",
                "capacity",
                "samples",
                "tiers",
                "signals",
                "recent",
                "decision",
                "steps",
                "lasted",
                "stages",
                "usedBefore",
                "completed",
                "brokenByStage",
                "alert",
                "firing",
                "severity",
                "what",
                "count",
                "dueNanos",
                "goodPolls",
                "nowNanos",
                "desired");
        for (int seed = 0; seed < 300; seed++) {
            Entry entry = new RandomEntries(seed).entry(seed);
            String text = new String(line(entry), StandardCharsets.US_ASCII);
            for (String name : required) {
                // Only names match: in a text a quote has an escape before it.
                String without = text.replaceFirst("([{,])\"" + name + "\":", "$1\"gone\":");
                // A line that says what is lost is about no pool.
                if (!without.equals(text) && !(entry instanceof Entry.Lost && name.equals("pool"))) {
                    seen.add(name);
                    assertThatThrownBy(() -> back(without.getBytes(StandardCharsets.US_ASCII), entry))
                            .as("seed %s without %s", seed, name)
                            .isInstanceOf(IllegalArgumentException.class);
                }
            }
        }
        assertThat(seen).containsExactlyInAnyOrderElementsOf(required);
    }

    @Test
    void read_compositionUnknown_isUnreadable() {
        Entry entry = new RandomEntries(0).entry(0);
        assertThatThrownBy(() -> LedgerCodec.entry(json(line(entry)), new InputsCodec()))
                .hasMessageContaining("stands in no line before");
    }

    @Test
    void read_tiersOfTheSameSettings_areTheSameObject() {
        Decided decided = decidedWithTiers();
        Json composition = json(LedgerCodec.composition(
                1,
                LedgerCodec.id(decided.inputs().composition()),
                decided.inputs().composition()));
        InputsCodec inputs = new InputsCodec();
        inputs.know(composition.text("id"), LedgerCodec.composition(composition));

        Decided first = (Decided) LedgerCodec.entry(json(line(decided)), inputs).orElseThrow();
        Decided second =
                (Decided) LedgerCodec.entry(json(line(decided)), inputs).orElseThrow();

        assertThat(first.inputs().view().tiers().get(0).tier())
                .isSameAs(second.inputs().view().tiers().get(0).tier());
    }

    private static Decided decidedWithTiers() {
        for (int seed = 0; ; seed += 6) {
            Decided decided = (Decided) new RandomEntries(seed).entry(0);
            if (!decided.inputs().view().tiers().isEmpty()) {
                return decided;
            }
        }
    }

    @Test
    void id_differsWithTheContentAlone() {
        Map<String, Composition> byId = new java.util.HashMap<>();
        for (int seed = 0; seed < 1_000; seed++) {
            Composition composition = new RandomEntries(seed).composition();
            Composition before = byId.put(LedgerCodec.id(composition), composition);
            assertThat(before == null || before.equals(composition)).isTrue();
            assertThat(LedgerCodec.id(new RandomEntries(seed).composition())).isEqualTo(LedgerCodec.id(composition));
        }
    }

    @Test
    void entry_longerThanIsRead_isRefused() {
        Alerted alerted = new Alerted("chat", Instant.EPOCH, "slo-burn", true, "critical", "x".repeat(Json.MAX_LINE));
        assertThatThrownBy(() -> line(alerted)).hasMessageContaining("is longer than " + Json.MAX_LINE);
    }

    @Test
    void read_bytesByChance_areRefusedAndNothingElse() {
        Random random = new Random(5);
        byte[] line = line(new RandomEntries(0).entry(0));
        for (int i = 0; i < 20_000; i++) {
            byte[] other = line.clone();
            for (int j = random.nextInt(4); j >= 0; j--) {
                other[random.nextInt(other.length)] = (byte) random.nextInt(256);
            }
            try {
                LedgerCodec.head(other, 0, other.length - 1);
                back(other, new RandomEntries(0).entry(0));
            } catch (RuntimeException e) {
                assertThat(e).isNotInstanceOfAny(IndexOutOfBoundsException.class, NegativeArraySizeException.class);
            }
        }
    }
}
