/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.core.WireMockConfiguration.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.tomakehurst.wiremock.WireMockServer;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.tidegate.backend.CompositeBackend;
import io.tidegate.engine.BackendException;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** One pool over two clusters, of which one stops answering. */
class TwoClustersTest {

    private static final Duration TIMEOUT = Duration.ofSeconds(4);

    private final ManualTime time = new ManualTime();
    private final MockCluster near = new MockCluster();
    private final MockCluster far = new MockCluster();
    private final WireMockServer wayToFar = new WireMockServer(options().dynamicPort());
    private CompositeBackend both;

    @BeforeEach
    void start() {
        wayToFar.start();
        near.create("vllm", 2);
        near.setStatus("vllm", 2, 2);
        far.create("vllm", 2);
        far.setStatus("vllm", 2, 2);
        farAnswers();
        both = CompositeBackend.builder(time)
                .split()
                .share("near", cluster(near.address()), 1, 100)
                .share("far", cluster(wayToFar.baseUrl()), 1, 100)
                .staleAfter(Duration.ofMinutes(1))
                .childTimeout(TIMEOUT.plusSeconds(1))
                .build();
    }

    @AfterEach
    void stop() {
        both.close();
        wayToFar.shutdownServer();
        near.close();
        far.close();
    }

    private static KubernetesScaleBackend cluster(String address) {
        Config config = new ConfigBuilder(Config.empty())
                .withMasterUrl(address)
                .withNamespace(MockCluster.NAMESPACE)
                .build();
        return KubernetesScaleBackend.builder()
                .config(config)
                .deployment("vllm")
                .births(false)
                .callTimeout(TIMEOUT)
                .build();
    }

    private void farAnswers() {
        wayToFar.resetAll();
        wayToFar.stubFor(any(anyUrl()).willReturn(aResponse().proxiedFrom(far.address())));
    }

    private void farHangs() {
        wayToFar.resetAll();
        wayToFar.stubFor(any(anyUrl()).willReturn(aResponse().withFixedDelay(120_000)));
    }

    private static ScaleRequest request(int from, int to) {
        return new ScaleRequest("chat", from, to, from * 100 + to, "because");
    }

    @Test
    @DisplayName(
            "A cluster that hangs neither scales the other down nor stops it from scaling up; once back both are counted")
    void cluster_hangs_leavesTheOtherAlone() throws Exception {
        assertThat(both.status("chat").desired()).isEqualTo(4);

        farHangs();
        assertThat(both.status("chat").desired()).isEqualTo(4);
        both.scale(request(4, 6));
        assertThat(near.replicas("vllm")).isEqualTo(4);
        assertThatThrownBy(() -> both.scale(request(6, 2))).isInstanceOf(BackendException.class);
        assertThat(near.replicas("vllm")).isEqualTo(4);

        time.advance(Duration.ofMinutes(2));
        // Not known as a whole any more: the engine keeps what it knows and removes nothing.
        assertThatThrownBy(() -> both.status("chat"))
                .isInstanceOf(BackendException.class)
                .hasMessageContaining("far");
        assertThat(near.replicas("vllm")).isEqualTo(4);

        farAnswers();
        assertThat(both.status("chat").desired()).isEqualTo(6);
        both.scale(request(6, 4));
        assertThat(near.replicas("vllm") + far.replicas("vllm")).isEqualTo(4);
    }
}
