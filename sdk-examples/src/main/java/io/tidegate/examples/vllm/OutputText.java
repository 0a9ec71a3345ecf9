/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.vllm;

/** What the simulated model says: four characters a token, the same in every answer. */
final class OutputText {
    private static final String WORDS = "the sea ran low and the bay lay dry all day but one big ebb may yet let ";

    private OutputText() {}

    /** The text of the tokens {@code from} (inclusive) to {@code to} (exclusive) of an answer. */
    static String ofTokens(int from, int to) {
        int width = ChatRequest.CHARACTERS_PER_TOKEN;
        StringBuilder text = new StringBuilder((to - from) * width);
        for (int token = from; token < to; token++) {
            int at = token * width % WORDS.length();
            text.append(WORDS, at, at + width);
        }
        return text.toString();
    }
}
