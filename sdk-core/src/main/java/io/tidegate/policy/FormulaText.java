/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A formula as a user writes it, with its names taken out: the expression library knows no names with dots, and strings,
 * arrays and anything else a replica count has no use for never reach it. Immutable.
 *
 * @param plain the formula with {@code v0}, {@code v1}, … in place of names
 * @param names the names by what stands for them, in order of appearance
 */
record FormulaText(String plain, Map<String, String> names) {

    static final int MAX_LENGTH = 1_000;

    /** One token; the groups are a number, a word, a name in brackets, and what is left. */
    private static final Pattern TOKEN = Pattern.compile("\\s*(?:((?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?(?![\\w.]))"
            + "|([A-Za-z_]\\w*(?:\\.\\w+)*)(?![.\\w])"
            + "|\\[([^\\[\\]]+)]"
            + "|([-+*/%^()<>=!&|,])|$)");

    /** A literal whose digits, whatever its exponent, are not all 0. */
    private static final Pattern NOT_ZERO = Pattern.compile("[0.]*[1-9]");

    private static final Set<String> WORDS = Set.of("true", "false");

    /**
     * Takes a formula apart.
     *
     * @param figures names that are no signals
     * @param functions names of functions
     * @throws IllegalArgumentException if it is too long, has a sign no formula has, or a name that is neither a figure nor
     *     can be one of a signal
     */
    static FormulaText of(String formula, Set<String> figures, Set<String> functions) {
        if (formula.isBlank() || formula.length() > MAX_LENGTH) {
            throw new IllegalArgumentException("a formula must have 1 to " + MAX_LENGTH + " characters but has "
                    + (formula.isBlank() ? "none" : formula.length()));
        }
        Map<String, String> variables = new LinkedHashMap<>();
        StringBuilder plain = new StringBuilder();
        Matcher token = TOKEN.matcher(formula);
        int at = 0;
        while (at < formula.length()) {
            if (!token.region(at, formula.length()).lookingAt()) {
                throw wrong(formula, at, "this belongs in no formula");
            }
            at = token.end();
            if (token.group(1) != null) {
                plain.append(number(formula, token.group(1)));
            } else if (token.group(2) != null && followedByBracket(formula, at)) {
                plain.append(function(formula, token.group(2), functions));
            } else if (token.group(2) != null && WORDS.contains(token.group(2))) {
                plain.append(token.group(2));
            } else if (token.group(2) != null) {
                plain.append(variable(variables, bare(formula, token.group(2), figures, functions)));
            } else if (token.group(3) != null) {
                plain.append(variable(variables, token.group(3).trim()));
            } else if (token.group(4) != null) {
                plain.append(token.group(4));
                continue;
            }
            plain.append(' ');
        }
        Map<String, String> names = new LinkedHashMap<>();
        variables.forEach((name, variable) -> names.put(variable, name));
        return new FormulaText(plain.toString().trim(), names);
    }

    private static boolean followedByBracket(String formula, int at) {
        int next = at;
        while (next < formula.length() && Character.isWhitespace(formula.charAt(next))) {
            next++;
        }
        return next < formula.length() && formula.charAt(next) == '(';
    }

    /** Literals that are no double would make the library count in digits without end. */
    private static String number(String formula, String literal) {
        double value = Double.parseDouble(literal);
        boolean vanished = value == 0 && NOT_ZERO.matcher(literal).lookingAt();
        if (vanished || !Figures.possible(value)) {
            throw wrong(formula, formula.indexOf(literal), "the number " + literal + " is out of range");
        }
        return literal;
    }

    private static String function(String formula, String name, Set<String> functions) {
        String known = name.toLowerCase(Locale.ROOT);
        if (!functions.contains(known)) {
            throw wrong(
                    formula,
                    formula.indexOf(name),
                    "there is no function " + name + "; there are " + String.join(", ", functions));
        }
        return known;
    }

    private static String bare(String formula, String name, Set<String> figures, Set<String> functions) {
        if (!figures.contains(name) && !name.contains(".")) {
            throw wrong(
                    formula,
                    formula.indexOf(name),
                    functions.contains(name.toLowerCase(Locale.ROOT))
                            ? name + " is a function and needs its arguments"
                            : name + " is no known figure; there are " + String.join(", ", figures)
                                    + ". A signal whose name has no dot is written in brackets: [" + name + "]");
        }
        return name;
    }

    private static String variable(Map<String, String> variables, String name) {
        return variables.computeIfAbsent(name, unseen -> "v" + variables.size());
    }

    private static IllegalArgumentException wrong(String formula, int at, String what) {
        return new IllegalArgumentException("in the formula " + formula + ", at character " + (at + 1) + ": " + what);
    }
}
