/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.kits;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.contracts.LedgerContract;
import io.tidegate.ledger.Entry;
import io.tidegate.ledger.FileLedger;
import io.tidegate.ledger.Ledger;
import io.tidegate.ledger.Recovered;
import io.tidegate.ledger.ScaleEvent;
import io.tidegate.time.ManualTime;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** What the kit for ledgers lets pass, the one in a file among it, and what it does not. */
class LedgerContractTest {

    /** Keeps entries in a list that outlives it; the ways to get that wrong are its subclasses. */
    static class InList implements Ledger {

        final List<Entry> kept;
        final Recovered recovered;
        private boolean closed;

        InList(List<Entry> kept) {
            this.kept = kept;
            this.recovered = recover(kept);
        }

        static Recovered recover(List<Entry> kept) {
            Map<String, Long> last = new HashMap<>();
            Map<String, ScaleEvent> open = new LinkedHashMap<>();
            for (Entry entry : kept) {
                if (entry instanceof Entry.Decided decided) {
                    last.merge(decided.pool(), decided.decision().id(), Math::max);
                } else if (entry instanceof Entry.Stepped stepped) {
                    ScaleEvent event = stepped.event();
                    String key = event.pool() + '/' + event.id();
                    if (event.open()) {
                        open.put(key, event);
                    } else {
                        open.remove(key);
                    }
                }
            }
            return new Recovered(last, List.copyOf(open.values()));
        }

        @Override
        public CompletableFuture<Void> append(Entry entry) {
            if (closed) {
                return CompletableFuture.failedFuture(new IllegalStateException("closed"));
            }
            kept.add(entry);
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public Recovered recovered() {
            return recovered;
        }

        boolean closed() {
            return closed;
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    private static String what(Entry entry) {
        return entry instanceof Entry.Alerted alerted ? alerted.what() : "";
    }

    private static Map<String, Function<List<Entry>, Ledger>> wrong() {
        Map<String, Function<List<Entry>, Ledger>> wrong = new LinkedHashMap<>();
        wrong.put("append_each_isKept", kept -> new InList(kept) {
            @Override
            public CompletableFuture<Void> append(Entry entry) {
                return entry instanceof Entry.Overridden overridden
                                && overridden.said().isEmpty()
                        ? CompletableFuture.failedFuture(new IllegalStateException("nothing was said"))
                        : super.append(entry);
            }
        });
        wrong.put("append_many_areKeptInTheirOrder", kept -> new InList(kept) {
            private final CompletableFuture<Void> held = new CompletableFuture<>();

            @Override
            public CompletableFuture<Void> append(Entry entry) {
                if (what(entry).equals("number 5")) {
                    return held;
                }
                if (what(entry).equals("number 7")) {
                    held.complete(null);
                }
                return super.append(entry);
            }
        });
        wrong.put("append_oddAndLongTexts_throwsNothingAndEnds", kept -> new InList(kept) {
            @Override
            public CompletableFuture<Void> append(Entry entry) {
                if (what(entry).length() > 100_000) {
                    throw new IllegalArgumentException("too long");
                }
                return super.append(entry);
            }
        });
        wrong.put("recovered_nothingWritten_isNothing", kept -> new InList(kept) {
            @Override
            public Recovered recovered() {
                return kept.isEmpty() ? new Recovered(Map.of("chat", 0L), List.of()) : super.recovered();
            }
        });
        wrong.put("recovered_openedAgain_hasOpenEventsWithTheirSteps", kept -> new InList(kept) {
            @Override
            public Recovered recovered() {
                return new Recovered(
                        super.recovered().lastDecisions(),
                        super.recovered().open().stream()
                                .map(event -> new ScaleEvent(
                                        event.id(),
                                        event.pool(),
                                        event.decisionId(),
                                        event.from(),
                                        event.to(),
                                        event.cause(),
                                        event.steps().subList(0, 1)))
                                .toList());
            }
        });
        wrong.put("recovered_openedAgain_hasNoEventThatEnded", kept -> new InList(kept) {
            @Override
            public CompletableFuture<Void> append(Entry entry) {
                boolean superseded = entry instanceof Entry.Stepped stepped
                        && stepped.event().phase() == ScaleEvent.Phase.SUPERSEDED;
                return superseded ? CompletableFuture.completedFuture(null) : super.append(entry);
            }
        });
        wrong.put("recovered_openedAgain_hasTheLastDecisionOfEachPool", kept -> new InList(kept) {
            @Override
            public Recovered recovered() {
                Map<String, Long> all = new HashMap<>();
                long most = super.recovered().lastDecisions().values().stream()
                        .mapToLong(Long::longValue)
                        .max()
                        .orElse(0);
                super.recovered().lastDecisions().keySet().forEach(pool -> all.put(pool, most));
                return new Recovered(all, super.recovered().open());
            }
        });
        wrong.put("recovered_openedThrice_forgetsNothing", kept -> new InList(kept) {
            @Override
            public void close() {
                super.close();
                if (!recovered.lastDecisions().isEmpty()) {
                    kept.clear();
                }
            }
        });
        wrong.put("recovered_afterAppend_isStillOfBefore", kept -> new InList(kept) {
            @Override
            public Recovered recovered() {
                return recover(kept);
            }
        });
        wrong.put("close_endsWhatWasTaken", kept -> new InList(kept) {
            @Override
            public CompletableFuture<Void> append(Entry entry) {
                CompletableFuture<Void> done = super.append(entry);
                return what(entry).equals("waiting 199") ? new CompletableFuture<>() : done;
            }
        });
        wrong.put("close_twice_isHarmless", kept -> new InList(kept) {
            @Override
            public void close() {
                if (closed()) {
                    throw new IllegalStateException("closed already");
                }
                super.close();
            }
        });
        wrong.put("append_afterClose_failsAndThrowsNothing", kept -> new InList(kept) {
            @Override
            public CompletableFuture<Void> append(Entry entry) {
                if (closed()) {
                    throw new IllegalStateException("closed");
                }
                return super.append(entry);
            }
        });
        return wrong;
    }

    /** The kit with the ledger under test. */
    static class OfList extends LedgerContract {

        private static Function<List<Entry>, Ledger> made = InList::new;

        private final List<Entry> kept = new ArrayList<>();

        @Override
        protected Ledger open() {
            return made.apply(kept);
        }
    }

    @Nested
    class OfAFile extends LedgerContract {

        @TempDir
        private Path folder;

        @Override
        protected Ledger open() {
            return FileLedger.builder(folder.resolve("ledger.jsonl"))
                    .time(new ManualTime())
                    .open();
        }
    }

    @Test
    void kit_soundLedger_passes() {
        OfList.made = InList::new;
        Rules.areKept(LedgerContract.class, OfList.class);
    }

    @TestFactory
    List<DynamicTest> kit_ledgerThatBreaksARule_isFoundOutByIt() {
        assertThat(wrong().keySet()).as("something breaks each rule").isEqualTo(Rules.of(LedgerContract.class));
        return wrong().entrySet().stream()
                .map(each -> DynamicTest.dynamicTest(each.getKey(), () -> {
                    OfList.made = each.getValue();
                    assertThat(Rules.broken(OfList.class)).containsKey(each.getKey());
                }))
                .toList();
    }
}
