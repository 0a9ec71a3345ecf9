/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.scrape.internal;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import okhttp3.Call;
import okhttp3.ConnectionPool;
import okhttp3.Dispatcher;
import okhttp3.Headers;
import okhttp3.HttpUrl;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.ResponseBody;
import org.jspecify.annotations.Nullable;

/**
 * Asks several servers at once and hands on what they answer, in words if they do not.
 *
 * <p>Bounded in every direction: time for all answers together, bytes of each after decompression, requests under way.
 * Redirects are not followed and no cache is asked. Real time, since it waits for the outside world.
 *
 * <p>Its threads are daemons, are shared by all calls and end when they have been idle. Safe for many threads.
 */
public final class HttpReader implements AutoCloseable {

    private static final int MAX_REASON = 200;
    private static final Duration IDLE = Duration.ofSeconds(5);
    private static final AtomicLong THREADS = new AtomicLong();

    private final Settings settings;
    private final @Nullable ConnectionPool ownConnections;
    private final OkHttpClient client;
    private final ThreadPoolExecutor threads;

    /**
     * How servers are asked.
     *
     * @param client whose connections, interceptors and TLS settings are used; null for a client of the reader's own
     * @param timeout for all answers of one call together
     * @param maxBytes of one answer, after decompression
     * @param parallel most requests under way
     */
    public record Settings(@Nullable OkHttpClient client, Duration timeout, int maxBytes, int parallel) {}

    /**
     * One request, and what its answer means. Called on the threads of the reader, {@link #none} on that of the caller too.
     *
     * @param <T> what is made of the answer
     */
    public interface Ask<T> {

        /** The request; null if there is nothing that could be asked. */
        @Nullable
        Request request();

        /** Why the answer is not worth reading, before its body is; null if it is. */
        @Nullable
        T refused(int code, String type);

        /**
         * What is made of a whole answer.
         *
         * @param body within the bound, after decompression
         */
        T answered(Answer answer, byte[] body);

        /** What is made of no answer, or of one that broke off. */
        T none(Failure failure, String reason);
    }

    /**
     * What came before the body.
     *
     * @param type its content type without parameters, {@code not given} if it has none
     */
    public record Answer(int code, String type, Headers headers) {}

    /** Why there is no answer. */
    public enum Failure {
        /** None came. */
        UNREAD,
        /** One came that broke off or is too long. */
        SPOILT
    }

    /** A reader that has asked nothing and started no thread. */
    public HttpReader(Settings settings) {
        this.settings = settings;
        // vLLM's HTTP server drops connections that are idle for five seconds; there is no use in keeping them longer.
        this.ownConnections = settings.client() == null
                ? new ConnectionPool(settings.parallel(), IDLE.toSeconds(), TimeUnit.SECONDS)
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
                settings.parallel(),
                settings.parallel(),
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
     * Asks all, and returns within the timeout.
     *
     * @return what was made of each, in the order asked
     * @throws IllegalStateException if the reader is closed
     */
    public <T> List<T> read(List<? extends Ask<T>> asks) throws InterruptedException {
        if (threads.isShutdown()) {
            throw new IllegalStateException("this source is closed");
        }
        List<Read<T>> reads = new ArrayList<>();
        for (Ask<T> ask : asks) {
            reads.add(new Read<>(ask));
        }
        try {
            List<Future<T>> futures =
                    threads.invokeAll(reads, settings.timeout().toNanos(), TimeUnit.NANOSECONDS);
            List<T> all = new ArrayList<>();
            for (int i = 0; i < reads.size(); i++) {
                all.add(reads.get(i).outcome(futures.get(i)));
            }
            return all;
        } finally {
            // Frees the threads of reads that ran out of time: interrupting does not end a read from a socket.
            reads.forEach(Read::cancel);
            threads.purge();
        }
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

    private final class Read<T> implements Callable<T> {

        private final Ask<T> ask;
        private final @Nullable Call call;

        Read(Ask<T> ask) {
            this.ask = ask;
            Request request = ask.request();
            this.call = request == null ? null : client.newCall(request);
        }

        @Override
        public T call() {
            if (call == null) {
                return ask.none(Failure.UNREAD, "not an http or https address");
            }
            try (Response response = call.execute()) {
                if (response.isRedirect()) {
                    return ask.none(Failure.UNREAD, "HTTP " + response.code() + ", a redirect, which is not followed");
                }
                String type = type(response.body().contentType());
                T refused = ask.refused(response.code(), type);
                return refused != null ? refused : whole(call, response, type);
            } catch (InterruptedIOException e) {
                return late();
            } catch (IOException | RuntimeException e) {
                return ask.none(Failure.UNREAD, words(e));
            }
        }

        private T whole(Call call, Response response, String type) throws InterruptedIOException {
            ResponseBody body = response.body();
            byte[] bytes;
            try {
                bytes = body.byteStream().readNBytes(settings.maxBytes() + 1);
            } catch (InterruptedIOException e) {
                throw e;
            } catch (IOException e) {
                return ask.none(Failure.SPOILT, "the body cannot be read: " + words(e));
            }
            if (bytes.length > settings.maxBytes()) {
                // Else closing would read on for a while, to save the connection.
                call.cancel();
                return ask.none(Failure.SPOILT, "longer than " + settings.maxBytes() + " bytes");
            }
            return ask.answered(new Answer(response.code(), type, response.headers()), bytes);
        }

        T outcome(Future<T> future) throws InterruptedException {
            if (future.isCancelled()) {
                return threads.isShutdown() ? ask.none(Failure.UNREAD, "the source was closed meanwhile") : late();
            }
            try {
                return future.get();
            } catch (ExecutionException e) {
                return ask.none(Failure.UNREAD, words(e.getCause()));
            }
        }

        void cancel() {
            if (call != null) {
                call.cancel();
            }
        }

        private T late() {
            return ask.none(
                    Failure.UNREAD,
                    "no whole answer within " + settings.timeout().toMillis() + " ms");
        }
    }

    private static String type(@Nullable MediaType type) {
        return type == null ? "not given" : printable(type.type() + "/" + type.subtype());
    }

    private static String words(@Nullable Throwable failure) {
        if (failure == null) {
            return "an unknown failure";
        }
        String name = failure.getClass().getSimpleName();
        return printable(failure.getMessage() == null ? name : name + ": " + failure.getMessage());
    }

    /** For people: without what could control a terminal or forge a line of a log, and not long. Servers have a part in it. */
    public static String printable(String words) {
        String some = words.length() <= MAX_REASON ? words : words.substring(0, MAX_REASON) + "...";
        return some.replaceAll("\\p{Cntrl}", "?");
    }

    /** An address for people: without password, query and fragment. */
    public static String printable(HttpUrl url) {
        return printable(url.newBuilder()
                .username("")
                .password("")
                .query(null)
                .fragment(null)
                .toString());
    }
}
