/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.exposition;

import java.util.Map;

/**
 * One line of an exposition: {@code vllm:num_requests_running{engine="0"} 3.0}.
 *
 * @param name name of the metric, with its suffix such as {@code _bucket} if it has one
 * @param labels labels by name
 * @param value may be NaN or infinite: what a number means is for the reader to judge
 * @since 0.1.0
 */
public record Sample(String name, Map<String, String> labels, double value) {

    public Sample {
        labels = Map.copyOf(labels);
    }
}
