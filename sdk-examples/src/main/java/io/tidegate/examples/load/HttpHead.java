/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.load;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Status and headers of a response.
 *
 * @param version the minor version of HTTP/1: 0 or 1
 * @param status the status code
 * @param headers the headers, names in lower case; of repeated ones the last
 */
record HttpHead(int version, int status, Map<String, String> headers) {
    @Nullable
    String header(String lowerCaseName) {
        return headers.get(lowerCaseName);
    }
}
