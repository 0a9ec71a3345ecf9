/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.alert;

import io.tidegate.alert.Alert.Severity;
import io.tidegate.alert.spi.AlertListener;
import io.tidegate.alert.spi.AlertListenerFactory;
import io.tidegate.log.BoundedLog;
import java.util.Map;
import org.slf4j.Logger;

/**
 * Writes alerts to the log of this class: a critical one that fires as an error, another as a warning, one that ends as an info. Each is
 * one line, whatever a backend or a source had to say: line breaks and control characters are escaped. Safe for many threads.
 *
 * @since 0.1.0
 */
public final class LogAlerts implements AlertListener {

    private static final Logger LOG = BoundedLog.of(LogAlerts.class);

    /** Makes it for {@code type: log}; it takes no settings. */
    public static final class Factory implements AlertListenerFactory {

        @Override
        public String type() {
            return "log";
        }

        @Override
        public AlertListener create(Map<String, String> settings) {
            if (!settings.isEmpty()) {
                throw new IllegalArgumentException("an alert listener of type log takes no settings but was given "
                        + settings.keySet().stream().sorted().toList());
            }
            return new LogAlerts();
        }
    }

    @Override
    public String name() {
        return "log";
    }

    @Override
    public void changed(Alert alert) {
        String line = line(alert);
        if (!alert.firing()) {
            LOG.info("{}", line);
        } else if (alert.severity() == Severity.CRITICAL) {
            LOG.error("{}", line);
        } else {
            LOG.warn("{}", line);
        }
    }

    static String line(Alert alert) {
        String text = "pool " + alert.pool() + ": alert " + alert.kind().code() + ' '
                + (alert.firing() ? alert.severity().code() : "resolved") + ": " + alert.what()
                + (alert.firing() ? ". To do: " + alert.todo() : "");
        StringBuilder line = new StringBuilder(text.length());
        text.codePoints().forEach(each -> {
            if (Character.isISOControl(each) || each == 0x2028 || each == 0x2029) {
                line.append(String.format("\\u%04x", each));
            } else {
                line.appendCodePoint(each);
            }
        });
        return line.toString();
    }
}
