/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.load;

import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Takes HTTP/1.1 responses apart as their bytes come in: status line, headers, and a body framed by chunks, by length, or by
 * the end of the connection. Interim (1xx) responses are skipped. One instance per connection, reused by {@link #reset()}.
 */
final class HttpResponseParser {
    /** Who is told what was found. */
    interface Listener {
        void head(HttpHead head);

        /** The bytes are only lent. */
        void body(byte[] bytes, int from, int to);
    }

    private enum State {
        STATUS,
        HEADER,
        BODY_OF_LENGTH,
        BODY_TO_END,
        CHUNK_SIZE,
        CHUNK,
        CHUNK_END,
        TRAILER,
        COMPLETE
    }

    private static final int MAX_LINE = 1 << 14;
    private static final int MAX_HEADERS = 200;
    private static final int MAX_CHUNK_DIGITS = 7;

    private State state = State.STATUS;
    private byte[] line = new byte[256];
    private int lineLength;
    private long left;
    private int version;
    private int status;
    private Map<String, String> headers = new HashMap<>();
    private boolean keepAlive;
    private boolean started;

    /** Forgets the last response. */
    void reset() {
        state = State.STATUS;
        lineLength = 0;
        left = 0;
        headers = new HashMap<>();
        keepAlive = false;
        started = false;
    }

    /** Whether any byte of the response has come. */
    boolean started() {
        return started;
    }

    boolean isComplete() {
        return state == State.COMPLETE;
    }

    /** Whether the connection may carry another request after this response. */
    boolean keepAlive() {
        return keepAlive && isComplete();
    }

    /** The connection ended; completes a response that is framed by that. */
    void endOfConnection() {
        if (state == State.BODY_TO_END) {
            state = State.COMPLETE;
        }
    }

    /**
     * Takes bytes in.
     *
     * @return how far it got; less than {@code to} only if the response is complete
     * @throws ProtocolException if this is not HTTP/1
     */
    int feed(byte[] bytes, int from, int to, Listener listener) throws ProtocolException {
        int position = from;
        started |= to > from;
        while (position < to && state != State.COMPLETE) {
            switch (state) {
                case BODY_OF_LENGTH, BODY_TO_END, CHUNK -> {
                    int length = (int) Math.min(left, to - position);
                    listener.body(bytes, position, position + length);
                    position += length;
                    left -= length;
                    if (left == 0) {
                        state = state == State.CHUNK ? State.CHUNK_END : State.COMPLETE;
                    }
                }
                default -> {
                    int end = position;
                    while (end < to && bytes[end] != '\n') {
                        end++;
                    }
                    append(bytes, position, end);
                    if (end == to) {
                        return to;
                    }
                    position = end + 1;
                    line(listener);
                    lineLength = 0;
                }
            }
        }
        return position;
    }

    private void append(byte[] bytes, int from, int to) throws ProtocolException {
        int needed = lineLength + to - from;
        if (needed > MAX_LINE) {
            throw new ProtocolException("a line of the response is longer than " + MAX_LINE + " bytes");
        }
        if (needed > line.length) {
            line = Arrays.copyOf(line, Math.max(needed, line.length * 2));
        }
        System.arraycopy(bytes, from, line, lineLength, to - from);
        lineLength = needed;
    }

    private void line(Listener listener) throws ProtocolException {
        if (lineLength > 0 && line[lineLength - 1] == '\r') {
            lineLength--;
        }
        switch (state) {
            case STATUS -> statusLine();
            case HEADER -> headerLine(listener);
            case CHUNK_SIZE -> chunkSize();
            case CHUNK_END -> {
                if (lineLength > 0) {
                    throw new ProtocolException("a chunk is longer than it said");
                }
                state = State.CHUNK_SIZE;
            }
            case TRAILER -> {
                if (lineLength == 0) {
                    state = State.COMPLETE;
                }
            }
            default -> throw new IllegalStateException("no line is expected in state " + state);
        }
    }

    private void statusLine() throws ProtocolException {
        String text = text();
        boolean http1 = text.length() >= 12 && text.startsWith("HTTP/1.") && text.charAt(8) == ' ';
        int digits = 0;
        while (http1 && digits < 3 && Character.digit(text.charAt(9 + digits), 10) >= 0) {
            digits++;
        }
        if (digits < 3) {
            throw new ProtocolException("not an HTTP/1 response");
        }
        version = text.charAt(7) == '0' ? 0 : 1;
        status = Integer.parseInt(text.substring(9, 12));
        state = State.HEADER;
    }

    private void headerLine(Listener listener) throws ProtocolException {
        if (lineLength > 0) {
            String text = text();
            int colon = text.indexOf(':');
            if (colon <= 0 || headers.size() == MAX_HEADERS) {
                throw new ProtocolException(colon <= 0 ? "a header has no name" : "there are too many headers");
            }
            headers.put(
                    text.substring(0, colon).strip().toLowerCase(Locale.ROOT),
                    text.substring(colon + 1).strip());
            return;
        }
        if (status >= 100 && status < 200) {
            headers = new HashMap<>();
            state = State.STATUS;
            return;
        }
        frameBody();
        listener.head(new HttpHead(version, status, Map.copyOf(headers)));
    }

    private void frameBody() throws ProtocolException {
        String connection = headers.getOrDefault("connection", "").toLowerCase(Locale.ROOT);
        keepAlive = version == 1 ? !connection.contains("close") : connection.contains("keep-alive");
        String encoding = headers.get("transfer-encoding");
        String length = headers.get("content-length");
        if (status == 204 || status == 304) {
            state = State.COMPLETE;
        } else if (encoding != null) {
            if (!encoding.equalsIgnoreCase("chunked")) {
                throw new ProtocolException("the transfer encoding " + encoding + " is not known");
            }
            state = State.CHUNK_SIZE;
        } else if (length != null) {
            left = parsed(length);
            state = left == 0 ? State.COMPLETE : State.BODY_OF_LENGTH;
        } else {
            left = Long.MAX_VALUE;
            keepAlive = false;
            state = State.BODY_TO_END;
        }
    }

    private static long parsed(String length) throws ProtocolException {
        try {
            long value = Long.parseLong(length);
            if (value >= 0) {
                return value;
            }
        } catch (NumberFormatException e) {
            // Told below, as for a negative one.
        }
        throw new ProtocolException("the content length is not a number");
    }

    private void chunkSize() throws ProtocolException {
        int size = 0;
        int digits = 0;
        while (digits < lineLength && Character.digit(line[digits], 16) >= 0) {
            size = size * 16 + Character.digit(line[digits], 16);
            digits++;
            if (digits > MAX_CHUNK_DIGITS) {
                throw new ProtocolException("a chunk is too long");
            }
        }
        // What may follow the size is a chunk extension, which means nothing here.
        if (digits == 0 || (digits < lineLength && line[digits] != ';' && line[digits] != ' ')) {
            throw new ProtocolException("a chunk has no size");
        }
        left = size;
        state = size == 0 ? State.TRAILER : State.CHUNK;
    }

    private String text() {
        return new String(line, 0, lineLength, StandardCharsets.ISO_8859_1);
    }
}
