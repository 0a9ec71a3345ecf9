/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.meter;

import io.tidegate.plugin.PluginStatus;
import io.tidegate.plugin.PluginStatus.Kind;
import io.tidegate.plugin.PluginStatus.State;
import io.tidegate.signal.SourceStatus;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/**
 * The meters of plugins, by their kind and not by their names: a reload may add and take away some, and counters never go back.
 */
final class PluginMeters {

    private PluginMeters() {}

    static void register(String pool, Kind kind, Supplier<List<PluginStatus>> all, Registration registration) {
        calls(pool, kind, all, PluginStatus::succeeded, "ok", registration);
        calls(pool, kind, all, PluginStatus::failures, "failed", registration);
        calls(pool, kind, all, PluginStatus::timeouts, "late", registration);
        calls(pool, kind, all, PluginStatus::refused, "refused", registration);
        registration.gauge(
                Meters.PLUGIN_ABANDONED, () -> sum(all, kind, PluginStatus::abandoned), pool, Registration.tag(kind));
        registration.gauge(
                Meters.PLUGIN_OFF,
                () -> sum(all, kind, each -> each.state() == State.CLOSED ? 0 : 1),
                pool,
                Registration.tag(kind));
    }

    private static void calls(
            String pool,
            Kind kind,
            Supplier<List<PluginStatus>> all,
            ToLongFunction<PluginStatus> count,
            String outcome,
            Registration registration) {
        registration.counter(
                Meters.PLUGIN_CALLS, all, from -> sum(from, kind, count), pool, Registration.tag(kind), outcome);
    }

    private static long sum(Supplier<List<PluginStatus>> all, Kind kind, ToLongFunction<PluginStatus> value) {
        return all.get().stream()
                .filter(each -> each.kind() == kind)
                .mapToLong(value)
                .sum();
    }

    /** Of the sources there are: none is added after the start. */
    static void sources(String pool, Supplier<List<SourceStatus>> all, Registration registration) {
        register(
                pool,
                Kind.SOURCE,
                () -> all.get().stream().map(SourceStatus::plugin).toList(),
                registration);
        for (SourceStatus each : all.get()) {
            String source = each.source();
            registration.gauge(
                    Meters.SIGNAL_FAILURES,
                    () -> of(source, all)
                            .map(now -> (Number) now.failuresInARow())
                            .orElse(Double.NaN),
                    pool,
                    source);
            registration.gauge(
                    Meters.SIGNAL_AGE,
                    () -> of(source, all)
                            .flatMap(now -> Optional.ofNullable(now.sinceAnswer()))
                            .map(PluginMeters::seconds)
                            .orElse(Double.NaN),
                    pool,
                    source);
            registration.gauge(
                    Meters.SIGNAL_FROZEN,
                    () -> of(source, all)
                            .map(now -> (Number) (now.isFrozen() ? 1 : 0))
                            .orElse(Double.NaN),
                    pool,
                    source);
        }
    }

    private static Number seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }

    private static Optional<SourceStatus> of(String source, Supplier<List<SourceStatus>> all) {
        return all.get().stream().filter(each -> each.source().equals(source)).findFirst();
    }
}
