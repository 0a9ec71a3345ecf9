/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.kits;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.contracts.SignalSourceContract;
import io.tidegate.pool.Signal;
import io.tidegate.pool.Signal.Known;
import io.tidegate.pool.Signal.Part;
import io.tidegate.signal.spi.SignalSource;
import io.tidegate.time.TimeSource;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What the kit for sources of signals lets pass, and what it does not. */
class SignalSourceContractTest {

    /** Counts its reads; the ways to get that wrong are its subclasses. */
    static class Counting implements SignalSource {

        final TimeSource time;
        int reads;
        private int closes;

        Counting(TimeSource time) {
            this.time = time;
        }

        @Override
        public String name() {
            return "counting";
        }

        @Override
        public Map<String, Signal> read() {
            reads++;
            return Map.of("reads", signal());
        }

        Signal signal() {
            return known(List.of(part("a"), part("b")));
        }

        Signal known(List<Part> parts) {
            return new Known(reads, "reads", time.nanos(), "counting", 1, parts);
        }

        Part part(String replica) {
            return new Part(replica, true, new Known(1, "reads", time.nanos(), "counting"));
        }

        int closes() {
            return ++closes;
        }
    }

    private static Map<String, Function<TimeSource, SignalSource>> wrong() {
        Map<String, Function<TimeSource, SignalSource>> wrong = new LinkedHashMap<>();
        wrong.put("name_isShortAndStays", time -> new Counting(time) {
            @Override
            public String name() {
                return "read" + reads;
            }
        });
        wrong.put("read_givesNamedSignals", time -> new Counting(time) {
            @Override
            public Map<String, Signal> read() {
                return Map.of("two words", signal());
            }
        });
        wrong.put("read_again_givesTheSameNames", time -> new Counting(time) {
            @Override
            public Map<String, Signal> read() {
                return Map.of("read." + ++reads, signal());
            }
        });
        wrong.put("alwaysMoves_stays", time -> new Counting(time) {
            @Override
            public boolean alwaysMoves() {
                return reads % 2 == 0;
            }
        });
        wrong.put("read_signalsSayWhereTheyAreFromAndWhatLacks", time -> new Counting(time) {
            @Override
            Signal signal() {
                return new Signal.Missing("counting", "");
            }
        });
        wrong.put("read_valuesAreOfNowOrBefore", time -> new Counting(time) {
            @Override
            Signal signal() {
                return new Known(reads, "reads", 0, "counting");
            }
        });
        wrong.put("read_valuesHaveAUnit", time -> new Counting(time) {
            @Override
            Signal signal() {
                return new Known(reads, "", time.nanos(), "counting");
            }
        });
        wrong.put("read_atTheSameInstant_givesNothingImpossible", time -> new Counting(time) {
            private long last = Long.MIN_VALUE;

            @Override
            Signal signal() {
                boolean again = last == time.nanos();
                last = time.nanos();
                return again ? new Signal.Invalid("counting", "0 reads in 0 s are NaN") : super.signal();
            }
        });
        wrong.put("read_parts_areNamedOnceAndHaveNoParts", time -> new Counting(time) {
            @Override
            Signal signal() {
                return known(List.of(part("same"), part("same")));
            }
        });
        wrong.put("read_again_leavesWhatWasGivenAlone", time -> new Counting(time) {
            private final Map<String, Signal> shared = new HashMap<>();

            @Override
            public Map<String, Signal> read() {
                shared.putAll(super.read());
                return shared;
            }
        });
        wrong.put("read_onAnotherThread_answers", time -> new Counting(time) {
            @Override
            public Map<String, Signal> read() {
                if (Thread.currentThread().getName().equals("another-thread")) {
                    throw new IllegalStateException("only on the thread that made it");
                }
                return super.read();
            }
        });
        wrong.put("close_twice_isHarmless", time -> new Counting(time) {
            @Override
            public void close() {
                if (closes() > 1) {
                    throw new IllegalStateException("closed already");
                }
            }
        });
        return wrong;
    }

    /** The kit with the source under test. */
    static class OfReads extends SignalSourceContract {

        private static Function<TimeSource, SignalSource> made = Counting::new;

        @Override
        protected SignalSource source() {
            return made.apply(time);
        }
    }

    @Test
    void kit_soundSource_passes() {
        OfReads.made = Counting::new;
        Rules.areKept(SignalSourceContract.class, OfReads.class);
    }

    @TestFactory
    List<DynamicTest> kit_sourceThatBreaksARule_isFoundOutByIt() {
        assertThat(wrong().keySet()).as("something breaks each rule").isEqualTo(Rules.of(SignalSourceContract.class));
        return wrong().entrySet().stream()
                .map(each -> DynamicTest.dynamicTest(each.getKey(), () -> {
                    OfReads.made = each.getValue();
                    assertThat(Rules.broken(OfReads.class)).containsKey(each.getKey());
                }))
                .toList();
    }
}
