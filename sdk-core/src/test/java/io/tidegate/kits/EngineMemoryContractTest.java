/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.kits;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.contracts.EngineMemoryContract;
import io.tidegate.engine.FileMemory;
import io.tidegate.engine.PoolMemory;
import io.tidegate.engine.spi.EngineMemory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** What the kit for memories lets pass, the one in files among it, and what it does not. */
class EngineMemoryContractTest {

    /** Keeps what is saved in a map that outlives it; the ways to get that wrong are its subclasses. */
    static class InMap implements EngineMemory {

        final Map<String, PoolMemory> kept;
        private int closes;

        InMap(Map<String, PoolMemory> kept) {
            this.kept = kept;
        }

        @Override
        public Optional<PoolMemory> load(String pool) {
            return Optional.ofNullable(kept.get(pool));
        }

        @Override
        public void save(String pool, PoolMemory memory) {
            kept.put(pool, memory);
        }

        int closes() {
            return ++closes;
        }
    }

    private static Map<String, Function<Map<String, PoolMemory>, EngineMemory>> wrong() {
        Map<String, Function<Map<String, PoolMemory>, EngineMemory>> wrong = new LinkedHashMap<>();
        wrong.put("load_nothingSaved_isEmpty", kept -> new InMap(kept) {
            @Override
            public Optional<PoolMemory> load(String pool) {
                return Optional.of(kept.get(pool));
            }
        });
        wrong.put("load_saved_isTheSame", kept -> new InMap(kept) {
            @Override
            public void save(String pool, PoolMemory memory) {
                super.save(pool, with(memory, memory.desired() + 1));
            }
        });
        wrong.put("load_savedTwice_isTheLater", kept -> new InMap(kept) {
            @Override
            public void save(String pool, PoolMemory memory) {
                kept.putIfAbsent(pool, memory);
            }
        });
        wrong.put("load_large_isTheSame", kept -> new InMap(kept) {
            @Override
            public void save(String pool, PoolMemory memory) {
                if (memory.proposals().size() < 1_000) {
                    super.save(pool, memory);
                }
            }
        });
        wrong.put("load_otherPools_areKeptApart", kept -> new InMap(kept) {
            @Override
            public Optional<PoolMemory> load(String pool) {
                return super.load("one");
            }

            @Override
            public void save(String pool, PoolMemory memory) {
                super.save("one", memory);
            }
        });
        wrong.put("load_openedAgain_isTheSame", kept -> new InMap(new HashMap<>()));
        wrong.put("load_endedWithoutClose_isTheSame", kept -> new InMap(new HashMap<>(kept)) {
            @Override
            public void close() {
                kept.putAll(this.kept);
            }
        });
        wrong.put("load_onAnotherThread_isTheSame", kept -> new InMap(kept) {
            @Override
            public Optional<PoolMemory> load(String pool) {
                return Thread.currentThread().getName().equals("another-thread") ? Optional.empty() : super.load(pool);
            }
        });
        wrong.put("close_twice_isHarmless", kept -> new InMap(kept) {
            @Override
            public void close() {
                if (closes() > 1) {
                    throw new IllegalStateException("closed already");
                }
            }
        });
        return wrong;
    }

    private static PoolMemory with(PoolMemory memory, int desired) {
        return new PoolMemory(
                memory.savedAt(),
                desired,
                memory.proposals(),
                memory.changes(),
                memory.learned(),
                memory.capacity(),
                memory.timesToReady(),
                memory.override());
    }

    /** The kit with the memory under test. */
    static class OfMap extends EngineMemoryContract {

        private static Function<Map<String, PoolMemory>, EngineMemory> made = InMap::new;

        private final Map<String, PoolMemory> kept = new HashMap<>();

        @Override
        protected EngineMemory open() {
            return made.apply(kept);
        }
    }

    @Nested
    class OfFiles extends EngineMemoryContract {

        @TempDir
        private Path folder;

        private Path own;

        @BeforeEach
        void ownFolder() {
            own = folder.resolve("memory");
        }

        @Override
        protected EngineMemory open() throws IOException {
            return FileMemory.in(own);
        }
    }

    @Test
    void kit_soundMemory_passes() {
        OfMap.made = InMap::new;
        Rules.areKept(EngineMemoryContract.class, OfMap.class);
    }

    @TestFactory
    List<DynamicTest> kit_memoryThatBreaksARule_isFoundOutByIt() {
        assertThat(wrong().keySet()).as("something breaks each rule").isEqualTo(Rules.of(EngineMemoryContract.class));
        return wrong().entrySet().stream()
                .map(each -> DynamicTest.dynamicTest(each.getKey(), () -> {
                    OfMap.made = each.getValue();
                    assertThat(Rules.broken(OfMap.class)).containsKey(each.getKey());
                }))
                .toList();
    }
}
