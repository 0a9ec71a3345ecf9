/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.prometheus;

import io.tidegate.pool.Signal;
import io.tidegate.signal.spi.SignalSource;
import io.tidegate.signals.internal.Pooling;
import io.tidegate.signals.prometheus.PrometheusAnswer.BadAnswer;
import io.tidegate.signals.prometheus.PrometheusAnswer.Series;
import io.tidegate.signals.scrape.internal.HttpReader;
import io.tidegate.time.TimeSource;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.DoubleStream;
import okhttp3.FormBody;
import okhttp3.Headers;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Signals that a Prometheus computes, each by an instant query, over {@code POST /api/v1/query}.
 *
 * <table>
 *   <caption>What an answer reads as</caption>
 *   <tr><th>answer</th><th>signal</th></tr>
 *   <tr><td>one series or a scalar, or several that the query says how to combine</td><td>{@link Signal.Known}</td></tr>
 *   <tr><td>no series, {@code null}, an error of the query or the server, an answer that says it is partial</td>
 *       <td>{@link Signal.Missing}, with the server's words; never zero</td></tr>
 *   <tr><td>NaN, an infinity, a negative value, several series where one is expected, a type other than vector and scalar, no
 *       JSON</td><td>{@link Signal.Invalid}</td></tr>
 *   <tr><td>older than {@link Builder#maxAge}</td><td>{@link Signal.Stale}</td></tr>
 * </table>
 *
 * <p>The age of an answer is the time between its evaluation and the {@code Date} under which the server sent it, plus the
 * {@code Age} that a cache adds. All are of the server's side, so its clock may differ from ours by any amount; a server that does not
 * give its {@code Date} is not believed. An answer is never older than its evaluation says, but its data are: see
 * {@link PrometheusQuery#age}, whose seconds are added. A value bears the time of this clock at which it was true.
 *
 * <p>Warnings are logged when they begin, once for each query. Only {@link #read} waits, and no longer than its timeout; it may be
 * called by one thread at a time, the rest by any.
 *
 * @since 0.1.0
 */
public final class PrometheusSource implements SignalSource {

    private static final Duration LONGEST_READ = Duration.ofHours(1);

    private static final Logger LOG = LoggerFactory.getLogger(PrometheusSource.class);
    private static final String JSON = "application/json";

    /** Longer than any age that matters, and short enough for a {@link Duration}. */
    private static final double MAX_AGE_SECONDS = 1e9;

    private final TimeSource time;
    private final String name;
    private final HttpUrl url;
    private final String address;
    private final List<PrometheusQuery> queries;
    private final Headers headers;
    private final @Nullable Supplier<String> bearerToken;
    private final List<String> parameters;
    private final @Nullable Supplier<? extends Collection<String>> replicas;
    private final Duration timeout;
    private final Duration maxAge;
    private final boolean alwaysMoves;
    private final HttpReader reader;
    private final Set<String> warned = new HashSet<>();

    private PrometheusSource(Builder builder) {
        this.time = builder.time;
        this.name = builder.name;
        this.url = builder.base.newBuilder().addPathSegments("api/v1/query").build();
        this.address = HttpReader.printable(builder.base);
        this.queries = List.copyOf(builder.queries.values());
        this.headers = builder.headers.build();
        this.bearerToken = builder.bearerToken;
        this.parameters = List.copyOf(builder.parameters);
        this.replicas = builder.replicas;
        this.timeout = builder.timeout;
        this.maxAge = builder.maxAge;
        this.alwaysMoves = builder.alwaysMoves;
        this.reader = new HttpReader(
                new HttpReader.Settings(builder.client, builder.timeout, builder.maxBytes, builder.parallelReads));
    }

    /**
     * Starts a source with the defaults.
     *
     * @param time the clock of whoever reads the source, such as the board it is added to
     * @param base address of the server without {@code /api/v1/query}: {@code http://prometheus:9090}
     */
    public static Builder builder(TimeSource time, URI base) {
        return new Builder(time, base);
    }

    /** As built; {@code prometheus} by default. */
    @Override
    public String name() {
        return name;
    }

    /** As built; false by default, since nothing is known of the queries. */
    /** A second above its own time-out, at which it tells what it has. */
    @Override
    public Duration longestRead() {
        Duration longest = timeout.compareTo(LONGEST_READ) < 0 ? timeout.plusSeconds(1) : LONGEST_READ;
        return longest.compareTo(LONGEST_READ) < 0 ? longest : LONGEST_READ;
    }

    @Override
    public boolean alwaysMoves() {
        return alwaysMoves;
    }

    /**
     * Asks all queries.
     *
     * @throws IllegalStateException if the source is closed
     * @throws InterruptedException if the thread is interrupted; the requests under way are cancelled
     */
    @Override
    public Map<String, Signal> read() throws InterruptedException {
        long now = time.nanos();
        Headers sent = sent();
        Collection<String> live = replicas == null ? null : new LinkedHashSet<>(replicas.get());
        List<QueryAsk> asks = new ArrayList<>();
        for (PrometheusQuery query : queries) {
            asks.add(new QueryAsk(query.name(), query.promql(), sent));
            if (!query.age().isEmpty()) {
                asks.add(new QueryAsk(query.name() + ", its age", query.age(), sent));
            }
        }
        List<Outcome> outcomes = reader.read(asks);
        Map<String, Signal> signals = new LinkedHashMap<>();
        int next = 0;
        for (PrometheusQuery query : queries) {
            Outcome outcome = outcomes.get(next++);
            Signal age = query.age().isEmpty() ? null : age(query, outcomes.get(next++));
            signals.put(query.name(), signal(query, outcome, age, live, now));
            tellWarnings(query, outcome);
        }
        return signals;
    }

    /** Null if the token cannot be sent. */
    private @Nullable Headers sent() {
        if (bearerToken == null) {
            return headers;
        }
        try {
            return headers.newBuilder()
                    .set("Authorization", "Bearer " + bearerToken.get().strip())
                    .build();
        } catch (IllegalArgumentException e) {
            // Its words may quote the token.
            return null;
        }
    }

    /**
     * What came of one request.
     *
     * @param serverSeconds when the answer left the server and the caches before it, by the server's clock; NaN if it does not say
     * @param none why there is no answer
     */
    private record Outcome(
            @Nullable PrometheusAnswer answer,
            double serverSeconds,
            @Nullable Signal none) {}

    private Signal signal(
            PrometheusQuery query,
            Outcome outcome,
            @Nullable Signal dataAge,
            @Nullable Collection<String> live,
            long now) {
        String source = source(query.name());
        if (outcome.answer() == null) {
            return Objects.requireNonNull(outcome.none());
        }
        List<Series> series = outcome.answer().series();
        if (dataAge != null && !(dataAge instanceof Signal.Known)) {
            return dataAge;
        }
        double age = dataAge instanceof Signal.Known known ? known.value() : 0;
        if (series.stream().map(Series::labels).distinct().count() < series.size()) {
            return new Signal.Invalid(source, "a series comes twice");
        }
        if (!query.partsBy().isEmpty()) {
            return ofParts(query, outcome, age, live, now);
        }
        if (series.isEmpty()) {
            return new Signal.Missing(source, "no series");
        }
        if (query.series() == PrometheusQuery.Series.ONLY && series.size() > 1) {
            return new Signal.Invalid(source, series.size() + " series where one is expected");
        }
        return combined(query, source, series, outcome.serverSeconds(), age, now);
    }

    private Signal ofParts(
            PrometheusQuery query, Outcome outcome, double age, @Nullable Collection<String> live, long now) {
        Map<String, List<Series>> groups = new LinkedHashMap<>();
        if (live != null) {
            live.forEach(replica -> groups.put(replica, new ArrayList<>()));
        }
        for (Series each : Objects.requireNonNull(outcome.answer()).series()) {
            String replica = each.labels().getOrDefault(query.partsBy(), "");
            if (!replica.isEmpty() && (live == null || groups.containsKey(replica))) {
                groups.computeIfAbsent(replica, ignored -> new ArrayList<>()).add(each);
            }
        }
        if (live == null && groups.isEmpty()) {
            return new Signal.Missing(source(query.name()), "no series with the label " + query.partsBy());
        }
        List<Signal.Part> parts = new ArrayList<>();
        groups.forEach((replica, series) -> {
            String source = source(query.name()) + " " + HttpReader.printable(replica);
            Signal signal = series.isEmpty()
                    ? new Signal.Missing(source, "no series")
                    : combined(query, source, series, outcome.serverSeconds(), age, now);
            parts.add(new Signal.Part(replica, true, signal));
        });
        return Pooling.pooled(source(query.name()), parts, now, values -> combination(query, values));
    }

    /** One value of several series, all of which must have one. */
    private Signal combined(
            PrometheusQuery query, String source, List<Series> series, double serverSeconds, double age, long now) {
        List<Double> values = new ArrayList<>();
        double oldest = 0;
        for (Series each : series) {
            Double value = each.value();
            if (value == null) {
                return new Signal.Missing(source, "null");
            }
            if (!Double.isFinite(value) || value < 0) {
                return new Signal.Invalid(source, "not a finite, non-negative number: " + value);
            }
            if (Double.isNaN(serverSeconds)) {
                return new Signal.Missing(source, "its age is not known: the answer has no Date");
            }
            double evaluated = serverSeconds - each.atSeconds();
            if (evaluated < -seconds(maxAge)) {
                return new Signal.Invalid(source, "it is of a time to come, by the server's own clock");
            }
            // Below zero by up to a second: a Date has no fractions.
            oldest = Math.max(oldest, age + Math.max(0, evaluated));
            values.add(value);
        }
        if (oldest > seconds(maxAge)) {
            return new Signal.Stale(source, duration(oldest));
        }
        return Signal.ofNonNegative(
                combination(query, values.stream().mapToDouble(Double::doubleValue)),
                query.unit(),
                now - duration(oldest).toNanos(),
                source);
    }

    private static double combination(PrometheusQuery query, DoubleStream values) {
        return switch (query.series()) {
            case ONLY, SUM -> values.sum();
            case MAX -> values.max().orElseThrow();
            case MEAN -> values.average().orElseThrow();
        };
    }

    /** Seconds, or why it is not known; the largest if there are several. */
    private Signal age(PrometheusQuery query, Outcome outcome) {
        String source = source(query.name());
        PrometheusAnswer answer = outcome.answer();
        if (answer == null) {
            return new Signal.Missing(
                    source,
                    "its age is not known: "
                            + Objects.requireNonNull(outcome.none()).gap());
        }
        double oldest = Double.NEGATIVE_INFINITY;
        for (Series each : answer.series()) {
            Double value = each.value();
            if (value == null || !Double.isFinite(value)) {
                return new Signal.Missing(source, "its age is not known: " + value);
            }
            oldest = Math.max(oldest, value);
        }
        return answer.series().isEmpty()
                ? new Signal.Missing(source, "its age is not known: no series")
                : new Signal.Known(Math.max(0, oldest), "seconds", 0, source);
    }

    private void tellWarnings(PrometheusQuery query, Outcome outcome) {
        if (outcome.answer() == null) {
            return;
        }
        if (outcome.answer().warnings().isEmpty()) {
            warned.remove(query.name());
        } else if (warned.add(query.name())) {
            LOG.warn(
                    "{}: query {} was answered with a warning: {}",
                    name,
                    query.name(),
                    HttpReader.printable(outcome.answer().warnings().get(0)));
        }
    }

    private String source(String query) {
        return name + " " + address + " " + query;
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }

    private static Duration duration(double seconds) {
        return Duration.ofNanos((long) (Math.min(seconds, MAX_AGE_SECONDS) * 1e9));
    }

    /** Ends the requests under way, the threads and, if no client was given, the connections. Harmless when called twice. */
    @Override
    public void close() {
        reader.close();
    }

    /** One request. */
    private final class QueryAsk implements HttpReader.Ask<Outcome> {

        private final String source;
        private final @Nullable Request request;

        QueryAsk(String what, String promql, @Nullable Headers sent) {
            this.source = source(what);
            if (sent == null) {
                this.request = null;
                return;
            }
            FormBody.Builder form =
                    new FormBody.Builder().add("query", promql).add("timeout", timeout.toMillis() + "ms");
            for (int i = 0; i < parameters.size(); i += 2) {
                form.add(parameters.get(i), parameters.get(i + 1));
            }
            this.request = new Request.Builder()
                    .url(url)
                    .headers(sent)
                    .header("Accept", JSON)
                    .header("User-Agent", "tidegate")
                    .post(form.build())
                    .build();
        }

        @Override
        public @Nullable Request request() {
            return request;
        }

        @Override
        public @Nullable Outcome refused(int code, String type) {
            if (type.equals(JSON)) {
                return null;
            }
            return code == 200 ? invalid("its content type is " + type) : missing("HTTP " + code);
        }

        @Override
        public Outcome answered(HttpReader.Answer answer, byte[] body) {
            PrometheusAnswer read;
            try {
                read = PrometheusAnswer.read(body);
            } catch (BadAnswer e) {
                return answer.code() == 200
                        ? invalid(HttpReader.printable(String.valueOf(e.getMessage())))
                        : missing("HTTP " + answer.code());
            }
            if (!read.success()) {
                return missing("HTTP " + answer.code() + ", " + HttpReader.printable(read.error()));
            }
            if (answer.code() != 200) {
                return missing("HTTP " + answer.code());
            }
            return read.partial()
                    ? missing("the server says that its answer is partial")
                    : new Outcome(read, serverSeconds(answer.headers()), null);
        }

        @Override
        public Outcome none(HttpReader.Failure failure, String reason) {
            if (request == null) {
                return missing("the bearer token cannot be sent in a header");
            }
            return failure == HttpReader.Failure.UNREAD ? missing(reason) : invalid(reason);
        }

        private Outcome missing(String reason) {
            return new Outcome(null, Double.NaN, new Signal.Missing(source, reason));
        }

        private Outcome invalid(String reason) {
            return new Outcome(null, Double.NaN, new Signal.Invalid(source, reason));
        }
    }

    private static double serverSeconds(Headers headers) {
        Instant date = headers.getInstant("Date");
        if (date == null) {
            return Double.NaN;
        }
        String cached = headers.get("Age");
        double inCache = cached != null && cached.matches("[0-9]{1,9}") ? Long.parseLong(cached) : 0;
        return date.toEpochMilli() / 1e3 + inCache;
    }

    /** Collects the settings of a {@link PrometheusSource}. Not safe for use by several threads. */
    public static final class Builder {

        private final TimeSource time;
        private final HttpUrl base;
        private final Map<String, PrometheusQuery> queries = new LinkedHashMap<>();
        private final Headers.Builder headers = new Headers.Builder();
        private final List<String> parameters = new ArrayList<>();
        private String name = "prometheus";
        private @Nullable Supplier<String> bearerToken;
        private @Nullable Supplier<? extends Collection<String>> replicas;
        private @Nullable OkHttpClient client;
        private Duration timeout = Duration.ofSeconds(2);
        private Duration maxAge = Duration.ofSeconds(45);
        private int maxBytes = 4 << 20;
        private int parallelReads = 4;
        private boolean alwaysMoves;

        private Builder(TimeSource time, URI base) {
            this.time = Objects.requireNonNull(time, "time");
            HttpUrl url = HttpUrl.get(base);
            if (url == null) {
                throw new IllegalArgumentException("base must be an http or https address");
            }
            this.base = url;
        }

        /** Adds a query; at least one is needed, and no two of the same name. */
        public Builder query(PrometheusQuery query) {
            if (queries.putIfAbsent(query.name(), query) != null) {
                throw new IllegalArgumentException("there are two queries named " + query.name());
            }
            return this;
        }

        /** The source's name, unique in its pool; {@code prometheus} by default. */
        public Builder name(String name) {
            this.name = Objects.requireNonNull(name, "name");
            return this;
        }

        /**
         * Names of the replicas that are alive, as they are in the label of {@link PrometheusQuery#partsBy}; asked at each read. By
         * default all that have series count, also those that are gone.
         */
        public Builder replicas(Supplier<? extends Collection<String>> replicas) {
            this.replicas = Objects.requireNonNull(replicas, "replicas");
            return this;
        }

        /**
         * A header sent with each query, such as {@code X-Scope-OrgID}; none by default. The server's address alone gets it: redirects
         * are not followed.
         */
        public Builder header(String name, String value) {
            try {
                headers.set(name, value);
            } catch (IllegalArgumentException e) {
                // Without the cause, which may quote a secret.
                throw new IllegalArgumentException("header " + HttpReader.printable(name) + " cannot be sent as given");
            }
            return this;
        }

        /** A token sent as {@code Authorization: Bearer …}; asked at each read, since tokens are renewed. None by default. */
        public Builder bearerToken(Supplier<String> bearerToken) {
            this.bearerToken = Objects.requireNonNull(bearerToken, "bearerToken");
            return this;
        }

        /** A further parameter of each query, such as {@code partial_response=false} for a Thanos; none by default. */
        public Builder parameter(String name, String value) {
            parameters.add(Objects.requireNonNull(name, "name"));
            parameters.add(Objects.requireNonNull(value, "value"));
            return this;
        }

        /**
         * The client whose connections, interceptors and TLS settings are used; one of the source's own by default. The caller
         * closes it. Its timeouts, cache, dispatcher, and settings for redirects and retries are not used.
         */
        public Builder client(OkHttpClient client) {
            this.client = Objects.requireNonNull(client, "client");
            return this;
        }

        /** Time for one read, all queries together; at least 1 ms, 2 s by default. In real time; the server is told too. */
        public Builder timeout(Duration timeout) {
            if (timeout.compareTo(Duration.ofMillis(1)) < 0) {
                throw new IllegalArgumentException("timeout must be at least 1 ms but was " + timeout);
            }
            this.timeout = timeout;
            return this;
        }

        /** Age from which a value is {@link Signal.Stale}; 1 s to 1 day, 45 s by default: three scrapes. */
        public Builder maxAge(Duration maxAge) {
            if (maxAge.compareTo(Duration.ofSeconds(1)) < 0 || maxAge.compareTo(Duration.ofDays(1)) > 0) {
                throw new IllegalArgumentException("maxAge must be from 1 s to 1 day but was " + maxAge);
            }
            this.maxAge = maxAge;
            return this;
        }

        /** Longest answer, in bytes after decompression; 1 to 1 GiB, 4 MiB by default. */
        public Builder maxBytes(int maxBytes) {
            if (maxBytes < 1 || maxBytes > 1 << 30) {
                throw new IllegalArgumentException("maxBytes must be from 1 to 1 GiB but was " + maxBytes);
            }
            this.maxBytes = maxBytes;
            return this;
        }

        /** Queries asked at once; positive, 4 by default. One thread each while reading. */
        public Builder parallelReads(int parallelReads) {
            if (parallelReads < 1) {
                throw new IllegalArgumentException("parallelReads must be positive but was " + parallelReads);
            }
            this.parallelReads = parallelReads;
            return this;
        }

        /** Whether at least one of the queries moves whenever requests are served; see {@link SignalSource#alwaysMoves}. */
        public Builder alwaysMoves(boolean alwaysMoves) {
            this.alwaysMoves = alwaysMoves;
            return this;
        }

        /** Makes the source. It starts no thread before its first read. */
        public PrometheusSource build() {
            if (queries.isEmpty()) {
                throw new IllegalArgumentException("a Prometheus source needs at least one query");
            }
            return new PrometheusSource(this);
        }
    }
}
