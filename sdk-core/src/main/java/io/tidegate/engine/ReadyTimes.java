/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.ledger.Account.Stage;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The time replicas took to be ready: the median of the last fifteen, or what is configured. For the engine's thread only. */
final class ReadyTimes {

    private static final int KEPT = 100;
    /** Of how many the expected time is the median: few, so that it follows a new image or a slower node soon. */
    private static final int RECENT = 15;

    private Duration configured;
    private final ArrayDeque<Duration> measured = new ArrayDeque<>();
    private final Map<Stage, ArrayDeque<Duration>> stages = new EnumMap<>(Stage.class);

    ReadyTimes(Duration configured) {
        this.configured = configured;
    }

    void add(Duration timeToReady) {
        add(measured, timeToReady);
    }

    void addStages(Map<Stage, Duration> times) {
        times.forEach((stage, time) -> add(stages.computeIfAbsent(stage, ignored -> new ArrayDeque<>()), time));
    }

    private static void add(ArrayDeque<Duration> kept, Duration time) {
        kept.addLast(time);
        if (kept.size() > KEPT) {
            kept.removeFirst();
        }
    }

    /** What holds until something was measured. */
    void configure(Duration timeToReady) {
        configured = timeToReady;
    }

    /** What the expected time rests on. */
    List<Duration> measured() {
        return measured.stream().skip(Math.max(0, measured.size() - RECENT)).toList();
    }

    Duration expected() {
        return quantile(measured(), 0.5).orElse(configured);
    }

    ScaleTimes times() {
        Map<Stage, Duration> medians = new EnumMap<>(Stage.class);
        stages.forEach((stage, times) -> quantile(times, 0.5).ifPresent(median -> medians.put(stage, median)));
        return new ScaleTimes(
                measured.size(), quantile(measured(), 0.5), quantile(measured, 0.9), quantile(measured, 1), medians);
    }

    /** The one of which so many are not longer; of an even number the upper of both in the middle. */
    private static Optional<Duration> quantile(Collection<Duration> times, double fraction) {
        return times.stream()
                .sorted()
                .skip(Math.max(0, Math.min(times.size() - 1L, (long) (times.size() * fraction))))
                .findFirst();
    }
}
