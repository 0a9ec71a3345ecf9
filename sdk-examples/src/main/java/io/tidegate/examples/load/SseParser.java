/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.load;

import java.net.ProtocolException;
import java.util.Arrays;

/**
 * Finds the {@code data:} lines in a stream of server-sent events. Each line counts as one event, as OpenAI-compatible
 * servers write them; comments, event names and ids are skipped.
 */
final class SseParser {
    /** Who is told about an event. */
    interface Listener {
        /** The data of one event, without the field's name and the blank after it; the bytes are only lent. */
        void data(byte[] bytes, int from, int to) throws ProtocolException;
    }

    private static final int MAX_LINE = 1 << 20;
    private static final int PREFIX = 5;

    private byte[] partial = new byte[0];
    private int partialLength;

    /**
     * Takes a piece of the stream in.
     *
     * @throws ProtocolException if a line is longer than 1 MiB, or the listener cannot make sense of an event
     */
    void feed(byte[] bytes, int from, int to, Listener listener) throws ProtocolException {
        int start = from;
        for (int i = from; i < to; i++) {
            if (bytes[i] == '\n') {
                if (partialLength == 0) {
                    line(bytes, start, i, listener);
                } else {
                    keep(bytes, start, i);
                    line(partial, 0, partialLength, listener);
                    partialLength = 0;
                }
                start = i + 1;
            }
        }
        keep(bytes, start, to);
    }

    private void keep(byte[] bytes, int from, int to) throws ProtocolException {
        int needed = partialLength + to - from;
        if (needed > MAX_LINE) {
            throw new ProtocolException("an event is longer than " + MAX_LINE + " bytes");
        }
        if (needed > partial.length) {
            partial = Arrays.copyOf(partial, Math.max(needed, Math.max(512, partial.length * 2)));
        }
        System.arraycopy(bytes, from, partial, partialLength, to - from);
        partialLength = needed;
    }

    private static void line(byte[] bytes, int from, int to, Listener listener) throws ProtocolException {
        int end = to > from && bytes[to - 1] == '\r' ? to - 1 : to;
        if (end - from < PREFIX
                || bytes[from] != 'd'
                || bytes[from + 1] != 'a'
                || bytes[from + 2] != 't'
                || bytes[from + 3] != 'a'
                || bytes[from + 4] != ':') {
            return;
        }
        int data = from + PREFIX;
        listener.data(bytes, data < end && bytes[data] == ' ' ? data + 1 : data, end);
    }
}
