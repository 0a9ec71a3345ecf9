/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.config;

import io.tidegate.log.BoundedLog;
import io.tidegate.time.TimeSource;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Looks at a configuration file from time to time, and hands on what has changed once it is known to be right.
 *
 * <p>A file that is unreadable, too long, wrong, or refused by whoever applies it changes nothing: what was applied last stays, the
 * reason is logged once, and {@link #problem()} tells it until the file is right again. What is new is applied only when two looks in
 * a row found the same, so that a file half written is not taken for a short one. Files are looked at by content, so that a
 * replaced link, as of a mounted ConfigMap, is seen.
 *
 * <p>Safe for many threads.
 *
 * @since 0.1.0
 */
public final class ConfigWatcher implements AutoCloseable {

    private static final Logger LOG = BoundedLog.of(ConfigWatcher.class);

    private final Path file;
    private final TimeSource time;
    private final Executor executor;
    private final long periodNanos;
    private final Consumer<TidegateConfig> apply;
    private final AtomicBoolean looking = new AtomicBoolean();
    private final AtomicLong applied = new AtomicLong();
    private final AtomicLong refused = new AtomicLong();
    private volatile boolean closed;
    private volatile @Nullable String problem;

    /** What runs: the text applied last. Of whoever looks, one at a time. */
    private String running;

    /** What the look before found, if it differed from what runs: the text, or what is wrong with reading it. */
    private @Nullable String seen;

    /** What was refused last, so that it is said once. */
    private @Nullable String rejected;

    /**
     * A watcher that does nothing before {@link #start}.
     *
     * @param running text of the configuration that was applied at the start: {@link ConfigReader#text(Path)}
     * @param period time between looks; positive
     * @param executor runs the looks, which block for a moment
     * @param apply takes the next configuration, or throws with the reason why not, and then has changed nothing
     */
    public ConfigWatcher(
            Path file,
            String running,
            TimeSource time,
            Duration period,
            Executor executor,
            Consumer<TidegateConfig> apply) {
        if (period.isZero() || period.isNegative()) {
            throw new IllegalArgumentException("period must be positive but was " + period);
        }
        this.file = Objects.requireNonNull(file, "file");
        this.running = Objects.requireNonNull(running, "running");
        this.time = time;
        this.executor = executor;
        this.periodNanos = period.toNanos();
        this.apply = apply;
    }

    /** Begins to look, one period from now. */
    public void start() {
        if (!closed) {
            time.schedule(periodNanos, this::next);
        }
    }

    private void next() {
        start();
        if (!closed && looking.compareAndSet(false, true)) {
            try {
                executor.execute(() -> {
                    try {
                        look();
                    } finally {
                        looking.set(false);
                    }
                });
            } catch (RejectedExecutionException e) {
                looking.set(false);
            }
        }
    }

    private void look() {
        String text;
        try {
            text = ConfigReader.text(file);
        } catch (ConfigException e) {
            // A file is away for a moment while it is replaced.
            String reason = String.valueOf(e.getMessage());
            if (reason.equals(seen)) {
                refuse(reason, e);
            }
            seen = reason;
            return;
        }
        if (text.equals(running)) {
            if (problem != null) {
                LOG.info("configuration {} is what runs again", file);
            }
            seen = null;
            rejected = null;
            problem = null;
            return;
        }
        if (!text.equals(seen)) {
            seen = text;
            return;
        }
        if (text.equals(rejected)) {
            return;
        }
        try {
            apply.accept(ConfigReader.parse(file.toString(), text));
            running = text;
            seen = null;
            rejected = null;
            problem = null;
            applied.incrementAndGet();
        } catch (RuntimeException | Error e) {
            refuse(text, e);
        }
    }

    private void refuse(String what, Throwable reason) {
        if (!what.equals(rejected)) {
            rejected = what;
            refused.incrementAndGet();
            problem = String.valueOf(reason.getMessage());
            LOG.warn("configuration {} was changed and is not applied; what ran goes on: {}", file, problem);
        }
    }

    /** Why the file as it is now is not what runs, or empty if it is, or is about to be. */
    public Optional<String> problem() {
        return Optional.ofNullable(problem);
    }

    /** Changes that were applied. */
    public long applied() {
        return applied.get();
    }

    /** Changes that were refused. */
    public long refused() {
        return refused.get();
    }

    /** Stops looking. */
    @Override
    public void close() {
        closed = true;
    }
}
