/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;

/** Open-loop clients of a gate in virtual time: they come when they come, hold their permits as long as they do, and note what they were told. */
final class VirtualLoad {

    static final long SECOND = 1_000_000_000;

    final ManualTime time;
    final SplittableRandom random;

    /** By whatever name a stream of arrivals has. */
    private final Map<String, Notes> notes = new HashMap<>();

    VirtualLoad(ManualTime time, long seed) {
        this.time = time;
        this.random = new SplittableRandom(seed);
    }

    /** What became of the requests of one stream. */
    static final class Notes {
        final List<Double> queueSeconds = new ArrayList<>();
        final List<Double> totalSeconds = new ArrayList<>();
        final Map<String, Integer> refused = new HashMap<>();
        int asked;
        int admitted;
        int ended;

        int refused() {
            return refused.values().stream().mapToInt(Integer::intValue).sum();
        }

        double p99Total() {
            return percentile(totalSeconds, 0.99);
        }

        double p99Queue() {
            return percentile(queueSeconds, 0.99);
        }

        static double percentile(List<Double> values, double share) {
            List<Double> sorted = new ArrayList<>(values);
            Collections.sort(sorted);
            return sorted.isEmpty()
                    ? 0
                    : sorted.get((int) Math.min(sorted.size() - 1, Math.floor(share * sorted.size())));
        }
    }

    Notes of(String stream) {
        return notes.computeIfAbsent(stream, ignored -> new Notes());
    }

    double exponential(double mean) {
        return -mean * Math.log(1 - random.nextDouble());
    }

    void after(double seconds, Runnable task) {
        TimeSourceTasks.ignore(time.schedule((long) (seconds * SECOND), task));
    }

    /** Arrivals at a rate that may change, from now on for so long. */
    void arrivals(DoubleSupplier perSecond, double seconds, Runnable arrival) {
        long end = time.nanos() + (long) (seconds * SECOND);
        next(perSecond, end, arrival);
    }

    private void next(DoubleSupplier perSecond, long end, Runnable arrival) {
        double rate = perSecond.getAsDouble();
        double gap = rate <= 0 ? 0.1 : exponential(1 / rate);
        after(gap, () -> {
            if (time.nanos() - end < 0) {
                if (rate > 0) {
                    arrival.run();
                }
                next(perSecond, end, arrival);
            }
        });
    }

    /** One request, whose permit is held so long. */
    void ask(Gate gate, String stream, Request request, double holdSeconds) {
        ask(gate, stream, request, () -> holdSeconds, () -> Usage.NONE, refusal -> {});
    }

    void ask(
            Gate gate,
            String stream,
            Request request,
            DoubleSupplier holdSeconds,
            Supplier<Usage> usage,
            Consumer<Admission> refused) {
        Notes of = of(stream);
        of.asked++;
        long came = time.nanos();
        gate.acquire(request, answer -> {
            if (answer instanceof Permit permit) {
                of.admitted++;
                of.queueSeconds.add((double) (time.nanos() - came) / SECOND);
                after(holdSeconds.getAsDouble(), () -> {
                    permit.close(Outcome.COMPLETED, usage.get());
                    of.ended++;
                    of.totalSeconds.add((double) (time.nanos() - came) / SECOND);
                });
            } else {
                of.refused.merge(reason(answer), 1, Integer::sum);
                refused.accept(answer);
            }
        });
    }

    static String reason(Admission answer) {
        if (answer instanceof Admission.Shed shed) {
            return shed.reason().code();
        }
        return answer instanceof Admission.Expired expired ? expired.reason().code() : "cancelled";
    }

    static Duration retryAfter(Admission answer) {
        if (answer instanceof Admission.Shed shed) {
            return shed.retryAfter();
        }
        return answer instanceof Admission.Expired expired ? expired.retryAfter() : Duration.ZERO;
    }

    void run(double seconds) {
        time.advance(Duration.ofNanos((long) (seconds * SECOND)));
    }

    /** A task that nobody cancels. */
    private static final class TimeSourceTasks {
        static void ignore(Object task) {
            java.util.Objects.requireNonNull(task);
        }
    }
}
