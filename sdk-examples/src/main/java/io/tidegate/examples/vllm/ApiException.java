/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.vllm;

import org.jspecify.annotations.Nullable;

/** A request that gets an error instead of an answer: the HTTP status and the fields of OpenAI's error object. */
final class ApiException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final String type;
    private final @Nullable String param;

    private ApiException(int status, String type, @Nullable String param, String message) {
        // An answer, not a fault: nobody reads its stack trace.
        super(message, null, false, false);
        this.status = status;
        this.type = type;
        this.param = param;
    }

    /** @param param the field at fault, null when it is the request as a whole */
    static ApiException badRequest(@Nullable String param, String message) {
        return new ApiException(400, "BadRequestError", param, message);
    }

    static ApiException notFound(@Nullable String param, String message) {
        return new ApiException(404, "NotFoundError", param, message);
    }

    static ApiException methodNotAllowed(String message) {
        return new ApiException(405, "MethodNotAllowedError", null, message);
    }

    static ApiException tooLarge(String message) {
        return new ApiException(413, "BadRequestError", null, message);
    }

    static ApiException internal() {
        return new ApiException(500, "InternalServerError", null, "The server failed to answer this request.");
    }

    static ApiException unavailable(String message) {
        return new ApiException(503, "ServiceUnavailableError", null, message);
    }

    int status() {
        return status;
    }

    String type() {
        return type;
    }

    @Nullable
    String param() {
        return param;
    }

    String message() {
        return String.valueOf(getMessage());
    }
}
