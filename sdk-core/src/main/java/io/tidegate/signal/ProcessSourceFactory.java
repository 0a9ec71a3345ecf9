/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signal;

import io.tidegate.signal.spi.SignalSource;
import io.tidegate.signal.spi.SignalSourceFactory;
import io.tidegate.time.TimeSource;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Makes {@link ProcessSource}s from configuration.
 *
 * <table>
 * <caption>Settings of type {@code process}</caption>
 * <tr><th>setting</th><th>meaning</th><th>default</th></tr>
 * <tr><td>{@code signals}</td><td>names of signals, with commas between</td><td>all that the platform can tell</td></tr>
 * </table>
 *
 * @since 0.1.0
 */
public final class ProcessSourceFactory implements SignalSourceFactory {

    private static final String SIGNALS = "signals";

    /** For {@link java.util.ServiceLoader}. */
    public ProcessSourceFactory() {}

    /** {@code process}. */
    @Override
    public String type() {
        return "process";
    }

    @Override
    public SignalSource create(Map<String, String> settings, TimeSource time) {
        Set<String> unknown = new TreeSet<>(settings.keySet());
        unknown.remove(SIGNALS);
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException(
                    "settings of signal source " + type() + ": " + unknown + " is no setting, only [" + SIGNALS + "]");
        }
        String names = settings.get(SIGNALS);
        return names == null
                ? ProcessSource.of(time)
                : ProcessSource.of(
                        time,
                        Arrays.stream(names.split(",", -1)).map(String::strip).collect(Collectors.toSet()));
    }
}
