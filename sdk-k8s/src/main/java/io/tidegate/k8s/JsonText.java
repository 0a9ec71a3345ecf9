/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Writes plain values as JSON, so that no mapper of the client's is needed for what is sent. */
final class JsonText {

    private JsonText() {}

    /**
     * The value as JSON; maps by their keys' order.
     *
     * @throws IllegalArgumentException if it is neither a map, a list, a text, a number nor a truth value
     */
    static String of(Object value) {
        StringBuilder text = new StringBuilder();
        write(value, text);
        return text.toString();
    }

    private static void write(Object value, StringBuilder text) {
        if (value instanceof Map<?, ?> map) {
            char before = '{';
            for (Map.Entry<?, ?> each : new TreeMap<>(map).entrySet()) {
                text.append(before);
                quote(String.valueOf(each.getKey()), text);
                text.append(':');
                write(each.getValue(), text);
                before = ',';
            }
            text.append(before == '{' ? "{}" : "}");
        } else if (value instanceof List<?> list) {
            char before = '[';
            for (Object each : list) {
                text.append(before);
                write(each, text);
                before = ',';
            }
            text.append(before == '[' ? "[]" : "]");
        } else if (value instanceof Integer || value instanceof Long || value instanceof Boolean) {
            text.append(value);
        } else if (value instanceof Double number && Double.isFinite(number)) {
            text.append(value);
        } else if (value instanceof String string) {
            quote(string, text);
        } else {
            throw new IllegalArgumentException(
                    "values must be maps, lists, texts, numbers or truth values but one was " + value);
        }
    }

    private static void quote(String string, StringBuilder text) {
        text.append('"');
        for (int i = 0; i < string.length(); i++) {
            char each = string.charAt(i);
            if (each == '"' || each == '\\') {
                text.append('\\').append(each);
            } else if (each < ' ') {
                text.append("\\u00")
                        .append(Character.forDigit(each >> 4, 16))
                        .append(Character.forDigit(each & 15, 16));
            } else {
                text.append(each);
            }
        }
        text.append('"');
    }
}
