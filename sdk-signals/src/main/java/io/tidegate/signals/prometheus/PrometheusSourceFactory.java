/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.prometheus;

import io.tidegate.signal.spi.SignalSource;
import io.tidegate.signal.spi.SignalSourceFactory;
import io.tidegate.signals.internal.SourceSettings;
import io.tidegate.time.TimeSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Makes {@link PrometheusSource}s from configuration.
 *
 * <table>
 * <caption>Settings of type {@code prometheus}</caption>
 * <tr><th>setting</th><th>meaning</th><th>default</th></tr>
 * <tr><td>{@code url}</td><td>address of the server without {@code /api/v1/query}</td><td>none, it is required</td></tr>
 * <tr><td>{@code query.<name>}</td><td>the PromQL of the signal of that name</td><td>none, at least one is required</td></tr>
 * <tr><td>{@code unit.<name>}</td><td>its unit</td><td>none, each query needs one</td></tr>
 * <tr><td>{@code age.<name>}</td><td>PromQL that says how old what it reads is, in seconds</td><td>none</td></tr>
 * <tr><td>{@code header.<name>}</td><td>a header sent with each query</td><td>none</td></tr>
 * <tr><td>{@code bearerTokenFile}</td><td>a file with a token, read at each read</td><td>none</td></tr>
 * <tr><td>{@code timeout}</td><td>time for one read, all queries together</td><td>2 s</td></tr>
 * <tr><td>{@code maxAge}</td><td>age from which a value is stale; at least 1 s</td><td>45 s</td></tr>
 * </table>
 *
 * @since 0.1.0
 */
public final class PrometheusSourceFactory implements SignalSourceFactory {

    /** For {@link java.util.ServiceLoader}. */
    public PrometheusSourceFactory() {}

    /** {@code prometheus}. */
    @Override
    public String type() {
        return "prometheus";
    }

    @Override
    public SignalSource create(Map<String, String> settings, TimeSource time) {
        SourceSettings read = new SourceSettings(type(), settings);
        URI base = read.requiredAddress("url", "the server's address").orElse(URI.create("http://localhost"));
        PrometheusSource.Builder builder = PrometheusSource.builder(time, base);
        queries(read).forEach(builder::query);
        read.startingWith("header.").forEach((name, value) -> set(read, () -> builder.header(name, value)));
        read.text("bearerTokenFile").ifPresent(text -> set(read, () -> token(builder, text)));
        read.duration("timeout").ifPresent(builder::timeout);
        read.duration("maxAge").ifPresent(age -> set(read, () -> builder.maxAge(age)));
        read.check();
        return builder.build();
    }

    private static List<PrometheusQuery> queries(SourceSettings read) {
        Map<String, String> promql = read.startingWith("query.");
        Map<String, String> units = read.startingWith("unit.");
        Map<String, String> ages = read.startingWith("age.");
        if (promql.isEmpty()) {
            read.problem("query.<name> is required: the PromQL of a signal");
        }
        List<PrometheusQuery> queries = new ArrayList<>();
        promql.forEach((name, query) -> {
            String unit = units.get(name);
            if (unit == null) {
                read.problem("unit." + name + " is required: the unit of query." + name + ", such as requests");
            } else {
                set(read, () -> {
                    PrometheusQuery made = PrometheusQuery.of(name, query, unit);
                    queries.add(ages.containsKey(name) ? made.age(ages.get(name)) : made);
                });
            }
        });
        others(read, "unit.", units.keySet(), promql.keySet());
        others(read, "age.", ages.keySet(), promql.keySet());
        return queries;
    }

    private static void others(SourceSettings read, String prefix, Set<String> names, Set<String> queries) {
        names.stream()
                .filter(name -> !queries.contains(name))
                .forEach(name -> read.problem(prefix + name + " says nothing, as there is no query." + name));
    }

    private static void token(PrometheusSource.Builder builder, String text) {
        Path file;
        try {
            file = Path.of(text);
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException("bearerTokenFile is not a path: " + e.getReason(), e);
        }
        builder.bearerToken(() -> {
            try {
                return Files.readString(file).strip();
            } catch (IOException e) {
                throw new UncheckedIOException("bearerTokenFile " + file + " cannot be read", e);
            }
        });
    }

    /** Notes what the builder minds. */
    private static void set(SourceSettings read, Runnable setting) {
        try {
            setting.run();
        } catch (IllegalArgumentException e) {
            read.problem(String.valueOf(e.getMessage()));
        }
    }
}
