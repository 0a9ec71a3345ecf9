/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signal;

import io.tidegate.pool.Signal;
import io.tidegate.service.ServiceTypes;
import io.tidegate.signal.spi.SignalSource;
import io.tidegate.signal.spi.SignalSourceFactory;
import io.tidegate.time.TimeSource;
import java.util.Map;
import java.util.Objects;

/**
 * The sources of signals that are on the class path.
 *
 * @since 0.1.0
 */
public final class SignalSources {

    private static final String KIND = "signal source";
    private static final String ADVICE = "add its module, or give the source to the builder";

    private SignalSources() {}

    /**
     * Makes a source of that type, which bears this name.
     *
     * @param name what the configuration calls it; whatever it calls itself, it goes by that name
     * @throws IllegalArgumentException if there is none of that type, naming those there are; if two factories claim it; or if
     *     the factory rejects the settings, or fails
     */
    public static SignalSource create(String type, String name, Map<String, String> settings, TimeSource time) {
        SignalSourceFactory factory =
                ServiceTypes.find(KIND, SignalSourceFactory.class, type, SignalSourceFactory::type, ADVICE);
        SignalSource source;
        try {
            source = Objects.requireNonNull(factory.create(Map.copyOf(settings), time), "its factory gave null");
        } catch (IllegalArgumentException e) {
            throw e;
        } catch (RuntimeException | LinkageError e) {
            // A library it needs may lack, or a plugin may have a defect: said with the path of the setting.
            throw new IllegalArgumentException("a source of type \"" + type + "\" could not be made: " + e, e);
        }
        return new Named(name, source);
    }

    /** A source under the name that a configuration gives it, so that there may be two of one type. */
    private record Named(String name, SignalSource source) implements SignalSource {

        @Override
        public Map<String, Signal> read() throws Exception {
            return source.read();
        }

        @Override
        public boolean alwaysMoves() {
            return source.alwaysMoves();
        }

        @Override
        public void close() {
            source.close();
        }
    }
}
