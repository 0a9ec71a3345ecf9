/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.kits;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.alert.Alert;
import io.tidegate.alert.Alert.Severity;
import io.tidegate.alert.AlertKind;
import io.tidegate.alert.LogAlerts;
import io.tidegate.alert.spi.AlertListener;
import io.tidegate.contracts.AlertListenerContract;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What the kit for listeners to alerts lets pass, the one to the log among it, and what it does not. */
class AlertListenerContractTest {

    /** Counts what it is told; the ways to get that wrong are its subclasses. */
    static class Counting implements AlertListener {

        int told;
        private int closes;

        @Override
        public String name() {
            return "counting";
        }

        @Override
        public void changed(Alert alert) throws Exception {
            told++;
        }

        int closes() {
            return ++closes;
        }
    }

    private static Map<String, Supplier<AlertListener>> wrong() {
        Map<String, Supplier<AlertListener>> wrong = new LinkedHashMap<>();
        wrong.put("name_isShortAndStays", () -> new Counting() {
            @Override
            public String name() {
                return "counting-" + told;
            }
        });
        wrong.put("changed_firingOfEachKindAndSeverity_isTaken", () -> new Counting() {
            @Override
            public void changed(Alert alert) {
                if (alert.firing()
                        && alert.kind() == AlertKind.LEDGER_FAILING
                        && alert.severity() == Severity.WARNING) {
                    throw new IllegalArgumentException("no such alert");
                }
            }
        });
        wrong.put("changed_endedOfEachKindAndSeverity_isTaken", () -> new Counting() {
            private final Set<AlertKind> firing = EnumSet.noneOf(AlertKind.class);

            @Override
            public void changed(Alert alert) {
                if (alert.firing()) {
                    firing.add(alert.kind());
                } else if (!firing.contains(alert.kind())) {
                    throw new IllegalStateException("it does not fire");
                }
            }
        });
        wrong.put("changed_oddTexts_areTaken", () -> new Counting() {
            @Override
            public void changed(Alert alert) throws CharacterCodingException {
                StandardCharsets.UTF_8.newEncoder().encode(java.nio.CharBuffer.wrap(alert.what()));
            }
        });
        wrong.put("changed_longTexts_areTaken", () -> new Counting() {
            @Override
            public void changed(Alert alert) throws IOException {
                if (alert.what().length() > 40_000) {
                    throw new IOException("the page is too long");
                }
            }
        });
        wrong.put("changed_sameTwice_isHarmless", () -> new Counting() {
            private boolean firing;

            @Override
            public void changed(Alert alert) {
                if (alert.kind() == AlertKind.MAX_REACHED && alert.firing() && firing) {
                    throw new IllegalStateException("it fires already");
                }
                firing = alert.firing();
            }
        });
        wrong.put("changed_onAnotherThread_isTaken", () -> new Counting() {
            @Override
            public void changed(Alert alert) {
                if (Thread.currentThread().getName().equals("another-thread")) {
                    throw new IllegalStateException("only on the thread that made it");
                }
            }
        });
        wrong.put("close_twice_isHarmless", () -> new Counting() {
            @Override
            public void close() {
                if (closes() > 1) {
                    throw new IllegalStateException("closed already");
                }
            }
        });
        return wrong;
    }

    /** The kit with the listener under test. */
    static class OfCounting extends AlertListenerContract {

        private static Supplier<AlertListener> made = Counting::new;

        @Override
        protected AlertListener listener() {
            return made.get();
        }
    }

    @Nested
    class OfTheLog extends AlertListenerContract {

        @Override
        protected AlertListener listener() {
            return new LogAlerts();
        }
    }

    @Test
    void kit_soundListener_passes() {
        OfCounting.made = Counting::new;
        Rules.areKept(AlertListenerContract.class, OfCounting.class);
    }

    @TestFactory
    List<DynamicTest> kit_listenerThatBreaksARule_isFoundOutByIt() {
        assertThat(wrong().keySet()).as("something breaks each rule").isEqualTo(Rules.of(AlertListenerContract.class));
        return wrong().entrySet().stream()
                .map(each -> DynamicTest.dynamicTest(each.getKey(), () -> {
                    OfCounting.made = each.getValue();
                    assertThat(Rules.broken(OfCounting.class)).containsKey(each.getKey());
                }))
                .toList();
    }
}
