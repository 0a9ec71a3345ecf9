/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.scrape.internal;

import io.tidegate.signals.scrape.MetricsText;
import io.tidegate.signals.scrape.MetricsTextException;
import java.net.URI;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import org.jspecify.annotations.Nullable;

/**
 * Reads the metrics pages of several servers at once, within the bounds of {@link HttpReader} and those of each page. Safe for
 * many threads.
 */
public final class Scraper implements AutoCloseable {

    private static final String ACCEPT = "text/plain;version=0.0.4,application/openmetrics-text;version=1.0.0;q=0.5";
    private static final String OPEN_METRICS = "application/openmetrics-text";
    private static final Set<String> TYPES = Set.of("text/plain", OPEN_METRICS);

    private final MetricsText.Bounds bounds;
    private final HttpReader reader;

    /**
     * How pages are read.
     *
     * @param client whose connections, interceptors and TLS settings are used; null for a client of the scraper's own
     * @param timeout for all pages of one call together
     * @param bounds of each page
     * @param parallelReads most pages under way
     */
    public record Settings(
            @Nullable OkHttpClient client, Duration timeout, MetricsText.Bounds bounds, int parallelReads) {

        /** The defaults of all sources: 2 s, 4 MiB and 50,000 samples, 16 at once. */
        public static final Settings DEFAULT =
                new Settings(null, Duration.ofSeconds(2), MetricsText.Bounds.DEFAULT, 16);

        public Settings {
            if (timeout.compareTo(Duration.ofMillis(1)) < 0) {
                throw new IllegalArgumentException("timeout must be at least 1 ms but was " + timeout);
            }
            if (parallelReads < 1) {
                throw new IllegalArgumentException("parallelReads must be positive but was " + parallelReads);
            }
        }

        public Settings withClient(OkHttpClient other) {
            return new Settings(other, timeout, bounds, parallelReads);
        }

        public Settings withTimeout(Duration other) {
            return new Settings(client, other, bounds, parallelReads);
        }

        public Settings withBounds(MetricsText.Bounds other) {
            return new Settings(client, timeout, other, parallelReads);
        }

        public Settings withParallelReads(int other) {
            return new Settings(client, timeout, bounds, other);
        }
    }

    /** A scraper that has read nothing and started no thread. */
    public Scraper(Settings settings) {
        this.bounds = settings.bounds();
        this.reader = new HttpReader(new HttpReader.Settings(
                settings.client(), settings.timeout(), bounds.maxBytes(), settings.parallelReads()));
    }

    /** What makes two addresses the same server. */
    public static Object identity(URI base) {
        HttpUrl url = HttpUrl.get(base);
        return url == null ? base : url;
    }

    /**
     * Reads {@code metrics} below each address, and returns within the timeout.
     *
     * @param bases addresses of servers; one that is listed twice is read once
     * @param wanted names of the samples to keep
     * @return one answer for each server, in the order listed
     * @throws IllegalStateException if the scraper is closed
     */
    public List<Scrape> scrape(Collection<URI> bases, Predicate<String> wanted) throws InterruptedException {
        Map<Object, PageAsk> asks = new LinkedHashMap<>();
        for (URI base : bases) {
            asks.computeIfAbsent(identity(base), ignored -> new PageAsk(base, wanted));
        }
        return reader.read(List.copyOf(asks.values()));
    }

    /** Cancels what is under way and ends the threads. Closes connections only if no client was given. */
    @Override
    public void close() {
        reader.close();
    }

    /** One page. */
    private final class PageAsk implements HttpReader.Ask<Scrape> {

        private final URI base;
        private final String address;
        private final Predicate<String> wanted;
        private final @Nullable Request request;

        PageAsk(URI base, Predicate<String> wanted) {
            this.base = base;
            this.wanted = wanted;
            HttpUrl url = HttpUrl.get(base);
            if (url == null) {
                this.address = HttpReader.printable(base.toString().replaceFirst("//[^/?#]*@", "//"));
                this.request = null;
            } else {
                HttpUrl page = url.newBuilder().addPathSegment("metrics").build();
                this.address = HttpReader.printable(page);
                this.request = new Request.Builder()
                        .url(page)
                        .header("Accept", ACCEPT)
                        .header("User-Agent", "tidegate")
                        .build();
            }
        }

        @Override
        public @Nullable Request request() {
            return request;
        }

        @Override
        public @Nullable Scrape refused(int code, String type) {
            if (code != 200) {
                return new Scrape.Unread(base, address, "HTTP " + code);
            }
            return TYPES.contains(type) ? null : spoilt("its content type is " + type);
        }

        @Override
        public Scrape answered(HttpReader.Answer answer, byte[] body) {
            try {
                MetricsText text = MetricsText.parse(body, bounds, wanted);
                return answer.type().equals(OPEN_METRICS) && !text.ended()
                        ? spoilt("cut short: it does not end with # EOF")
                        : new Scrape.Page(base, address, text);
            } catch (MetricsTextException e) {
                return spoilt(HttpReader.printable(String.valueOf(e.getMessage())));
            }
        }

        @Override
        public Scrape none(HttpReader.Failure failure, String reason) {
            return failure == HttpReader.Failure.UNREAD ? new Scrape.Unread(base, address, reason) : spoilt(reason);
        }

        private Scrape spoilt(String reason) {
            return new Scrape.Spoilt(base, address, reason);
        }
    }
}
