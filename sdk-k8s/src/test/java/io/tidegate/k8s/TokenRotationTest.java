/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.equalTo;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathEqualTo;
import static com.github.tomakehurst.wiremock.core.WireMockConfiguration.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.github.tomakehurst.wiremock.WireMockServer;
import io.fabric8.kubernetes.client.Config;
import io.tidegate.engine.BackendException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** In a pod the kubelet puts a new token into the file of the service account each hour or so. */
class TokenRotationTest {

    @TempDir
    private Path directory;

    private final WireMockServer server = new WireMockServer(options().dynamicPort());
    private final Map<String, String> before = new HashMap<>();
    private Path token;

    @BeforeEach
    void start() throws IOException {
        server.start();
        token = Files.writeString(directory.resolve("token"), "first");
        set("kubernetes.master", server.baseUrl());
        set("kubernetes.auth.tryKubeConfig", "false");
        set("kubernetes.auth.tryServiceAccount", "true");
        set("kubernetes.auth.serviceAccount.token", token.toString());
        set("kubernetes.namespace", "ml");
    }

    private void set(String property, String value) {
        before.put(property, System.getProperty(property));
        System.setProperty(property, value);
    }

    @AfterEach
    void stop() {
        before.forEach((property, value) -> {
            if (value == null) {
                System.clearProperty(property);
            } else {
                System.setProperty(property, value);
            }
        });
        server.stop();
    }

    private void accepts(String bearer) {
        server.resetAll();
        server.stubFor(
                any(anyUrl())
                        .atPriority(9)
                        .willReturn(
                                aResponse()
                                        .withStatus(401)
                                        .withHeader("Content-Type", "application/json")
                                        .withBody(
                                                "{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"Unauthorized\",\"code\":401}")));
        server.stubFor(get(urlPathEqualTo("/apis/apps/v1/namespaces/ml/deployments/vllm"))
                .withHeader("Authorization", equalTo("Bearer " + bearer))
                .willReturn(okJson("""
                        {"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"vllm","resourceVersion":"1"},
                         "spec":{"replicas":3},"status":{"replicas":3,"readyReplicas":3}}""")));
    }

    @Test
    @DisplayName(
            "G11: 401 with a token that was changed in its file: the new one after one retry; else one retry and no more")
    void status_tokenRotated_isReadAnewOnce() throws IOException {
        accepts("first");
        try (KubernetesScaleBackend backend = KubernetesScaleBackend.builder()
                .config(Config.autoConfigure(null))
                .deployment("vllm")
                .callTimeout(MockCluster.PATIENCE)
                .build()) {
            assertThat(backend.status("chat").ready()).isEqualTo(3);
            assertThat(server.getAllServeEvents()).hasSize(1);

            Files.writeString(token, "second");
            accepts("second");
            assertThat(backend.status("chat").ready()).isEqualTo(3);
            assertThat(server.getAllServeEvents()).hasSize(2);

            accepts("third");
            BackendException refused = catchThrowableOfType(BackendException.class, () -> backend.status("chat"));
            assertThat(((KubernetesScaleException) refused.getCause()).reason())
                    .isEqualTo(KubernetesScaleException.Reason.UNAUTHENTICATED);
            assertThat(server.getAllServeEvents()).hasSizeLessThanOrEqualTo(2);
        }
    }
}
