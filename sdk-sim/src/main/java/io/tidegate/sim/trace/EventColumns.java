/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * Collects the events of a file in three primitive arrays and sorts them by time if the file did not. The trace starts at
 * the earliest event.
 */
final class EventColumns {
    /** Most tokens a prompt or an answer may have; more is taken for a broken row. */
    static final int MAX_TOKENS = 10_000_000;

    /** Furthest a row may be from the first one; further is taken for a broken time. */
    private static final long MAX_SPAN_SECONDS = Duration.ofDays(3_653).toSeconds();

    private final TraceInput input;
    private final TraceSettings settings;
    private @Nullable Instant firstRow;
    /** Relative to the first row, so possibly negative, until {@link #toTrace}. */
    private long[] nanos = new long[1024];

    private int[] prompt = new int[1024];
    private int[] output = new int[1024];
    private int size;
    private long latest = Long.MIN_VALUE;
    private long outOfOrder;

    EventColumns(TraceInput input, TraceSettings settings) {
        this.input = input;
        this.settings = settings;
    }

    void add(long line, Instant time, int promptTokens, int outputTokens) {
        Instant origin = firstRow;
        if (origin == null) {
            origin = time;
            firstRow = time;
        }
        long seconds = time.getEpochSecond() - origin.getEpochSecond();
        if (Math.abs(seconds) > MAX_SPAN_SECONDS) {
            throw input.bad(line, "the time is more than ten years away from the first row's");
        }
        if (size == settings.maxEvents()) {
            throw input.bad(
                    line, "there are more than " + settings.maxEvents() + " events: cut the file or raise the limit");
        }
        if (size == nanos.length) {
            int capacity = size + (size >> 1);
            nanos = Arrays.copyOf(nanos, capacity);
            prompt = Arrays.copyOf(prompt, capacity);
            output = Arrays.copyOf(output, capacity);
        }
        long relative = seconds * 1_000_000_000L + (time.getNano() - origin.getNano());
        if (relative < latest) {
            outOfOrder++;
        } else {
            latest = relative;
        }
        nanos[size] = relative;
        prompt[size] = promptTokens;
        output[size] = outputTokens;
        size++;
    }

    /** Returns the trace; nothing may be added afterwards. */
    Trace toTrace(String format) {
        if (size == 0) {
            throw input.bad(0, "the file has a header but no rows");
        }
        List<String> notes = new ArrayList<>();
        if (outOfOrder > 0) {
            sort();
            notes.add(outOfOrder + " rows were out of order and were sorted");
        }
        if (settings.tokenQuantiles().isPresent()) {
            notes.add("the token quantiles were not used: this format has the lengths of each request");
        }
        long start = nanos[0];
        for (int i = 0; i < size; i++) {
            nanos[i] -= start;
        }
        return new Trace(input.name(), format, Duration.ofNanos(nanos[size - 1]), outOfOrder, notes, Cursor::new);
    }

    private void sort() {
        Integer[] order = new Integer[size];
        Arrays.setAll(order, i -> i);
        // A stable merge sort: fast on rows that are nearly in order, and equal times keep the file's order.
        Arrays.sort(order, Comparator.comparingLong(row -> nanos[row]));
        long[] sortedNanos = new long[size];
        int[] sortedPrompt = new int[size];
        int[] sortedOutput = new int[size];
        for (int i = 0; i < size; i++) {
            sortedNanos[i] = nanos[order[i]];
            sortedPrompt[i] = prompt[order[i]];
            sortedOutput[i] = output[order[i]];
        }
        nanos = sortedNanos;
        prompt = sortedPrompt;
        output = sortedOutput;
    }

    private final class Cursor implements Iterator<TraceEvent> {
        private int position;

        @Override
        public boolean hasNext() {
            return position < size;
        }

        @Override
        public TraceEvent next() {
            if (position >= size) {
                throw new NoSuchElementException();
            }
            int i = position++;
            return new TraceEvent(nanos[i], prompt[i], output[i], "", "");
        }
    }
}
