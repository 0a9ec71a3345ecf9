/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.discovery;

import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import java.util.List;

/** EndpointSlices as the controller writes them. */
final class SlicesOf {

    private SlicesOf() {}

    static EndpointSlice slice(String namespace, String service, String name, int port, List<Endpoint> endpoints) {
        return new EndpointSliceBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .addToLabels("kubernetes.io/service-name", service)
                .endMetadata()
                .withAddressType("IPv4")
                .addNewPort()
                .withName("http")
                .withPort(port)
                .withProtocol("TCP")
                .endPort()
                .withEndpoints(endpoints)
                .build();
    }

    static Endpoint ready(String pod, String address) {
        return endpoint(pod, address, true, true, false);
    }

    static Endpoint draining(String pod, String address) {
        return endpoint(pod, address, false, true, true);
    }

    static Endpoint notReady(String pod, String address) {
        return endpoint(pod, address, false, false, false);
    }

    static Endpoint endpoint(String pod, String address, Boolean ready, Boolean serving, Boolean terminating) {
        return new EndpointBuilder()
                .withAddresses(address)
                .withNewConditions()
                .withReady(ready)
                .withServing(serving)
                .withTerminating(terminating)
                .endConditions()
                .withZone("eu-1a")
                .withNodeName("node-1")
                .withNewTargetRef()
                .withKind("Pod")
                .withName(pod)
                .endTargetRef()
                .build();
    }
}
