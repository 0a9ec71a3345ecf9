/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.manifests;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** A value as it stands in a document: written so that a reader of YAML 1.1 or 1.2 gets the same text or number back. */
record Yaml(String written) {

    /** What is text for YAML without quotes, whatever its version. */
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z][A-Za-z0-9_/-]*");

    /** Words that some version reads as something else. */
    private static final Set<String> WORDS = Set.of("null", "true", "false", "yes", "no", "on", "off", "y", "n");

    static Yaml number(int number) {
        return new Yaml(Integer.toString(number));
    }

    /** A text, in quotes where it could be taken for anything else. */
    static Yaml text(String text) {
        return PLAIN.matcher(text).matches() && !WORDS.contains(text.toLowerCase(Locale.ROOT))
                ? new Yaml(text)
                : quoted(text);
    }

    /** A text in double quotes. */
    static Yaml quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char each = text.charAt(i);
            if (each == '"' || each == '\\') {
                quoted.append('\\').append(each);
            } else if (each < ' ' || each > '~') {
                quoted.append(String.format(Locale.ROOT, "\\u%04x", (int) each));
            } else {
                quoted.append(each);
            }
        }
        return new Yaml(quoted.append('"').toString());
    }

    /** Lines of a document that are themselves written already; indented as the place they are put. */
    static Yaml lines(List<String> lines) {
        return new Yaml(String.join("\n", lines));
    }

    /** Words of a comment or a fixed word of ours. */
    static Yaml raw(String line) {
        return new Yaml(line);
    }
}
