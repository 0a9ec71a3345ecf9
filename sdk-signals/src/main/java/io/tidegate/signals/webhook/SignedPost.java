/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.webhook;

import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeException;
import dev.failsafe.RetryPolicy;
import io.tidegate.signals.scrape.internal.HttpReader;
import io.tidegate.time.TimeSource;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import okhttp3.Call;
import okhttp3.ConnectionPool;
import okhttp3.Dispatcher;
import okhttp3.HttpUrl;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/**
 * Sends signed JSON and reads short answers.
 *
 * <p>All attempts of one sending have the same key and a fresh timestamp, and end together at the deadline. Tried again is what
 * another attempt can mend: no answer, 429, 502, 503 and 504; after 0.1 s, doubled up to 1 s, give or take a quarter, or after what
 * {@code Retry-After} asks for or somewhat more. Where that would be after the deadline there is no other attempt. Redirects are not
 * followed. Real time, since it waits for the outside world; only the timestamp is of the clock.
 *
 * <p>Safe for many threads. A sending blocks, and ends when its thread is interrupted.
 */
final class SignedPost implements AutoCloseable {

    /** Bytes of an answer that are read, after decompression; what is beyond is left away. */
    static final int MOST_BYTES = 64 * 1024;

    private static final MediaType JSON = MediaType.get("application/json");
    private static final Set<Integer> TRANSIENT = Set.of(429, 502, 503, 504);
    /** Of these nobody knows whether the service behind has done it. */
    private static final Set<Integer> UNKNOWN = Set.of(408, 500, 502, 504);

    private static final Duration FIRST_DELAY = Duration.ofMillis(100);
    private static final Duration LONGEST_DELAY = Duration.ofSeconds(1);
    private static final double JITTER = 0.25;
    private static final long LONGEST_RETRY_AFTER_SECONDS = 3600;

    private final OkHttpClient client;
    private final @Nullable ConnectionPool ownConnections;
    private final HttpUrl url;
    private final Secret secret;
    private final TimeSource time;
    private final Duration deadline;
    private final int attempts;

    /** What came of one attempt. */
    private sealed interface Attempt {}

    /**
     * An answer.
     *
     * @param code HTTP status
     * @param body its text, cut at the bound
     * @param retryAfter what {@code Retry-After} asks for in seconds, an hour at most; null if it does not
     * @param unknown whether nobody knows what was done: by this answer, or as an attempt before had none
     */
    record Answer(int code, String body, @Nullable Duration retryAfter, boolean unknown) implements Attempt {}

    private record None(IOException failure) implements Attempt {}

    /** There was no answer to the last attempt. */
    static final class NoAnswerException extends IOException {

        private static final long serialVersionUID = 1L;
        private final boolean unknown;

        NoAnswerException(String message, boolean unknown, Throwable cause) {
            super(message, cause);
            this.unknown = unknown;
        }

        /** Whether an attempt may have arrived, so that nobody knows what was done. */
        boolean unknown() {
            return unknown;
        }
    }

    /**
     * @param client whose connections, interceptors and TLS settings are used; null for one of its own
     * @param deadline for all attempts of one sending together
     * @param attempts most of them, one at least
     */
    SignedPost(
            @Nullable OkHttpClient client,
            HttpUrl url,
            Secret secret,
            TimeSource time,
            Duration deadline,
            int attempts) {
        this.url = url;
        this.secret = secret;
        this.time = time;
        this.deadline = deadline;
        this.attempts = attempts;
        this.ownConnections = client == null ? new ConnectionPool(2, 1, TimeUnit.MINUTES) : null;
        OkHttpClient.Builder builder =
                client == null ? new OkHttpClient.Builder().connectionPool(ownConnections) : client.newBuilder();
        this.client = builder.dispatcher(new Dispatcher())
                .cache(null)
                .followRedirects(false)
                .followSslRedirects(false)
                // It would send again with the old timestamp, and without being counted.
                .retryOnConnectionFailure(false)
                .connectTimeout(deadline)
                .readTimeout(deadline)
                .writeTimeout(deadline)
                // Comes after the connection is made and before the first byte of the request.
                .addNetworkInterceptor(chain -> {
                    AtomicBoolean sent = chain.request().tag(AtomicBoolean.class);
                    if (sent != null) {
                        sent.set(true);
                    }
                    return chain.proceed(chain.request());
                })
                .build();
    }

    /** Where it sends to; not to be shown as it is. */
    HttpUrl url() {
        return url;
    }

    /**
     * Sends a body, until an answer comes that is worth no other attempt, or the deadline.
     *
     * @param key of all attempts
     * @return the last answer; not necessarily a good one
     * @throws NoAnswerException if there was none
     * @throws InterruptedException if the thread was interrupted
     */
    Answer send(byte[] body, String key) throws NoAnswerException, InterruptedException {
        return new Sending(body, key).run();
    }

    private final class Sending {

        private final byte[] body;
        private final String key;
        private final long deadlineNanos = System.nanoTime() + deadline.toNanos();
        private boolean unknown;

        Sending(byte[] body, String key) {
            this.body = body;
            this.key = key;
        }

        Answer run() throws NoAnswerException, InterruptedException {
            RetryPolicy<Attempt> retries = RetryPolicy.<Attempt>builder()
                    .handleResultIf(this::worthAnother)
                    .withMaxRetries(attempts - 1)
                    .withBackoff(FIRST_DELAY, LONGEST_DELAY)
                    .withJitter(JITTER)
                    .withDelayFn(context -> {
                        Duration asked = asked(context.getLastResult());
                        // The jitter takes a quarter away at most, and sooner than asked it must not be.
                        return asked == null ? Duration.ofNanos(-1) : stretched(asked, 1 / (1 - JITTER));
                    })
                    .build();
            Attempt last;
            try {
                last = Failsafe.with(retries).get(this::attempt);
            } catch (FailsafeException e) {
                if (e.getCause() instanceof InterruptedException) {
                    Thread.interrupted();
                    throw new InterruptedException("interrupted while a webhook was sent");
                }
                throw e;
            }
            if (last instanceof Answer answer) {
                return new Answer(answer.code(), answer.body(), answer.retryAfter(), unknown);
            }
            IOException failure = ((None) last).failure();
            throw new NoAnswerException(
                    "no answer from " + HttpReader.printable(url) + ": "
                            + failure.getClass().getSimpleName(),
                    unknown,
                    failure);
        }

        private boolean worthAnother(@Nullable Attempt attempt) {
            boolean mendable =
                    attempt instanceof None || (attempt instanceof Answer answer && TRANSIENT.contains(answer.code()));
            Duration asked = asked(attempt);
            Duration wait = asked == null ? FIRST_DELAY : stretched(asked, (1 + JITTER) / (1 - JITTER));
            return mendable && wait.toNanos() < deadlineNanos - System.nanoTime();
        }

        private Attempt attempt() throws InterruptedException {
            String timestamp = String.valueOf(time.wallTime().getEpochSecond());
            AtomicBoolean sent = new AtomicBoolean();
            Request request = new Request.Builder()
                    .url(url)
                    .post(RequestBody.create(body, JSON))
                    .header("User-Agent", "tidegate")
                    .header("Accept", "application/json")
                    .header(WebhookSignature.KEY_HEADER, key)
                    .header(WebhookSignature.TIMESTAMP_HEADER, timestamp)
                    .header(WebhookSignature.SIGNATURE_HEADER, WebhookSignature.sign(secret.bytes(), timestamp, body))
                    .tag(AtomicBoolean.class, sent)
                    .build();
            Call call = client.newCall(request);
            call.timeout().timeout(Math.max(1, deadlineNanos - System.nanoTime()), TimeUnit.NANOSECONDS);
            try (Response response = call.execute()) {
                String text = text(call, response);
                unknown |= UNKNOWN.contains(response.code());
                return new Answer(response.code(), text, retryAfter(response.header("Retry-After")), unknown);
            } catch (IOException e) {
                unknown |= sent.get();
                if (Thread.interrupted()) {
                    throw new InterruptedException("interrupted while a webhook was sent");
                }
                return new None(e);
            }
        }
    }

    private static @Nullable Duration asked(@Nullable Attempt attempt) {
        return attempt instanceof Answer answer ? answer.retryAfter() : null;
    }

    private static Duration stretched(Duration duration, double by) {
        return Duration.ofNanos((long) (duration.toNanos() * by));
    }

    private static String text(Call call, Response response) throws IOException {
        byte[] bytes = response.body().byteStream().readNBytes(MOST_BYTES + 1);
        if (bytes.length > MOST_BYTES) {
            // Else closing would read on for a while, to save the connection.
            call.cancel();
        }
        return new String(bytes, 0, Math.min(bytes.length, MOST_BYTES), StandardCharsets.UTF_8);
    }

    /** Seconds only: a date would be by a clock that is not ours. */
    private static @Nullable Duration retryAfter(@Nullable String header) {
        return header != null && header.strip().matches("[0-9]{1,9}")
                ? Duration.ofSeconds(Math.min(Long.parseLong(header.strip()), LONGEST_RETRY_AFTER_SECONDS))
                : null;
    }

    /** Cancels what is under way. Closes connections only if no client was given. */
    @Override
    public void close() {
        client.dispatcher().cancelAll();
        if (ownConnections != null) {
            ownConnections.evictAll();
        }
    }

    /** Without the secret, and without user, password and query of the address. */
    @Override
    public String toString() {
        return "POST " + HttpReader.printable(url);
    }
}
