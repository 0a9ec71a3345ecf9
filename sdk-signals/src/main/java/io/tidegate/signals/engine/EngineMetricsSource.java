/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.engine;

import io.tidegate.pool.Signal;
import io.tidegate.signal.spi.SignalSource;
import io.tidegate.signals.engine.EngineRates.Interval;
import io.tidegate.signals.internal.Pooling;
import io.tidegate.signals.scrape.MetricsText;
import io.tidegate.signals.scrape.internal.Scraper;
import io.tidegate.time.TimeSource;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import okhttp3.OkHttpClient;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The load of a pool of inference servers, from their own {@code /metrics}: vLLM, V1 or V0, and SGLang, also mixed.
 *
 * <table>
 *   <caption>Signals</caption>
 *   <tr><th>name</th><th>meaning</th><th>unit</th></tr>
 *   <tr><td>{@value #RUNNING}</td><td>requests in execution batches, all replicas</td><td>requests</td></tr>
 *   <tr><td>{@value #WAITING}</td><td>requests that wait in the servers, all replicas</td><td>requests</td></tr>
 *   <tr><td>{@value #KV_CACHE_USAGE}</td><td>part of the KV cache in use, mean over the replicas</td><td>ratio</td></tr>
 *   <tr><td>{@value #KV_CACHE_USAGE_MAX}</td><td>the same of the fullest engine</td><td>ratio</td></tr>
 *   <tr><td>{@value #PREEMPTIONS}</td><td>requests put back to make room in the KV cache, all replicas</td><td>requests/s</td></tr>
 *   <tr><td>{@value #PROMPT_TOKENS}</td><td>prompt tokens processed, all replicas</td><td>tokens/s</td></tr>
 *   <tr><td>{@value #OUTPUT_TOKENS}</td><td>tokens generated, all replicas</td><td>tokens/s</td></tr>
 *   <tr><td>{@value #TIME_TO_FIRST_TOKEN}</td><td>mean time in the server to the first token, of the requests that got it in
 *       the last minute</td><td>seconds</td></tr>
 *   <tr><td>{@value #TIME_PER_OUTPUT_TOKEN}</td><td>mean time from one token to the next, likewise</td><td>seconds</td></tr>
 * </table>
 *
 * <p>A signal is known if at least one ready replica was heard; its coverage is the share of ready replicas that were, and its
 * parts are what each said. A sum over some is no total, and nothing scales down on it. If none was heard it is
 * {@link Signal.Missing}, or {@link Signal.Invalid} if all said what cannot be true, and names some with the reason. With no
 * replica listed all are missing. A replica that is listed as not ready is a part and counts nowhere else.
 *
 * <p>A figure that none of the servers that were heard has, as some versions lack some, is left out: a signal that is always missing
 * would keep a pool from scaling down for ever. A policy that follows it abstains, which does the same for as long as it is asked.
 *
 * <p>Rates are over the time between two reads of the same replica, means over the last minute, so the first read has none, nor has a
 * replica that is new or whose counters began anew. A mean is zero for a replica with nothing to do, and missing for one at work on
 * requests none of which has come so far; where something came of others, that is no gap. Nothing is kept of replicas that are listed
 * no longer.
 *
 * <p>A replica is added up over its engines and models. Values bear the time at which the read began. Only {@link #read} waits,
 * and no longer than its timeout; it may be called by one thread at a time, the rest by any.
 *
 * @since 0.1.0
 */
public final class EngineMetricsSource implements SignalSource {

    private static final Duration LONGEST_READ = Duration.ofHours(1);

    /** Requests in execution batches. */
    public static final String RUNNING = "engine.requests.running";

    /** Requests that wait in the servers: near 0 where the gate holds requests back, so never the only signal to scale on. */
    public static final String WAITING = "engine.requests.waiting";

    /** Part of the KV cache in use, mean over the replicas. */
    public static final String KV_CACHE_USAGE = "engine.kv.cache.usage";

    /** Part of the KV cache in use by the fullest engine. */
    public static final String KV_CACHE_USAGE_MAX = "engine.kv.cache.usage.max";

    /** Requests put back to make room in the KV cache, a second. */
    public static final String PREEMPTIONS = "engine.preemptions";

    /** Prompt tokens processed a second. */
    public static final String PROMPT_TOKENS = "engine.tokens.prompt";

    /** Tokens generated a second. */
    public static final String OUTPUT_TOKENS = "engine.tokens.output";

    /** Mean time to the first token. */
    public static final String TIME_TO_FIRST_TOKEN = "engine.ttft.mean";

    /** Mean time from one token to the next. */
    public static final String TIME_PER_OUTPUT_TOKEN = "engine.tpot.mean";

    private static final Logger LOG = LoggerFactory.getLogger(EngineMetricsSource.class);

    /** What each signal is made of. */
    private static final Map<String, Function<EngineReplica, Signal>> FIGURES = Map.of(
            RUNNING, EngineReplica::running,
            WAITING, EngineReplica::waiting,
            KV_CACHE_USAGE, EngineReplica::kvCacheFraction,
            KV_CACHE_USAGE_MAX, EngineReplica::kvCacheFractionMax,
            PREEMPTIONS, EngineReplica::preemptions,
            PROMPT_TOKENS, EngineReplica::promptTokens,
            OUTPUT_TOKENS, EngineReplica::generationTokens,
            TIME_TO_FIRST_TOKEN, EngineReplica::firstTokens,
            TIME_PER_OUTPUT_TOKEN, EngineReplica::laterTokens);

    private final TimeSource time;
    private final Supplier<? extends Collection<EngineTarget>> listed;
    private final Scraper scraper;
    private final Duration timeout;
    private final EngineRates rates = new EngineRates();
    private final Consumer<? super List<EngineReplica>> listener;
    private final AtomicLong listenerFailures = new AtomicLong();
    private boolean listenerFails;
    private volatile List<EngineReplica> replicas = List.of();

    private EngineMetricsSource(Builder builder) {
        this.time = builder.time;
        this.listed = builder.listed;
        this.listener = builder.listener;
        this.scraper = new Scraper(builder.settings);
        this.timeout = builder.settings.timeout();
    }

    /**
     * Starts a source with the defaults, of servers that are all ready.
     *
     * @param time the clock of whoever reads the source, such as the board it is added to
     * @param replicas addresses of the servers that are ready, without {@code /metrics}: {@code http://10.0.0.7:8000}. Asked at
     *     each read, on the reading thread, since replicas come and go; what it throws fails the read
     */
    public static Builder builder(TimeSource time, Supplier<? extends Collection<URI>> replicas) {
        Objects.requireNonNull(replicas, "replicas");
        return new Builder(
                time, () -> replicas.get().stream().map(EngineTarget::ready).toList());
    }

    /**
     * Starts a source with the defaults, of servers some of which may still be warming.
     *
     * @param time as in {@link #builder}
     * @param replicas all servers of the pool; asked as in {@link #builder}. One that is listed twice counts once, and as ready if
     *     it is listed so at all
     */
    public static Builder builderOfTargets(TimeSource time, Supplier<? extends Collection<EngineTarget>> replicas) {
        return new Builder(time, Objects.requireNonNull(replicas, "replicas"));
    }

    /** {@code engine}. */
    @Override
    public String name() {
        return "engine";
    }

    /**
     * True until a read finds that no replica has a token counter, since token counters move while requests are served. False from
     * such a read on: what is left are gauges, which may rightly stand still.
     */
    /** A second above its own time-out, at which it tells what it has. */
    @Override
    public Duration longestRead() {
        Duration longest = timeout.compareTo(LONGEST_READ) < 0 ? timeout.plusSeconds(1) : LONGEST_READ;
        return longest.compareTo(LONGEST_READ) < 0 ? longest : LONGEST_READ;
    }

    @Override
    public boolean alwaysMoves() {
        List<EngineReplica> read = replicas;
        return read.isEmpty()
                || read.stream()
                        .anyMatch(replica -> !(replica.running() instanceof Signal.Known)
                                || replica.generationTokens() instanceof Signal.Known);
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
        Map<Object, Boolean> ready = new HashMap<>();
        List<URI> urls = new ArrayList<>();
        for (EngineTarget target : listed.get()) {
            ready.merge(Scraper.identity(target.url()), target.ready(), Boolean::logicalOr);
            urls.add(target.url());
        }
        List<EngineReplica> read = scraper.scrape(urls, EnginePage.NAMES::contains).stream()
                .map(scrape ->
                        EnginePage.replica(scrape, ready.getOrDefault(Scraper.identity(scrape.base()), false), now))
                .toList();
        List<Interval> intervals = rates.next(read, now);
        replicas = read;
        tell(read);
        Map<String, Signal> signals = new LinkedHashMap<>();
        signals.put(RUNNING, gauge(read, now, EngineReplica::running, DoubleStream::sum));
        signals.put(WAITING, gauge(read, now, EngineReplica::waiting, DoubleStream::sum));
        signals.put(KV_CACHE_USAGE, gauge(read, now, EngineReplica::kvCacheFraction, EngineMetricsSource::average));
        signals.put(
                KV_CACHE_USAGE_MAX,
                gauge(
                        read,
                        now,
                        EngineReplica::kvCacheFractionMax,
                        each -> each.max().orElseThrow()));
        signals.put(PREEMPTIONS, rate(intervals, now, EngineReplica::preemptions, "requests/s"));
        signals.put(PROMPT_TOKENS, rate(intervals, now, EngineReplica::promptTokens, "tokens/s"));
        signals.put(OUTPUT_TOKENS, rate(intervals, now, EngineReplica::generationTokens, "tokens/s"));
        signals.put(
                TIME_TO_FIRST_TOKEN,
                mean(intervals, now, EngineReplica::firstTokenSeconds, EngineReplica::firstTokens, "first token"));
        signals.put(
                TIME_PER_OUTPUT_TOKEN,
                mean(intervals, now, EngineReplica::laterTokenSeconds, EngineReplica::laterTokens, "further token"));
        FIGURES.forEach((name, figure) -> {
            if (hasNone(read, figure)) {
                signals.remove(name);
            }
        });
        return signals;
    }

    /** Whether servers were heard, and none of them has this figure. */
    private static boolean hasNone(List<EngineReplica> read, Function<EngineReplica, Signal> figure) {
        return read.stream().map(figure).allMatch(Signal.Missing.class::isInstance)
                && read.stream()
                        .anyMatch(replica -> FIGURES.values().stream()
                                .anyMatch(each -> each.apply(replica) instanceof Signal.Known));
    }

    private static double average(DoubleStream each) {
        return each.average().orElseThrow();
    }

    private Signal gauge(
            List<EngineReplica> read,
            long now,
            Function<EngineReplica, Signal> figure,
            ToDoubleFunction<DoubleStream> combination) {
        List<Signal.Part> parts = read.stream()
                .map(replica -> part(replica, figure.apply(replica)))
                .toList();
        return Pooling.pooled(name(), parts, now, combination);
    }

    private Signal rate(List<Interval> intervals, long now, Function<EngineReplica, Signal> counter, String unit) {
        List<Signal.Part> parts = intervals.stream()
                .map(interval -> part(interval.now(), interval.rate(counter, unit)))
                .toList();
        return Pooling.pooled(name(), parts, now, DoubleStream::sum);
    }

    /**
     * Of all that came in the pool, not of the replicas' means: one that got two requests says less than one that got fifty. A replica
     * of which nothing came is no gap as long as something came of others: at little load some have nothing to tell at any time.
     */
    private Signal mean(
            List<Interval> intervals,
            long now,
            Function<EngineReplica, Signal> sum,
            Function<EngineReplica, Signal> count,
            String what) {
        List<Signal.Part> parts = new ArrayList<>();
        double seconds = 0;
        double came = 0;
        double heard = 0;
        double ready = 0;
        for (Interval interval : intervals) {
            Signal mean = interval.mean(sum, count, what);
            parts.add(part(interval.now(), mean));
            if (interval.now().ready()) {
                ready++;
                if (mean instanceof Signal.Known known) {
                    double weight = interval.weight(count);
                    seconds += known.value() * weight;
                    came += weight;
                    heard++;
                } else if (interval.nothingCame(count)) {
                    heard++;
                }
            }
        }
        double value = came > 0 ? seconds / came : 0;
        Signal pooled = Pooling.pooled(name(), parts, "seconds", now, known -> value);
        return came > 0 ? Pooling.covered(pooled, heard / ready, parts) : pooled;
    }

    private static Signal.Part part(EngineReplica replica, Signal signal) {
        return new Signal.Part(replica.url().toString(), replica.ready(), signal);
    }

    private void tell(List<EngineReplica> read) {
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
    public List<EngineReplica> replicas() {
        return replicas;
    }

    /** Ends the reads under way, the threads and, if no client was given, the connections. Harmless when called twice. */
    @Override
    public void close() {
        scraper.close();
    }

    /** Collects the settings of a {@link EngineMetricsSource}. Not safe for use by several threads. */
    public static final class Builder {

        private final TimeSource time;
        private final Supplier<? extends Collection<EngineTarget>> listed;
        private Scraper.Settings settings = Scraper.Settings.DEFAULT;
        private Consumer<? super List<EngineReplica>> listener = read -> {};

        private Builder(TimeSource time, Supplier<? extends Collection<EngineTarget>> listed) {
            this.time = Objects.requireNonNull(time, "time");
            this.listed = listed;
        }

        /**
         * The client whose connections, interceptors and TLS settings are used; one of the source's own by default. The caller
         * closes it. Its timeouts, cache, dispatcher, and settings for redirects and retries are not used.
         */
        public Builder client(OkHttpClient client) {
            this.settings = settings.withClient(Objects.requireNonNull(client, "client"));
            return this;
        }

        /**
         * Time for one read, all replicas together; at least 1 ms, 2 s by default. In real time. A replica that has not
         * answered by then counts as not read.
         */
        public Builder timeout(Duration timeout) {
            this.settings = settings.withTimeout(timeout);
            return this;
        }

        /** What is too much for one page, after decompression; 4 MiB and 50,000 samples by default. */
        public Builder bounds(MetricsText.Bounds bounds) {
            this.settings = settings.withBounds(Objects.requireNonNull(bounds, "bounds"));
            return this;
        }

        /** Replicas read at once; positive, 16 by default. One thread each while reading. */
        public Builder parallelReads(int parallelReads) {
            this.settings = settings.withParallelReads(parallelReads);
            return this;
        }

        /**
         * Who is told what each replica said, after each read and on the reading thread: {@link EngineReadings} for a limit that
         * follows the engines. One; nobody by default. What it throws is counted, and the read goes on.
         */
        public Builder onRead(Consumer<? super List<EngineReplica>> listener) {
            this.listener = Objects.requireNonNull(listener, "listener");
            return this;
        }

        /** Makes the source. It starts no thread before its first read. */
        public EngineMetricsSource build() {
            return new EngineMetricsSource(this);
        }
    }
}
