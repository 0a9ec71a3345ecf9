/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.internal;

import io.tidegate.time.DurationText;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Settings of a source as a configuration gives them. What is wrong is noted, so that all of it is named at once. For one thread. */
public final class SourceSettings {

    private static final Duration LEAST = Duration.ofMillis(1);
    private static final Duration MOST = Duration.ofHours(1);

    private final String type;
    private final Map<String, String> values;
    private final Set<String> known = new TreeSet<>();
    private final Set<String> asked = new TreeSet<>();
    private final List<String> problems = new ArrayList<>();

    /** Settings of a source of this type. */
    public SourceSettings(String type, Map<String, String> values) {
        this.type = type;
        this.values = new TreeMap<>(values);
    }

    /** A text that must be given. */
    public String required(String name, String meaning) {
        Optional<String> text = text(name);
        if (text.isEmpty()) {
            problems.add(name + " is required: " + meaning);
        }
        return text.orElse("");
    }

    /** A text without spaces around it; empty if none is given. */
    public Optional<String> text(String name) {
        known.add(name);
        asked.add(name);
        return Optional.ofNullable(values.get(name)).map(String::strip).filter(text -> !text.isEmpty());
    }

    /** A duration from 1 ms to 1 h. */
    public Optional<Duration> duration(String name) {
        Optional<String> text = text(name);
        Optional<Duration> found = text.flatMap(DurationText::parse)
                .filter(each -> each.compareTo(LEAST) >= 0 && each.compareTo(MOST) <= 0);
        if (text.isPresent() && found.isEmpty()) {
            problems.add(name + " must be a duration from 1ms to 1h but is \"" + text.get() + '"');
        }
        return found;
    }

    /** Addresses with commas between, at least one. */
    public List<URI> addresses(String name, String meaning) {
        List<URI> all = new ArrayList<>();
        String text = required(name, meaning);
        if (!text.isEmpty()) {
            for (String each : text.split(",", -1)) {
                address(name, each.strip()).ifPresent(all::add);
            }
        }
        return List.copyOf(all);
    }

    /** An address that must be given. */
    public Optional<URI> requiredAddress(String name, String meaning) {
        String text = required(name, meaning);
        return text.isEmpty() ? Optional.empty() : address(name, text);
    }

    private Optional<URI> address(String name, String text) {
        try {
            URI found = URI.create(text);
            if (found.getHost() != null && ("http".equals(found.getScheme()) || "https".equals(found.getScheme()))) {
                return Optional.of(found);
            }
        } catch (IllegalArgumentException e) {
            // Said below.
        }
        problems.add(name + " must be an http or https address but is \"" + text + '"');
        return Optional.empty();
    }

    /** All settings that begin with a prefix, by what follows it. */
    public Map<String, String> startingWith(String prefix) {
        known.add(prefix + "<name>");
        Map<String, String> all = new LinkedHashMap<>();
        values.forEach((name, value) -> {
            if (name.startsWith(prefix) && name.length() > prefix.length()) {
                asked.add(name);
                all.put(name.substring(prefix.length()), value.strip());
            }
        });
        return all;
    }

    /** Notes something that is wrong. */
    public void problem(String problem) {
        problems.add(problem);
    }

    /**
     * Ends the reading.
     *
     * @throws IllegalArgumentException naming everything that is wrong, if anything is
     */
    public void check() {
        List<String> all = new ArrayList<>(problems);
        values.keySet().stream()
                .filter(name -> !asked.contains(name))
                .forEach(name -> all.add(name + " is no setting, only " + known));
        if (!all.isEmpty()) {
            throw new IllegalArgumentException("settings of signal source " + type + ": " + String.join("; ", all));
        }
    }
}
