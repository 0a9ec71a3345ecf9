/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** What was measured of one row: every iteration of every fork, or why there is nothing. For one thread. */
final class Figures {

    /** So much more than whole bytes is none of the operation's: what else the JVM allocates meanwhile is divided among them. */
    private static final double NO_BYTES = 0.5;

    /**
     * One iteration. What it did not measure is NaN.
     *
     * @param fork the JVM it ran in, from 1
     * @param cpuNanos CPU time of the worker threads for each operation
     * @param wallNanos time of a thread for each operation
     * @param bytes allocated for each operation; for {@link Row.Group#MEMORY} heap for each waiter
     */
    record Iteration(int fork, double cpuNanos, double wallNanos, double bytes) {}

    private final Row row;
    private final List<Iteration> iterations = new ArrayList<>();
    private @Nullable String failure;

    Figures(Row row) {
        this.row = row;
    }

    Row row() {
        return row;
    }

    List<Iteration> iterations() {
        return List.copyOf(iterations);
    }

    void add(List<Iteration> more) {
        iterations.addAll(more);
    }

    /** Why it failed, which makes its figures worthless. */
    Optional<String> failure() {
        return Optional.ofNullable(failure);
    }

    void failed(String why) {
        failure = why;
    }

    OptionalDouble cpuNanos() {
        return median(Iteration::cpuNanos);
    }

    OptionalDouble wallNanos() {
        return median(Iteration::wallNanos);
    }

    /** Zero where it is next to nothing. */
    OptionalDouble bytes() {
        OptionalDouble bytes = median(Iteration::bytes);
        double whole = Math.floor(bytes.orElse(0));
        return bytes.isPresent() && bytes.getAsDouble() - whole < NO_BYTES ? OptionalDouble.of(whole) : bytes;
    }

    /** The middle one in order of size, or the mean of the two in the middle. */
    private OptionalDouble median(ToDoubleFunction<Iteration> what) {
        double[] sorted = sorted(what);
        if (sorted.length == 0) {
            return OptionalDouble.empty();
        }
        int half = sorted.length / 2;
        return OptionalDouble.of(sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2);
    }

    /** Those that were measured; none of a row that failed. */
    double[] sorted(ToDoubleFunction<Iteration> what) {
        return failure != null
                ? new double[0]
                : iterations.stream()
                        .mapToDouble(what)
                        .filter(Double::isFinite)
                        .sorted()
                        .toArray();
    }
}
