/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.config;

import java.util.List;

/**
 * A configuration that cannot be used; lists everything that is wrong with it.
 *
 * @since 0.1.0
 */
public final class ConfigException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    @SuppressWarnings("serial") // an unmodifiable list of records of texts
    private final List<Problem> problems;

    /**
     * Several problems of one document.
     *
     * @param source what errors call it
     * @param problems at least one
     */
    public ConfigException(String source, List<Problem> problems) {
        super(message(source, problems));
        this.problems = List.copyOf(problems);
    }

    ConfigException(String source, Problem problem, Throwable cause) {
        super(message(source, List.of(problem)), cause);
        this.problems = List.of(problem);
    }

    /**
     * One thing that is wrong.
     *
     * @param path where, such as {@code pools.chat.scaling.max}; empty for the document as a whole
     * @param message what is wrong, and what would be right
     */
    public record Problem(String path, String message) implements java.io.Serializable {

        @Override
        public String toString() {
            return path.isEmpty() ? message : path + ": " + message;
        }
    }

    /** Everything that is wrong, in the order it was found; what only follows from another problem is left out. */
    public List<Problem> problems() {
        return problems;
    }

    private static String message(String source, List<Problem> problems) {
        StringBuilder text = new StringBuilder(source)
                .append(problems.size() == 1 ? " has 1 problem:" : " has " + problems.size() + " problems:");
        problems.forEach(
                problem -> text.append(System.lineSeparator()).append("  ").append(problem));
        return text.toString();
    }
}
