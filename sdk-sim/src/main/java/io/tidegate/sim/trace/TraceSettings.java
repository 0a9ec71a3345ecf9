/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How to read a trace file. Immutable.
 *
 * @since 0.1.0
 */
public final class TraceSettings {
    /** Most bad rows that may be skipped, because each is remembered. */
    private static final int MOST_SKIPPED = 10_000;

    private static final int WIDEST_SORT_WINDOW = 10_000_000;

    private final long seed;
    private final @Nullable Path tokenQuantiles;
    private final @Nullable Lengths lengths;
    private final long maxEvents;
    private final int skipBadRows;
    private final int sortWindow;
    private final double rateFactor;
    private final @Nullable String pool;

    private TraceSettings(Builder builder) {
        this.seed = builder.seed;
        this.tokenQuantiles = builder.tokenQuantiles;
        this.lengths = builder.lengths;
        this.maxEvents = builder.maxEvents;
        this.skipBadRows = builder.skipBadRows;
        this.sortWindow = builder.sortWindow;
        this.rateFactor = builder.rateFactor;
        this.pool = builder.pool;
    }

    /** Returns a builder that holds the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns the defaults. */
    public static TraceSettings defaults() {
        return builder().build();
    }

    /** Seed of arrivals and token lengths, for formats that hold rates and not requests; 1 by default. */
    public long seed() {
        return seed;
    }

    /** The token length quantiles that belong to a ServeGen file; absent by default, then {@link #lengths()} serve. */
    public Optional<Path> tokenQuantiles() {
        return Optional.ofNullable(tokenQuantiles);
    }

    /** Lengths for formats that have none of their own; {@link Lengths#conversation()} by default. */
    public Lengths lengths() {
        return lengths == null ? Lengths.conversation() : lengths;
    }

    /** Most events taken from an event file; no limit ({@link Long#MAX_VALUE}) by default. */
    public long maxEvents() {
        return maxEvents;
    }

    /** How many bad rows are skipped before the next one is an error; 0 by default. */
    public int skipBadRows() {
        return skipBadRows;
    }

    /** How many rows of an event file are held to put them in order; 4,096 by default. */
    public int sortWindow() {
        return sortWindow;
    }

    /** What all rates are multiplied by; 1 by default. */
    public double rateFactor() {
        return rateFactor;
    }

    /** The pool to read from a ledger; absent by default, which is enough where the ledger has one pool. */
    public Optional<String> pool() {
        return Optional.ofNullable(pool);
    }

    /** Whether something was said about lengths. */
    boolean lengthsGiven() {
        return tokenQuantiles != null || lengths != null;
    }

    /** Lengths of requests that are drawn. */
    TokenLengths drawnLengths() {
        return tokenQuantiles == null ? lengths().tokens() : ServeGenTokens.read(tokenQuantiles);
    }

    /** Collects settings. Not safe for several threads. */
    public static final class Builder {
        private long seed = 1;
        private @Nullable Path tokenQuantiles;
        private @Nullable Lengths lengths;
        private long maxEvents = Long.MAX_VALUE;
        private int skipBadRows;
        private int sortWindow = 4_096;
        private double rateFactor = 1;
        private @Nullable String pool;

        private Builder() {}

        /** Sets the seed for formats that hold rates and not requests; 1 by default. */
        public Builder seed(long value) {
            this.seed = value;
            return this;
        }

        /**
         * Sets the file with the token length quantiles of a ServeGen trace: CSV with the columns {@code client_id},
         * {@code window_start_s}, {@code field} and {@code q01} ... {@code q99}; gzip is fine. None by default. Goes before
         * {@link #lengths}.
         */
        public Builder tokenQuantiles(Path file) {
            this.tokenQuantiles = Objects.requireNonNull(file, "file");
            return this;
        }

        /** Sets the lengths for formats that have none of their own; {@link Lengths#conversation()} by default. */
        public Builder lengths(Lengths value) {
            this.lengths = Objects.requireNonNull(value, "lengths");
            return this;
        }

        /**
         * Sets the most events to take from an event file; a longer file is refused. No limit by default: a long file is not held in
         * memory.
         *
         * @throws IllegalArgumentException if below 1
         */
        public Builder maxEvents(long value) {
            if (value < 1) {
                throw new IllegalArgumentException("maxEvents must be >= 1 but was " + value);
            }
            this.maxEvents = value;
            return this;
        }

        /**
         * Sets how many bad rows are skipped; one more is an error. 0 by default: the first bad row is an error that names file, line
         * and reason. What was skipped is in {@link Trace#badRows()}. A file that cannot be read on (a broken gzip, a quote
         * that is never closed, a line of more than a million characters) is an error however many rows may be skipped.
         *
         * @throws IllegalArgumentException if not in 0..10,000
         */
        public Builder skipBadRows(int value) {
            if (value < 0 || value > MOST_SKIPPED) {
                throw new IllegalArgumentException("skipBadRows must be in 0.." + MOST_SKIPPED + " but was " + value);
            }
            this.skipBadRows = value;
            return this;
        }

        /**
         * Sets how many rows of an event file are held to put them in order: a row may be that many rows too low. One that is
         * further down is a bad row. 4,096 by default; 0 takes sorted files only. A row takes about 150 bytes.
         *
         * @throws IllegalArgumentException if not in 0..10,000,000
         */
        public Builder sortWindow(int value) {
            if (value < 0 || value > WIDEST_SORT_WINDOW) {
                throw new IllegalArgumentException(
                        "sortWindow must be in 0.." + WIDEST_SORT_WINDOW + " but was " + value);
            }
            this.sortWindow = value;
            return this;
        }

        /**
         * Sets what the rates of the file are multiplied by; 1 by default. Where requests are drawn from rates, they are drawn at the
         * other rates, and how irregular they come stays as it is; the events of an event file are thinned or repeated by
         * {@link Trace#scaled(double, long)} with {@link #seed}.
         *
         * @throws IllegalArgumentException if not above 0, or above 10,000
         */
        public Builder rateFactor(double value) {
            Trace.checkFactor("rateFactor", value);
            this.rateFactor = value;
            return this;
        }

        /** Sets the pool to read from a ledger that has several; none by default. */
        public Builder pool(String name) {
            this.pool = Objects.requireNonNull(name, "pool");
            return this;
        }

        /** Returns the settings; the builder may be used again. */
        public TraceSettings build() {
            return new TraceSettings(this);
        }
    }
}
