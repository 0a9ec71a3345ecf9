/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.lease;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceList;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.NonNamespaceOperation;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import java.util.Map;
import java.util.Objects;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/**
 * A namespaced object that is scaled, of any kind.
 *
 * @param group of its API, such as {@code apps}
 * @param version of its API, such as {@code v1}
 * @param kind such as {@code Deployment}
 * @param plural such as {@code deployments}
 * @param namespace where it is
 * @param name its name
 * @since 0.1.0
 */
public record TargetObject(String group, String version, String kind, String plural, String namespace, String name) {

    /** The field manager says in metadata.managedFields who wrote an annotation. */
    private static final PatchContext WRITE = new PatchContext.Builder()
            .withPatchType(PatchType.JSON_MERGE)
            .withFieldManager("tidegate")
            .build();

    public TargetObject {
        Objects.requireNonNull(group, "group");
        required("version", version);
        required("kind", kind);
        required("plural", plural);
        required("namespace", namespace);
        required("name", name);
    }

    private static void required(String setting, String value) {
        if (value.isBlank()) {
            throw new IllegalArgumentException(setting + " must not be blank");
        }
    }

    /** A Deployment. */
    public static TargetObject deployment(String namespace, String name) {
        return new TargetObject("apps", "v1", "Deployment", "deployments", namespace, name);
    }

    /** A StatefulSet. */
    public static TargetObject statefulSet(String namespace, String name) {
        return new TargetObject("apps", "v1", "StatefulSet", "statefulsets", namespace, name);
    }

    /** The object, null if there is none. */
    @Nullable
    GenericKubernetesResource read(KubernetesClient client) {
        return resources(client).withName(name).get();
    }

    /** Sets annotations of exactly the version that was read. */
    void annotate(KubernetesClient client, String resourceVersion, Map<String, String> annotations) {
        String patch = "{\"metadata\":{\"resourceVersion\":" + quoted(resourceVersion) + ",\"annotations\":"
                + object(annotations) + "}}";
        // Given an object and not a name, since the client would first ask for what has a name only.
        GenericKubernetesResource named = new GenericKubernetesResource();
        named.setApiVersion(group.isEmpty() ? version : group + "/" + version);
        named.setKind(kind);
        named.setMetadata(
                new ObjectMetaBuilder().withNamespace(namespace).withName(name).build());
        resources(client).resource(named).patch(WRITE, patch);
    }

    private NonNamespaceOperation<
                    GenericKubernetesResource, GenericKubernetesResourceList, Resource<GenericKubernetesResource>>
            resources(KubernetesClient client) {
        return client.genericKubernetesResources(new ResourceDefinitionContext.Builder()
                        .withGroup(group)
                        .withVersion(version)
                        .withKind(kind)
                        .withPlural(plural)
                        .withNamespaced(true)
                        .build())
                .inNamespace(namespace);
    }

    static Map<String, String> annotations(GenericKubernetesResource of) {
        Map<String, String> found = of.getMetadata().getAnnotations();
        return found == null ? Map.of() : found;
    }

    static String resourceVersion(GenericKubernetesResource of) {
        String version = of.getMetadata().getResourceVersion();
        if (version == null || version.isEmpty()) {
            // A write without it could overwrite anybody's.
            throw new IllegalStateException(
                    "the object has no metadata.resourceVersion, which a write must hold on to");
        }
        return version;
    }

    static String object(Map<String, String> fields) {
        StringJoiner json = new StringJoiner(",", "{", "}");
        fields.forEach((name, value) -> json.add(quoted(name) + ":" + quoted(value)));
        return json.toString();
    }

    static String quoted(String text) {
        StringBuilder json = new StringBuilder(text.length() + 16).append('"');
        for (int i = 0; i < text.length(); i++) {
            char each = text.charAt(i);
            if (each == '"' || each == '\\') {
                json.append('\\').append(each);
            } else if (each < ' ') {
                json.append("\\u00")
                        .append(Character.forDigit(each >> 4, 16))
                        .append(Character.forDigit(each & 15, 16));
            } else {
                json.append(each);
            }
        }
        return json.append('"').toString();
    }

    @Override
    public String toString() {
        return kind + " " + namespace + "/" + name;
    }
}
