/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.placement;

import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Writes maps, lists, texts, numbers and null as JSON and as YAML. */
final class Documents {

    /** Texts that mean themselves without quotes in YAML: no number, no word of it, no mark of it. */
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z/][A-Za-z0-9./_-]*");

    private static final Pattern WORD = Pattern.compile("(?i)y|n|yes|no|on|off|true|false|null");

    private Documents() {}

    static String json(Map<String, ?> document) {
        StringBuilder out = new StringBuilder();
        json(document, out);
        return out.toString();
    }

    private static void json(@Nullable Object value, StringBuilder out) {
        if (value instanceof Map<?, ?> map) {
            out.append('{');
            String comma = "";
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                out.append(comma);
                quoted(String.valueOf(entry.getKey()), out);
                out.append(':');
                json(entry.getValue(), out);
                comma = ",";
            }
            out.append('}');
        } else if (value instanceof List<?> list) {
            out.append('[');
            String comma = "";
            for (Object each : list) {
                out.append(comma);
                json(each, out);
                comma = ",";
            }
            out.append(']');
        } else if (value == null || value instanceof Number || value instanceof Boolean) {
            out.append(value);
        } else {
            quoted(value.toString(), out);
        }
    }

    private static void quoted(String text, StringBuilder out) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < 0x20 || c == 0x7f) {
                String hex = Integer.toHexString(c);
                out.append("\\u").append("0".repeat(4 - hex.length())).append(hex);
            } else {
                out.append(c);
            }
        }
        out.append('"');
    }

    static String yaml(Map<String, ?> document) {
        StringBuilder out = new StringBuilder();
        entries(document, 0, out);
        return out.toString();
    }

    private static void entries(Map<?, ?> map, int indent, StringBuilder out) {
        Iterator<? extends Map.Entry<?, ?>> entries = map.entrySet().iterator();
        boolean first = true;
        while (entries.hasNext()) {
            Map.Entry<?, ?> entry = entries.next();
            if (!first) {
                out.append(" ".repeat(indent));
            }
            first = false;
            scalar(String.valueOf(entry.getKey()), out);
            out.append(':');
            nested(entry.getValue(), indent, out);
        }
    }

    private static void nested(@Nullable Object value, int indent, StringBuilder out) {
        if (value instanceof Map<?, ?> map && !map.isEmpty()) {
            out.append('\n').append(" ".repeat(indent + 2));
            entries(map, indent + 2, out);
        } else if (value instanceof List<?> list && !list.isEmpty()) {
            out.append('\n');
            for (Object each : list) {
                out.append(" ".repeat(indent)).append("- ");
                if (each instanceof Map<?, ?> map && !map.isEmpty()) {
                    entries(map, indent + 2, out);
                } else {
                    scalar(each, out);
                    out.append('\n');
                }
            }
        } else {
            out.append(' ');
            scalar(value, out);
            out.append('\n');
        }
    }

    private static void scalar(@Nullable Object value, StringBuilder out) {
        if (value instanceof String text
                && PLAIN.matcher(text).matches()
                && !WORD.matcher(text).matches()) {
            out.append(text);
        } else {
            json(value, out);
        }
    }
}
