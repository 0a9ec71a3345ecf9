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
    private final long seed;
    private final @Nullable Path tokenQuantiles;
    private final int maxEvents;

    private TraceSettings(Builder builder) {
        this.seed = builder.seed;
        this.tokenQuantiles = builder.tokenQuantiles;
        this.maxEvents = builder.maxEvents;
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

    /** The token length quantiles that belong to a ServeGen file; absent by default, then the built-in ones serve. */
    public Optional<Path> tokenQuantiles() {
        return Optional.ofNullable(tokenQuantiles);
    }

    /** Most events taken from an event file, 16 bytes of memory each; 20,000,000 by default. */
    public int maxEvents() {
        return maxEvents;
    }

    /** Collects settings. Not safe for several threads. */
    public static final class Builder {
        private long seed = 1;
        private @Nullable Path tokenQuantiles;
        private int maxEvents = 20_000_000;

        private Builder() {}

        /** Sets the seed for formats that hold rates and not requests; 1 by default. */
        public Builder seed(long value) {
            this.seed = value;
            return this;
        }

        /**
         * Sets the file with the token length quantiles of a ServeGen trace: CSV with the columns {@code client_id},
         * {@code window_start_s}, {@code field} and {@code q01} ... {@code q99}; gzip is fine. None by default.
         */
        public Builder tokenQuantiles(Path file) {
            this.tokenQuantiles = Objects.requireNonNull(file, "file");
            return this;
        }

        /**
         * Sets the most events to take from an event file; a longer file is refused. 20,000,000 by default.
         *
         * @throws IllegalArgumentException if below 1
         */
        public Builder maxEvents(int value) {
            if (value < 1) {
                throw new IllegalArgumentException("maxEvents must be >= 1 but was " + value);
            }
            this.maxEvents = value;
            return this;
        }

        /** Returns the settings; the builder may be used again. */
        public TraceSettings build() {
            return new TraceSettings(this);
        }
    }
}
