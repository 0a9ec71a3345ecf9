/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.webhook;

import io.tidegate.engine.BackendException;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.ledger.Refusal;
import io.tidegate.signals.scrape.internal.HttpReader;
import io.tidegate.signals.webhook.SignedPost.Answer;
import io.tidegate.signals.webhook.SignedPost.NoAnswerException;
import io.tidegate.time.SystemTime;
import io.tidegate.time.TimeSource;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import org.jspecify.annotations.Nullable;

/**
 * Asks a service of one's own for replicas, with signed requests; docs/backends.md has the contract in full.
 *
 * <p>A scaling is a POST of {@code {"pool", "from", "to", "decision", "reason", "key"}}. Any 2xx accepts it. All attempts of one
 * request have the same {@code Idempotency-Key}, so that a service which has lost its answer can give it again and do nothing twice.
 * The status is a GET, signed over an empty body, answered with {@code {"desired", "running", "ready"}} and, if it likes, {@code
 * "births"}.
 *
 * <p>An answer that is no 2xx, or that names a {@code "refusal"}, throws a {@link BackendException}: 401 and 403 {@link
 * Refusal#DENIED}, 409 and 412 {@link Refusal#CONFLICT}, 429 {@link Refusal#THROTTLED}, 507 {@link Refusal#CAPACITY}, 503 {@link
 * Refusal#UNAVAILABLE}, 408, 500, 502, 504 and no answer {@link Refusal#UNANSWERED}, all others {@link Refusal#INVALID}, redirects
 * among them, which are not followed. Where no connection was made it is {@link Refusal#UNAVAILABLE}. What the body names goes before
 * what the code says.
 *
 * <p>The secret, and what an address has of user, password and query, are shown in no message, log or {@code toString}. Safe for
 * use by many threads; calls block, and end when their thread is interrupted.
 *
 * @since 0.1.0
 */
public final class WebhookBackend implements ScalerBackend {

    private static final int MOST_STATUS_BYTES = 256 * 1024;

    private final SignedPost post;
    private final HttpReader reader;
    private final HttpUrl statusUrl;
    private final Secret secret;
    private final TimeSource time;
    private final @Nullable SystemTime ownTime;
    private final AtomicBoolean closed = new AtomicBoolean();

    private WebhookBackend(Builder builder, Secret secret) {
        this.secret = secret;
        this.ownTime = builder.time == null ? SystemTime.start() : null;
        this.time = builder.time == null ? Objects.requireNonNull(ownTime) : builder.time;
        this.statusUrl = builder.statusUrl == null ? builder.url : builder.statusUrl;
        this.post = new SignedPost(builder.client, builder.url, secret, time, builder.deadline, builder.attempts);
        this.reader = new HttpReader(new HttpReader.Settings(builder.client, builder.deadline, MOST_STATUS_BYTES, 2));
    }

    /**
     * Starts a backend with the defaults.
     *
     * @param url where replicas are asked for, http or https
     * @throws IllegalArgumentException if it is no such address
     */
    public static Builder builder(String url) {
        return new Builder(url);
    }

    /**
     * What the service says.
     *
     * @throws BackendException if it says nothing that can be used
     */
    @Override
    public ReplicaStatus status(String pool) throws InterruptedException {
        return reader.read(List.of(new StatusAsk(pool))).get(0).found();
    }

    @Override
    public void scale(ScaleRequest request) throws InterruptedException {
        Answer answer;
        try {
            answer = post.send(WebhookJson.request(request), request.key());
        } catch (NoAnswerException e) {
            throw new BackendException(
                    e.unknown() ? Refusal.UNANSWERED : Refusal.UNAVAILABLE, String.valueOf(e.getMessage()));
        }
        WebhookJson.Said said = WebhookJson.said(answer.body());
        boolean accepted = answer.code() / 100 == 2 && said.refusal() == null;
        if (!accepted) {
            Refusal refusal = said.refusal() != null ? said.refusal() : refusal(answer.code());
            if (answer.unknown() && refusal == Refusal.UNAVAILABLE) {
                // This attempt did nothing, but one before may have.
                refusal = Refusal.UNANSWERED;
            }
            throw new BackendException(
                    refusal,
                    "HTTP " + answer.code() + " from " + HttpReader.printable(post.url())
                            + (said.message() == null ? "" : ": " + HttpReader.printable(said.message())),
                    null,
                    said.retryAfter() != null ? said.retryAfter() : answer.retryAfter());
        }
    }

    private static Refusal refusal(int code) {
        return switch (code) {
            case 401, 403 -> Refusal.DENIED;
            case 409, 412 -> Refusal.CONFLICT;
            case 429 -> Refusal.THROTTLED;
            case 507 -> Refusal.CAPACITY;
            case 503 -> Refusal.UNAVAILABLE;
            default -> code == 408 || code >= 500 ? Refusal.UNANSWERED : Refusal.INVALID;
        };
    }

    /** A status, or why there is none. */
    private record Read(
            @Nullable ReplicaStatus status, @Nullable BackendException failure) {
        ReplicaStatus found() {
            if (failure != null) {
                throw failure;
            }
            return Objects.requireNonNull(status);
        }
    }

    private final class StatusAsk implements HttpReader.Ask<Read> {

        private final HttpUrl asked;

        StatusAsk(String pool) {
            this.asked = statusUrl.newBuilder().setQueryParameter("pool", pool).build();
        }

        @Override
        public Request request() {
            String timestamp = String.valueOf(time.wallTime().getEpochSecond());
            return new Request.Builder()
                    .url(asked)
                    .header("User-Agent", "tidegate")
                    .header("Accept", "application/json")
                    .header(WebhookSignature.TIMESTAMP_HEADER, timestamp)
                    .header(
                            WebhookSignature.SIGNATURE_HEADER,
                            WebhookSignature.sign(secret.bytes(), timestamp, new byte[0]))
                    .build();
        }

        @Override
        public @Nullable Read refused(int code, String type) {
            return code == 200 ? null : failed(code >= 500 ? Refusal.UNAVAILABLE : refusal(code), "HTTP " + code);
        }

        @Override
        public Read answered(HttpReader.Answer answer, byte[] body) {
            try {
                return new Read(WebhookJson.status(body), null);
            } catch (WebhookJson.FormException e) {
                return failed(Refusal.INVALID, "the status " + e.getMessage());
            }
        }

        @Override
        public Read none(HttpReader.Failure failure, String reason) {
            return failed(Refusal.UNAVAILABLE, reason);
        }

        private Read failed(Refusal refusal, String reason) {
            return new Read(
                    null,
                    new BackendException(refusal, "no status from " + HttpReader.printable(asked) + ": " + reason));
        }
    }

    /** Cancels what is under way; harmless when called twice. Closes connections only if no client was given. */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            post.close();
            reader.close();
            if (ownTime != null) {
                ownTime.close();
            }
        }
    }

    /** Without the secret, and without user, password and query of its addresses. */
    @Override
    public String toString() {
        return "WebhookBackend[" + post + ", GET " + HttpReader.printable(statusUrl) + "]";
    }

    /** Collects the settings of a {@link WebhookBackend}. Not safe for use by several threads. */
    public static final class Builder {

        private final HttpUrl url;
        private @Nullable HttpUrl statusUrl;
        private @Nullable Secret secret;
        private Duration deadline = Duration.ofMillis(1800);
        private int attempts = 4;
        private @Nullable OkHttpClient client;
        private @Nullable TimeSource time;

        private Builder(String url) {
            this.url = address("url", url);
        }

        private static HttpUrl address(String name, String text) {
            HttpUrl found = HttpUrl.parse(text);
            if (found == null) {
                // Not the text itself, which may have a password in it.
                throw new IllegalArgumentException(name + " must be an http or https address but is none");
            }
            return found;
        }

        /** Where the status is asked for; the address of the requests by default. The pool is added as {@code pool=}. */
        public Builder statusUrl(String url) {
            this.statusUrl = address("statusUrl", url);
            return this;
        }

        /** The secret that both sides know. This or {@link #secretFile} is required. */
        public Builder secret(String secret) {
            return secret(Secret.of(secret));
        }

        /** A file with the secret, read anew for each request, so that the secret can be exchanged. */
        public Builder secretFile(Path file) {
            return secret(Secret.in(file));
        }

        Builder secret(Secret secret) {
            this.secret = secret;
            return this;
        }

        /**
         * Real time for all attempts of one call together, 10 ms to a minute; 1.8 s by default. Keep it below the pool's {@code
         * backendTimeout}, 2 s by default: after that the call is interrupted, and says less of what went wrong.
         */
        public Builder deadline(Duration deadline) {
            if (deadline.compareTo(Duration.ofMillis(10)) < 0 || deadline.compareTo(Duration.ofMinutes(1)) > 0) {
                throw new IllegalArgumentException("deadline must be 10 ms to 1 min but was " + deadline);
            }
            this.deadline = deadline;
            return this;
        }

        /** Most attempts of one request within its deadline, 1 to 10; 4 by default. */
        public Builder attempts(int attempts) {
            if (attempts < 1 || attempts > 10) {
                throw new IllegalArgumentException("attempts must be 1 to 10 but was " + attempts);
            }
            this.attempts = attempts;
            return this;
        }

        /** Uses connections, interceptors and TLS settings of this client, which the caller keeps. One of its own by default. */
        public Builder client(OkHttpClient client) {
            this.client = Objects.requireNonNull(client, "client");
            return this;
        }

        /** The clock of timestamps; one of its own by default. The caller closes it. */
        public Builder time(TimeSource time) {
            this.time = Objects.requireNonNull(time, "time");
            return this;
        }

        /**
         * The backend. Nothing is sent before the first call.
         *
         * @throws IllegalArgumentException if there is no secret
         */
        public WebhookBackend build() {
            Secret found = secret;
            if (found == null) {
                throw new IllegalArgumentException("secret or secretFile is required");
            }
            return new WebhookBackend(this, found);
        }
    }
}
