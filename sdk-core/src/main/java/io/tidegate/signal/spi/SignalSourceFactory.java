/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signal.spi;

import io.tidegate.time.TimeSource;
import java.util.Map;

/**
 * Makes sources of signals of one type from configuration; found by {@link java.util.ServiceLoader}.
 *
 * <p>A plugin names its factory in {@code META-INF/services/io.tidegate.signal.spi.SignalSourceFactory}; nothing else has to change.
 *
 * @since 0.1.0
 */
public interface SignalSourceFactory {

    /** What a configuration calls it: {@code engine}. */
    String type();

    /**
     * Makes a source. It is closed with the gateway.
     *
     * @param settings the settings under the source's {@code settings} in the configuration; values are texts
     * @param time the clock by which signals are stamped
     * @throws IllegalArgumentException naming every setting that is missing, wrong or unknown
     */
    SignalSource create(Map<String, String> settings, TimeSource time);
}
