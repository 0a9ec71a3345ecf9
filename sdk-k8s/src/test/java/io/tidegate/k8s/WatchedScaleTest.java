/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.tidegate.engine.BackendException;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Statuses that a watch answers. */
class WatchedScaleTest {

    private static final String POOL = "chat";

    private final MockCluster cluster = new MockCluster();
    private KubernetesScaleBackend backend;

    @BeforeEach
    void start() {
        cluster.create("vllm", 1);
        cluster.setStatus("vllm", 1, 1);
        backend = KubernetesScaleBackend.builder()
                .client(cluster.admin())
                .namespace(MockCluster.NAMESPACE)
                .deployment("vllm")
                .births(false)
                .watch(true)
                .callTimeout(MockCluster.PATIENCE)
                .build();
    }

    @AfterEach
    void stop() {
        backend.close();
        cluster.close();
    }

    private void watching() {
        assertThat(backend.status(POOL)).isEqualTo(new ReplicaStatus(1, 1, 1));
        await().atMost(MockCluster.PATIENCE).until(backend::watching);
        await().atMost(MockCluster.PATIENCE).until(() -> asked().isEmpty());
    }

    /** What one status asks for. */
    private List<String> asked() throws InterruptedException {
        cluster.takeRequests();
        backend.status(POOL);
        return cluster.takeRequests();
    }

    @Test
    void status_watching_costsNoRequestAndFollowsEvents() throws InterruptedException {
        watching();
        cluster.setStatus("vllm", 1, 0);
        await().atMost(MockCluster.PATIENCE).until(() -> backend.status(POOL).ready() == 0);
        cluster.setStatus("vllm", 1, 1);
        await().atMost(MockCluster.PATIENCE).until(() -> backend.status(POOL).ready() == 1);

        assertThat(asked()).isEmpty();
    }

    @Test
    void status_afterItsOwnWrite_isNeverOfBeforeIt() throws InterruptedException {
        watching();
        for (int to = 2; to <= 20; to++) {
            backend.scale(new ScaleRequest(POOL, to - 1, to, to, "because"));
            assertThat(backend.status(POOL).desired()).isEqualTo(to);
        }
        // Once the watch has told of the last one, it answers again.
        await().atMost(MockCluster.PATIENCE).until(() -> asked().isEmpty());
        assertThat(backend.status(POOL).desired()).isEqualTo(20);
    }

    @Test
    void status_objectDeleted_isNotFound() throws InterruptedException {
        watching();
        cluster.admin()
                .apps()
                .deployments()
                .inNamespace(MockCluster.NAMESPACE)
                .withName("vllm")
                .delete();

        await().atMost(MockCluster.PATIENCE)
                .untilAsserted(() -> assertThatThrownBy(() -> backend.status(POOL))
                        .isInstanceOf(BackendException.class)
                        .hasMessageContaining("does not exist"));
    }

    @Test
    void build_watchAndSharedLists_excludeEachOther() {
        assertThatThrownBy(() -> KubernetesScaleBackend.builder()
                        .client(cluster.admin())
                        .deployment("vllm")
                        .watch(true)
                        .sharedLists(Duration.ofSeconds(10))
                        .build())
                .hasMessageContaining("watch and sharedLists exclude each other");
    }
}
