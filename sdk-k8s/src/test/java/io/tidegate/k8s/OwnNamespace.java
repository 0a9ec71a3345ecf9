/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import java.util.UUID;

/** A namespace of its own on the cluster of {@code KUBECONFIG} or {@code ~/.kube/config}. */
public final class OwnNamespace implements AutoCloseable {

    private final KubernetesClient admin;
    private final String name = "tidegate-test-" + UUID.randomUUID().toString().substring(0, 8);

    public OwnNamespace() {
        this(Config.autoConfigure(null));
    }

    public OwnNamespace(Config config) {
        admin = new KubernetesClientBuilder()
                .withConfig(config)
                .withHttpClientFactory(new JdkHttpClientFactory())
                .build();
        admin.resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .endMetadata()
                        .build())
                .create();
    }

    public KubernetesClient admin() {
        return admin;
    }

    public String name() {
        return name;
    }

    @Override
    public void close() {
        admin.namespaces().withName(name).delete();
        admin.close();
    }
}
