/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.engine.ScalerBackends;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KubernetesScaleBackendFactoryTest {

    private static final String TYPE = "kubernetes-scale";
    private static final String PREFIX = "settings of scaler backend kubernetes-scale: ";

    @TempDir
    private Path directory;

    private Path kubeconfig;

    @BeforeEach
    void write() throws IOException {
        kubeconfig = writeKubeconfig("http://localhost:1");
    }

    /** With the contexts {@code ml}, whose namespace is {@code ml}, and {@code bare}, which names none and is the current one. */
    private Path writeKubeconfig(String server) throws IOException {
        return Files.writeString(directory.resolve("kubeconfig"), """
                apiVersion: v1
                kind: Config
                clusters:
                - name: test
                  cluster: {server: "%s"}
                users:
                - name: somebody
                  user: {}
                contexts:
                - name: ml
                  context: {cluster: test, user: somebody, namespace: ml}
                - name: bare
                  context: {cluster: test, user: somebody}
                current-context: bare
                """.formatted(server));
    }

    private static void rejected(Map<String, String> settings, String problems) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ScalerBackends.create(TYPE, settings))
                .withMessage(PREFIX + problems);
    }

    @Test
    void create_foundByItsType_isOurs() {
        ScalerBackend backend = ScalerBackends.create(
                TYPE, Map.of("kubeconfig", kubeconfig.toString(), "namespace", "ml", "deployment", "vllm"));

        assertThat(backend).isInstanceOf(KubernetesScaleBackend.class);
        backend.close();
    }

    @Test
    void builder_namespaceSet_scalesThere() throws IOException {
        try (MockCluster cluster = new MockCluster()) {
            cluster.create("vllm", 1);
            try (KubernetesScaleBackend backend = made(Map.of(
                    "kubeconfig",
                    writeKubeconfig(cluster.address()).toString(),
                    "namespace",
                    MockCluster.NAMESPACE,
                    "deployment",
                    "vllm"))) {
                backend.scale(new ScaleRequest("chat", 1, 2, 1, "because"));

                assertThat(backend.status("chat")).isEqualTo(new ReplicaStatus(2, 0, 0));
            }
        }
    }

    @Test
    void builder_contextSet_takesItsNamespace() throws IOException {
        try (MockCluster cluster = new MockCluster()) {
            cluster.create("vllm", 1);
            try (KubernetesScaleBackend backend = made(Map.of(
                    "kubeconfig",
                    writeKubeconfig(cluster.address()).toString(),
                    "context",
                    "ml",
                    "deployment",
                    "vllm"))) {
                assertThat(backend.status("chat").desired()).isEqualTo(1);
            }
        }
    }

    private static KubernetesScaleBackend made(Map<String, String> settings) {
        return new KubernetesScaleBackendFactory()
                .builder(settings)
                .callTimeout(MockCluster.PATIENCE)
                .build();
    }

    @Test
    void create_manyThingsWrong_namesThemAll() {
        rejected(
                Map.of("replicas", "3", "Deployment", "vllm", "namespace", "ML", "kubeconfig", "/no/such/file"),
                "Deployment is no setting, only [apiVersion, births, context, deployment, force, kind, kubeconfig, name, namespace, plural,"
                        + " raiseBesideAutoscaler, respectFor, scan, watch];"
                        + " replicas is no setting, only [apiVersion, births, context, deployment, force, kind, kubeconfig, name, namespace, plural,"
                        + " raiseBesideAutoscaler, respectFor, scan, watch];"
                        + " deployment is required: the name of the Deployment to scale;"
                        + " kubeconfig must be a file that can be read but was \"/no/such/file\";"
                        + " namespace must be 1 to 63 of [a-z0-9-], beginning and ending with a letter or digit, but was"
                        + " \"ML\"");
    }

    @Test
    void create_noNamespaceAnywhere_saysSo() {
        rejected(
                Map.of("kubeconfig", kubeconfig.toString(), "deployment", "vllm"),
                "namespace is required: the kubeconfig's context names none");
    }

    @Test
    void create_unknownContext_isNotReplacedByTheCurrentOne() {
        rejected(
                Map.of("kubeconfig", kubeconfig.toString(), "context", "prod", "deployment", "", "namespace", "ml"),
                "deployment must be 1 to 253 of [a-z0-9.-], each part between dots beginning and ending with a letter or digit,"
                        + " but was \"\"; context \"prod\" is not in the kubeconfig");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{{{ not yaml ["})
    void create_fileIsNoKubeconfig_saysSo(String content) throws IOException {
        Path file = Files.writeString(directory.resolve("garbage"), content);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> ScalerBackends.create(
                        TYPE, Map.of("kubeconfig", file.toString(), "deployment", "vllm", "namespace", "ml")))
                .withMessageStartingWith(PREFIX + "kubeconfig \"" + file + "\" cannot be used: ");
    }

    @Test
    void create_kubeconfigIsADirectoryOrNoPath_saysSo() {
        rejected(
                Map.of("kubeconfig", directory.toString(), "deployment", "vllm", "namespace", "ml"),
                "kubeconfig must be a file that can be read but was \"" + directory + "\"");
        rejected(
                Map.of("kubeconfig", "a\0b", "deployment", "vllm", "namespace", "ml"),
                "kubeconfig must be a path but was \"a\0b\"");
    }
}
