/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.lease;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.RequestConfig;
import io.fabric8.kubernetes.client.RequestConfigBuilder;
import java.time.Duration;

/** A client whose requests end in time and are made once. */
final class ObjectCalls {

    private final KubernetesClient client;
    private final RequestConfig bounded;

    ObjectCalls(KubernetesClient client, Duration requestTimeout) {
        this.client = client;
        this.bounded = new RequestConfigBuilder(client.getConfiguration().getRequestConfig())
                .withRequestRetryBackoffLimit(0)
                // At least 1 ms, since 0 would mean for ever.
                .withRequestTimeout((int) Math.max(1, requestTimeout.toMillis()))
                .build();
    }

    /** It shares the connections; making one is cheap. */
    KubernetesClient client() {
        return client.newClient(bounded).adapt(KubernetesClient.class);
    }

    static Duration checked(Duration requestTimeout) {
        if (requestTimeout.compareTo(Duration.ofMillis(1)) < 0 || requestTimeout.compareTo(Duration.ofMinutes(1)) > 0) {
            throw new IllegalArgumentException("requestTimeout must be 1 ms to 1 min but was " + requestTimeout);
        }
        return requestTimeout;
    }
}
