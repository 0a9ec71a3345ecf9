/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.alert.Alert;
import io.tidegate.alert.spi.AlertListener;
import io.tidegate.log.BoundedLog;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Tells listeners of alerts, away from the engine's thread: each one alert at a time and in their order, none waiting for another. Safe
 * for many threads.
 */
final class AlertDeliveries {

    private static final Logger LOG = BoundedLog.of(Engine.class);

    /** Most alerts that wait for one listener; of more the oldest are dropped. */
    static final int WAITING = 256;

    private final Executor executor;
    private final List<Mailbox> mailboxes = new ArrayList<>();

    AlertDeliveries(List<AlertListener> listeners, Executor executor) {
        this.executor = executor;
        listeners.forEach(listener -> mailboxes.add(new Mailbox(listener)));
    }

    void tell(Alert alert) {
        mailboxes.forEach(mailbox -> mailbox.put(alert));
    }

    /** Names of the listeners. */
    Set<String> names() {
        Set<String> names = new LinkedHashSet<>();
        mailboxes.forEach(mailbox -> names.add(mailbox.name));
        return names;
    }

    /** Alerts that listeners of that name failed to take. */
    long failed(String name) {
        return mailboxes.stream()
                .filter(mailbox -> mailbox.name.equals(name))
                .mapToLong(mailbox -> mailbox.failed.sum())
                .sum();
    }

    /** Alerts that listeners of that name were never told, because they were too slow. */
    long dropped(String name) {
        return mailboxes.stream()
                .filter(mailbox -> mailbox.name.equals(name))
                .mapToLong(mailbox -> mailbox.dropped.sum())
                .sum();
    }

    /** What waits for one listener. The lock guards the queue and whether somebody empties it; the listener is called without it. */
    private final class Mailbox {

        private final AlertListener listener;
        private final String name;
        private final Object lock = new Object();
        private final ArrayDeque<Alert> waiting = new ArrayDeque<>();
        private final LongAdder failed = new LongAdder();
        private final LongAdder dropped = new LongAdder();
        private boolean emptying;

        /** Only by who empties, one after the other. */
        private boolean failing;

        Mailbox(AlertListener listener) {
            this.listener = listener;
            this.name = nameOf(listener);
        }

        void put(Alert alert) {
            boolean full;
            boolean idle;
            synchronized (lock) {
                full = waiting.size() >= WAITING;
                if (full) {
                    waiting.pollFirst();
                }
                waiting.addLast(alert);
                idle = !emptying;
                emptying = true;
            }
            if (full) {
                dropped.increment();
            }
            if (idle) {
                try {
                    executor.execute(this::empty);
                } catch (RuntimeException e) {
                    // It is told with the next, if there is one.
                    LOG.debug("an executor refused to tell alert listener {}", name, e);
                    synchronized (lock) {
                        emptying = false;
                    }
                }
            }
        }

        private void empty() {
            Alert next = next();
            while (next != null) {
                tell(next);
                next = next();
            }
        }

        private @Nullable Alert next() {
            synchronized (lock) {
                Alert next = waiting.pollFirst();
                emptying = next != null;
                return next;
            }
        }

        private void tell(Alert alert) {
            try {
                listener.changed(alert);
                if (failing) {
                    failing = false;
                    LOG.info("alert listener {} works again", name);
                }
            } catch (Exception | Error e) {
                failed.increment();
                if (e instanceof InterruptedException) {
                    Thread.currentThread().interrupt();
                }
                if (!failing) {
                    failing = true;
                    LOG.warn("alert listener {} failed; further failures are only counted", name, e);
                }
            }
        }
    }

    private static String nameOf(AlertListener listener) {
        try {
            String name = listener.name();
            return name == null || name.isBlank() ? listener.getClass().getName() : name;
        } catch (RuntimeException | Error e) {
            LOG.warn("an alert listener has no name, its class stands for it", e);
            return listener.getClass().getName();
        }
    }
}
