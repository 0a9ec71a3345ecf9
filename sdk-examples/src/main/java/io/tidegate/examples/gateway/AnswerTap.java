/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.gateway;

import io.tidegate.admission.Permit;
import io.tidegate.admission.Usage;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Looks at an answer as it passes: tells the permit of the first token, and keeps the usage that comes last. For one thread.
 */
final class AnswerTap {

    private static final Pattern PROMPT = Pattern.compile("\"prompt_tokens\"\\s*:\\s*(\\d{1,12})");
    private static final Pattern OUTPUT = Pattern.compile("\"completion_tokens\"\\s*:\\s*(\\d{1,12})");
    private static final int MAX_LINE = 1 << 16;

    private final Permit permit;
    private final boolean stream;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream(512);
    private boolean firstToken;
    private Usage usage = Usage.NONE;

    AnswerTap(Permit permit, boolean stream) {
        this.permit = permit;
        this.stream = stream;
    }

    void passed(byte[] bytes, int length) {
        int start = 0;
        for (int i = 0; i < length; i++) {
            if (bytes[i] == '\n') {
                keep(bytes, start, i - start);
                endOfLine();
                start = i + 1;
            }
        }
        keep(bytes, start, length - start);
    }

    /** What the answer said it took; {@link Usage#NONE} if it did not. */
    Usage usage() {
        if (line.size() > 0) {
            endOfLine();
        }
        return usage;
    }

    /** Of a line that is longer than any event keeps the beginning and the end, where the usage is. */
    private void keep(byte[] bytes, int from, int length) {
        if (line.size() + length > MAX_LINE) {
            line.reset();
        }
        line.write(bytes, from, length);
    }

    private void endOfLine() {
        String text = line.toString(StandardCharsets.ISO_8859_1);
        line.reset();
        if (stream && !firstToken && text.contains("\"content\":\"") && !text.contains("\"content\":\"\"")) {
            firstToken = true;
            permit.firstToken();
        }
        if (text.contains("\"completion_tokens\"")) {
            Matcher prompt = PROMPT.matcher(text);
            Matcher output = OUTPUT.matcher(text);
            if (prompt.find() && output.find()) {
                usage = new Usage(Long.parseLong(prompt.group(1)), Long.parseLong(output.group(1)));
            }
        }
    }
}
