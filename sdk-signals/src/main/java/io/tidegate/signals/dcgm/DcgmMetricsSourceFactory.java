/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.dcgm;

import io.tidegate.signal.spi.SignalSource;
import io.tidegate.signal.spi.SignalSourceFactory;
import io.tidegate.signals.internal.SourceSettings;
import io.tidegate.time.TimeSource;
import java.net.URI;
import java.util.List;
import java.util.Map;

/**
 * Makes {@link DcgmMetricsSource}s from configuration, of exporters whose addresses do not change and whose devices are all the pool's.
 *
 * <table>
 * <caption>Settings of type {@code dcgm}</caption>
 * <tr><th>setting</th><th>meaning</th><th>default</th></tr>
 * <tr><td>{@code exporters}</td><td>addresses of the exporters without {@code /metrics}, with commas between</td><td>none, it is
 * required</td></tr>
 * <tr><td>{@code timeout}</td><td>time for one read, all exporters together</td><td>2 s</td></tr>
 * </table>
 *
 * @since 0.1.0
 */
public final class DcgmMetricsSourceFactory implements SignalSourceFactory {

    /** For {@link java.util.ServiceLoader}. */
    public DcgmMetricsSourceFactory() {}

    /** {@code dcgm}. */
    @Override
    public String type() {
        return "dcgm";
    }

    @Override
    public SignalSource create(Map<String, String> settings, TimeSource time) {
        SourceSettings read = new SourceSettings(type(), settings);
        List<URI> exporters = read.addresses("exporters", "addresses of the exporters, with commas between");
        DcgmMetricsSource.Builder builder = DcgmMetricsSource.builder(time, () -> exporters);
        read.duration("timeout").ifPresent(builder::timeout);
        read.check();
        return builder.build();
    }
}
