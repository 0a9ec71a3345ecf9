/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.tidegate.k8s.MockCluster;
import io.tidegate.pool.Work;
import io.tidegate.routing.Dispatch;
import io.tidegate.routing.ReplicaBalancer;
import io.tidegate.time.SystemTime;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What holds on every API server, one in memory or one of a real cluster; slices are written as their controller would. */
abstract class EndpointDiscoveryContract {

    private final SystemTime time = SystemTime.start();
    private final String service = "vllm-" + UUID.randomUUID().toString().substring(0, 8);
    private final ReplicaBalancer balancer = ReplicaBalancer.of(time);
    private EndpointDiscovery discovery;

    /** A client that may do anything in the namespace. */
    abstract KubernetesClient admin();

    /** A namespace that exists. */
    abstract String namespace();

    @BeforeEach
    final void start() {
        write(SlicesOf.ready("a", "10.1.0.1"), SlicesOf.ready("b", "10.1.0.2"));
        admin().resource(SlicesOf.slice(
                        namespace(), "other", service + "-other", 8000, List.of(SlicesOf.ready("x", "10.9.0.1"))))
                .create();
        discovery = EndpointDiscovery.builder(time, admin(), namespace(), service)
                .port("http")
                .callTimeout(MockCluster.PATIENCE)
                .build();
        discovery.onChange(Rotation.of(balancer, replica -> Work.slots(8)));
        discovery.start();
        await().atMost(MockCluster.PATIENCE).until(() -> discovery.health().watching());
    }

    @AfterEach
    final void stop() {
        discovery.close();
        time.close();
        admin().discovery().v1().endpointSlices().inNamespace(namespace()).delete();
    }

    private void write(Endpoint... endpoints) {
        EndpointSlice slice = SlicesOf.slice(namespace(), service, service + "-1", 8000, List.of(endpoints));
        if (admin().resource(slice).get() == null) {
            admin().resource(slice).create();
        } else {
            admin().resource(slice).update();
        }
    }

    private void awaitReady(String... ids) {
        await().atMost(MockCluster.PATIENCE)
                .untilAsserted(() -> assertThat(discovery.snapshot().ready())
                        .extracting(ReplicaEndpoint::id)
                        .containsExactly(ids));
    }

    @Test
    void start_slicesOfTheService_areRead() {
        awaitReady("a", "b");
        assertThat(discovery.snapshot().replica("x")).isEmpty();
        assertThat(balancer.ready()).isEqualTo(2);
    }

    @Test
    @DisplayName("C3: the replica that drains, is not ready or is removed leaves with one event and without a list")
    void write_states_areFollowedByTheWatchAlone() {
        write(SlicesOf.draining("a", "10.1.0.1"), SlicesOf.ready("b", "10.1.0.2"));
        awaitReady("b");
        assertThat(balancer.choose(1)).isInstanceOfSatisfying(Dispatch.class, dispatch -> {
            assertThat(dispatch.id()).isEqualTo("b");
            dispatch.succeeded();
        });
        write(SlicesOf.notReady("b", "10.1.0.2"));
        awaitReady();
        write(SlicesOf.ready("c", "10.1.0.3"));
        awaitReady("c");
        admin().discovery()
                .v1()
                .endpointSlices()
                .inNamespace(namespace())
                .withName(service + "-1")
                .delete();
        awaitReady();

        assertThat(discovery.health().lists()).isEqualTo(1);
        assertThat(discovery.health().events()).isEqualTo(4);
    }
}
