/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.config;

import io.tidegate.config.ConfigException.Problem;
import io.tidegate.time.DurationText;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Reads values out of a tree and gathers what is wrong instead of stopping at it: a wrong value is noted with its path and
 * replaced by the default, so that the rest is checked as well. For one thread.
 */
final class TreeReader {

    private final List<Problem> problems = new ArrayList<>();

    List<Problem> problems() {
        return problems;
    }

    /** Notes a problem, unless one was noted there or above: then it only follows from that. */
    void problem(String path, String message) {
        boolean follows =
                problems.stream().anyMatch(found -> path.equals(found.path()) || path.startsWith(found.path() + "."));
        if (!follows) {
            problems.add(new Problem(path, message));
        }
    }

    /** One map of the tree. */
    static final class Node {

        private final TreeReader reader;
        private final String path;
        private final Map<String, @Nullable Object> values = new LinkedHashMap<>();
        private final Set<String> asked = new LinkedHashSet<>();

        Node(TreeReader reader, String path, Map<?, ?> values) {
            this.reader = reader;
            this.path = path;
            values.forEach((key, value) -> this.values.put(String.valueOf(key), value));
        }

        String path(String key) {
            String shown = oneLine(key);
            return path.isEmpty() ? shown : path + "." + shown;
        }

        void problem(String key, String message) {
            reader.problem(path(key), message);
        }

        boolean has(String key) {
            return values.get(key) != null;
        }

        /** Notes every key that nobody asked for, with the one that was probably meant. */
        void rejectUnknown() {
            rejectOthers(asked, "a setting");
        }

        /** Notes every key that is none of these, with the one that was probably meant. */
        void rejectOthers(Set<String> known, String what) {
            for (String key : values.keySet()) {
                if (!known.contains(key)) {
                    String meant = known.stream()
                            .filter(each -> distance(each, key) <= 2)
                            .min(Comparator.comparingInt(each -> distance(each, key)))
                            .map(each -> "; did you mean " + each + "?")
                            .orElse("; known are " + known);
                    problem(key, "is not " + what + meant);
                }
            }
        }

        int integer(String key, int least, int most, int fallback) {
            return (int) number(key, least, most, fallback);
        }

        long number(String key, long least, long most, long fallback) {
            Object value = value(key);
            if (value == null) {
                return fallback;
            }
            if (value instanceof Integer || value instanceof Long) {
                long found = ((Number) value).longValue();
                if (found >= least && found <= most) {
                    return found;
                }
            }
            problem(key, "must be a whole number from " + least + " to " + most + " but is " + shown(value));
            return fallback;
        }

        OptionalLong optionalNumber(String key, long least, long most) {
            if (!has(key)) {
                asked.add(key);
                return OptionalLong.empty();
            }
            return OptionalLong.of(number(key, least, most, least));
        }

        int requiredInteger(String key, int least, int most) {
            if (!has(key)) {
                asked.add(key);
                problem(key, "is required: a whole number from " + least + " to " + most);
                return least;
            }
            return integer(key, least, most, least);
        }

        /** A number above the first bound, which it may not equal unless {@code closed}, and at most the second. */
        double fraction(String key, double above, double most, boolean closed, double fallback) {
            Object value = value(key);
            if (value == null) {
                return fallback;
            }
            if (value instanceof Number number) {
                double found = number.doubleValue();
                if ((found > above || (closed && found == above)) && found <= most) {
                    return found;
                }
            }
            String range = (closed ? "at least " : "above ")
                    + plain(above)
                    + (most == Double.MAX_VALUE ? "" : " and at most " + plain(most));
            problem(key, "must be a number " + range + " but is " + shown(value));
            return fallback;
        }

        OptionalDouble optionalFraction(String key, double above, double most, boolean closed) {
            if (!has(key)) {
                asked.add(key);
                return OptionalDouble.empty();
            }
            return OptionalDouble.of(fraction(key, above, most, closed, above));
        }

        Duration duration(String key, Duration least, Duration most, Duration fallback) {
            return optionalDuration(key, least, most).orElse(fallback);
        }

        Optional<Duration> optionalDuration(String key, Duration least, Duration most) {
            Object value = value(key);
            if (value == null) {
                return Optional.empty();
            }
            Optional<Duration> found = DurationText.parse(String.valueOf(value));
            if (found.isEmpty()) {
                problem(key, "must be a duration such as 250ms, 30s, 5m or PT30S but is " + shown(value));
                return Optional.empty();
            }
            if (found.get().compareTo(least) < 0 || found.get().compareTo(most) > 0) {
                problem(
                        key,
                        "must be a duration from " + DurationText.shown(least) + " to " + DurationText.shown(most)
                                + " but is " + shown(value));
                return Optional.empty();
            }
            return found;
        }

        Optional<String> text(String key) {
            Object value = value(key);
            if (value == null) {
                return Optional.empty();
            }
            if (value instanceof String string && !string.isBlank()) {
                return Optional.of(string);
            }
            problem(key, "must be a text but is " + shown(value));
            return Optional.empty();
        }

        boolean flag(String key, boolean fallback) {
            Object value = value(key);
            if (value == null) {
                return fallback;
            }
            if (value instanceof Boolean flag) {
                return flag;
            }
            problem(key, "must be true or false but is " + shown(value));
            return fallback;
        }

        /** One of the names. */
        <T> T choice(String key, Map<String, T> names, T fallback) {
            Object value = value(key);
            if (value == null) {
                return fallback;
            }
            T found = value instanceof String name ? names.get(name) : null;
            if (found == null) {
                problem(key, "must be one of " + names.keySet() + " but is " + shown(value));
                return fallback;
            }
            return found;
        }

        /** The map under a key; an empty one if there is none or it is something else. */
        Node child(String key) {
            Object value = value(key);
            if (value instanceof Map<?, ?> map) {
                return new Node(reader, path(key), map);
            }
            if (value != null) {
                problem(key, "must be a map but is " + shown(value));
            }
            return new Node(reader, path(key), Map.of());
        }

        /** Every entry of the map under a key, read as a map itself. */
        <T> Map<String, T> children(String key, BiFunction<String, Node, T> read) {
            return child(key).children(read);
        }

        /** Every entry of this map, read as a map itself. */
        <T> Map<String, T> children(BiFunction<String, Node, T> read) {
            Map<String, T> all = new LinkedHashMap<>();
            for (String name : values.keySet()) {
                all.put(name, read.apply(name, child(name)));
            }
            return all;
        }

        /** Every entry of this map, as numbers in the range of {@link #fraction}, not closed. */
        Map<String, Double> fractions(double above, double most) {
            Map<String, Double> all = new LinkedHashMap<>();
            for (String name : values.keySet()) {
                if (has(name)) {
                    all.put(name, fraction(name, above, most, false, most));
                } else {
                    problem(name, "needs a number above " + plain(above) + " and at most " + plain(most));
                }
            }
            return all;
        }

        /** Every entry of the map under a key, as texts. */
        Map<String, String> texts(String key) {
            Node parent = child(key);
            Map<String, String> all = new LinkedHashMap<>();
            parent.values.forEach((name, value) -> {
                if (value instanceof Map || value instanceof List) {
                    parent.problem(name, "must be a plain value but is " + shown(value));
                } else if (value != null) {
                    all.put(name, value.toString());
                }
            });
            return all;
        }

        /**
         * Texts of a map of maps, by names joined with dots; of a list, with the number of each from 0: {@code command.0}. A name that
         * comes up twice that way is noted.
         */
        Map<String, String> flatTexts(String key) {
            Map<String, String> all = new LinkedHashMap<>();
            child(key).flatten("", all);
            return all;
        }

        private void flatten(String prefix, Map<String, String> all) {
            values.forEach((name, value) -> {
                if (value instanceof Map<?, ?> map) {
                    new Node(reader, path(name), map).flatten(prefix + name + ".", all);
                } else if (value instanceof List<?> list) {
                    Map<String, @Nullable Object> numbered = new LinkedHashMap<>();
                    for (int i = 0; i < list.size(); i++) {
                        numbered.put(String.valueOf(i), list.get(i));
                    }
                    new Node(reader, path(name), numbered).flatten(prefix + name + ".", all);
                } else if (value != null && all.put(prefix + name, value.toString()) != null) {
                    problem(name, "is given twice, once with dots and once as a map");
                }
            });
        }

        private @Nullable Object value(String key) {
            asked.add(key);
            return values.get(key);
        }
    }

    static String plain(double value) {
        return value == Math.rint(value) ? String.valueOf((long) value) : String.valueOf(value);
    }

    /** A value as an error shows it: short, on one line. */
    private static String shown(Object value) {
        String kind = value instanceof String
                ? "the text "
                : value instanceof Map ? "a map" : value instanceof List ? "a list" : "";
        if (!kind.isEmpty() && !(value instanceof String)) {
            return kind;
        }
        String cut = oneLine(value.toString());
        return value instanceof String ? kind + '"' + cut + '"' : cut;
    }

    private static String oneLine(String text) {
        // Also what only some take for a line break.
        String plain = text.replaceAll("[\\p{Cc}\\u2028\\u2029]", " ");
        return plain.length() > 60 ? plain.substring(0, 60) + "…" : plain;
    }

    /** Edit distance whatever the case: insertions, deletions and replacements (Levenshtein 1966). */
    private static int distance(String known, String key) {
        String a = known.toLowerCase(Locale.ROOT);
        String b = key.toLowerCase(Locale.ROOT);
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int above = row[j];
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(replaced, Math.min(above, row[j - 1]) + 1);
                diagonal = above;
            }
        }
        return row[b.length()];
    }
}
