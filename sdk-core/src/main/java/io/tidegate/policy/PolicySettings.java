/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy;

import io.tidegate.time.DurationText;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Settings of a policy or a backend as a configuration or a {@link Recipe} gives them, read by name. A value that is wrong is noted and replaced by the
 * default, so that all of them are named at once. For one thread.
 *
 * <p>Ranges keep people from mistakes, and those of the code are wider: what was made in Java may lie outside. So the values of a recipe
 * are held against no range here, and texts are taken as they are; whatever is made of them still refuses what it cannot be.
 *
 * @since 0.1.0
 */
public final class PolicySettings {

    private final Map<String, String> values;
    private final boolean recorded;
    private final String owner;
    private final Set<String> asked = new TreeSet<>();
    private final Map<String, String> problems = new LinkedHashMap<>();

    /** Values by name, as texts. */
    public PolicySettings(Map<String, String> values) {
        this(values, "type", false);
    }

    /**
     * @param owner what has these settings, as messages name it: {@code backend}
     */
    public PolicySettings(Map<String, String> values, String owner) {
        this(values, owner, false);
    }

    private PolicySettings(Map<String, String> values, String owner, boolean recorded) {
        this.values = Map.copyOf(values);
        this.owner = owner;
        this.recorded = recorded;
    }

    /** Those of a recipe, exactly as they were written. */
    public static PolicySettings of(Recipe recipe) {
        return new PolicySettings(recipe.settings(), "type", true);
    }

    /** Whether a value is given; asking makes the name known. */
    public boolean has(String name) {
        asked.add(name);
        return values.containsKey(name);
    }

    /** A number from a least to a most. */
    public double number(String name, double least, double most, double otherwise) {
        Optional<String> text = text(name);
        if (text.isEmpty()) {
            return otherwise;
        }
        try {
            double found = Double.parseDouble(text.get());
            if (recorded || (found >= least && found <= most)) {
                return found;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        problem(name, "must be a number from " + plain(least) + " to " + plain(most) + " but is \"" + text.get() + '"');
        return otherwise;
    }

    /** A number that must be given. */
    public double requiredNumber(String name, double least, double most) {
        if (!has(name)) {
            asked.add(name);
            problem(name, "is required: a number from " + plain(least) + " to " + plain(most));
            return least;
        }
        return number(name, least, most, least);
    }

    /** A whole number from a least to a most, in digits, that must be given. */
    public long requiredWhole(String name, long least, long most) {
        Optional<String> text = text(name);
        try {
            long found = text.isEmpty() ? least : Long.parseLong(text.get());
            if (text.isPresent() && found >= least && found <= most) {
                return found;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        problem(
                name,
                (text.isEmpty() ? "is required: a whole number from " : "must be a whole number from ") + least + " to "
                        + most
                        + text.map(wrong -> " but is \"" + wrong + '"').orElse(""));
        return least;
    }

    /** A duration: {@code 250ms}, {@code 30s}, {@code 5m}, {@code 1h} or ISO-8601. */
    public Duration duration(String name, Duration least, Duration most, Duration otherwise) {
        Optional<String> text = text(name);
        if (text.isEmpty()) {
            return otherwise;
        }
        Optional<Duration> found = DurationText.parse(text.get());
        if (found.isPresent()
                && (recorded
                        || (found.get().compareTo(least) >= 0 && found.get().compareTo(most) <= 0))) {
            return found.get();
        }
        problem(
                name,
                "must be a duration from " + DurationText.shown(least) + " to " + DurationText.shown(most)
                        + " but is \"" + text.get() + '"');
        return otherwise;
    }

    /** A duration that must be given. */
    public Duration requiredDuration(String name, Duration least, Duration most) {
        if (!has(name)) {
            asked.add(name);
            problem(
                    name,
                    "is required: a duration from " + DurationText.shown(least) + " to " + DurationText.shown(most));
            return least;
        }
        return duration(name, least, most, least);
    }

    /** A text, or empty if none is given. */
    public Optional<String> text(String name) {
        asked.add(name);
        Optional<String> text = Optional.ofNullable(values.get(name));
        return recorded ? text : text.map(String::strip);
    }

    /** A text that must be given. */
    public String requiredText(String name, String example) {
        Optional<String> text = text(name).filter(found -> recorded || !found.isEmpty());
        if (text.isEmpty()) {
            problem(name, "is required, such as " + example);
        }
        return text.orElse(example);
    }

    /**
     * True or false.
     *
     * @param otherwise if it is not set
     */
    public boolean flag(String name, boolean otherwise) {
        String found = text(name).orElse(Boolean.toString(otherwise));
        if (!found.equals("true") && !found.equals("false")) {
            problem(name, "must be true or false but was " + found);
        }
        return found.equals("true");
    }

    /** One of an enum's constants, written in lower camel case: {@code averageValue}. */
    public <E extends Enum<E>> E choice(String name, Class<E> type, E otherwise) {
        Optional<String> text = text(name);
        if (text.isEmpty()) {
            return otherwise;
        }
        List<String> names = new ArrayList<>();
        for (E constant : type.getEnumConstants()) {
            if (shown(constant).equals(text.get())) {
                return constant;
            }
            names.add(shown(constant));
        }
        problem(name, "must be one of " + names + " but is \"" + text.get() + '"');
        return otherwise;
    }

    /** One of an enum's constants, which must be given. */
    public <E extends Enum<E>> E requiredChoice(String name, Class<E> type) {
        E first = type.getEnumConstants()[0];
        if (!has(name)) {
            problem(
                    name,
                    "is required: one of "
                            + Arrays.stream(type.getEnumConstants())
                                    .map(PolicySettings::shown)
                                    .toList());
            return first;
        }
        return choice(name, type, first);
    }

    /** Notes something that is wrong. */
    public void problem(String name, String message) {
        problems.putIfAbsent(name, message);
    }

    /**
     * What is wrong, by setting: values out of range, those that lack, and those that nobody asked for.
     *
     * @return in the order in which they were asked for; empty if all is right
     */
    public Map<String, String> problems() {
        Map<String, String> all = new LinkedHashMap<>(problems);
        new TreeSet<>(values.keySet())
                .stream()
                        .filter(name -> !asked.contains(name))
                        .forEach(name -> all.put(name, "is not a setting of this " + owner + "; known are " + asked));
        return all;
    }

    /**
     * Ends the reading.
     *
     * @throws IllegalArgumentException naming everything that is wrong, if anything is
     */
    public void check() {
        Map<String, String> all = problems();
        if (!all.isEmpty()) {
            throw new IllegalArgumentException(all.entrySet().stream()
                    .map(each -> each.getKey() + " " + each.getValue())
                    .collect(Collectors.joining("; ")));
        }
    }

    /** How settings write an enum's constant: {@code averageValue}. */
    public static String shown(Enum<?> constant) {
        StringBuilder name = new StringBuilder();
        boolean upper = false;
        for (char letter : constant.name().toLowerCase(Locale.ROOT).toCharArray()) {
            if (letter == '_') {
                upper = true;
            } else {
                name.append(upper ? Character.toUpperCase(letter) : letter);
                upper = false;
            }
        }
        return name.toString();
    }

    private static String plain(double value) {
        return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
    }
}
