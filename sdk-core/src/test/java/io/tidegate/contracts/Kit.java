/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.contracts;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.function.ThrowingSupplier;

/** What several kits need. */
final class Kit {

    /** In real time, for what hangs. */
    static final Duration PATIENCE = Duration.ofSeconds(20);

    private Kit() {}

    /** Ends in time. */
    static <T> T inTime(ThrowingSupplier<T> call, String what) {
        return assertTimeoutPreemptively(PATIENCE, call, what + " must end");
    }

    /** Short enough for a log line and a tag, and of one word. */
    static void isShort(String name) {
        isShortText(name);
        assertTrue(
                name.chars().noneMatch(Character::isWhitespace),
                () -> "a name must have no spaces but is \"" + name + '"');
    }

    /** Short enough for a log line and a tag. */
    static void isShortText(String name) {
        assertFalse(name.isBlank(), "a name must not be blank");
        assertTrue(name.length() < 64, () -> "a name must have less than 64 characters but is " + name);
        assertTrue(
                name.chars().noneMatch(Character::isISOControl),
                () -> "a name must be of one line but is \"" + name + '"');
    }

    /** On a thread of its own. */
    static <T> T elsewhere(ThrowingSupplier<T> call) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        Thread thread = new Thread(
                () -> {
                    try {
                        answer.complete(call.get());
                    } catch (Throwable e) {
                        answer.completeExceptionally(e);
                    }
                },
                "another-thread");
        thread.setDaemon(true);
        thread.start();
        try {
            return answer.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new AssertionError("on another thread: " + e, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
