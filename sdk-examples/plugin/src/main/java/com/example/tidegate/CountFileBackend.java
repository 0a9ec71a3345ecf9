/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package com.example.tidegate;

import io.tidegate.engine.BackendException;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.ledger.Refusal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.regex.Pattern;

/**
 * Tells a supervisor on this machine how many servers to run, by way of files: a systemd path unit, a loop in a shell.
 *
 * <p>It writes the count to {@code <pool>.desired}; the supervisor writes how many run, and how many of these are ready, to
 * {@code <pool>.status}: {@code 3 2}. Files are replaced, never changed, so nobody reads half a number.
 */
final class CountFileBackend implements ScalerBackend {

    private static final Pattern POOL = Pattern.compile("[A-Za-z0-9_-]{1,63}");

    private final Path folder;

    CountFileBackend(Path folder) {
        this.folder = folder;
    }

    @Override
    public ReplicaStatus status(String pool) throws IOException {
        int[] counts = numbers(file(pool, ".status"), 2);
        return new ReplicaStatus(desired(pool), counts[0], counts[1]);
    }

    @Override
    public void scale(ScaleRequest request) throws IOException {
        int found = desired(request.pool());
        if (found == request.to()) {
            // The same request again: the answer to the first was lost.
            return;
        }
        if (found != request.from()) {
            throw new BackendException(
                    Refusal.CONFLICT,
                    "somebody else has asked for " + found + " replicas of " + request.pool() + " and not "
                            + request.from());
        }
        Path next = file(request.pool(), ".desired.next");
        Files.writeString(next, request.to() + "\n");
        Files.move(next, file(request.pool(), ".desired"), StandardCopyOption.ATOMIC_MOVE);
    }

    private int desired(String pool) throws IOException {
        return numbers(file(pool, ".desired"), 1)[0];
    }

    private Path file(String pool, String ending) {
        // A pool's name becomes the name of a file.
        if (!POOL.matcher(pool).matches()) {
            throw new BackendException(Refusal.INVALID, "pool \"" + pool + "\" cannot be the name of a file");
        }
        return folder.resolve(pool + ending);
    }

    /** A file that is not there or says something else fails: no number stands for that. */
    private static int[] numbers(Path file, int count) throws IOException {
        String text = Files.readString(file).strip();
        String[] words = text.split("\\s+");
        if (words.length != count) {
            throw new IOException(file + " must hold " + count + " numbers but holds \"" + text + '"');
        }
        int[] numbers = new int[count];
        for (int i = 0; i < count; i++) {
            try {
                numbers[i] = Integer.parseInt(words[i]);
            } catch (NumberFormatException e) {
                throw new IOException(file + " must hold numbers but holds \"" + text + '"', e);
            }
        }
        return numbers;
    }
}
