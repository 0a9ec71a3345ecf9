/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.vllm;

/** Why a sequence ended; the label is the one of the OpenAI API and of vLLM's metrics. */
enum FinishReason {
    /** The model ended its answer. */
    STOP("stop"),
    /** The answer reached the longest length asked for or possible. */
    LENGTH("length"),
    /** The client went away, or the server stopped. */
    ABORT("abort"),
    /** Reported by vLLM; does not happen here. */
    ERROR("error"),
    /** Reported by vLLM; does not happen here. */
    REPETITION("repetition");

    private final String label;

    FinishReason(String label) {
        this.label = label;
    }

    String label() {
        return label;
    }
}
