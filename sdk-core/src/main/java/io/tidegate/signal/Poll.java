/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signal;

import io.tidegate.log.BoundedLog;
import io.tidegate.plugin.Bulkhead;
import io.tidegate.plugin.PluginRefusedException;
import io.tidegate.plugin.PluginRefusedException.Reason;
import io.tidegate.pool.Signal;
import io.tidegate.signal.spi.SignalSource;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * One source of a board and what it last said.
 *
 * <p>Whoever turned {@code reading} to true owns the writing of {@code state} and {@code movement} until it turns it back; anybody
 * reads {@code state}.
 */
final class Poll {

    private static final Logger LOG = BoundedLog.of(Poll.class);

    private static final int MOST_SIGNALS = 1000;
    private static final int LONGEST_REASON = 300;

    /** Clocks of one process that are read on two processors may differ a little; another clock differs by far more. */
    private static final long FUTURE_NANOS = Duration.ofMillis(10).toNanos();

    private final String name;
    private final SignalSource source;
    private final Duration period;
    private final Duration staleAfter;
    private final @Nullable Movement movement;
    private final TimeSource time;
    private final Bulkhead bulkhead;
    private final BooleanSupplier closed;
    private final AtomicBoolean reading = new AtomicBoolean();
    private volatile long readingSinceNanos;
    private volatile State state;

    /**
     * What is known of the source.
     *
     * @param answered whether it has ever; until then the only signal is that of its absence
     * @param frozen why its values are taken for frozen; empty if they are not
     */
    record State(
            Map<String, Signal> signals,
            boolean answered,
            long answeredNanos,
            long failures,
            String frozen,
            long timesFrozen) {}

    Poll(
            String name,
            SignalSource source,
            Duration period,
            Duration staleAfter,
            @Nullable Movement movement,
            TimeSource time,
            Bulkhead bulkhead,
            BooleanSupplier closed) {
        this.name = name;
        this.source = source;
        this.period = period;
        this.staleAfter = staleAfter;
        this.movement = movement;
        this.time = time;
        this.bulkhead = bulkhead;
        this.closed = closed;
        // Not absent: what has not been heard of yet must not look complete.
        this.state = new State(missing("not read yet"), false, 0, 0, "", 0);
    }

    private Map<String, Signal> missing(String reason) {
        return Map.of(name, new Signal.Missing(name, reason));
    }

    String name() {
        return name;
    }

    State state() {
        return state;
    }

    /** A signal of that state as it is to be read now. */
    Signal asOf(long now, State of, Signal signal) {
        Signal aged = signal.notOlderThan(staleAfter, now);
        if (of.frozen().isEmpty() || !(aged instanceof Signal.Known known)) {
            return aged;
        }
        return new Signal.Stale(known.source(), Duration.ofNanos(Math.max(0, now - known.atNanos())), of.frozen());
    }

    SourceStatus status(long now) {
        State seen = state;
        long since = readingSinceNanos;
        return new SourceStatus(
                name,
                seen.answered() ? Duration.ofNanos(Math.max(0, now - seen.answeredNanos())) : null,
                seen.failures(),
                reading.get() ? Duration.ofNanos(Math.max(0, now - since)) : Duration.ZERO,
                seen.frozen(),
                seen.timesFrozen(),
                bulkhead.status());
    }

    void run() {
        if (closed.getAsBoolean()) {
            return;
        }
        time.schedule(period.toNanos(), this::run);
        if (reading.compareAndSet(false, true)) {
            readingSinceNanos = time.nanos();
            bulkhead.call(() -> checked(source.read()), this::read);
        }
    }

    private void read(@Nullable Map<String, Signal> signals, @Nullable Throwable failure) {
        try {
            if (closed.getAsBoolean()) {
                return;
            }
            if (signals != null) {
                answered(signals);
            } else if (failure instanceof PluginRefusedException refused) {
                refused(refused);
            } else {
                failed(Objects.requireNonNull(failure));
            }
        } catch (RuntimeException | Error e) {
            failed(e);
        } finally {
            reading.set(false);
        }
    }

    /** It was not read, and by that no worse than before; but why there is nothing must be told from the first. */
    private void refused(PluginRefusedException refused) {
        State before = state;
        if (refused.reason() == Reason.NO_THREAD) {
            failed(refused);
        } else if (!before.answered() && before.failures() == 0) {
            state = new State(missing(reason(refused)), false, 0, 0, "", 0);
        }
    }

    private Map<String, Signal> checked(@Nullable Map<String, Signal> read) {
        if (read == null) {
            throw new IllegalStateException("it gave null and not a map of signals");
        }
        // After the read, so that nothing measured in it can be of the future.
        long now = time.nanos();
        Map<String, Signal> checked = new LinkedHashMap<>();
        read.forEach((each, signal) -> {
            if (each == null || signal == null) {
                throw new IllegalStateException("it gave null under the name " + each);
            }
            if (checked.size() == MOST_SIGNALS) {
                throw new IllegalStateException("it gave more than " + MOST_SIGNALS + " signals");
            }
            checked.put(each, notOfTheFuture(signal, now));
        });
        return Map.copyOf(checked);
    }

    private static Signal notOfTheFuture(Signal signal, long now) {
        if (signal instanceof Signal.Known known && known.atNanos() - now > FUTURE_NANOS) {
            return new Signal.Invalid(
                    known.source(),
                    "measured " + Duration.ofNanos(known.atNanos() - now) + " from now, so by another clock");
        }
        return signal;
    }

    private void answered(Map<String, Signal> signals) {
        State before = state;
        String frozen = movement != null && source.alwaysMoves() ? movement.see(signals) : "";
        boolean freezes = !frozen.isEmpty() && before.frozen().isEmpty();
        state = new State(signals, true, time.nanos(), 0, frozen, before.timesFrozen() + (freezes ? 1 : 0));
        if (before.failures() > 0) {
            LOG.info("signal source {} answers again", name);
        }
        if (freezes) {
            LOG.warn("signal source {} {}; its signals read as stale until a value moves", name, frozen);
        } else if (frozen.isEmpty() && !before.frozen().isEmpty()) {
            LOG.info("signal source {} moves again", name);
        }
    }

    private void failed(Throwable failure) {
        State before = state;
        state = new State(
                before.answered() ? before.signals() : missing(reason(failure)),
                before.answered(),
                before.answeredNanos(),
                before.failures() + 1,
                before.frozen(),
                before.timesFrozen());
        if (before.failures() == 0) {
            LOG.warn("signal source {} failed; its signals grow stale", name, failure);
        }
    }

    /** Bounded, since it may quote a whole page. */
    private static String reason(Throwable failure) {
        String said = failure.getMessage();
        if (said == null) {
            return failure.toString();
        }
        return said.length() > LONGEST_REASON ? said.substring(0, LONGEST_REASON) + "…" : said;
    }

    void close() {
        bulkhead.close();
        try {
            source.close();
        } catch (RuntimeException | Error e) {
            LOG.warn("closing signal source {} failed", name, e);
        }
    }
}
