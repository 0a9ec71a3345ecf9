/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.demo;

import io.tidegate.examples.load.Sampling;
import io.tidegate.sim.trace.BuiltInDay;
import io.tidegate.sim.trace.Shares;
import io.tidegate.sim.trace.Trace;
import io.tidegate.sim.trace.TraceFiles;
import io.tidegate.sim.trace.TraceFormatException;
import io.tidegate.sim.trace.TraceSettings;
import io.tidegate.sim.trace.TraceStats;
import java.time.Duration;

/**
 * What a demo sends.
 *
 * @param trace the requests, sampled already
 * @param stats figures of the requests before sampling
 * @param sampling part of the requests that is sent
 */
record Workload(Trace trace, TraceStats stats, double sampling) {

    /**
     * Reads or makes the trace.
     *
     * @throws DemoException if the trace cannot be read
     */
    static Workload of(DemoOptions options) {
        Trace whole = trace(options);
        TraceStats stats = whole.stats();
        if (stats.events() == 0) {
            throw new DemoException("the trace " + whole.name() + " has no requests in the time to be replayed");
        }
        double sampling = options.sample().orElseGet(() -> Sampling.suggest(stats, options.timeScale()));
        Trace sent = sampling < 1 ? whole.sampled(sampling, options.seed()) : whole;
        return new Workload(sent, stats, sampling);
    }

    private static Trace trace(DemoOptions options) {
        if (options.trace().isEmpty()) {
            Duration day = scaled(options.seconds().orElse(DemoOptions.DEFAULT_TIME), options.timeScale());
            return BuiltInDay.builder()
                    .duration(day)
                    .meanRate(options.meanRate())
                    .seed(options.seed())
                    .build()
                    .trace();
        }
        try {
            Trace read = TraceFiles.read(
                    options.trace().get(),
                    TraceSettings.builder().seed(options.seed()).build());
            if (options.seconds().isPresent()) {
                Duration length = scaled(options.seconds().get(), options.timeScale());
                if (length.compareTo(read.duration()) < 0) {
                    read = read.slice(Duration.ZERO, length);
                }
            }
            return read.assigned(Shares.defaultTiers(), Shares.zipfTenants(Shares.PUBLISHED_TENANTS), options.seed());
        } catch (TraceFormatException e) {
            throw new DemoException(String.valueOf(e.getMessage()), e);
        }
    }

    private static Duration scaled(Duration real, double timeScale) {
        return Duration.ofNanos((long) (real.toNanos() * timeScale));
    }
}
