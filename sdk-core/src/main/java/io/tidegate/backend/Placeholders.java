/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.backend;

import java.util.OptionalInt;

/** What stands for a replica's own values in commands and addresses. */
final class Placeholders {

    static final String INDEX = "{index}";
    static final String PORT = "{port}";
    static final String REPLICA = "{replica}";

    private Placeholders() {}

    static String filled(String text, int index, OptionalInt port, String name) {
        String filled = text.replace(INDEX, String.valueOf(index)).replace(REPLICA, name);
        return port.isPresent() ? filled.replace(PORT, String.valueOf(port.getAsInt())) : filled;
    }
}
