/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.manifests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.FieldValidateable.Validation;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A real API server takes each manifest, and knows each field of it: server-side dry run, in a namespace of its own. */
@Tag("cluster")
class ClusterManifestsTest {

    private static final String NAMESPACE =
            "tidegate-test-" + UUID.randomUUID().toString().substring(0, 8);

    private static KubernetesClient admin;

    @BeforeAll
    static void createNamespace() {
        admin = new KubernetesClientBuilder()
                .withHttpClientFactory(new JdkHttpClientFactory())
                .build();
        admin.resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(NAMESPACE)
                        .endMetadata()
                        .build())
                .create();
    }

    @AfterAll
    static void deleteNamespace() {
        admin.namespaces().withName(NAMESPACE).delete();
        admin.close();
    }

    private static ManifestSettings.Builder settings() {
        return ManifestSettings.builder().namespace(NAMESPACE).monitoringNamespace(NAMESPACE);
    }

    static Stream<String> paths() {
        return Manifests.of(null, settings().build()).files().keySet().stream().filter(Documents::isDocument);
    }

    private static boolean isKnown(HasMetadata item) {
        return admin.apiextensions().v1().customResourceDefinitions().list().getItems().stream()
                .anyMatch(each -> each.getSpec().getNames().getKind().equals(item.getKind()));
    }

    private static void dryRun(String path, HasMetadata item) {
        try {
            HasMetadata taken = admin.resource(item)
                    .inNamespace(NAMESPACE)
                    .dryRun()
                    .fieldValidation(Validation.STRICT)
                    .create();
            assertThat(taken.getMetadata().getUid()).as(path).isNotEmpty();
        } catch (KubernetesClientException e) {
            throw new AssertionError(path + " was refused: " + e.getMessage(), e);
        }
    }

    @ParameterizedTest
    @MethodSource("paths")
    void document_isTakenByTheServer(String path) {
        try (Documents documents = new Documents()) {
            HasMetadata item = documents.read(
                    Manifests.of(null, settings().build()).files().get(path));
            if (item instanceof GenericKubernetesResource) {
                assumeTrue(isKnown(item), "the cluster has no CRD of kind " + item.getKind());
            }
            dryRun(path, item);
        }
    }

    @Test
    void hpaWithTolerance_isTakenByAServerThatKnowsIt() {
        var version = admin.getKubernetesVersion();
        int minor = Integer.parseInt(version.getMinor().replaceAll("[^0-9].*", ""));
        assumeTrue(minor >= 35, "the tolerance of an HPA is there from Kubernetes 1.35 on, this is 1." + minor);
        try (Documents documents = new Documents()) {
            Map<String, HasMetadata> all = documents.read(Manifests.of(
                    null,
                    settings().only(ManifestPart.HPA).kubernetes("1." + minor).build()));
            List<String> looked = new ArrayList<>();
            all.forEach((path, item) -> {
                looked.add(path);
                dryRun(path, item);
            });
            assertThat(looked).hasSize(1);
        }
    }
}
