/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.load;

import io.tidegate.sim.trace.TraceEvent;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import tools.jackson.core.io.JsonStringEncoder;

/**
 * Writes chat completion requests. Prompts are cut from one shared text, 4 characters per token, so that a request costs a
 * few hundred bytes however long its prompt is. Immutable.
 */
final class ChatRequests {
    static final int CHARACTERS_PER_TOKEN = 4;

    /** Words of three letters and a blank. */
    private static final int TEXT_WORDS = 1 << 16;

    private static final byte[] AFTER_PROMPT = ascii("\"}]}");

    private final String headStart;
    private final String bodyStart;
    private final ByteBuffer text;

    /**
     * Writes requests for one server and model.
     *
     * @param endpoint where they go; only host, port and path matter
     */
    ChatRequests(URI endpoint, String model) {
        this.headStart = "POST " + endpoint.getRawPath() + " HTTP/1.1\r\nHost: " + endpoint.getRawAuthority()
                + "\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\n";
        this.bodyStart =
                "{\"model\":\"" + String.valueOf(JsonStringEncoder.getInstance().quoteAsCharArray(model))
                        + "\",\"stream\":true,\"stream_options\":{\"include_usage\":true},\"ignore_eos\":true,\"max_tokens\":";
        this.text = text();
    }

    /**
     * Returns the bytes of a request.
     *
     * @param event what is asked; no prompt and no answer is shorter than a token
     * @param number number of the request; prompts of different numbers begin differently, so that a server's prefix cache
     *     does not make them all free
     */
    ByteBuffer[] request(TraceEvent event, long number) {
        byte[] beforePrompt = (bodyStart + Math.max(1, event.outputTokens())
                        + ",\"messages\":[{\"role\":\"user\",\"content\":\"")
                .getBytes(StandardCharsets.UTF_8);
        long promptLength = (long) Math.max(1, event.promptTokens()) * CHARACTERS_PER_TOKEN;
        StringBuilder head = new StringBuilder(256).append(headStart);
        head.append("Authorization: Bearer demo");
        if (!event.tenant().isEmpty()) {
            head.append('-')
                    .append(event.tenant())
                    .append("\r\nX-Tidegate-Tenant: ")
                    .append(event.tenant());
        }
        if (!event.tier().isEmpty()) {
            head.append("\r\nX-Tidegate-Tier: ").append(event.tier());
        }
        head.append("\r\nContent-Length: ").append(beforePrompt.length + promptLength + AFTER_PROMPT.length);
        head.append("\r\n\r\n");

        int start = (int) Math.floorMod(number * 7_919, (long) TEXT_WORDS) * CHARACTERS_PER_TOKEN;
        int pieces = (int) ((start + promptLength + text.capacity() - 1) / text.capacity());
        ByteBuffer[] request = new ByteBuffer[pieces + 3];
        request[0] = ByteBuffer.wrap(ascii(head.toString()));
        request[1] = ByteBuffer.wrap(beforePrompt);
        for (int piece = 0; piece < pieces; piece++) {
            int length = (int) Math.min(promptLength, text.capacity() - start);
            request[piece + 2] = text.slice(start, length);
            promptLength -= length;
            start = 0;
        }
        request[pieces + 2] = ByteBuffer.wrap(AFTER_PROMPT);
        return request;
    }

    private static ByteBuffer text() {
        // Outside of the heap, so that sending does not copy it first.
        ByteBuffer text = ByteBuffer.allocateDirect(TEXT_WORDS * CHARACTERS_PER_TOKEN);
        int state = 1;
        while (text.hasRemaining()) {
            for (int letter = 1; letter < CHARACTERS_PER_TOKEN; letter++) {
                // Any varied text will do; the constants are those of the classic minimal standard generator.
                state = (int) (state * 48_271L % Integer.MAX_VALUE);
                text.put((byte) ('a' + state % 26));
            }
            text.put((byte) ' ');
        }
        return text.flip().asReadOnlyBuffer();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
