/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.webhook;

import io.tidegate.alert.Alert;
import io.tidegate.alert.spi.AlertListener;
import io.tidegate.signals.scrape.internal.HttpReader;
import io.tidegate.signals.webhook.SignedPost.Answer;
import io.tidegate.signals.webhook.SignedPost.NoAnswerException;
import io.tidegate.time.SystemTime;
import io.tidegate.time.TimeSource;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import org.jspecify.annotations.Nullable;

/**
 * Tells a service of one's own of alerts, with signed requests; docs/alerts.md has the contract in full.
 *
 * <p>An alert is a POST of {@code {"alert", "pool", "firing", "severity", "since", "at", "what", "todo"}}. Any 2xx takes it. All attempts
 * have the same {@code Idempotency-Key}, of the pool, the alert, since when it fires, its severity or {@code resolved}, and the time of
 * this word on it; no other word has it. What is tried again is what another attempt can mend, within the deadline: no answer, 429, 502,
 * 503 and 504. Anything else, and the deadline, is an {@link IOException}. Redirects are not followed.
 *
 * <p>The secret, and what the address has of user, password and query, are shown in no message, log or {@code toString}. Safe for use by
 * many threads; calls block, and end when their thread is interrupted.
 *
 * @since 0.1.0
 */
public final class WebhookAlerts implements AlertListener {

    private final SignedPost post;
    private final @Nullable SystemTime ownTime;
    private final AtomicBoolean closed = new AtomicBoolean();

    private WebhookAlerts(Builder builder, Secret secret) {
        this.ownTime = builder.time == null ? SystemTime.start() : null;
        TimeSource time = builder.time == null ? Objects.requireNonNull(ownTime) : builder.time;
        this.post = new SignedPost(builder.client, builder.url, secret, time, builder.deadline, builder.attempts);
    }

    /**
     * Starts a listener with the defaults.
     *
     * @param url where alerts are sent, http or https
     * @throws IllegalArgumentException if it is no such address
     */
    public static Builder builder(String url) {
        return new Builder(url);
    }

    /** {@code webhook}. */
    @Override
    public String name() {
        return "webhook";
    }

    /**
     * Sends it, until it is taken or the deadline.
     *
     * @throws IOException if it was not taken, or nobody knows whether it was
     * @throws InterruptedException if the thread was interrupted
     */
    @Override
    public void changed(Alert alert) throws IOException, InterruptedException {
        Answer answer;
        try {
            answer = post.send(WebhookJson.alert(alert), key(alert));
        } catch (NoAnswerException e) {
            // Without its cause, which may say more of the address than should be shown.
            throw new IOException(e.getMessage());
        }
        if (answer.code() / 100 != 2) {
            throw new IOException("HTTP " + answer.code() + " from " + HttpReader.printable(post.url()));
        }
    }

    /** Of one word on an alert and of no other: a severity may come back, so the time is in it. */
    private static String key(Alert alert) {
        return URLEncoder.encode(alert.pool(), StandardCharsets.UTF_8)
                + '-'
                + alert.kind().code()
                + '-'
                + alert.since()
                + '-'
                + (alert.firing() ? alert.severity().code() : "resolved")
                + '-'
                + alert.at();
    }

    /** Cancels what is under way; harmless when called twice. Closes connections only if no client was given. */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            post.close();
            if (ownTime != null) {
                ownTime.close();
            }
        }
    }

    /** Without the secret, and without user, password and query of its address. */
    @Override
    public String toString() {
        return "WebhookAlerts[" + post + "]";
    }

    /** Collects the settings of a {@link WebhookAlerts}. Not safe for use by several threads. */
    public static final class Builder {

        private final HttpUrl url;
        private @Nullable Secret secret;
        private Duration deadline = Duration.ofMillis(1800);
        private int attempts = 4;
        private @Nullable OkHttpClient client;
        private @Nullable TimeSource time;

        private Builder(String url) {
            HttpUrl found = HttpUrl.parse(url);
            if (found == null) {
                // Not the text itself, which may have a password in it.
                throw new IllegalArgumentException("url must be an http or https address but is none");
            }
            this.url = found;
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
         * Real time for all attempts of one alert together, 10 ms to a minute; 1.8 s by default. Keep it below the 2 s after which the
         * engine interrupts a listener.
         */
        public Builder deadline(Duration deadline) {
            if (deadline.compareTo(Duration.ofMillis(10)) < 0 || deadline.compareTo(Duration.ofMinutes(1)) > 0) {
                throw new IllegalArgumentException("deadline must be 10 ms to 1 min but was " + deadline);
            }
            this.deadline = deadline;
            return this;
        }

        /** Most attempts of one alert within its deadline, 1 to 10; 4 by default. */
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
         * The listener. Nothing is sent before the first alert.
         *
         * @throws IllegalArgumentException if there is no secret
         */
        public WebhookAlerts build() {
            Secret found = secret;
            if (found == null) {
                throw new IllegalArgumentException("secret or secretFile is required");
            }
            return new WebhookAlerts(this, found);
        }
    }
}
