/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.webhook;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A secret, read anew from its file each time it is used. Its text is shown nowhere. */
final class Secret {

    private static final Logger LOG = LoggerFactory.getLogger(Secret.class);
    private static final int MOST_BYTES = 4096;

    private final @Nullable Path file;
    private final AtomicBoolean failing = new AtomicBoolean();
    private volatile byte[] last;

    private Secret(@Nullable Path file, byte[] first) {
        this.file = file;
        this.last = first;
    }

    /**
     * @throws IllegalArgumentException if it is empty
     */
    static Secret of(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length == 0) {
            throw new IllegalArgumentException("secret must not be empty");
        }
        return new Secret(null, bytes);
    }

    /**
     * The text of a file, without the end of its last line.
     *
     * @throws IllegalArgumentException if it cannot be read, or is empty or too long
     */
    static Secret in(Path file) {
        try {
            return new Secret(file, read(file));
        } catch (IOException e) {
            throw new IllegalArgumentException("secretFile " + file + " cannot be used: " + e.getMessage(), e);
        }
    }

    /** The secret as it is now; as it was, where its file cannot be read. */
    byte[] bytes() {
        if (file != null) {
            try {
                last = read(file);
                failing.set(false);
            } catch (IOException e) {
                if (failing.compareAndSet(false, true)) {
                    LOG.warn("{} cannot be read; the secret that was in it before is used: {}", file, e.toString());
                }
            }
        }
        return last.clone();
    }

    private static byte[] read(Path file) throws IOException {
        byte[] found;
        try (InputStream in = Files.newInputStream(file)) {
            found = in.readNBytes(MOST_BYTES + 1);
        }
        int end = found.length;
        while (end > 0 && (found[end - 1] == '\n' || found[end - 1] == '\r')) {
            end--;
        }
        if (end == 0 || found.length > MOST_BYTES) {
            throw new IOException("it must have 1 to " + MOST_BYTES + " bytes");
        }
        return Arrays.copyOf(found, end);
    }

    @Override
    public String toString() {
        return file == null ? "a secret" : "the secret in " + file;
    }
}
