/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.manifests;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import java.io.ByteArrayInputStream;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What was written, read back as Kubernetes' own types. */
final class Documents implements AutoCloseable {

    /** Asks nobody: it is there to read. */
    private final KubernetesClient client = new KubernetesClientBuilder()
            .withHttpClientFactory(new JdkHttpClientFactory())
            .build();

    /** Files that are read by kustomize or the gateway, not by the API server. */
    static boolean isDocument(String path) {
        return !path.endsWith("kustomization.yaml") && !path.endsWith("tidegate.yaml");
    }

    HasMetadata read(String text) {
        List<HasMetadata> items = client.load(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)))
                .items();
        assertThat(items).hasSize(1);
        return items.get(0);
    }

    /** All, by path. */
    Map<String, HasMetadata> read(Manifests manifests) {
        Map<String, HasMetadata> all = new TreeMap<>();
        manifests.files().forEach((path, text) -> {
            if (isDocument(path)) {
                all.put(path, read(text));
            }
        });
        return all;
    }

    /** Any YAML as a tree. */
    Map<String, Object> tree(String text) {
        HasMetadata item = read(text);
        assertThat(item).isInstanceOf(GenericKubernetesResource.class);
        return ((GenericKubernetesResource) item).getAdditionalProperties();
    }

    /** Paths of fields that Kubernetes' types do not know. */
    static List<String> unknownFields(Object item) {
        List<String> unknown = new ArrayList<>();
        collect("", item, unknown);
        return unknown;
    }

    private static void collect(String path, Object item, List<String> unknown) {
        if (item instanceof Collection<?> many) {
            int i = 0;
            for (Object each : many) {
                collect(path + "[" + i++ + "]", each, unknown);
            }
            return;
        }
        if (item instanceof Map<?, ?> map) {
            map.forEach((key, value) -> collect(path + "." + key, value, unknown));
            return;
        }
        if (item == null || !item.getClass().getName().startsWith("io.fabric8.kubernetes.api.model")) {
            return;
        }
        for (Field field : item.getClass().getDeclaredFields()) {
            if (Modifier.isStatic(field.getModifiers())) {
                continue;
            }
            field.setAccessible(true);
            Object value;
            try {
                value = field.get(item);
            } catch (IllegalAccessException e) {
                throw new AssertionError(e);
            }
            if (field.getName().equals("additionalProperties")) {
                ((Map<?, ?>) value).keySet().forEach(key -> unknown.add(path + "." + key));
            } else if (!(value instanceof Enum)) {
                collect(path + "." + field.getName(), value, unknown);
            }
        }
    }

    @Override
    public void close() {
        client.close();
    }
}
