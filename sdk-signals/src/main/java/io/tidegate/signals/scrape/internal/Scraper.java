/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.scrape.internal;

import io.tidegate.signals.scrape.MetricsText;
import io.tidegate.signals.scrape.MetricsTextException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import okhttp3.Call;
import okhttp3.ConnectionPool;
import okhttp3.Dispatcher;
import okhttp3.HttpUrl;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.ResponseBody;
import org.jspecify.annotations.Nullable;

/**
 * Reads the metrics pages of several servers at once.
 *
 * <p>Bounded in every direction: time for all pages together, bytes and samples of each, pages under way. Redirects are not
 * followed and no cache is asked. Real time, since it waits for the outside world.
 *
 * <p>Its threads are daemons, are shared by all calls and end when they have been idle. Safe for many threads.
 */
public final class Scraper implements AutoCloseable {

    private static final String ACCEPT = "text/plain;version=0.0.4,application/openmetrics-text;version=1.0.0;q=0.5";
    private static final String OPEN_METRICS = "application/openmetrics-text";
    private static final Set<String> TYPES = Set.of("text/plain", OPEN_METRICS);
    private static final int MAX_REASON = 200;
    private static final Duration IDLE = Duration.ofSeconds(5);
    private static final AtomicLong THREADS = new AtomicLong();

    private final Settings settings;
    private final @Nullable ConnectionPool ownConnections;
    private final OkHttpClient client;
    private final ThreadPoolExecutor threads;

    /**
     * How pages are read.
     *
     * @param client whose connections, interceptors and TLS settings are used; null for a client of the scraper's own
     * @param timeout for all pages of one call together
     * @param bounds of each page
     * @param parallelReads most pages under way
     */
    public record Settings(
            @Nullable OkHttpClient client, Duration timeout, MetricsText.Bounds bounds, int parallelReads) {}

    /** A scraper that has read nothing and started no thread. */
    public Scraper(Settings settings) {
        this.settings = settings;
        // vLLM's HTTP server drops connections that are idle for five seconds; there is no use in keeping them longer.
        this.ownConnections = settings.client() == null
                ? new ConnectionPool(settings.parallelReads(), IDLE.toSeconds(), TimeUnit.SECONDS)
                : null;
        OkHttpClient.Builder builder = settings.client() == null
                ? new OkHttpClient.Builder().connectionPool(ownConnections)
                : settings.client().newBuilder();
        this.client = builder
                // A dispatcher of our own, so that close() can cancel our calls and no others.
                .dispatcher(new Dispatcher())
                .cache(null)
                .followRedirects(false)
                .followSslRedirects(false)
                // A kept connection that the server has dropped meanwhile shows only when it is used; a new one is
                // tried then.
                .retryOnConnectionFailure(true)
                .callTimeout(settings.timeout())
                .connectTimeout(settings.timeout())
                .readTimeout(settings.timeout())
                .writeTimeout(settings.timeout())
                .build();
        this.threads = new ThreadPoolExecutor(
                settings.parallelReads(),
                settings.parallelReads(),
                IDLE.toSeconds(),
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                task -> {
                    Thread thread = new Thread(task, "tidegate-scrape-" + THREADS.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
        threads.allowCoreThreadTimeOut(true);
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
        if (threads.isShutdown()) {
            throw new IllegalStateException("this scraper is closed");
        }
        List<Read> reads = reads(bases, wanted);
        try {
            List<Future<Scrape>> answers =
                    threads.invokeAll(reads, settings.timeout().toNanos(), TimeUnit.NANOSECONDS);
            List<Scrape> scrapes = new ArrayList<>();
            for (int i = 0; i < reads.size(); i++) {
                scrapes.add(reads.get(i).answer(answers.get(i)));
            }
            return scrapes;
        } finally {
            // Frees the threads of reads that ran out of time: interrupting does not end a read from a socket.
            reads.forEach(Read::cancel);
            threads.purge();
        }
    }

    private List<Read> reads(Collection<URI> bases, Predicate<String> wanted) {
        Map<Object, Read> reads = new LinkedHashMap<>();
        for (URI base : bases) {
            HttpUrl url = HttpUrl.get(base);
            Object identity = url == null ? base : url;
            reads.computeIfAbsent(identity, ignored -> new Read(base, url, wanted));
        }
        return List.copyOf(reads.values());
    }

    /** Cancels what is under way and ends the threads. Closes connections only if no client was given. */
    @Override
    public void close() {
        threads.shutdownNow().forEach(waiting -> ((Future<?>) waiting).cancel(true));
        client.dispatcher().cancelAll();
        if (ownConnections != null) {
            ownConnections.evictAll();
        }
    }

    /** The reading of one page. */
    private final class Read implements Callable<Scrape> {

        private final URI base;
        private final String address;
        private final Predicate<String> wanted;
        private final @Nullable Call call;

        Read(URI base, @Nullable HttpUrl url, Predicate<String> wanted) {
            this.base = base;
            this.wanted = wanted;
            if (url == null) {
                this.address = printable(base.toString().replaceFirst("//[^/?#]*@", "//"));
                this.call = null;
            } else {
                HttpUrl page = url.newBuilder().addPathSegment("metrics").build();
                this.address = printable(page.newBuilder()
                        .username("")
                        .password("")
                        .query(null)
                        .fragment(null)
                        .toString());
                this.call = client.newCall(new Request.Builder()
                        .url(page)
                        .header("Accept", ACCEPT)
                        .header("User-Agent", "tidegate")
                        .build());
            }
        }

        @Override
        public Scrape call() {
            if (call == null) {
                return unread("not an http or https address");
            }
            try (Response response = call.execute()) {
                if (response.isRedirect()) {
                    return unread("HTTP " + response.code() + ", a redirect, which is not followed");
                }
                return response.code() == 200 ? page(call, response.body()) : unread("HTTP " + response.code());
            } catch (InterruptedIOException e) {
                return late();
            } catch (IOException | RuntimeException e) {
                return unread(words(e));
            }
        }

        private Scrape page(Call call, ResponseBody body) throws InterruptedIOException {
            String type = type(body.contentType());
            if (!TYPES.contains(type)) {
                return spoilt("its content type is " + type);
            }
            try {
                int most = settings.bounds().maxBytes();
                byte[] bytes = body.byteStream().readNBytes(most + 1);
                if (bytes.length > most) {
                    // Else closing would read on for a while, to save the connection.
                    call.cancel();
                }
                MetricsText text = MetricsText.parse(bytes, settings.bounds(), wanted);
                return type.equals(OPEN_METRICS) && !text.ended()
                        ? spoilt("cut short: it does not end with # EOF")
                        : new Scrape.Page(base, address, text);
            } catch (MetricsTextException e) {
                return spoilt(printable(String.valueOf(e.getMessage())));
            } catch (InterruptedIOException e) {
                throw e;
            } catch (IOException e) {
                return spoilt("the body cannot be read: " + words(e));
            }
        }

        private static String type(@Nullable MediaType type) {
            return type == null ? "not given" : printable(type.type() + "/" + type.subtype());
        }

        Scrape answer(Future<Scrape> future) throws InterruptedException {
            if (future.isCancelled()) {
                return threads.isShutdown() ? unread("the source was closed meanwhile") : late();
            }
            try {
                return future.get();
            } catch (ExecutionException e) {
                return unread(words(e.getCause()));
            }
        }

        void cancel() {
            if (call != null) {
                call.cancel();
            }
        }

        private Scrape late() {
            return unread("no whole answer within " + settings.timeout().toMillis() + " ms");
        }

        private Scrape unread(String reason) {
            return new Scrape.Unread(base, address, reason);
        }

        private Scrape spoilt(String reason) {
            return new Scrape.Spoilt(base, address, reason);
        }
    }

    private static String words(@Nullable Throwable failure) {
        if (failure == null) {
            return "an unknown failure";
        }
        String name = failure.getClass().getSimpleName();
        return printable(failure.getMessage() == null ? name : name + ": " + failure.getMessage());
    }

    /** Servers have a part in some reasons, and reasons get into logs. */
    private static String printable(String words) {
        String some = words.length() <= MAX_REASON ? words : words.substring(0, MAX_REASON) + "...";
        return some.replaceAll("\\p{Cntrl}", "?");
    }
}
