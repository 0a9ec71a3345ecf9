/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.alert.Alert;
import io.tidegate.alert.spi.AlertListener;
import io.tidegate.log.BoundedLog;
import io.tidegate.plugin.Bulkhead;
import io.tidegate.plugin.PluginRefusedException;
import io.tidegate.plugin.PluginRefusedException.Reason;
import io.tidegate.plugin.PluginStatus;
import io.tidegate.plugin.PluginStatus.Kind;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Tells listeners of alerts, away from the engine's thread: each one alert at a time and in their order, none waiting for another.
 *
 * <p>Each listener is behind a bulkhead of its own, with one place: one that hangs is interrupted after 2 s, and told nothing more until
 * it has returned; one that fails several times in a row is left alone for a while. Alerts that it was told and did not take are gone.
 * Those that it was not told, since it is left alone, wait and are tried again every second.
 *
 * <p>Safe for many threads.
 */
final class AlertDeliveries implements AutoCloseable {

    private static final Logger LOG = BoundedLog.of(Engine.class);

    /** Most alerts that wait for one listener; of more the oldest are dropped. */
    static final int WAITING = 256;

    /** After which a listener that could not be told is tried again. */
    static final Duration RETRY = Duration.ofSeconds(1);

    private final TimeSource time;
    private final List<Mailbox> mailboxes = new ArrayList<>();

    AlertDeliveries(List<AlertListener> listeners, TimeSource time, Executor executor) {
        this.time = time;
        listeners.forEach(listener -> mailboxes.add(new Mailbox(listener, executor)));
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

    /** How each listener does. */
    List<PluginStatus> statuses() {
        return mailboxes.stream().map(mailbox -> mailbox.bulkhead.status()).toList();
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

    /** Interrupts what is under way and tells nobody any more. */
    @Override
    public void close() {
        mailboxes.forEach(mailbox -> mailbox.bulkhead.close());
    }

    /** What waits for one listener. The lock guards the queue and whether the listener is being told; nothing foreign runs under it. */
    private final class Mailbox {

        private final AlertListener listener;
        private final String name;
        private final Bulkhead bulkhead;
        private final LongAdder failed = new LongAdder();
        private final LongAdder dropped = new LongAdder();
        private final AtomicBoolean retrying = new AtomicBoolean();

        /** Calls of {@link #deliver} not yet answered. Who takes it from 0 delivers for all, so that no answer nests in another. */
        private final AtomicInteger work = new AtomicInteger();

        private final Object lock = new Object();
        private final ArrayDeque<Alert> waiting = new ArrayDeque<>();
        private boolean underWay;

        /** Only by who answers, one after the other. */
        private boolean failing;

        Mailbox(AlertListener listener, Executor executor) {
            this.listener = listener;
            this.name = nameOf(listener);
            // With a second place it would be told one alert while it hangs in another.
            this.bulkhead = Bulkhead.builder(name, Kind.ALERT_LISTENER, time, executor)
                    .places(1)
                    .build();
        }

        void put(Alert alert) {
            boolean full;
            synchronized (lock) {
                full = waiting.size() >= WAITING;
                if (full) {
                    waiting.pollFirst();
                }
                waiting.addLast(alert);
            }
            if (full) {
                dropped.increment();
            }
            deliver();
        }

        private void deliver() {
            if (work.getAndIncrement() != 0) {
                return;
            }
            int seen = 1;
            do {
                Alert next = next();
                if (next != null) {
                    bulkhead.call(() -> told(next), (nothing, failure) -> answered(next, failure));
                }
                seen = work.addAndGet(-seen);
            } while (seen != 0);
        }

        private @Nullable Alert next() {
            synchronized (lock) {
                if (underWay) {
                    return null;
                }
                Alert next = waiting.pollFirst();
                underWay = next != null;
                return next;
            }
        }

        private @Nullable Void told(Alert alert) throws Exception {
            listener.changed(alert);
            return null;
        }

        private void answered(Alert alert, @Nullable Throwable failure) {
            boolean later = false;
            if (failure instanceof PluginRefusedException why) {
                later = why.reason() != Reason.ENDED;
                if (!later || !putBack(alert)) {
                    dropped.increment();
                }
            } else if (failure != null) {
                failed(failure);
            } else if (failing) {
                failing = false;
                LOG.info("alert listener {} works again", name);
            }
            synchronized (lock) {
                underWay = false;
            }
            if (later) {
                retryLater();
            } else {
                deliver();
            }
        }

        /** Where it was; as the oldest it is the first to go if there is no room. */
        private boolean putBack(Alert alert) {
            synchronized (lock) {
                boolean room = waiting.size() < WAITING;
                if (room) {
                    waiting.addFirst(alert);
                }
                return room;
            }
        }

        private void failed(Throwable failure) {
            failed.increment();
            if (!failing) {
                failing = true;
                LOG.warn("alert listener {} failed; further failures are only counted", name, failure);
            }
        }

        /** What waits is told with the next alert, or then. */
        private void retryLater() {
            if (retrying.compareAndSet(false, true)) {
                try {
                    time.schedule(RETRY.toNanos(), () -> {
                        retrying.set(false);
                        deliver();
                    });
                } catch (RuntimeException e) {
                    retrying.set(false);
                    LOG.debug("alert listener {} is tried again with the next alert only", name, e);
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
