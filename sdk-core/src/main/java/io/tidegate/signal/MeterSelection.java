/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signal;

import io.micrometer.core.instrument.Tags;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Which meters make a signal of a {@link MicrometerSource}, and what of them. Immutable; each setting gives a changed copy.
 *
 * @since 0.1.0
 */
public final class MeterSelection {

    /** What of a meter. */
    public enum Statistic {
        /** The value of a gauge now; tasks under way of a long task timer. */
        VALUE,
        /** What a counter, timer or summary has counted so far. */
        COUNT,
        /** The same as a rate per second, since the read before. */
        RATE,
        /** Mean of what a timer (in seconds) or summary recorded since the read before. */
        MEAN,
        /** The maximum that a timer (in seconds) or summary keeps, which decays by its own settings. */
        MAX
    }

    /** What becomes of several meters that match. */
    public enum Across {
        SUM,
        /** The mean of their values; for {@link Statistic#MEAN}, of all they recorded. */
        MEAN,
        MAX,
        /** Exactly one may match; more make the signal invalid. */
        ONLY
    }

    final String meter;
    final Tags tags;
    final Statistic statistic;
    final Across across;
    final @Nullable String unit;
    final boolean zeroWhenIdle;

    private MeterSelection(
            String meter, Tags tags, Statistic statistic, Across across, @Nullable String unit, boolean zeroWhenIdle) {
        this.meter = meter;
        this.tags = tags;
        this.statistic = statistic;
        this.across = across;
        this.unit = unit;
        this.zeroWhenIdle = zeroWhenIdle;
    }

    /**
     * A statistic of the meters of this name, whatever their tags. Several that match are added up for {@link Statistic#COUNT}
     * and {@link Statistic#RATE}; their mean is taken for {@link Statistic#MEAN} and the highest for {@link Statistic#MAX}; of
     * gauges only one may match.
     */
    public static MeterSelection of(String meter, Statistic statistic) {
        Across across = switch (Objects.requireNonNull(statistic, "statistic")) {
            case COUNT, RATE -> Across.SUM;
            case MEAN -> Across.MEAN;
            case MAX -> Across.MAX;
            case VALUE -> Across.ONLY;
        };
        return new MeterSelection(Objects.requireNonNull(meter, "meter"), Tags.empty(), statistic, across, null, false);
    }

    /** Only meters with this tag as well. */
    public MeterSelection tag(String key, String value) {
        return new MeterSelection(meter, tags.and(key, value), statistic, across, unit, zeroWhenIdle);
    }

    /** What becomes of several meters that match. */
    public MeterSelection across(Across across) {
        return new MeterSelection(meter, tags, statistic, Objects.requireNonNull(across, "across"), unit, zeroWhenIdle);
    }

    /** The signal's unit; by default the meter's own base unit, {@code seconds} for timers, and the same per second for a rate. */
    public MeterSelection unit(String unit) {
        return new MeterSelection(meter, tags, statistic, across, Objects.requireNonNull(unit, "unit"), zeroWhenIdle);
    }

    /**
     * Reads a {@link Statistic#MEAN} as 0 when nothing was recorded since the read before. It is missing by default, which keeps
     * an idle pool from scaling down; but where nothing is recorded because everything hangs, 0 looks like ease.
     */
    public MeterSelection zeroWhenIdle() {
        return new MeterSelection(meter, tags, statistic, across, unit, true);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(meter);
        if (tags.stream().findAny().isPresent()) {
            text.append('{');
            tags.stream()
                    .forEach(tag -> text.append(text.charAt(text.length() - 1) == '{' ? "" : ", ")
                            .append(tag.getKey())
                            .append('=')
                            .append(tag.getValue()));
            text.append('}');
        }
        return text.toString();
    }
}
