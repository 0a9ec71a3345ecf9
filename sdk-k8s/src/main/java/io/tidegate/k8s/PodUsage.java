/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.metrics.v1beta1.PodMetrics;
import io.tidegate.k8s.PodResource.Amount;
import io.tidegate.pool.Signal;
import io.tidegate.pool.Signal.Known;
import io.tidegate.pool.Signal.Missing;
import io.tidegate.pool.Signal.Part;
import io.tidegate.pool.Signal.Stale;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes signals of a list of pods and a list of samples. Remembers when it first saw each sample: by the clock of this process,
 * since those of the cluster's machines may differ. For one thread at a time.
 */
final class PodUsage {

    private static final Duration NO_WINDOW = Duration.ZERO;

    private final String source;
    private final PodReadiness readiness;
    private final @Nullable String container;
    private final Duration staleAfter;
    private Map<String, Seen> seen = Map.of();

    /** A sample, and when it was first seen. */
    private record Seen(Instant sampledAt, long atNanos) {}

    /**
     * A live pod.
     *
     * @param sample null if there is none, or none of this pod
     */
    private record Live(
            Pod pod, @Nullable PodMetrics sample, @Nullable Seen seen) {
        String name() {
            return pod.getMetadata().getName();
        }
    }

    PodUsage(String source, PodReadiness readiness, @Nullable String container, Duration staleAfter) {
        this.source = source;
        this.readiness = readiness;
        this.container = container;
        this.staleAfter = staleAfter;
    }

    /** All signals, of pods and samples as they were listed. */
    Map<String, Signal> signals(List<Pod> pods, List<PodMetrics> samples, long now) {
        Map<String, PodMetrics> newest = new HashMap<>();
        for (PodMetrics sample : samples) {
            newest.merge(sample.getMetadata().getName(), sample, PodUsage::later);
        }
        List<Live> live = new ArrayList<>();
        Map<String, Seen> nowSeen = new HashMap<>();
        for (Pod pod : pods) {
            if (PodReadiness.live(pod)) {
                live.add(live(pod, newest.get(pod.getMetadata().getName()), now, nowSeen));
            }
        }
        seen = nowSeen;
        live.sort(Comparator.comparing(Live::name));
        Map<String, Signal> signals = new LinkedHashMap<>();
        for (PodResource resource : PodResource.values()) {
            List<Part> used = new ArrayList<>();
            for (Live each : live) {
                used.add(used(each, resource, now));
            }
            signals.put(PodMetricsSource.usage(resource), sum(used, resource.unit));
            signals.put(PodMetricsSource.utilization(resource), utilization(live, used, resource));
        }
        return signals;
    }

    private static PodMetrics later(PodMetrics one, PodMetrics other) {
        Instant first = PodReadiness.instant(one.getTimestamp());
        Instant second = PodReadiness.instant(other.getTimestamp());
        return first == null || (second != null && second.isAfter(first)) ? other : one;
    }

    private Live live(Pod pod, @Nullable PodMetrics sample, long now, Map<String, Seen> nowSeen) {
        Instant at = sample == null ? null : PodReadiness.instant(sample.getTimestamp());
        Instant started = PodReadiness.startedAt(pod);
        if (at == null || (started != null && at.isBefore(started))) {
            // A sample from before its start is of another pod that had its name.
            return new Live(pod, null, null);
        }
        String name = pod.getMetadata().getName();
        Seen before = seen.get(name);
        Seen taken = before != null && before.sampledAt().equals(at) ? before : new Seen(at, now);
        nowSeen.put(name, taken);
        return new Live(pod, sample, taken);
    }

    private Part used(Live live, PodResource resource, long now) {
        PodMetrics sample = live.sample();
        Seen taken = live.seen();
        if (sample == null || taken == null) {
            return new Part(
                    live.name(), PodReadiness.serves(live.pod()), new Missing(source, "no metrics of this pod"));
        }
        Duration window = sample.getWindow() == null || sample.getWindow().getDuration() == null
                ? NO_WINDOW
                : sample.getWindow().getDuration();
        boolean ready = resource == PodResource.CPU
                ? readiness.measuresCpu(live.pod(), taken.sampledAt(), window)
                : PodReadiness.serves(live.pod());
        Amount amount = resource.used(sample, container);
        Signal signal = amount.known()
                ? new Known(amount.value(), resource.unit, taken.atNanos(), source).notOlderThan(staleAfter, now)
                : new Signal.Invalid(source, amount.problem());
        return new Part(live.name(), ready, signal);
    }

    private Signal sum(List<Part> parts, String unit) {
        return whole(parts, unit, parts.stream().mapToDouble(PodUsage::counted).sum());
    }

    /** Use of all that count ÷ what they asked for, which is not the mean of their ratios. */
    private Signal utilization(List<Live> live, List<Part> used, PodResource resource) {
        List<Part> parts = new ArrayList<>();
        double usedByAll = 0;
        double requestedByAll = 0;
        for (int i = 0; i < used.size(); i++) {
            Part part = used.get(i);
            Amount requested = resource.requested(live.get(i).pod(), container);
            if (!requested.known()) {
                return new Missing(
                        source,
                        "no utilization without requests: " + requested.problem() + " in pod " + part.replica());
            }
            Signal signal = part.signal();
            if (signal instanceof Known known) {
                signal = Signal.ofNonNegative(known.value() / requested.value(), "ratio", known.atNanos(), source);
                if (part.ready()) {
                    usedByAll += known.value();
                    requestedByAll += requested.value();
                }
            }
            parts.add(new Part(part.replica(), part.ready(), signal));
        }
        return whole(parts, "ratio", requestedByAll > 0 ? usedByAll / requestedByAll : 0);
    }

    private static double counted(Part part) {
        return part.ready() && part.signal() instanceof Known known ? known.value() : 0;
    }

    /** The value of all ready pods, as old as the oldest sample in it; covered as far as they were measured. */
    private Signal whole(List<Part> parts, String unit, double value) {
        List<Signal> ready =
                parts.stream().filter(Part::ready).map(Part::signal).toList();
        List<Known> known = ready.stream()
                .filter(Known.class::isInstance)
                .map(Known.class::cast)
                .toList();
        if (parts.isEmpty()) {
            return new Missing(source, "no live pod is selected");
        }
        if (ready.isEmpty()) {
            return new Missing(source, "of " + parts.size() + " pods none is ready, or none was for a whole sample");
        }
        if (known.isEmpty()) {
            return ready.stream()
                    .filter(Stale.class::isInstance)
                    .findFirst()
                    .orElseGet(() -> new Missing(
                            source,
                            "of " + ready.size() + " ready pods none is measured: "
                                    + ready.get(0).gap()));
        }
        if (!Double.isFinite(value)) {
            return new Signal.Invalid(source, "not a finite number: " + value);
        }
        long oldest = known.get(0).atNanos();
        for (Known each : known) {
            oldest = each.atNanos() - oldest < 0 ? each.atNanos() : oldest;
        }
        return new Known(value, unit, oldest, source, (double) known.size() / ready.size(), parts);
    }
}
