/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.contracts;

import io.tidegate.admission.spi.RequestFacts;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Facts of a request for tests of resolvers: {@code Facts.request().principal("acme").header("x-tier", "gold").build()}.
 *
 * @since 0.1.0
 */
public final class Facts {

    private final Map<String, List<String>> headers = new TreeMap<>();
    private String method = "POST";
    private String path = "/v1/chat/completions";
    private @Nullable String principal;
    private @Nullable String remoteAddress = "192.0.2.7";

    private Facts() {}

    /** A POST to {@code /v1/chat/completions} of nobody, from 192.0.2.7, without headers. */
    public static Facts request() {
        return new Facts();
    }

    /** Adds a header, after others of its name. */
    public Facts header(String name, String value) {
        headers.computeIfAbsent(name.toLowerCase(Locale.ROOT), ignored -> new ArrayList<>())
                .add(value);
        return this;
    }

    public Facts method(String other) {
        this.method = other;
        return this;
    }

    public Facts path(String other) {
        this.path = other;
        return this;
    }

    /** Who was authenticated; null for nobody. */
    public Facts principal(@Nullable String other) {
        this.principal = other;
        return this;
    }

    /** Where it comes from; null for not known. */
    public Facts remoteAddress(@Nullable String other) {
        this.remoteAddress = other;
        return this;
    }

    /** The facts; later calls change nothing in them. */
    public RequestFacts build() {
        Map<String, List<String>> copies = new TreeMap<>();
        headers.forEach((name, values) -> copies.put(name, List.copyOf(values)));
        return new Built(copies, method, path, principal, remoteAddress);
    }

    private record Built(
            Map<String, List<String>> all,
            String method,
            String path,
            @Nullable String principal,
            @Nullable String remoteAddress)
            implements RequestFacts {

        @Override
        public List<String> headers(String name) {
            return all.getOrDefault(name.toLowerCase(Locale.ROOT), List.of());
        }
    }
}
