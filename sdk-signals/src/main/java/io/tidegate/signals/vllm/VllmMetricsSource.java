/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.vllm;

import io.tidegate.pool.Signal;
import io.tidegate.signal.spi.SignalSource;
import io.tidegate.signals.scrape.MetricsText;
import io.tidegate.signals.scrape.internal.Scraper;
import io.tidegate.time.TimeSource;
import java.net.URI;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import okhttp3.OkHttpClient;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The load of a pool of vLLM servers, from their own {@code /metrics}.
 *
 * <table>
 *   <caption>Signals</caption>
 *   <tr><th>name</th><th>meaning</th><th>unit</th></tr>
 *   <tr><td>{@value #RUNNING}</td><td>requests in execution batches, all replicas</td><td>requests</td></tr>
 *   <tr><td>{@value #WAITING}</td><td>requests that wait in the servers, all replicas</td><td>requests</td></tr>
 *   <tr><td>{@value #KV_CACHE_USAGE}</td><td>part of the KV cache in use, mean over the replicas</td><td>ratio</td></tr>
 *   <tr><td>{@value #KV_CACHE_USAGE_MAX}</td><td>the same of the fullest engine</td><td>ratio</td></tr>
 * </table>
 *
 * <p>Each is for the pool as a whole or not at all: a sum over some replicas is no total. If a listed replica cannot be read,
 * or lacks a figure, the signal is {@link Signal.Missing}; else if one said what cannot be true, {@link Signal.Invalid}; both
 * name the replicas and say why. With no replica listed all are missing. Therefore list those that are ready: one that is
 * still starting hides the others. {@link #replicas()} has what each said.
 *
 * <p>A replica is added up over its engines and models. Values bear the time at which the read began. Only {@link #read} waits,
 * and no longer than its timeout; it may be called by one thread at a time, the rest by any.
 *
 * @since 0.1.0
 */
public final class VllmMetricsSource implements SignalSource {

    /** Requests in execution batches. */
    public static final String RUNNING = "vllm.requests.running";

    /** Requests that wait in the servers. */
    public static final String WAITING = "vllm.requests.waiting";

    /** Part of the KV cache in use, mean over the replicas. */
    public static final String KV_CACHE_USAGE = "vllm.kv.cache.usage";

    /** Part of the KV cache in use by the fullest engine. */
    public static final String KV_CACHE_USAGE_MAX = "vllm.kv.cache.usage.max";

    private static final Logger LOG = LoggerFactory.getLogger(VllmMetricsSource.class);

    private static final int MAX_NAMED = 3;

    private final TimeSource time;
    private final Supplier<? extends Collection<URI>> listed;
    private final Scraper scraper;
    private final Consumer<? super List<VllmReplica>> listener;
    private final AtomicLong listenerFailures = new AtomicLong();
    private boolean listenerFails;
    private volatile List<VllmReplica> replicas = List.of();

    private VllmMetricsSource(Builder builder) {
        this.time = builder.time;
        this.listed = builder.listed;
        this.listener = builder.listener;
        this.scraper = new Scraper(
                new Scraper.Settings(builder.client, builder.timeout, builder.bounds, builder.parallelReads));
    }

    /**
     * Starts a source with the defaults.
     *
     * @param time the clock of whoever reads the source, such as the board it is added to
     * @param replicas addresses of the servers that are ready, without {@code /metrics}: {@code http://10.0.0.7:8000}. Asked at
     *     each read, on the reading thread, since replicas come and go; what it throws fails the read
     */
    public static Builder builder(TimeSource time, Supplier<? extends Collection<URI>> replicas) {
        return new Builder(time, replicas);
    }

    /** {@code vllm}. */
    @Override
    public String name() {
        return "vllm";
    }

    /**
     * Reads all replicas.
     *
     * @throws IllegalStateException if the source is closed
     * @throws InterruptedException if the thread is interrupted; the reads under way are cancelled
     */
    @Override
    public Map<String, Signal> read() throws InterruptedException {
        long now = time.nanos();
        List<VllmReplica> read = scraper.scrape(listed.get(), VllmPage.NAMES::contains).stream()
                .map(scrape -> VllmPage.replica(scrape, now))
                .toList();
        replicas = read;
        tell(read);
        Map<String, Signal> signals = new LinkedHashMap<>();
        signals.put(RUNNING, pooled(read, VllmReplica::running, DoubleStream::sum));
        signals.put(WAITING, pooled(read, VllmReplica::waiting, DoubleStream::sum));
        signals.put(
                KV_CACHE_USAGE,
                pooled(
                        read,
                        VllmReplica::kvCacheFraction,
                        each -> each.average().orElseThrow()));
        signals.put(
                KV_CACHE_USAGE_MAX,
                pooled(read, VllmReplica::kvCacheFractionMax, each -> each.max().orElseThrow()));
        return signals;
    }

    private void tell(List<VllmReplica> read) {
        try {
            listener.accept(read);
            if (listenerFails) {
                listenerFails = false;
                LOG.info("{}: the listener works again", name());
            }
        } catch (RuntimeException | Error e) {
            listenerFailures.incrementAndGet();
            if (!listenerFails) {
                listenerFails = true;
                LOG.warn("{}: the listener failed; further failures are only counted", name(), e);
            }
        }
    }

    /** Times that the listener threw. */
    public long listenerFailures() {
        return listenerFailures.get();
    }

    /** What each replica said at the last read that listed them, in the order listed; empty before the first. */
    public List<VllmReplica> replicas() {
        return replicas;
    }

    /** Ends the reads under way, the threads and, if no client was given, the connections. Harmless when called twice. */
    @Override
    public void close() {
        scraper.close();
    }

    private Signal pooled(
            List<VllmReplica> read, Function<VllmReplica, Signal> figure, ToDoubleFunction<DoubleStream> combination) {
        if (read.isEmpty()) {
            return new Signal.Missing(name(), "no replicas");
        }
        String source = name() + ", " + (read.size() == 1 ? "1 replica" : read.size() + " replicas");
        List<Signal> figures = read.stream().map(figure).toList();
        List<String> missing = reasons(figures, Signal.Missing.class, Signal.Missing::reason);
        if (!missing.isEmpty()) {
            return new Signal.Missing(source, named(missing, read.size()));
        }
        List<String> invalid = reasons(figures, Signal.Invalid.class, Signal.Invalid::reason);
        if (!invalid.isEmpty()) {
            return new Signal.Invalid(source, named(invalid, read.size()));
        }
        List<Signal.Known> known =
                figures.stream().map(Signal.Known.class::cast).toList();
        return Signal.ofNonNegative(
                combination.applyAsDouble(known.stream().mapToDouble(Signal.Known::value)),
                known.get(0).unit(),
                known.get(0).atNanos(),
                source);
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

    /** Collects the settings of a {@link VllmMetricsSource}. Not safe for use by several threads. */
    public static final class Builder {

        private final TimeSource time;
        private final Supplier<? extends Collection<URI>> listed;
        private @Nullable OkHttpClient client;
        private Duration timeout = Duration.ofSeconds(2);
        private MetricsText.Bounds bounds = MetricsText.Bounds.DEFAULT;
        private int parallelReads = 16;
        private Consumer<? super List<VllmReplica>> listener = read -> {};

        private Builder(TimeSource time, Supplier<? extends Collection<URI>> listed) {
            this.time = Objects.requireNonNull(time, "time");
            this.listed = Objects.requireNonNull(listed, "replicas");
        }

        /**
         * The client whose connections, interceptors and TLS settings are used; one of the source's own by default. The caller
         * closes it. Its timeouts, cache, dispatcher, and settings for redirects and retries are not used.
         */
        public Builder client(OkHttpClient client) {
            this.client = Objects.requireNonNull(client, "client");
            return this;
        }

        /**
         * Time for one read, all replicas together; at least 1 ms, 2 s by default. In real time. A replica that has not
         * answered by then counts as not read.
         */
        public Builder timeout(Duration timeout) {
            if (timeout.compareTo(Duration.ofMillis(1)) < 0) {
                throw new IllegalArgumentException("timeout must be at least 1 ms but was " + timeout);
            }
            this.timeout = timeout;
            return this;
        }

        /** What is too much for one page, after decompression; 4 MiB and 50,000 samples by default. */
        public Builder bounds(MetricsText.Bounds bounds) {
            this.bounds = Objects.requireNonNull(bounds, "bounds");
            return this;
        }

        /** Replicas read at once; positive, 16 by default. One thread each while reading. */
        public Builder parallelReads(int parallelReads) {
            if (parallelReads < 1) {
                throw new IllegalArgumentException("parallelReads must be positive but was " + parallelReads);
            }
            this.parallelReads = parallelReads;
            return this;
        }

        /**
         * Who is told what each replica said, after each read and on the reading thread: {@link VllmReadings} for a limit that
         * follows the engines. One; nobody by default. What it throws is counted, and the read goes on.
         */
        public Builder onRead(Consumer<? super List<VllmReplica>> listener) {
            this.listener = Objects.requireNonNull(listener, "listener");
            return this;
        }

        /** Makes the source. It starts no thread before its first read. */
        public VllmMetricsSource build() {
            return new VllmMetricsSource(this);
        }
    }
}
