/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.drain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.tidegate.k8s.MockCluster;
import io.tidegate.time.ManualTime;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The contract on an API server in memory, settings, and what is sent. */
class MockDeletionCostsTest extends DeletionCostsContract {

    private static MockCluster cluster;

    @BeforeAll
    static void startCluster() {
        cluster = new MockCluster();
    }

    @AfterAll
    static void stopCluster() {
        cluster.close();
    }

    @Override
    KubernetesClient admin() {
        return cluster.admin();
    }

    @Override
    String namespace() {
        return MockCluster.NAMESPACE;
    }

    @Test
    void mark_one_sendsOnePatchAndNothingElse() throws InterruptedException {
        cluster.takeRequests();

        DeletionCosts.builder(new ManualTime(), cluster.admin(), MockCluster.NAMESPACE)
                .callTimeout(MockCluster.PATIENCE)
                .build()
                .mark(List.of("nobody"));

        assertThat(cluster.takeRequests())
                .containsExactly("PATCH /api/v1/namespaces/ml/pods/nobody?fieldManager=tidegate");
    }

    @Test
    void builder_wrong_isRejectedByName() {
        DeletionCosts.Builder builder = DeletionCosts.builder(new ManualTime(), cluster.admin(), "ml");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.mostPerMinute(0))
                .withMessage("mostPerMinute must be 1 to 600 but was 0");
        assertThatIllegalArgumentException().isThrownBy(() -> builder.servingLabel("a b", "yes", "no"));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.servingLabel("a", "yes", "yes"));
    }
}
