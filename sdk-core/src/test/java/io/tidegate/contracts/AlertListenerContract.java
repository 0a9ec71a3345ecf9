/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.contracts;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidegate.alert.Alert;
import io.tidegate.alert.Alert.Severity;
import io.tidegate.alert.AlertKind;
import io.tidegate.alert.spi.AlertListener;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/**
 * What every listener to alerts keeps to. Extend it and say how one is made; whom it tells must answer.
 *
 * @since 0.1.0
 */
public abstract class AlertListenerContract {

    private static final Instant SINCE = Instant.parse("2026-03-02T08:00:00.123456789Z");

    /** A new listener that can tell whom it tells. */
    protected abstract AlertListener listener() throws Exception;

    private static Alert alert(AlertKind kind, boolean firing, Severity severity, String what, String todo) {
        return new Alert(kind, "chat", firing, severity, SINCE, SINCE.plusSeconds(firing ? 0 : 90), what, todo);
    }

    private static Alert alert(boolean firing) {
        return alert(AlertKind.MAX_REACHED, firing, Severity.WARNING, "12 wanted, 8 allowed", "raise maxReplicas");
    }

    /** Tells it in time, as the engine does from whatever thread. */
    private static void tell(AlertListener listener, Alert alert) {
        Kit.inTime(
                () -> {
                    listener.changed(alert);
                    return true;
                },
                "changed() of " + alert);
    }

    @Nested
    class Names {

        @Test
        void name_isShortAndStays() throws Exception {
            try (AlertListener listener = listener()) {
                String name = listener.name();
                Kit.isShortText(name);
                tell(listener, alert(true));
                assertEquals(name, listener.name());
            }
        }
    }

    @Nested
    class Telling {

        @Test
        void changed_firingOfEachKindAndSeverity_isTaken() throws Exception {
            try (AlertListener listener = listener()) {
                for (AlertKind kind : AlertKind.values()) {
                    for (Severity severity : Severity.values()) {
                        tell(listener, alert(kind, true, severity, "what of " + kind, "todo"));
                    }
                }
            }
        }

        @Test
        void changed_endedOfEachKindAndSeverity_isTaken() throws Exception {
            // Of some it was never told that they fire: those alerts were dropped, or it was not there yet.
            try (AlertListener listener = listener()) {
                for (AlertKind kind : AlertKind.values()) {
                    for (Severity severity : Severity.values()) {
                        tell(listener, alert(kind, false, severity, "what of " + kind, ""));
                    }
                }
            }
        }

        @Test
        void changed_oddTexts_areTaken() throws Exception {
            // What a backend or a source had to say may be in them.
            List<String> odd = new ArrayList<>(List.of(
                    "",
                    " ",
                    "a\r\nb\tc",
                    "\0\u001b[31m\u2028\u0085\ufeff",
                    "\"quoted\" \\ {} %s ${x} <b>",
                    "\u00fc \u6f22 \ud83d\ude80",
                    "half a pair \ud800 and \udc00"));
            try (AlertListener listener = listener()) {
                for (String text : odd) {
                    tell(listener, alert(AlertKind.SCALING_FAILING, true, Severity.CRITICAL, text, text));
                }
            }
        }

        @Test
        void changed_longTexts_areTaken() throws Exception {
            try (AlertListener listener = listener()) {
                String text = "no H100 left. ".repeat(5_000);
                tell(listener, alert(AlertKind.CAPACITY_EXHAUSTED, true, Severity.CRITICAL, text, text));
            }
        }

        @Test
        void changed_sameTwice_isHarmless() throws Exception {
            try (AlertListener listener = listener()) {
                for (boolean firing : new boolean[] {true, false}) {
                    tell(listener, alert(firing));
                    tell(listener, alert(firing));
                }
            }
        }

        @Test
        void changed_onAnotherThread_isTaken() throws Exception {
            try (AlertListener listener = listener()) {
                Kit.elsewhere(() -> {
                    listener.changed(alert(true));
                    return true;
                });
            }
        }
    }

    @Nested
    class Use {

        @Test
        void close_twice_isHarmless() throws Exception {
            AlertListener listener = listener();
            tell(listener, alert(true));
            assertDoesNotThrow(listener::close);
            assertDoesNotThrow(listener::close);
        }
    }
}
