/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.engine.ScalerBackends;
import io.tidegate.engine.spi.ScalerBackend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Backends by configuration: settings that nest are joined by dots, as core hands them over. */
class FactoriesTest {

    @TempDir
    private Path directory;

    private String kubeconfig;

    @BeforeEach
    void write() throws IOException {
        kubeconfig = Files.writeString(directory.resolve("kubeconfig"), """
                        apiVersion: v1
                        kind: Config
                        clusters: [{name: test, cluster: {server: "http://localhost:1"}}]
                        users: [{name: somebody, user: {}}]
                        contexts: [{name: ml, context: {cluster: test, user: somebody, namespace: ml}}]
                        current-context: ml
                        """).toString();
    }

    private ScalerBackend made(String type, Map<String, String> settings) {
        Map<String, String> all = new HashMap<>(settings);
        all.put("kubeconfig", kubeconfig);
        return ScalerBackends.create(type, all);
    }

    private void rejected(String type, Map<String, String> settings, String... problems) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> made(type, settings))
                .withMessageStartingWith("settings of scaler backend " + type + ": ")
                .satisfies(wrong -> assertThat(wrong.getMessage()).contains(problems));
    }

    @Test
    void scale_otherKinds_areTaken() {
        for (Map<String, String> settings : List.of(
                Map.of("name", "vllm", "kind", "StatefulSet"),
                Map.of("name", "vllm", "kind", "LeaderWorkerSet", "scan", "true"),
                Map.of("name", "vllm", "kind", "Rollout", "apiVersion", "argoproj.io/v1alpha1", "respectFor", "10m"),
                Map.of("deployment", "vllm", "kind", "Deployment", "force", "true"))) {
            try (ScalerBackend backend = made("kubernetes-scale", settings)) {
                assertThat(backend).isInstanceOf(KubernetesScaleBackend.class);
            }
        }
    }

    @Test
    void scale_wrongKinds_sayWhatIsNeeded() {
        rejected("kubernetes-scale", Map.of("kind", "StatefulSet"), "name is required: the name of the StatefulSet");
        rejected(
                "kubernetes-scale",
                Map.of("deployment", "a", "name", "b", "apiVersion", "apps/v1", "respectFor", "31d", "scan", "maybe"),
                "deployment and name exclude each other",
                "kind is required where apiVersion or plural is set",
                "scan must be true or false but was \"maybe\"",
                "respectFor must be a duration");
        rejected(
                "kubernetes-scale",
                Map.of("deployment", "a", "kind", "StatefulSet"),
                "deployment names a Deployment, not a StatefulSet: use name");
        rejected("kubernetes-scale", Map.of("name", "a", "kind", "Rollout"), "apiVersion is required for kind Rollout");
    }

    @Test
    void hpa_allThatCanBeSet_isTaken() {
        try (ScalerBackend backend = made(
                "kubernetes-hpa",
                Map.of(
                        "name", "vllm",
                        "maxReplicas", "16",
                        "tolerance", "0.02",
                        "fastPath", "false",
                        "behavior.scaleDown.stabilizationWindowSeconds", "300",
                        "behavior.scaleDown.policies.0.type", "Pods",
                        "behavior.scaleDown.policies.0.value", "1",
                        "metrics.0.type", "External"))) {
            assertThat(backend).isInstanceOf(HpaBackend.class);
        }
    }

    @Test
    void tree_ofParts_isMapsListsNumbersAndTexts() {
        Settings settings = new Settings(
                Map.of(
                        "behavior.scaleDown.stabilizationWindowSeconds", "300",
                        "behavior.scaleDown.policies.0.type", "Pods",
                        "behavior.scaleDown.policies.1.type", "Percent",
                        "behavior.scaleDown.policies.1.value", "10"),
                Set.of("behavior"));
        assertThat(settings.isWrong()).isFalse();
        assertThat(JsonText.of(settings.tree("behavior")))
                .isEqualTo("{\"scaleDown\":{\"policies\":[{\"type\":\"Pods\"},{\"type\":\"Percent\",\"value\":10}],"
                        + "\"stabilizationWindowSeconds\":300}}");
    }

    @Test
    void hpa_manyThingsWrong_namesThemAll() {
        rejected(
                "kubernetes-hpa",
                Map.of("maxReplicas", "0", "tolerance", "10 %", "behavior", "fast", "metrics.a", "x", "fallback", "1"),
                "fallback is no setting, only [behavior, births, context,",
                "name is required: the name of the HorizontalPodAutoscaler",
                "maxReplicas must be a whole number from 1 to 999999 but was \"0\"",
                "tolerance must be a fraction from 0 to 1 but was \"10 %\"",
                "behavior must be a map",
                "metrics must be a list");
    }

    @Test
    void scaledObject_settings_areTakenOrNamed() {
        try (ScalerBackend backend =
                made("keda-scaledobject", Map.of("name", "llm", "maxReplicaCount", "20", "respectFor", "0s"))) {
            assertThat(backend).isInstanceOf(ScaledObjectBackend.class);
        }
        rejected(
                "keda-scaledobject",
                Map.of("name", "LLM", "tolerance", "0"),
                "tolerance is no setting",
                "name must be 1 to 253 of [a-z0-9.-]");
    }

    @Test
    void json_ofTexts_isQuoted() {
        assertThat(JsonText.of(Map.of("a", "\"\\\n", "b", List.of(), "c", Map.of(), "d", true, "e", 0.5)))
                .isEqualTo("{\"a\":\"\\\"\\\\\\u000a\",\"b\":[],\"c\":{},\"d\":true,\"e\":0.5}");
        assertThatIllegalArgumentException().isThrownBy(() -> JsonText.of(new Object()));
        assertThatIllegalArgumentException().isThrownBy(() -> JsonText.of(Double.NaN));
    }
}
