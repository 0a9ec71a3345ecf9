/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.fail;

import io.tidegate.policy.Learned;
import io.tidegate.pool.Capacity;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FileMemoryTest {

    @TempDir
    private Path folder;

    private FileMemory memory;

    @BeforeEach
    void make() throws IOException {
        memory = FileMemory.in(folder);
    }

    private static Duration age(SplittableRandom random) {
        return Duration.ofNanos(random.nextLong(Duration.ofHours(1).toNanos()));
    }

    static PoolMemory random(SplittableRandom random) {
        List<PoolMemory.Wanted> wanted = new ArrayList<>();
        List<PoolMemory.Changed> changed = new ArrayList<>();
        Map<String, Learned> learned = new HashMap<>();
        List<Duration> times = new ArrayList<>();
        for (int i = random.nextInt(5); i > 0; i--) {
            wanted.add(new PoolMemory.Wanted(age(random), random.nextInt(1_000_001)));
            changed.add(new PoolMemory.Changed(age(random), random.nextInt(1_000_001), random.nextInt(100)));
            times.add(age(random));
            Map<String, Double> numbers = new HashMap<>();
            for (int n = random.nextInt(4); n > 0; n--) {
                double any = Double.longBitsToDouble(random.nextLong());
                numbers.put("n\"\\ \u20ac" + random.nextInt(), Double.isFinite(any) ? any : -0.0);
            }
            learned.put("policy " + random.nextInt(), new Learned(numbers));
        }
        String why = random.nextBoolean() ? "" : "\ud83d\ude80 \"launch\" " + random.nextInt();
        Duration lifetime =
                Duration.ofNanos(1 + random.nextLong(Duration.ofDays(7).toNanos()));
        ManualOverride override = random.nextBoolean()
                ? ManualOverride.pin(random.nextInt(1_000_001), lifetime, "ann", why)
                : ManualOverride.pause(lifetime, "bob", why);
        return new PoolMemory(
                Instant.ofEpochSecond(random.nextLong(4_000_000_000L), random.nextInt(1_000_000_000)),
                random.nextInt(1_000_001),
                wanted,
                changed,
                learned,
                random.nextBoolean()
                        ? Capacity.UNKNOWN
                        : new Capacity(random.nextDouble() + 1e-9, Double.NaN, 1 + random.nextInt(1_000)),
                times,
                random.nextBoolean()
                        ? Optional.empty()
                        : Optional.of(
                                new PoolMemory.Said(override, Instant.ofEpochSecond(random.nextLong(4_000_000_000L)))));
    }

    @Test
    void load_whatWasSaved_isEqual() throws IOException {
        for (long seed = 0; seed < 1_000; seed++) {
            PoolMemory one = random(new SplittableRandom(seed));
            memory.save("chat", one);
            assertThat(memory.load("chat")).as("seed %d", seed).contains(one);
        }
        assertThat(FileMemory.in(folder).load("chat")).isPresent();
    }

    private Path only() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.findFirst().orElseThrow();
        }
    }

    @Test
    void load_damaged_isEqualOrAnIOException() throws IOException {
        PoolMemory one = random(new SplittableRandom(6));
        memory.save("chat", one);
        Path file = only();
        byte[] whole = Files.readAllBytes(file);
        assertThat(whole.length).isGreaterThan(300);
        int refused = 0;
        for (long seed = 0; seed < 3_000; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            byte[] damaged = damaged(whole, random);
            Files.write(file, damaged);
            try {
                // Damage to a digit may give another memory of the right form; what it is not is another exception.
                assertThat(memory.load("chat")).isPresent();
            } catch (IOException e) {
                refused++;
                assertThat(e).hasMessageContaining(file.toString());
            } catch (RuntimeException | Error e) {
                fail("seed " + seed + ": " + new String(damaged, StandardCharsets.UTF_8), e);
            }
        }
        assertThat(refused).isGreaterThan(1_500);
        memory.save("chat", one);
        assertThat(memory.load("chat")).contains(one);
    }

    private static byte[] damaged(byte[] whole, SplittableRandom random) {
        byte[] bytes = whole.clone();
        switch (random.nextInt(4)) {
            case 0 -> bytes = Arrays.copyOf(whole, random.nextInt(whole.length - 1));
            case 1 -> {
                for (int i = 1 + random.nextInt(4); i > 0; i--) {
                    bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
                }
            }
            case 2 -> {
                String[] tokens = {"null", "true", "[", "{", "}", "]", "1e999", "-1", "\"x\"", "0x", "9".repeat(2000)};
                String text = new String(whole, StandardCharsets.UTF_8);
                int at = text.indexOf(':', random.nextInt(text.length() / 2)) + 1;
                bytes = (text.substring(0, at) + tokens[random.nextInt(tokens.length)] + text.substring(at))
                        .getBytes(StandardCharsets.UTF_8);
            }
            default -> {
                int from = random.nextInt(whole.length - 2);
                int to = from + 1 + random.nextInt(whole.length - from - 1);
                bytes = new byte[whole.length - (to - from)];
                System.arraycopy(whole, 0, bytes, 0, from);
                System.arraycopy(whole, to, bytes, from, whole.length - to);
            }
        }
        return bytes;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "null",
                "[]",
                "{}",
                "{\"version\":2}",
                "{\"version\":1}",
                "{\"version\":1}{}",
                "7",
                "\"x\"",
                "\u0000\u0000",
                "<html>"
            })
    void load_ofAnotherForm_isAnIOException(String text) throws IOException {
        memory.save("chat", random(new SplittableRandom(1)));
        Files.writeString(only(), text);
        assertThatIOException().isThrownBy(() -> memory.load("chat"));
    }

    @Test
    void load_nestedDeep_isAnIOException() throws IOException {
        memory.save("chat", random(new SplittableRandom(1)));
        Files.writeString(only(), "[".repeat(500_000));
        assertThatIOException().isThrownBy(() -> memory.load("chat"));
        Files.writeString(only(), "{\"a\":".repeat(100_000));
        assertThatIOException().isThrownBy(() -> memory.load("chat"));
    }

    @Test
    void load_nothing_isEmpty() throws IOException {
        assertThat(memory.load("chat")).isEmpty();
    }

    @Test
    void load_oversize_isNotRead_andSave_ofWhatWouldBe_keepsWhatThereIs() throws IOException {
        PoolMemory small = random(new SplittableRandom(1));
        memory.save("chat", small);
        Map<String, Double> numbers = new HashMap<>();
        for (int i = 0; i < 60_000; i++) {
            numbers.put("number " + i, i / 3.0);
        }
        PoolMemory large = new PoolMemory(
                Instant.EPOCH,
                1,
                List.of(),
                List.of(),
                Map.of("p", new Learned(numbers)),
                Capacity.UNKNOWN,
                List.of(),
                Optional.empty());
        assertThatIOException().isThrownBy(() -> memory.save("chat", large)).withMessageContaining("more than 1048576");
        assertThat(memory.load("chat")).contains(small);

        Files.writeString(only(), " ".repeat((1 << 20) + 1));
        assertThatIOException().isThrownBy(() -> memory.load("chat")).withMessageContaining("larger than 1048576");
    }

    @Test
    void save_diedBeforeTheMove_leavesWhatWas_andTheNextWorks() throws IOException {
        PoolMemory one = random(new SplittableRandom(1));
        PoolMemory two = random(new SplittableRandom(2));
        memory.save("chat", one);
        Path next = only().resolveSibling(only().getFileName() + ".next");
        Files.writeString(next, "{\"version\":1,\"savedAt\":\"20");
        assertThat(FileMemory.in(folder).load("chat")).contains(one);
        memory.save("chat", two);
        assertThat(memory.load("chat")).contains(two);
        assertThat(next).doesNotExist();
    }

    @Test
    void poolNames_ofAnyKind_areApartAndStayInTheFolder() throws IOException {
        List<String> names = List.of(
                "chat",
                "Chat",
                "CHAT",
                "a/b",
                "a\\b",
                "..",
                "../chat",
                "/etc/passwd",
                "a_2fb",
                "a b",
                "\u00e9",
                "\u20ac",
                "\ud83d\ude80",
                "nul\u0000",
                "line\nfeed",
                "x".repeat(1_000),
                "x".repeat(999) + "y",
                "\u20ac".repeat(400));
        Map<String, PoolMemory> all = new HashMap<>();
        for (String name : names) {
            PoolMemory each = random(new SplittableRandom(name.hashCode()));
            all.put(name, each);
            memory.save(name, each);
        }
        for (String name : names) {
            assertThat(memory.load(name)).as(name).contains(all.get(name));
        }
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files)
                    .hasSize(names.size())
                    .allMatch(file -> file.getFileName().toString().matches("[a-z0-9_~-]+\\.memory\\.json"));
        }
    }

    @Test
    void folder_thatCannotBeUsed_isAnIOException() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "x");
        assertThatIOException().isThrownBy(() -> FileMemory.in(file));
        Path gone = folder.resolve("gone");
        FileMemory lost = FileMemory.in(gone);
        Files.delete(gone);
        assertThatIOException().isThrownBy(() -> lost.save("chat", random(new SplittableRandom(1))));
        assertThat(lost.load("chat")).isEmpty();
        Files.writeString(gone, "a file where the folder was");
        assertThatIOException().isThrownBy(() -> lost.save("chat", random(new SplittableRandom(1))));
    }
}
