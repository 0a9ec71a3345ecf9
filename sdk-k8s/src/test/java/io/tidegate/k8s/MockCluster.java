/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.ServerRequest;
import io.fabric8.mockwebserver.ServerResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * An API server in memory: it stores objects, counts their versions and refuses stale writes. It runs no controllers, so a test
 * sets a Deployment's status; and its {@code /scale} is the Deployment itself and not an {@code autoscaling/v1 Scale}, which is why
 * other tests look at what goes over the wire.
 */
public final class MockCluster implements AutoCloseable {

    public static final String NAMESPACE = "ml";

    /** Real time for one call; much, since the machine may be busy. */
    public static final Duration PATIENCE = Duration.ofSeconds(20);

    /** Kept here, since the logging framework itself does not keep it. */
    private static final Logger REQUEST_LOG = Logger.getLogger(MockWebServer.class.getName());

    static {
        REQUEST_LOG.setLevel(Level.WARNING);
    }

    private final KubernetesMockServer server = new KubernetesMockServer(
            new Context(),
            new MockWebServer(),
            new HashMap<ServerRequest, Queue<ServerResponse>>(),
            new KubernetesCrudDispatcher(),
            false);
    private final KubernetesClient admin;

    public MockCluster() {
        server.init();
        admin = connect(ignored -> {});
    }

    public KubernetesClient admin() {
        return admin;
    }

    public KubernetesClient connect(Consumer<KubernetesClientBuilder> settings) {
        return server.createClient(settings);
    }

    public String address() {
        return "http://" + server.getHostName() + ":" + server.getPort();
    }

    public void create(String deployment, int replicas) {
        Deployment created = new DeploymentBuilder()
                .withNewMetadata()
                .withNamespace(NAMESPACE)
                .withName(deployment)
                .endMetadata()
                .withNewSpec()
                .withReplicas(replicas)
                .endSpec()
                .build();
        admin.resource(created).create();
    }

    /** What the Deployment is to have. */
    public int replicas(String deployment) {
        return admin.apps()
                .deployments()
                .inNamespace(NAMESPACE)
                .withName(deployment)
                .get()
                .getSpec()
                .getReplicas();
    }

    /** Plays the controller; a count of 0 is left out, as the API does. */
    public void setStatus(String deployment, int replicas, int ready) {
        admin.apps()
                .deployments()
                .inNamespace(NAMESPACE)
                .withName(deployment)
                .editStatus(found -> new DeploymentBuilder(found)
                        .withNewStatus()
                        .withReplicas(replicas == 0 ? null : replicas)
                        .withReadyReplicas(ready == 0 ? null : ready)
                        .endStatus()
                        .build());
    }

    /** What was sent since this was last asked, such as {@code GET /apis/...}. */
    public List<String> takeRequests() throws InterruptedException {
        List<String> requests = new ArrayList<>();
        RecordedRequest next = server.takeRequest(10, TimeUnit.MILLISECONDS);
        while (next != null) {
            requests.add(next.getMethod() + " " + next.getPath());
            next = server.takeRequest(10, TimeUnit.MILLISECONDS);
        }
        return requests;
    }

    /** A request and who sent it, by its user agent. */
    record Sent(String agent, String method) {}

    /** What was sent since requests were last asked for, and by whom. */
    List<Sent> takeSent() throws InterruptedException {
        List<Sent> all = new ArrayList<>();
        RecordedRequest next = server.takeRequest(10, TimeUnit.MILLISECONDS);
        while (next != null) {
            all.add(new Sent(String.valueOf(next.getHeader("User-Agent")), next.getMethod()));
            next = server.takeRequest(10, TimeUnit.MILLISECONDS);
        }
        return all;
    }

    @Override
    public void close() {
        admin.close();
        server.destroy();
    }
}
