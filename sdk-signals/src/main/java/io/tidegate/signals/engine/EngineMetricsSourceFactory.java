/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.engine;

import io.tidegate.signal.spi.SignalSource;
import io.tidegate.signal.spi.SignalSourceFactory;
import io.tidegate.signals.internal.SourceSettings;
import io.tidegate.time.TimeSource;
import java.net.URI;
import java.util.List;
import java.util.Map;

/**
 * Makes {@link EngineMetricsSource}s from configuration, of servers whose addresses do not change.
 *
 * <table>
 * <caption>Settings of type {@code engine}</caption>
 * <tr><th>setting</th><th>meaning</th><th>default</th></tr>
 * <tr><td>{@code replicas}</td><td>addresses of the servers without {@code /metrics}, with commas between</td><td>none, it is
 * required</td></tr>
 * <tr><td>{@code timeout}</td><td>time for one read, all replicas together</td><td>2 s</td></tr>
 * </table>
 *
 * <p>A source made so tells a limit nothing: for {@code limit.mode: tokens} and {@code engine} give one to the builder.
 *
 * @since 0.1.0
 */
public final class EngineMetricsSourceFactory implements SignalSourceFactory {

    /** For {@link java.util.ServiceLoader}. */
    public EngineMetricsSourceFactory() {}

    /** {@code engine}. */
    @Override
    public String type() {
        return "engine";
    }

    @Override
    public SignalSource create(Map<String, String> settings, TimeSource time) {
        SourceSettings read = new SourceSettings(type(), settings);
        List<URI> replicas = read.addresses("replicas", "addresses of the servers, with commas between");
        EngineMetricsSource.Builder builder = EngineMetricsSource.builder(time, () -> replicas);
        read.duration("timeout").ifPresent(builder::timeout);
        read.check();
        return builder.build();
    }
}
