/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.ledger.Inputs;
import java.time.Duration;
import java.util.Objects;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * What a person says of a pool, for a time: that it shall have so many replicas, or that nothing shall change. It ends by itself, so
 * that what was meant for a night does not last a year. Immutable.
 *
 * <p>A pin is bounded by the pool's minimum and maximum and by nothing else: neither steps nor stabilization nor missing data hold it
 * up. A pause holds even a pool that is outside of its bounds. Policies are asked meanwhile, and what they want is recorded, so that
 * nothing jumps when it ends.
 *
 * @since 0.1.0
 */
public final class ManualOverride {

    private static final Duration LONGEST = Duration.ofDays(7);
    private static final int MOST_BY = 200;
    private static final int MOST_WHY = 1_000;

    private final OptionalInt replicas;
    private final Duration lifetime;
    private final String by;
    private final String why;

    private ManualOverride(OptionalInt replicas, Duration lifetime, String by, String why) {
        if (lifetime.isZero() || lifetime.isNegative() || lifetime.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException("lifetime must be above 0 and at most 7 days but was " + lifetime);
        }
        if (by.isBlank()) {
            throw new IllegalArgumentException("by must name who overrides");
        }
        this.replicas = replicas;
        this.lifetime = lifetime;
        this.by = line("by", by, MOST_BY);
        this.why = line("why", why, MOST_WHY);
    }

    /** One line: it goes to logs, where it must not look like others. */
    private static String line(String name, String text, int most) {
        if (text.length() > most) {
            throw new IllegalArgumentException(
                    name + " must be at most " + most + " characters but was of " + text.length());
        }
        return text.replaceAll("[\\p{Cntrl}\\u2028\\u2029]+", " ").strip();
    }

    /**
     * So many replicas.
     *
     * @param replicas 0 or more
     * @param lifetime above 0, at most 7 days
     * @param by who says so; not blank, at most 200 characters
     * @param why in words, for the account; may be empty, at most 1,000 characters
     */
    public static ManualOverride pin(int replicas, Duration lifetime, String by, String why) {
        if (replicas < 0) {
            throw new IllegalArgumentException("replicas must be >= 0 but was " + replicas);
        }
        return new ManualOverride(OptionalInt.of(replicas), lifetime, by, why);
    }

    /**
     * Whatever there is stays.
     *
     * @param lifetime above 0, at most 7 days
     * @param by who says so; not blank, at most 200 characters
     * @param why in words, for the account; may be empty, at most 1,000 characters
     */
    public static ManualOverride pause(Duration lifetime, String by, String why) {
        return new ManualOverride(OptionalInt.empty(), lifetime, by, why);
    }

    /** The same as the account keeps it. */
    Inputs.Said said() {
        return new Inputs.Said(replicas, lifetime, by, why);
    }

    /** The same as it was given. */
    static ManualOverride of(Inputs.Said said) {
        return new ManualOverride(said.replicas(), said.lifetime(), said.by(), said.why());
    }

    /** How many replicas, or empty if nothing shall change. */
    public OptionalInt replicas() {
        return replicas;
    }

    /** How long from when it is given to the engine. */
    public Duration lifetime() {
        return lifetime;
    }

    /** Who said so. */
    public String by() {
        return by;
    }

    /** Why; may be empty. */
    public String why() {
        return why;
    }

    @Override
    public String toString() {
        String what = replicas.isPresent() ? "pinned to " + replicas.getAsInt() : "paused";
        return what + " by " + by + " for " + words(lifetime) + (why.isEmpty() ? "" : ": " + why);
    }

    /** As people write it: {@code 1 h 30 min}. */
    private static String words(Duration time) {
        StringBuilder text = new StringBuilder();
        long[] amounts = {time.toDays(), time.toHoursPart(), time.toMinutesPart(), time.toSecondsPart()};
        String[] units = {" d", " h", " min", " s"};
        for (int i = 0; i < amounts.length; i++) {
            if (amounts[i] > 0) {
                text.append(text.isEmpty() ? "" : " ").append(amounts[i]).append(units[i]);
            }
        }
        return text.isEmpty() ? "less than 1 s" : text.toString();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ManualOverride that
                && replicas.equals(that.replicas)
                && lifetime.equals(that.lifetime)
                && by.equals(that.by)
                && why.equals(that.why);
    }

    @Override
    public int hashCode() {
        return Objects.hash(replicas, lifetime, by, why);
    }
}
