/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signal;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.LongTaskTimer;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.Timer;
import java.util.concurrent.TimeUnit;

/**
 * What one meter says, times in seconds; NaN for what its kind does not have.
 *
 * @param total what {@code count} things add up to
 */
record MeterReading(double value, double count, double total, double max, String unit) {

    private static final TimeUnit SECONDS = TimeUnit.SECONDS;

    static MeterReading of(Meter meter) {
        double none = Double.NaN;
        String own = meter.getId().getBaseUnit();
        String unit = own == null || own.isEmpty() ? "" : own;
        if (meter instanceof TimeGauge gauge) {
            return new MeterReading(gauge.value(SECONDS), none, none, none, "seconds");
        } else if (meter instanceof Gauge gauge) {
            return new MeterReading(gauge.value(), none, none, none, unit);
        } else if (meter instanceof Counter counter) {
            return new MeterReading(none, counter.count(), none, none, unit);
        } else if (meter instanceof FunctionCounter counter) {
            return new MeterReading(none, counter.count(), none, none, unit);
        } else if (meter instanceof Timer timer) {
            return new MeterReading(none, timer.count(), timer.totalTime(SECONDS), timer.max(SECONDS), "seconds");
        } else if (meter instanceof FunctionTimer timer) {
            return new MeterReading(none, timer.count(), timer.totalTime(SECONDS), none, "seconds");
        } else if (meter instanceof DistributionSummary summary) {
            return new MeterReading(none, summary.count(), summary.totalAmount(), summary.max(), unit);
        } else if (meter instanceof LongTaskTimer tasks) {
            return new MeterReading(tasks.activeTasks(), none, none, tasks.max(SECONDS), "seconds");
        }
        return new MeterReading(none, none, none, none, unit);
    }
}
