/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** How a builder's backend is to reach the API server. */
final class Connection {

    private static final Duration LONGEST_TIMEOUT = Duration.ofMinutes(1);

    private @Nullable KubernetesClient client;
    private @Nullable Config config;
    private @Nullable String namespace;
    private Duration callTimeout = Duration.ofMillis(1800);

    void client(KubernetesClient used) {
        this.client = Objects.requireNonNull(used, "client");
    }

    void config(Config used) {
        this.config = Objects.requireNonNull(used, "config");
    }

    void namespace(String used) {
        this.namespace = Objects.requireNonNull(used, "namespace");
    }

    void callTimeout(Duration longest) {
        if (longest.compareTo(Duration.ofMillis(1)) < 0 || longest.compareTo(LONGEST_TIMEOUT) > 0) {
            throw new IllegalArgumentException("callTimeout must be 1 ms to 1 min but was " + longest);
        }
        this.callTimeout = longest;
    }

    void check() {
        if (client != null && config != null) {
            throw new IllegalArgumentException("client and config exclude each other: a client has its own");
        }
    }

    /** Where to connect to and in which namespace, looked up once. */
    record Settled(
            @Nullable KubernetesClient client,
            Config config,
            @Nullable String namespace,
            Duration callTimeout) {

        /** An object there. */
        ScaleTarget target(@Nullable String ownNamespace, ScalableKind kind, String name) {
            String where = ownNamespace != null ? ownNamespace : namespace;
            if (where == null) {
                throw new IllegalArgumentException("namespace is required: the client has none of its own");
            }
            return new ScaleTarget(where, kind, name);
        }

        /** Nothing is sent yet. */
        Api connect() {
            return client != null
                    ? new Api(client, false, callTimeout)
                    : new Api(Api.connect(config), true, callTimeout);
        }
    }

    Settled settle() {
        Config connection =
                client != null ? client.getConfiguration() : config != null ? config : Config.autoConfigure(null);
        String fallback =
                namespace != null ? namespace : client != null ? client.getNamespace() : connection.getNamespace();
        return new Settled(client, connection, fallback, callTimeout);
    }
}
