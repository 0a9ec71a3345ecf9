/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.dcgm;

import io.tidegate.pool.Signal;
import io.tidegate.signal.spi.SignalSource;
import io.tidegate.signals.internal.Pooling;
import io.tidegate.signals.scrape.MetricsText;
import io.tidegate.signals.scrape.internal.Scrape;
import io.tidegate.signals.scrape.internal.Scraper;
import io.tidegate.time.TimeSource;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import okhttp3.OkHttpClient;
import org.jspecify.annotations.Nullable;

/**
 * The GPUs of a pool, from the {@code /metrics} of NVIDIA's dcgm-exporter, one page for each node.
 *
 * <table>
 *   <caption>Signals</caption>
 *   <tr><th>name</th><th>meaning</th><th>unit</th></tr>
 *   <tr><td>{@value #UTILIZATION}</td><td>part of time a device was at work, mean over the devices</td><td>ratio</td></tr>
 *   <tr><td>{@value #UTILIZATION_MAX}</td><td>the same of the busiest device</td><td>ratio</td></tr>
 *   <tr><td>{@value #TENSOR_ACTIVE}</td><td>part of cycles the tensor pipes were active, mean</td><td>ratio</td></tr>
 *   <tr><td>{@value #DRAM_ACTIVE}</td><td>part of cycles memory was sending or receiving, mean</td><td>ratio</td></tr>
 *   <tr><td>{@value #MEMORY_USAGE}</td><td>memory in use, of what is used or free on all devices</td><td>ratio</td></tr>
 *   <tr><td>{@value #MEMORY_USAGE_MAX}</td><td>the same of the fullest device</td><td>ratio</td></tr>
 *   <tr><td>{@value #MEMORY_USED}</td><td>memory in use, all devices</td><td>bytes</td></tr>
 *   <tr><td>{@value #POWER}</td><td>power draw, all GPUs; one of which the pool has a slice counts once and in whole</td>
 *       <td>watts</td></tr>
 *   <tr><td>{@value #TEMPERATURE_MAX}</td><td>of the hottest GPU</td><td>celsius</td></tr>
 *   <tr><td>{@value #XID_ERRORS}</td><td>GPUs whose last XID error is not 0</td><td>devices</td></tr>
 * </table>
 *
 * <p>A device is a GPU or a MIG slice. Utilization is {@code DCGM_FI_PROF_GR_ENGINE_ACTIVE} where the page has it, since only that
 * works for slices, else {@code DCGM_FI_DEV_GPU_UTIL}, which is in percent there and a ratio here. Memory is nearly always full
 * under vLLM, which takes its share at the start: it is no measure of load. What DCGM marks as blank, not supported or not
 * permitted is {@link Signal.Invalid}, never a number. A figure that no device has, as profiling figures are often not exported, is
 * left out: a signal that is always missing would keep a pool from scaling down for ever. A policy that follows it abstains.
 *
 * <p>With {@link Builder#pods pods} given, devices of other pods are left out, coverage is the share of pods that were heard of,
 * and parts are what each pod's devices say; a pod all of whose devices do not say a figure has none. Without, all devices that pass
 * the {@link Builder#devices filter} count, coverage falls with exporters that cannot be read, and parts are by pod, or by device
 * where no page names the pod. A device that several pods share counts once.
 *
 * <p>Exporters measure every 30 s unless told otherwise; between, they repeat themselves. Only {@link #read} waits, and no longer
 * than its timeout; it may be called by one thread at a time, the rest by any.
 *
 * @since 0.1.0
 */
public final class DcgmMetricsSource implements SignalSource {

    private static final Duration LONGEST_READ = Duration.ofHours(1);

    /** Part of time a device was at work, mean over the devices. */
    public static final String UTILIZATION = "gpu.utilization";

    /** Part of time the busiest device was at work. */
    public static final String UTILIZATION_MAX = "gpu.utilization.max";

    /** Part of cycles in which the tensor pipes were active, mean. */
    public static final String TENSOR_ACTIVE = "gpu.tensor.active";

    /** Part of cycles in which memory was sending or receiving, mean. */
    public static final String DRAM_ACTIVE = "gpu.dram.active";

    /** Memory in use, of what is used or free on all devices. */
    public static final String MEMORY_USAGE = "gpu.memory.usage";

    /** Memory in use on the fullest device. */
    public static final String MEMORY_USAGE_MAX = "gpu.memory.usage.max";

    /** Bytes in use on all devices. */
    public static final String MEMORY_USED = "gpu.memory.used";

    /** Watts drawn by all GPUs. */
    public static final String POWER = "gpu.power";

    /** Degrees Celsius of the hottest GPU. */
    public static final String TEMPERATURE_MAX = "gpu.temperature.max";

    /** GPUs whose last XID error is not 0. */
    public static final String XID_ERRORS = "gpu.xid.errors";

    private static final String NO_MAPPING =
            "no page says which pods use its devices:" + " dcgm-exporter does with DCGM_EXPORTER_KUBERNETES=true";

    private static final List<Figure> FIGURES = List.of(
            Figure.of(UTILIZATION, "ratio", GpuReading::utilization, DcgmMetricsSource::average),
            Figure.of(UTILIZATION_MAX, "ratio", GpuReading::utilization, DcgmMetricsSource::largest),
            Figure.of(TENSOR_ACTIVE, "ratio", GpuReading::tensorActive, DcgmMetricsSource::average),
            Figure.of(DRAM_ACTIVE, "ratio", GpuReading::dramActive, DcgmMetricsSource::average),
            new Figure(
                    MEMORY_USAGE,
                    "ratio",
                    GpuReading::memoryFraction,
                    DcgmMetricsSource::slice,
                    DcgmMetricsSource::memoryUsage),
            Figure.of(MEMORY_USAGE_MAX, "ratio", GpuReading::memoryFraction, DcgmMetricsSource::largest),
            Figure.of(MEMORY_USED, "bytes", GpuReading::memoryUsed, DoubleStream::sum),
            Figure.ofGpu(POWER, "watts", GpuReading::power, DoubleStream::sum),
            Figure.ofGpu(TEMPERATURE_MAX, "celsius", GpuReading::temperature, DcgmMetricsSource::largest),
            Figure.ofGpu(
                    XID_ERRORS,
                    "devices",
                    GpuReading::xid,
                    xids -> xids.filter(xid -> xid != 0).count()));

    private final TimeSource time;
    private final Supplier<? extends Collection<URI>> exporters;
    private final @Nullable Supplier<? extends Collection<GpuPod>> pods;
    private final Predicate<? super GpuDevice> filter;
    private final Scraper scraper;
    private final Duration timeout;
    private volatile List<GpuReading> readings = List.of();

    private DcgmMetricsSource(Builder builder) {
        this.time = builder.time;
        this.exporters = builder.exporters;
        this.pods = builder.pods;
        this.filter = builder.filter;
        this.scraper = new Scraper(builder.settings);
        this.timeout = builder.settings.timeout();
    }

    /**
     * How a figure of a pool is made.
     *
     * @param figure of one device
     * @param identity what counts once, of the several readings that may be of it
     */
    private record Figure(
            String name,
            String unit,
            Function<GpuReading, Signal> figure,
            Function<GpuDevice, String> identity,
            ToDoubleFunction<List<GpuReading>> combination) {

        static Figure of(
                String name,
                String unit,
                Function<GpuReading, Signal> figure,
                ToDoubleFunction<DoubleStream> combination) {
            return counting(name, unit, figure, DcgmMetricsSource::slice, combination);
        }

        static Figure ofGpu(
                String name,
                String unit,
                Function<GpuReading, Signal> figure,
                ToDoubleFunction<DoubleStream> combination) {
            return counting(name, unit, figure, GpuDevice::physical, combination);
        }

        private static Figure counting(
                String name,
                String unit,
                Function<GpuReading, Signal> figure,
                Function<GpuDevice, String> identity,
                ToDoubleFunction<DoubleStream> combination) {
            return new Figure(
                    name,
                    unit,
                    figure,
                    identity,
                    each -> combination.applyAsDouble(
                            each.stream().mapToDouble(reading -> value(figure.apply(reading)))));
        }

        /** Of readings whose figure is known. */
        double combined(List<GpuReading> known) {
            Map<String, GpuReading> distinct = new LinkedHashMap<>();
            known.forEach(reading -> distinct.putIfAbsent(identity.apply(reading.device()), reading));
            return combination.applyAsDouble(List.copyOf(distinct.values()));
        }

        /** Of the devices of one pod: known only if it is of each. */
        Signal of(List<GpuReading> devices, long atNanos) {
            for (GpuReading device : devices) {
                if (!(figure.apply(device) instanceof Signal.Known)) {
                    return figure.apply(device);
                }
            }
            String source = figure.apply(devices.get(0)).source();
            return Signal.ofNonNegative(combined(devices), unit, atNanos, source);
        }
    }

    /**
     * Starts a source with the defaults.
     *
     * @param time the clock of whoever reads the source, such as the board it is added to
     * @param exporters addresses of the exporters, without {@code /metrics}: {@code http://10.0.0.7:9400}. Asked at each read, on the
     *     reading thread; what it throws fails the read
     */
    public static Builder builder(TimeSource time, Supplier<? extends Collection<URI>> exporters) {
        return new Builder(time, exporters);
    }

    /** {@code dcgm}. */
    @Override
    public String name() {
        return "dcgm";
    }

    /**
     * True until a read finds devices none of which says what it draws: the power draw of a GPU at work is never the same for long.
     * False from such a read on, since utilization may rightly stand still.
     */
    /** A second above its own time-out, at which it tells what it has. */
    @Override
    public Duration longestRead() {
        Duration longest = timeout.compareTo(LONGEST_READ) < 0 ? timeout.plusSeconds(1) : LONGEST_READ;
        return longest.compareTo(LONGEST_READ) < 0 ? longest : LONGEST_READ;
    }

    @Override
    public boolean alwaysMoves() {
        List<GpuReading> read = readings;
        return read.isEmpty() || read.stream().anyMatch(reading -> reading.power() instanceof Signal.Known);
    }

    /**
     * Reads all exporters.
     *
     * @throws IllegalStateException if the source is closed
     * @throws InterruptedException if the thread is interrupted; the reads under way are cancelled
     */
    @Override
    public Map<String, Signal> read() throws InterruptedException {
        long now = time.nanos();
        List<Scrape> scrapes = scraper.scrape(exporters.get(), DcgmPage.NAMES::contains);
        Collection<GpuPod> live = pods == null ? null : new LinkedHashSet<>(pods.get());
        List<Signal> failures = new ArrayList<>();
        Map<List<String>, GpuReading> devices = new LinkedHashMap<>();
        for (Scrape scrape : scrapes) {
            if (scrape instanceof Scrape.Page page) {
                DcgmPage.readings(page, now).forEach(reading -> devices.putIfAbsent(identity(reading), reading));
            } else {
                failures.add(failure(scrape));
            }
        }
        readings = List.copyOf(devices.values());
        Read read = new Read(
                scrapes.size(),
                failures,
                readings.stream()
                        .filter(reading -> filter.test(reading.device()))
                        .toList());
        Map<String, Signal> signals = new LinkedHashMap<>();
        for (Figure figure : FIGURES) {
            if (!read.hasNone(figure)) {
                signals.put(
                        figure.name(), live == null ? ofDevices(read, figure, now) : ofPods(read, live, figure, now));
            }
        }
        return signals;
    }

    /**
     * One read of all exporters.
     *
     * @param failures why some of them gave nothing
     * @param mine devices that pass the filter
     */
    private record Read(int exporters, List<Signal> failures, List<GpuReading> mine) {

        /** Why nothing is known. */
        Signal none(String source) {
            if (exporters == 0) {
                return new Signal.Missing(source, "no exporters");
            }
            return failures.isEmpty()
                    ? new Signal.Missing(source, "no device of the pool is on the pages")
                    : Pooling.none(source, failures);
        }

        /** Whether devices say something, and none of them this. */
        boolean hasNone(Figure figure) {
            return mine.stream().map(figure.figure()).allMatch(Signal.Missing.class::isInstance)
                    && mine.stream()
                            .anyMatch(device -> FIGURES.stream()
                                    .anyMatch(each -> each.figure().apply(device) instanceof Signal.Known));
        }

        double share() {
            return (double) (exporters - failures.size()) / exporters;
        }
    }

    private Signal ofPods(Read read, Collection<GpuPod> live, Figure figure, long now) {
        if (live.isEmpty()) {
            return new Signal.Missing(name(), "no replicas");
        }
        if (read.mine().isEmpty()) {
            return read.none(name());
        }
        boolean mapped =
                read.mine().stream().anyMatch(reading -> reading.device().isMapped());
        if (!mapped) {
            return new Signal.Missing(name(), NO_MAPPING);
        }
        Map<String, List<GpuReading>> groups = new LinkedHashMap<>();
        for (GpuPod pod : live) {
            groups.put(
                    pod.toString(),
                    read.mine().stream()
                            .filter(reading -> pod.uses(reading.device()))
                            .toList());
        }
        return ofGroups(read, groups, figure, now);
    }

    private Signal ofDevices(Read read, Figure figure, long now) {
        if (read.mine().isEmpty()) {
            return read.none(name());
        }
        Map<String, List<GpuReading>> groups = new LinkedHashMap<>();
        for (GpuReading reading : read.mine()) {
            GpuDevice device = reading.device();
            String name =
                    device.isMapped() ? new GpuPod(device.namespace(), device.pod()).toString() : device.toString();
            groups.computeIfAbsent(name, ignored -> new ArrayList<>()).add(reading);
        }
        Signal whole = ofGroups(read, groups, figure, now);
        return whole instanceof Signal.Known known
                ? Pooling.covered(known, known.coverage() * read.share(), known.parts())
                : whole;
    }

    private Signal ofGroups(Read read, Map<String, List<GpuReading>> groups, Figure figure, long now) {
        List<Signal.Part> parts = new ArrayList<>();
        groups.forEach((group, devices) -> parts.add(
                new Signal.Part(group, true, devices.isEmpty() ? unheard(read, group) : figure.of(devices, now))));
        return Pooling.pooled(
                name(),
                parts,
                figure.unit(),
                now,
                known -> figure.combined(known.stream()
                        .flatMap(part -> groups.getOrDefault(part.replica(), List.of()).stream())
                        .toList()));
    }

    private static Signal unheard(Read read, String pod) {
        String reason = "no page says that it uses a device";
        int failures = read.failures().size();
        return new Signal.Missing(
                "dcgm " + pod,
                failures == 0
                        ? reason
                        : reason + ", and " + failures + " of " + read.exporters() + " could not be read");
    }

    private static Signal failure(Scrape scrape) {
        String source = "dcgm " + scrape.address();
        return scrape instanceof Scrape.Spoilt spoilt
                ? new Signal.Invalid(source, spoilt.reason())
                : new Signal.Missing(source, ((Scrape.Unread) scrape).reason());
    }

    /** What makes two readings the same, also on pages of two exporters. */
    private static List<String> identity(GpuReading reading) {
        GpuDevice device = reading.device();
        return List.of(slice(device), device.namespace(), device.pod(), device.container());
    }

    private static String slice(GpuDevice device) {
        return device.physical() + "/" + device.migInstance();
    }

    private static double memoryUsage(List<GpuReading> known) {
        double used = known.stream()
                .mapToDouble(reading -> value(reading.memoryUsed()))
                .sum();
        double free = known.stream()
                .mapToDouble(reading -> value(reading.memoryFree()))
                .sum();
        return used / (used + free);
    }

    private static double average(DoubleStream each) {
        return each.average().orElseThrow();
    }

    private static double largest(DoubleStream each) {
        return each.max().orElseThrow();
    }

    private static double value(Signal known) {
        return ((Signal.Known) known).value();
    }

    /** All devices that the last read found, whoever uses them; empty before the first. */
    public List<GpuReading> readings() {
        return readings;
    }

    /** Ends the reads under way, the threads and, if no client was given, the connections. Harmless when called twice. */
    @Override
    public void close() {
        scraper.close();
    }

    /** Collects the settings of a {@link DcgmMetricsSource}. Not safe for use by several threads. */
    public static final class Builder {

        private final TimeSource time;
        private final Supplier<? extends Collection<URI>> exporters;
        private @Nullable Supplier<? extends Collection<GpuPod>> pods;
        private Predicate<? super GpuDevice> filter = device -> true;
        private Scraper.Settings settings = Scraper.Settings.DEFAULT;

        private Builder(TimeSource time, Supplier<? extends Collection<URI>> exporters) {
            this.time = Objects.requireNonNull(time, "time");
            this.exporters = Objects.requireNonNull(exporters, "exporters");
        }

        /**
         * The pods of the pool that are alive; asked at each read. Devices of others do not count: a page may name a pod that is gone
         * for a while. Not given by default.
         */
        public Builder pods(Supplier<? extends Collection<GpuPod>> pods) {
            this.pods = Objects.requireNonNull(pods, "pods");
            return this;
        }

        /** The devices that count, besides; all by default. */
        public Builder devices(Predicate<? super GpuDevice> filter) {
            this.filter = Objects.requireNonNull(filter, "filter");
            return this;
        }

        /**
         * The client whose connections, interceptors and TLS settings are used; one of the source's own by default. The caller
         * closes it. Its timeouts, cache, dispatcher, and settings for redirects and retries are not used.
         */
        public Builder client(OkHttpClient client) {
            this.settings = settings.withClient(Objects.requireNonNull(client, "client"));
            return this;
        }

        /** Time for one read, all exporters together; at least 1 ms, 2 s by default. In real time. */
        public Builder timeout(Duration timeout) {
            this.settings = settings.withTimeout(timeout);
            return this;
        }

        /** What is too much for one page, after decompression; 4 MiB and 50,000 samples by default. */
        public Builder bounds(MetricsText.Bounds bounds) {
            this.settings = settings.withBounds(Objects.requireNonNull(bounds, "bounds"));
            return this;
        }

        /** Exporters read at once; positive, 16 by default. One thread each while reading. */
        public Builder parallelReads(int parallelReads) {
            this.settings = settings.withParallelReads(parallelReads);
            return this;
        }

        /** Makes the source. It starts no thread before its first read. */
        public DcgmMetricsSource build() {
            return new DcgmMetricsSource(this);
        }
    }
}
