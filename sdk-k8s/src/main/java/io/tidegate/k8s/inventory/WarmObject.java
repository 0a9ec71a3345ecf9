/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.inventory;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.RequestConfigBuilder;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Warm capacity by {@code spec.replicas} of an object: a CapacityBuffer of cluster-autoscaler, GKE or Karpenter, or a static NodePool
 * of Karpenter.
 *
 * <p>The number is applied with the field manager {@code tidegate} and is never forced: where GitOps owns it the API server answers
 * 409, and the number should be left out there. The version that was read goes along, so that an object which is gone meanwhile is not
 * made anew. Needs the verbs {@code get} and {@code patch} of the object's resource, by name. Safe for use by many threads.
 *
 * @since 0.1.0
 */
public final class WarmObject implements WarmCapacity {

    private static final PatchContext APPLY = new PatchContext.Builder()
            .withPatchType(PatchType.SERVER_SIDE_APPLY)
            .withFieldManager("tidegate")
            .withForce(false)
            .build();

    private final KubernetesClient client;
    private final ResourceDefinitionContext kind;
    private final @Nullable String namespace;
    private final String name;
    private final List<String> readyPath;

    private WarmObject(
            KubernetesClient client,
            ResourceDefinitionContext kind,
            @Nullable String namespace,
            String name,
            List<String> readyPath,
            Duration callTimeout) {
        if (callTimeout.compareTo(Duration.ofMillis(1)) < 0 || callTimeout.compareTo(Duration.ofMinutes(1)) > 0) {
            throw new IllegalArgumentException("callTimeout must be 1 ms to 1 min but was " + callTimeout);
        }
        this.client = client.newClient(
                        new RequestConfigBuilder(client.getConfiguration().getRequestConfig())
                                .withRequestRetryBackoffLimit(0)
                                .withRequestTimeout((int) callTimeout.toMillis())
                                .build())
                .adapt(KubernetesClient.class);
        this.kind = kind;
        this.namespace = namespace;
        this.name = Objects.requireNonNull(name, "name");
        this.readyPath = readyPath;
    }

    /**
     * A CapacityBuffer with a fixed number of units.
     *
     * @param version of {@code autoscaling.x-k8s.io} that the cluster serves: {@code v1beta1}, or {@code v1alpha1} before
     * @param callTimeout longest time for one call, 1 ms to 1 min
     */
    public static WarmObject capacityBuffer(
            KubernetesClient client, String version, String namespace, String name, Duration callTimeout) {
        ResourceDefinitionContext kind = new ResourceDefinitionContext.Builder()
                .withGroup("autoscaling.x-k8s.io")
                .withVersion(Objects.requireNonNull(version, "version"))
                .withKind("CapacityBuffer")
                .withPlural("capacitybuffers")
                .withNamespaced(true)
                .build();
        return new WarmObject(
                client, kind, Objects.requireNonNull(namespace, "namespace"), name, List.of("replicas"), callTimeout);
    }

    /**
     * A static NodePool of Karpenter, one whose {@code spec.replicas} is set; the units are nodes. One that is not static cannot be
     * made so by setting a number.
     *
     * @param callTimeout longest time for one call, 1 ms to 1 min
     */
    public static WarmObject nodePool(KubernetesClient client, String name, Duration callTimeout) {
        ResourceDefinitionContext kind = new ResourceDefinitionContext.Builder()
                .withGroup("karpenter.sh")
                .withVersion("v1")
                .withKind("NodePool")
                .withPlural("nodepools")
                .withNamespaced(false)
                .build();
        return new WarmObject(client, kind, null, name, List.of("nodes"), callTimeout);
    }

    @Override
    public Level read() {
        GenericKubernetesResource found = resource(null).get();
        if (found == null) {
            throw new IllegalStateException(this + " does not exist: create it with spec.replicas");
        }
        if (!(found.get("spec", "replicas") instanceof Number desired)) {
            throw new IllegalStateException(
                    this + " has no spec.replicas, so it is not of a fixed size: set spec.replicas when creating it");
        }
        Object ready = found.get("status", readyPath.get(0));
        String version = found.getMetadata().getResourceVersion();
        return new Level(desired.intValue(), number(ready), version == null ? "" : version);
    }

    private static int number(@Nullable Object value) {
        if (value instanceof Number number) {
            return number.intValue();
        }
        try {
            return value == null ? 0 : Integer.parseInt(value.toString());
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    @Override
    public void set(Level read, int desired) {
        if (desired < 0) {
            throw new IllegalArgumentException("desired must be >= 0 but was " + desired);
        }
        if (read.version().isEmpty()) {
            throw new IllegalArgumentException("a level without a version cannot be changed: read it first");
        }
        GenericKubernetesResource applied = new GenericKubernetesResource();
        applied.setApiVersion(kind.getGroup() + "/" + kind.getVersion());
        applied.setKind(kind.getKind());
        applied.setMetadata(new ObjectMetaBuilder()
                .withNamespace(namespace)
                .withName(name)
                .withResourceVersion(read.version())
                .build());
        applied.setAdditionalProperties(Map.of("spec", Map.of("replicas", desired)));
        resource(applied).patch(APPLY, applied);
    }

    private Resource<GenericKubernetesResource> resource(@Nullable GenericKubernetesResource given) {
        var all = client.genericKubernetesResources(kind);
        if (namespace == null) {
            return given == null ? all.withName(name) : all.resource(given);
        }
        return given == null
                ? all.inNamespace(namespace).withName(name)
                : all.inNamespace(namespace).resource(given);
    }

    @Override
    public String toString() {
        return kind.getKind() + " " + (namespace == null ? "" : namespace + "/") + name;
    }
}
