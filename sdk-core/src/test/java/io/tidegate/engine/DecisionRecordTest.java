/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.policy.Learned;
import io.tidegate.pool.Capacity;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class DecisionRecordTest {

    private static PoolMemory memory(int desired, List<PoolMemory.Wanted> proposals, Map<String, Learned> learned) {
        return new PoolMemory(
                Instant.parse("2026-03-02T08:00:00Z"),
                desired,
                proposals,
                List.of(
                        new PoolMemory.Changed(Duration.ofMinutes(9), 2, 7),
                        new PoolMemory.Changed(Duration.ofMinutes(2), 7, desired)),
                learned,
                Capacity.UNKNOWN,
                List.of(),
                Optional.empty());
    }

    private static final PoolMemory SMALL =
            memory(4, List.of(new PoolMemory.Wanted(Duration.ofSeconds(5), 4)), Map.of());

    @Test
    void parse_ofItsText_isTheSame() {
        DecisionRecord record = new DecisionRecord(7, "load fell", SMALL);

        assertThat(DecisionRecord.parse(record.toText(null, 65_536))).isEqualTo(record);
        assertThat(record.lastUp()).contains(Instant.parse("2026-03-02T07:51:00Z"));
        assertThat(record.lastDown()).contains(Instant.parse("2026-03-02T07:58:00Z"));
    }

    @Test
    @DisplayName(
            "H8: an older and a newer version read each other's record, and fields that one does not know are kept")
    void toText_replacesARecordOfALaterVersion_keepsWhatItDoesNotKnow() {
        String first = new DecisionRecord(7, "load fell", SMALL).toText(null, 65_536);
        // What a later version may add: of each kind, beside and after what is known.
        String later = first.substring(0, first.length() - 1)
                + ",\"held\":true,\"site\":null,\"rate\":1.25,\"count\":123456789012345678901234567890,"
                + "\"notes\":[{\"a\":[1,2.50,\"x\"]},false],\"who\":\"v\\u0032\"}";

        DecisionRecord read = DecisionRecord.parse(later);
        assertThat(read).isEqualTo(new DecisionRecord(7, "load fell", SMALL));

        String next = new DecisionRecord(8, "load rose", memory(9, List.of(), Map.of())).toText(later, 65_536);

        assertThat(next)
                .contains("\"held\":true")
                .contains("\"site\":null")
                .contains("\"rate\":1.25")
                .contains("\"count\":123456789012345678901234567890")
                .contains("\"notes\":[{\"a\":[1,2.50,\"x\"]},false]")
                .contains("\"who\":\"v2\"")
                .containsOnlyOnce("\"epoch\"")
                .containsOnlyOnce("\"reason\"");
        assertThat(DecisionRecord.parse(next).memory().desired()).isEqualTo(9);
        // And again, without growing.
        assertThat(new DecisionRecord(8, "load rose", memory(9, List.of(), Map.of())).toText(next, 65_536))
                .isEqualTo(next);
    }

    @Test
    @DisplayName("H8: the file memory and the record read each other's text")
    void parse_ofAFilesText_isItsMemory() {
        String file = FileMemory.write(SMALL, json -> {});

        assertThat(DecisionRecord.parse(file)).isEqualTo(new DecisionRecord(0, "", SMALL));
        assertThat(FileMemory.memory(FileMemory.fields(
                        new DecisionRecord(7, "x", SMALL).toText(null, 65_536).getBytes(StandardCharsets.UTF_8))))
                .isEqualTo(SMALL);
    }

    @Test
    void toText_tooMuch_losesNoHighestAndNoLowestOfAnyWindow() {
        Random random = new Random(3);
        List<PoolMemory.Wanted> proposals = new ArrayList<>();
        for (int second = 3_600; second > 0; second--) {
            proposals.add(new PoolMemory.Wanted(Duration.ofSeconds(second), random.nextInt(100)));
        }
        Map<String, Double> numbers = new HashMap<>();
        for (int i = 0; i < 200; i++) {
            numbers.put("n" + i, i * 1.1);
        }
        DecisionRecord record = new DecisionRecord(7, "", memory(4, proposals, Map.of("policy", new Learned(numbers))));

        String text = record.toText(null, 65_536);

        assertThat(text.getBytes(StandardCharsets.UTF_8).length).isLessThan(65_536);
        PoolMemory kept = DecisionRecord.parse(text).memory();
        assertThat(kept.learned()).isEqualTo(record.memory().learned());
        assertThat(kept.proposals()).hasSizeLessThan(200);
        for (int window = 1; window <= 3_600; window += 7) {
            assertThat(most(kept.proposals(), window)).isEqualTo(most(proposals, window));
            assertThat(least(kept.proposals(), window)).isEqualTo(least(proposals, window));
        }
        // With less room it forgets what policies have learned, and not what was wanted.
        PoolMemory less = DecisionRecord.parse(record.toText(null, 4_000)).memory();
        assertThat(less.learned()).isEmpty();
        assertThat(less.proposals()).isEqualTo(kept.proposals());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> record.toText("{\"x\":\"" + "y".repeat(2_000) + "\"}", 1_024))
                .withMessageContaining("more than 1024");
    }

    private static int most(List<PoolMemory.Wanted> of, int seconds) {
        return of.stream()
                .filter(each -> each.age().toSeconds() <= seconds)
                .mapToInt(PoolMemory.Wanted::replicas)
                .max()
                .orElse(-1);
    }

    private static int least(List<PoolMemory.Wanted> of, int seconds) {
        return of.stream()
                .filter(each -> each.age().toSeconds() <= seconds)
                .mapToInt(PoolMemory.Wanted::replicas)
                .min()
                .orElse(-1);
    }

    @Test
    void epochOf_anyText_neverThrows() {
        assertThat(DecisionRecord.epochOf("{\"version\":2,\"epoch\":12}")).isEqualTo(12);
        assertThat(DecisionRecord.epochOf("{\"epoch\":\"x\"}")).isZero();
        assertThat(DecisionRecord.epochOf("[")).isZero();
        assertThat(DecisionRecord.epochOf("")).isZero();
        assertThatIllegalArgumentException().isThrownBy(() -> DecisionRecord.parse("{}"));
    }
}
