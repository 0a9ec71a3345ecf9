/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.tidegate.Tidegate;
import io.tidegate.config.ConfigReader;
import io.tidegate.engine.ManualOverride;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two whole gateways, from their configuration, on one Deployment: in real time, as a lease is about that. */
class TwoGatewaysTest {

    private static final Duration LONG = Duration.ofSeconds(60);

    private final MockCluster cluster = new MockCluster();

    @TempDir
    private Path folder;

    @BeforeEach
    void deployment() throws IOException {
        cluster.create("vllm", 2);
        cluster.setStatus("vllm", 2, 2);
        Files.writeString(folder.resolve("kubeconfig"), """
                apiVersion: v1
                kind: Config
                clusters: [{name: c, cluster: {server: "%s"}}]
                users: [{name: u, user: {}}]
                contexts: [{name: x, context: {cluster: c, user: u, namespace: ml}}]
                current-context: x
                """.formatted(cluster.address()));
    }

    @AfterEach
    void close() {
        cluster.close();
    }

    private Tidegate gateway(String identity) {
        String text = """
                pools:
                  chat:
                    tiers: {standard: {}}
                    replica: {slots: 4}
                    scaling:
                      min: 1
                      max: 10
                      backend: {type: kubernetes-scale, settings: {kubeconfig: "%1$s", deployment: vllm}}
                leadership:
                  type: kubernetes-lease
                  settings:
                    kubeconfig: "%1$s"
                    identity: %2$s
                    targets: {chat: deployment/vllm}
                    lease: 3s
                    renewDeadline: 1500ms
                    retryPeriod: 200ms
                    requestTimeout: 500ms
                """.formatted(folder.resolve("kubeconfig"), identity);
        return Tidegate.builder(ConfigReader.parse("two.yaml", text)).start();
    }

    private Map<String, String> annotations() {
        Deployment found = cluster.admin()
                .apps()
                .deployments()
                .inNamespace(MockCluster.NAMESPACE)
                .withName("vllm")
                .get();
        Map<String, String> annotations = found.getMetadata().getAnnotations();
        return annotations == null ? Map.of() : annotations;
    }

    private static ManualOverride pin(int replicas) {
        return ManualOverride.pin(replicas, Duration.ofHours(1), "the test", "to see it happen");
    }

    @Test
    @DisplayName("H2: the leader acts in its term; when it stops the other goes on with what it wrote down")
    void leaderStops_theOtherGoesOn() {
        Tidegate one = gateway("one");
        try (Tidegate two = gateway("two")) {
            await().atMost(LONG).until(() -> annotations().containsKey("tidegate.io/claimed-by"));
            String leader = annotations().get("tidegate.io/claimed-by");
            Tidegate first = leader.equals("one") ? one : two;
            Tidegate second = leader.equals("one") ? two : one;
            long epoch = Long.parseLong(annotations().get("tidegate.io/epoch"));

            first.engine().override("chat", pin(3));
            await().atMost(LONG).until(() -> cluster.replicas("vllm") == 3);
            cluster.setStatus("vllm", 3, 3);
            await().atMost(LONG)
                    .until(() -> second.engine()
                                    .state("chat")
                                    .view()
                                    .orElseThrow()
                                    .replicas()
                                    .desired()
                            == 3);
            await().atMost(LONG).until(() -> annotations().containsKey("tidegate.io/record"));
            assertThat(cluster.replicas("vllm")).isEqualTo(3);

            first.close();
            await().atMost(LONG).until(() -> Long.parseLong(annotations().get("tidegate.io/epoch")) > epoch);

            assertThat(annotations()).doesNotContainEntry("tidegate.io/claimed-by", leader);
            // What was said to the leader before is in force with the next, as it was written down last.
            await().atMost(LONG)
                    .until(() -> second.engine().state("chat").override().equals(Optional.of(pin(3))));
            second.engine().override("chat", pin(4));
            await().atMost(LONG).until(() -> cluster.replicas("vllm") == 4);
        } finally {
            one.close();
        }
    }
}
