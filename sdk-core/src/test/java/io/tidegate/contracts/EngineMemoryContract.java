/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.contracts;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidegate.engine.PoolMemory;
import io.tidegate.engine.spi.EngineMemory;
import io.tidegate.policy.Learned;
import io.tidegate.pool.Capacity;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/**
 * What every memory of the engine keeps to. Extend it and say how one is opened.
 *
 * @since 0.1.0
 */
public abstract class EngineMemoryContract {

    /** Opens the memory; within one test always the same, for each test an empty one. */
    protected abstract EngineMemory open() throws Exception;

    private static PoolMemory memory(int desired) {
        return new PoolMemory(
                Instant.parse("2026-03-02T08:00:00.123456789Z"),
                desired,
                List.of(
                        new PoolMemory.Wanted(Duration.ofMinutes(3), desired),
                        new PoolMemory.Wanted(Duration.ofNanos(1), 7)),
                List.of(new PoolMemory.Changed(Duration.ofMinutes(2), 4, desired)),
                Map.of("backlog", new Learned(Map.of("level \"x\"\n\u20ac", -1e-300)), "empty", Learned.NOTHING),
                new Capacity(1_200.5, Double.NaN, 12),
                List.of(Duration.ofSeconds(90)),
                Optional.empty());
    }

    /** Entries of each kind that a large memory has: 3,000, some 200 KiB; fewer where a memory's store holds less, and then it says so. */
    protected int entriesOfLarge() {
        return 3_000;
    }

    private PoolMemory large() {
        int entries = entriesOfLarge();
        List<PoolMemory.Wanted> wanted = new ArrayList<>();
        Map<String, Double> numbers = new HashMap<>();
        for (int i = 0; i < entries; i++) {
            wanted.add(new PoolMemory.Wanted(Duration.ofMillis(entries - i), i));
            numbers.put("number." + i, i * 1.1);
        }
        PoolMemory small = memory(3);
        return new PoolMemory(
                small.savedAt(),
                3,
                wanted,
                small.changes(),
                Map.of("policy", new Learned(numbers)),
                Capacity.UNKNOWN,
                List.of(),
                Optional.empty());
    }

    @Nested
    class Keeping {

        @Test
        void load_nothingSaved_isEmpty() throws Exception {
            try (EngineMemory memory = open()) {
                assertEquals(Optional.empty(), memory.load("chat"));
            }
        }

        @Test
        void load_saved_isTheSame() throws Exception {
            try (EngineMemory memory = open()) {
                memory.save("chat", memory(5));
                assertEquals(Optional.of(memory(5)), memory.load("chat"));
            }
        }

        @Test
        void load_savedTwice_isTheLater() throws Exception {
            try (EngineMemory memory = open()) {
                memory.save("chat", large());
                memory.save("chat", memory(6));
                assertEquals(Optional.of(memory(6)), memory.load("chat"));
            }
        }

        @Test
        void load_large_isTheSame() throws Exception {
            try (EngineMemory memory = open()) {
                memory.save("chat", large());
                assertEquals(Optional.of(large()), memory.load("chat"));
            }
        }

        @Test
        void load_otherPools_areKeptApart() throws Exception {
            try (EngineMemory memory = open()) {
                List<String> pools = List.of("chat", "chat-2", "a.b_c", "x".repeat(63));
                for (int i = 0; i < pools.size(); i++) {
                    memory.save(pools.get(i), memory(i));
                }
                for (int i = 0; i < pools.size(); i++) {
                    assertEquals(Optional.of(memory(i)), memory.load(pools.get(i)), pools.get(i));
                }
                assertTrue(memory.load("other").isEmpty());
            }
        }
    }

    @Nested
    class Restart {

        @Test
        void load_openedAgain_isTheSame() throws Exception {
            try (EngineMemory memory = open()) {
                memory.save("chat", memory(5));
            }
            try (EngineMemory memory = open()) {
                assertEquals(Optional.of(memory(5)), memory.load("chat"));
            }
        }

        @Test
        void load_endedWithoutClose_isTheSame() throws Exception {
            // A crash closes nothing: what save() has returned for is kept.
            EngineMemory crashed = open();
            try {
                crashed.save("chat", memory(5));
                try (EngineMemory memory = open()) {
                    assertEquals(Optional.of(memory(5)), memory.load("chat"));
                }
            } finally {
                crashed.close();
            }
        }

        @Test
        void load_onAnotherThread_isTheSame() throws Exception {
            try (EngineMemory memory = open()) {
                memory.save("chat", memory(5));
                assertEquals(Optional.of(memory(5)), Kit.elsewhere(() -> memory.load("chat")));
            }
        }

        @Test
        void close_twice_isHarmless() throws Exception {
            EngineMemory memory = open();
            memory.save("chat", memory(5));
            assertDoesNotThrow(memory::close);
            assertDoesNotThrow(memory::close);
        }
    }
}
