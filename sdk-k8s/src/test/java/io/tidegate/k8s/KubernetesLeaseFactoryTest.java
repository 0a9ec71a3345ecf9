/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidegate.engine.spi.LeadershipFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KubernetesLeaseFactoryTest {

    @TempDir
    private Path folder;

    private final Map<String, String> settings = new HashMap<>();

    @BeforeEach
    void kubeconfig() throws IOException {
        Path file = folder.resolve("config");
        Files.writeString(file, """
                apiVersion: v1
                kind: Config
                clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}]
                users: [{name: u, user: {}}]
                contexts: [{name: x, context: {cluster: c, user: u, namespace: ml}}]
                current-context: x
                """);
        settings.put("kubeconfig", file.toString());
    }

    @Test
    void factory_isFoundByItsType() {
        assertThat(ServiceLoader.load(LeadershipFactory.class))
                .extracting(LeadershipFactory::type)
                .contains("kubernetes-lease");
    }

    @Test
    void builder_allSettings_areTaken() {
        settings.putAll(Map.of(
                "namespace", "llm",
                "name", "gateways",
                "identity", "one",
                "targets.chat", "deployment/vllm",
                "targets.code", "StatefulSet/coder",
                "targets.big", "leaderworkerset/big",
                "lease", "30s",
                "renewDeadline", "16s",
                "retryPeriod", "4s",
                "requestTimeout", "2s"));
        assertThatCode(() -> new KubernetesLeaseFactory().builder(settings)).doesNotThrowAnyException();
    }

    @Test
    void builder_everyMistake_isNamed() {
        settings.putAll(Map.of(
                "name", "No Name",
                "lease", "soon",
                "targets.chat", "vllm",
                "targets.code", "deployment/No Name",
                "colour", "red"));
        assertThatThrownBy(() -> new KubernetesLeaseFactory().builder(settings))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("settings of leadership kubernetes-lease: ")
                .hasMessageContaining("colour is no setting")
                .hasMessageContaining("lease must be a duration such as 30s")
                .hasMessageContaining("name must be 1 to 253 of")
                .hasMessageContaining(
                        "targets.chat must be deployment/<name>, statefulset/<name> or leaderworkerset/<name> but was \"vllm\"")
                .hasMessageContaining("targets.code must be");
    }

    @Test
    void builder_leaseTooShortForItsDeadline_isRejected() {
        settings.putAll(Map.of("lease", "9s"));
        assertThatThrownBy(() -> new KubernetesLeaseFactory().builder(settings))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("lease");
    }
}
