/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.tidegate.engine.spi.ReplicaStatus;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KubernetesScaleBackendTest {

    private final MockCluster cluster = new MockCluster();

    @BeforeEach
    void create() {
        cluster.create("vllm", 2);
    }

    @AfterEach
    void stop() {
        cluster.close();
    }

    private Config config() {
        return new ConfigBuilder(Config.empty())
                .withMasterUrl(cluster.address())
                .build();
    }

    private static void rejected(KubernetesScaleBackend.Builder builder, String message) {
        assertThatIllegalArgumentException().isThrownBy(builder::build).withMessage(message);
    }

    @Test
    void build_namespaceNotSet_isTheClients() {
        try (KubernetesClient client = cluster.connect(settings -> settings.editOrNewConfig()
                        .withNamespace(MockCluster.NAMESPACE)
                        .endConfig());
                KubernetesScaleBackend backend = KubernetesScaleBackend.builder()
                        .callTimeout(MockCluster.PATIENCE)
                        .client(client)
                        .deployment("vllm")
                        .build()) {
            assertThat(backend.status("chat")).isEqualTo(new ReplicaStatus(2, 0, 0));
        }
    }

    @Test
    void build_poolInAnotherNamespace_readsItThere() {
        try (KubernetesScaleBackend backend = KubernetesScaleBackend.builder()
                .callTimeout(MockCluster.PATIENCE)
                .client(cluster.admin())
                .namespace("elsewhere")
                .pool("chat", MockCluster.NAMESPACE, "vllm")
                .build()) {
            assertThat(backend.status("chat").desired()).isEqualTo(2);
        }
    }

    @Test
    void build_noNamespaceAnywhere_saysSo() {
        rejected(
                KubernetesScaleBackend.builder().config(config()).deployment("vllm"),
                "namespace is required: the client has none of its own");
    }

    @Test
    void build_noDeploymentOrBothKinds_saysWhatIsNeeded() {
        String message = "either deployment, for the only pool, or one or more of pool is required, and not both";
        rejected(KubernetesScaleBackend.builder().config(config()).namespace("ml"), message);
        rejected(
                KubernetesScaleBackend.builder()
                        .config(config())
                        .namespace("ml")
                        .deployment("vllm")
                        .pool("chat", "vllm"),
                message);
    }

    @Test
    void build_clientAndConfig_isRejected() {
        rejected(
                KubernetesScaleBackend.builder()
                        .callTimeout(MockCluster.PATIENCE)
                        .client(cluster.admin())
                        .config(config())
                        .deployment("vllm"),
                "client and config exclude each other: a client has its own");
    }

    @Test
    void build_twoPoolsOfOneDeployment_isRejected() {
        rejected(
                KubernetesScaleBackend.builder()
                        .config(config())
                        .namespace("ml")
                        .pool("chat", "vllm")
                        .pool("batch", "ml", "vllm"),
                "pools \"chat\" and \"batch\" would both scale Deployment ml/vllm");
    }

    @Test
    void pool_twice_isRejected() {
        KubernetesScaleBackend.Builder builder =
                KubernetesScaleBackend.builder().pool("chat", "vllm");

        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.pool("chat", "other"))
                .withMessage("pool \"chat\" has a Deployment already");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Vllm", "a/../b", "-a", "a-", "a..b", "a b", "a?x"})
    void build_notAName_isRejected(String name) {
        KubernetesScaleBackend.Builder deployment = KubernetesScaleBackend.builder()
                .config(config())
                .namespace("ml")
                .deployment(name);
        assertThatIllegalArgumentException()
                .isThrownBy(deployment::build)
                .withMessageStartingWith("deployment must be 1 to 253 of [a-z0-9.-]")
                .withMessageEndingWith("but was \"" + name + "\"");
        KubernetesScaleBackend.Builder namespace = KubernetesScaleBackend.builder()
                .config(config())
                .namespace(name)
                .deployment("vllm");
        assertThatIllegalArgumentException()
                .isThrownBy(namespace::build)
                .withMessageStartingWith("namespace must be 1 to 63 of [a-z0-9-]");
    }

    @Test
    void build_longestNames_areTaken() {
        KubernetesScaleBackend.Builder builder = KubernetesScaleBackend.builder()
                .callTimeout(MockCluster.PATIENCE)
                .client(cluster.admin())
                .namespace("n".repeat(63))
                .deployment("a.b-1" + "c".repeat(248));
        assertThatCode(() -> builder.build().close()).doesNotThrowAnyException();

        assertThatIllegalArgumentException().isThrownBy(builder.deployment("d".repeat(254))::build);
        assertThatIllegalArgumentException().isThrownBy(builder.deployment("d").namespace("n".repeat(64))::build);
    }

    @Test
    void callTimeout_outOfRange_isRejected() {
        KubernetesScaleBackend.Builder builder = KubernetesScaleBackend.builder();

        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.callTimeout(Duration.ZERO))
                .withMessage("callTimeout must be 1 ms to 1 min but was PT0S");
        assertThatIllegalArgumentException().isThrownBy(() -> builder.callTimeout(Duration.ofSeconds(61)));
    }

    @Test
    void close_callersClient_staysOpen() {
        KubernetesScaleBackend backend = KubernetesScaleBackend.builder()
                .callTimeout(MockCluster.PATIENCE)
                .client(cluster.admin())
                .namespace(MockCluster.NAMESPACE)
                .deployment("vllm")
                .build();

        backend.close();

        assertThat(cluster.replicas("vllm")).isEqualTo(2);
        assertThat(backend.status("chat").desired()).isEqualTo(2);
    }

    @Test
    void close_ownClient_closesItOnce() {
        KubernetesScaleBackend backend = KubernetesScaleBackend.builder()
                .callTimeout(MockCluster.PATIENCE)
                .config(config())
                .namespace(MockCluster.NAMESPACE)
                .deployment("vllm")
                .build();
        assertThat(backend.status("chat").desired()).isEqualTo(2);

        backend.close();
        backend.close();

        assertThatIllegalStateException().isThrownBy(() -> backend.status("chat"));
    }
}
