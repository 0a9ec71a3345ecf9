/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.ledger.Refusal;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link io.tidegate.engine.spi.ScalerBackend} throws when it knows why it did not do what it was asked for. Of any other exception
 * it is taken that nobody knows whether it was done.
 *
 * @since 0.1.0
 */
public final class BackendException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final Refusal refusal;
    private final @Nullable Duration retryAfter;

    public BackendException(Refusal refusal, String message) {
        this(refusal, message, null, null);
    }

    public BackendException(Refusal refusal, String message, @Nullable Throwable cause) {
        this(refusal, message, cause, null);
    }

    /**
     * @param retryAfter how long the backend asks to be left alone; null if it does not say
     */
    public BackendException(Refusal refusal, String message, @Nullable Throwable cause, @Nullable Duration retryAfter) {
        super(message, cause);
        this.refusal = Objects.requireNonNull(refusal, "refusal");
        this.retryAfter = retryAfter;
    }

    /** Why. */
    public Refusal refusal() {
        return refusal;
    }

    /** How long it asks to be left alone, or empty if it does not say. */
    public Optional<Duration> retryAfter() {
        return Optional.ofNullable(retryAfter);
    }
}
