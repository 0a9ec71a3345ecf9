/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.function.DoubleConsumer;
import java.util.function.LongSupplier;

/**
 * How far the runs are: a bar in place on a terminal, else a line each ten seconds, so that logs stay short and a job that works is told
 * from one that hangs.
 */
final class SimProgress implements DoubleConsumer, AutoCloseable {

    private static final long LINE_NANOS = Duration.ofSeconds(10).toNanos();
    private static final long BAR_NANOS = Duration.ofMillis(100).toNanos();
    private static final int WIDTH = 40;

    private final PrintWriter err;
    private final boolean terminal;
    private final LongSupplier nanoTime;
    private final String what;
    private final long startNanos;
    private long lastNanos;
    private boolean shown;

    SimProgress(PrintWriter err, boolean terminal, LongSupplier nanoTime, String what) {
        this.err = err;
        this.terminal = terminal;
        this.nanoTime = nanoTime;
        this.what = what;
        this.startNanos = nanoTime.getAsLong();
        this.lastNanos = startNanos;
    }

    @Override
    public void accept(double share) {
        long now = nanoTime.getAsLong();
        if (now - lastNanos < (terminal ? BAR_NANOS : LINE_NANOS)) {
            return;
        }
        lastNanos = now;
        double elapsed = (double) (now - startNanos) / 1e9;
        String left = share > 0.01 ? String.format(Locale.ROOT, ", about %.0f s left", elapsed / share - elapsed) : "";
        String line = String.format(Locale.ROOT, "%s: %.0f %% after %.0f s%s", what, share * 100, elapsed, left);
        if (terminal) {
            int full = (int) Math.round(share * WIDTH);
            err.print("\r\u001b[K[" + "#".repeat(full) + " ".repeat(WIDTH - full) + "] " + line);
            err.flush();
            shown = true;
        } else {
            err.println(line);
            err.flush();
        }
    }

    /** Takes the bar away. */
    @Override
    public void close() {
        if (shown) {
            err.print("\r\u001b[K");
            err.flush();
        }
    }
}
