/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.internal;

import io.tidegate.pool.Signal;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;

/**
 * Makes one signal of a pool from those of its replicas.
 *
 * <p>A value is combined from the ready replicas that have one, and its coverage is their share of all that are ready: 3 of 4
 * give 0.75. If none has one, the whole is {@link Signal.Missing} if one was, else {@link Signal.Invalid}, and says why for the
 * first few. Replicas that are not ready are parts and nothing else.
 */
public final class Pooling {

    private static final int MAX_NAMED = 3;

    private Pooling() {}

    /**
     * The signal of the pool.
     *
     * @param name of the source, for people
     * @param parts of all replicas listed
     * @param atNanos when the read began
     */
    public static Signal pooled(
            String name, List<Signal.Part> parts, long atNanos, ToDoubleFunction<DoubleStream> combination) {
        return pooled(name, parts, "", atNanos, known -> combination.applyAsDouble(values(known)));
    }

    /**
     * The signal of the pool, where the value is not made from those of the parts alone.
     *
     * @param unit empty for that of the parts
     * @param combination of the parts that are ready and known; there is at least one
     */
    public static Signal pooled(
            String name,
            List<Signal.Part> parts,
            String unit,
            long atNanos,
            ToDoubleFunction<List<Signal.Part>> combination) {
        if (parts.isEmpty()) {
            return new Signal.Missing(name, "no replicas");
        }
        List<Signal.Part> ready = parts.stream().filter(Signal.Part::ready).toList();
        if (ready.isEmpty()) {
            return new Signal.Missing(name, "no replica is ready of " + parts.size());
        }
        String source = name + ", " + (ready.size() == 1 ? "1 replica" : ready.size() + " replicas");
        List<Signal.Part> known = ready.stream()
                .filter(part -> part.signal() instanceof Signal.Known)
                .toList();
        if (known.isEmpty()) {
            return none(source, ready.stream().map(Signal.Part::signal).toList());
        }
        Signal.Known first = (Signal.Known) known.get(0).signal();
        // The oldest value: parts of one read may be of different age, and the whole is no fresher than they are.
        long at = known.stream()
                .map(part -> ((Signal.Known) part.signal()).atNanos())
                .reduce(atNanos, (one, other) -> other - one < 0 ? other : one);
        return covered(
                Signal.ofNonNegative(
                        combination.applyAsDouble(known), unit.isEmpty() ? first.unit() : unit, at, source),
                (double) known.size() / ready.size(),
                parts);
    }

    /** The same value with this coverage and these parts; what is no value is left as it is. */
    public static Signal covered(Signal signal, double coverage, List<Signal.Part> parts) {
        return signal instanceof Signal.Known known
                ? new Signal.Known(known.value(), known.unit(), known.atNanos(), known.source(), coverage, parts)
                : signal;
    }

    /** The values of parts that are all known. */
    public static DoubleStream values(List<Signal.Part> known) {
        return known.stream().mapToDouble(part -> ((Signal.Known) part.signal()).value());
    }

    /** Why none of these has a value; they must be of one or more replicas, and none known. */
    public static Signal none(String source, List<Signal> figures) {
        List<String> missing = reasons(figures, Signal.Missing.class, Signal.Missing::reason);
        if (!missing.isEmpty()) {
            return new Signal.Missing(source, named(missing, figures.size()));
        }
        List<Signal.Stale> stale = figures.stream()
                .filter(Signal.Stale.class::isInstance)
                .map(Signal.Stale.class::cast)
                .toList();
        if (!stale.isEmpty()) {
            return new Signal.Stale(source, stale.get(0).age());
        }
        return new Signal.Invalid(
                source, named(reasons(figures, Signal.Invalid.class, Signal.Invalid::reason), figures.size()));
    }

    private static <S extends Signal> List<String> reasons(
            List<Signal> figures, Class<S> kind, Function<S, String> reason) {
        return figures.stream()
                .filter(kind::isInstance)
                .map(kind::cast)
                .map(each -> each.source() + ": " + reason.apply(each))
                .toList();
    }

    private static String named(List<String> reasons, int replicas) {
        String first = reasons.stream().limit(MAX_NAMED).collect(Collectors.joining("; "));
        int more = reasons.size() - MAX_NAMED;
        return reasons.size() + " of " + replicas + " unusable: " + first + (more > 0 ? "; and " + more + " more" : "");
    }
}
