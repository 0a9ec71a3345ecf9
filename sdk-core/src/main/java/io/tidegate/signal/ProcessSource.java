/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signal;

import io.tidegate.pool.Signal;
import io.tidegate.signal.spi.SignalSource;
import io.tidegate.time.TimeSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The gateway's own process as the Java platform sees it: its use of processors, heap, threads and files. It says how the gateway
 * is, not how the replicas behind it are.
 *
 * <table>
 * <caption>Signals</caption>
 * <tr><th>name</th><th>unit</th><th>meaning</th></tr>
 * <tr><td>{@value #CPU}</td><td>ratio</td><td>processor time used ÷ time of all processors the process may use, since the read
 * before</td></tr>
 * <tr><td>{@value #HEAP}</td><td>ratio</td><td>heap used ÷ most it may grow to; garbage counts as used until it is collected, so
 * it is a saw tooth</td></tr>
 * <tr><td>{@value #GC}</td><td>ratio</td><td>share of time since the read before in which collectors stopped the process; cycles
 * beside it, as ZGC and Shenandoah have, do not count</td></tr>
 * <tr><td>{@value #THREADS}</td><td>threads</td><td>live threads of the platform; virtual threads do not count</td></tr>
 * <tr><td>{@value #FILES}</td><td>ratio</td><td>open file descriptors ÷ most there may be</td></tr>
 * <tr><td>{@value #LOAD}</td><td>ratio</td><td>the machine's load average of a minute ÷ processors; may exceed 1, and in a
 * container is that of the whole machine</td></tr>
 * </table>
 *
 * <p>Processors are those of {@link Runtime#availableProcessors}: of the container where it is limited, rounded up to whole ones.
 *
 * <p>What the platform cannot say at the moment is {@link Signal.Missing}: the first read has no {@value #CPU} and no {@value #GC},
 * since both need two. What this platform never says, such as {@value #FILES} on Windows, is left out by {@link #of(TimeSource)},
 * as it would keep a pool from scaling down for ever.
 *
 * <p>For one read at a time.
 *
 * @since 0.1.0
 */
public final class ProcessSource implements SignalSource {

    /** Use of processors by this process, 0 to 1. */
    public static final String CPU = "process.cpu.usage";

    /** Heap used ÷ its maximum, 0 to 1. */
    public static final String HEAP = "jvm.heap.usage";

    /** Share of time in which collectors stopped the process, 0 to 1. */
    public static final String GC = "jvm.gc.share";

    /** Live platform threads. */
    public static final String THREADS = "jvm.threads";

    /** Open file descriptors ÷ their maximum, 0 to 1. */
    public static final String FILES = "process.files.usage";

    /** Load average of a minute ÷ processors. */
    public static final String LOAD = "system.load";

    /** All it can tell, in this order. */
    static final List<String> ALL = List.of(CPU, HEAP, GC, THREADS, FILES, LOAD);

    private static final String NAME = "process";
    private static final String NOT_TOLD = "the platform does not tell";

    private final TimeSource time;
    private final Platform platform;
    private final List<String> names;
    private @Nullable Reading before;

    /** What shares of time are made of. */
    private record Reading(long atNanos, long cpuNanos, long gcMillis) {}

    private ProcessSource(TimeSource time, Platform platform, List<String> names) {
        this.time = time;
        this.platform = platform;
        this.names = names;
    }

    /** All signals that this platform can tell. */
    public static ProcessSource of(TimeSource time) {
        return of(time, Platform.ofJvm());
    }

    /**
     * Only signals of these names, also where this platform cannot tell them.
     *
     * @throws IllegalArgumentException if a name is none of those above, or there is none
     */
    public static ProcessSource of(TimeSource time, Set<String> names) {
        return of(time, Platform.ofJvm(), names);
    }

    static ProcessSource of(TimeSource time, Platform platform) {
        List<String> told = new ArrayList<>(ALL);
        if (!(platform.maxFiles() > 0)) {
            told.remove(FILES);
        }
        if (!(platform.loadAverage() >= 0)) {
            told.remove(LOAD);
        }
        if (platform.heapMax() <= 0) {
            told.remove(HEAP);
        }
        if (platform.cpuNanos() < 0) {
            told.remove(CPU);
        }
        return new ProcessSource(time, platform, List.copyOf(told));
    }

    static ProcessSource of(TimeSource time, Platform platform, Set<String> names) {
        if (names.isEmpty() || !ALL.containsAll(names)) {
            throw new IllegalArgumentException(
                    "signals of the process must be some of " + ALL + " but were " + new TreeSet<>(names));
        }
        return new ProcessSource(
                time, platform, ALL.stream().filter(names::contains).toList());
    }

    /** {@code process}. */
    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Map<String, Signal> read() {
        Reading now = new Reading(time.nanos(), platform.cpuNanos(), platform.gcMillis());
        Map<String, Signal> all = new LinkedHashMap<>();
        for (String name : names) {
            all.put(name, signal(name, now));
        }
        before = now;
        return all;
    }

    private Signal signal(String name, Reading now) {
        return switch (name) {
            case CPU -> ofTime(now, now.cpuNanos(), before == null ? -1 : before.cpuNanos(), 1, platform.processors());
            case GC -> ofTime(now, now.gcMillis(), before == null ? -1 : before.gcMillis(), 1e6, 1);
            case HEAP -> ratio((double) platform.heapUsed(), (double) platform.heapMax(), now);
            case THREADS -> known(platform.threads(), "threads", now);
            case FILES -> ratio((double) platform.openFiles(), (double) platform.maxFiles(), now);
            default -> ratio(platform.loadAverage(), platform.processors(), now);
        };
    }

    /** The share of the time between two reads that a counter of time grew by. */
    private Signal ofTime(Reading now, long counter, long counterBefore, double nanosPerUnit, int of) {
        if (before == null) {
            return missing("needs two reads");
        }
        long elapsed = now.atNanos() - before.atNanos();
        if (counter < 0 || counterBefore < 0 || of <= 0) {
            return missing(NOT_TOLD);
        }
        if (elapsed <= 0 || counter < counterBefore) {
            return missing("no time has passed since the read before");
        }
        // Both clocks are coarser than a nanosecond, so a busy process can seem to use more than there is.
        double share = (counter - counterBefore) * nanosPerUnit / ((double) elapsed * of);
        return known(Math.min(1, share), "ratio", now);
    }

    private static Signal ratio(double part, double whole, Reading now) {
        return part >= 0 && whole > 0 ? known(part / whole, "ratio", now) : missing(NOT_TOLD);
    }

    private static Signal known(double value, String unit, Reading now) {
        return value < 0 ? missing(NOT_TOLD) : Signal.ofNonNegative(value, unit, now.atNanos(), NAME);
    }

    private static Signal missing(String reason) {
        return new Signal.Missing(NAME, reason);
    }

    /** What the platform says of this process; negative or NaN where it does not. */
    interface Platform {

        /** Processor time of the process so far. */
        long cpuNanos();

        /** Processors it may use. */
        int processors();

        double loadAverage();

        long heapUsed();

        long heapMax();

        /** Time for which collectors have stopped the process so far. */
        long gcMillis();

        int threads();

        long openFiles();

        long maxFiles();

        static Platform ofJvm() {
            return new JvmPlatform();
        }
    }
}
